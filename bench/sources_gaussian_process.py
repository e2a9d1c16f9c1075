"""Whether one Gaussian process for all sources of a property errs less than one for each.

`python -m bench.sources_gaussian_process PROPERTY [--folds similarity] [--output FILE]` reads the
competition's table and `open/` from `../shared/data`, extends the frozen folds to all polymers
and fits exact processes, alone and together. Both use the kernels of `engine/models/kernels.py`;
together, they are scaled by source, each source has a share of its own, an offset and its own noise
(intrinsic coregionalisation: Bonilla, Chai & Williams, NIPS 2007).
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.optimize import minimize
from torch import Tensor

from engine.base.vocabulary import DESCRIPTOR_GROUPS
from engine.features.compute import compute_features
from engine.models.gaussian_process import _scaled, _scaling, _views
from engine.settings.sources import Source
from engine.table import Table, check_table, guess_columns, join_tables, load_table
from engine.table.folds import given_folds

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
TEXTBOOK = Path(__file__).resolve().parents[1] / "assets" / "textbook.csv"
_CHAIN = DESCRIPTOR_GROUPS["backbone"] + DESCRIPTOR_GROUPS["composition"]
_TUNING_ROWS = 900
_STEPS = 40
_JITTER = 1e-5


def main() -> None:
    """Compare, print, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("property")
    parser.add_argument("--folds", choices=["random", "similarity"], default="random")
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    torch.set_default_dtype(torch.float64)
    table = joined(arguments.property)
    folds = given_folds(f"{DATA / 'folds.csv'}:{arguments.folds}", table)
    assert folds is not None
    result = compare(table, folds, arguments.property)
    for row in result:
        print(row)
    if arguments.output:
        text = {"property": arguments.property, "folds": arguments.folds, "sources": result}
        arguments.output.write_text(json.dumps(text, indent=1) + "\n")


def joined(name: str) -> Table:
    """The tables that hold a property; `measured` is the literature's and the textbook's."""
    literature = pd.read_csv(DATA / "open" / "literature.csv")
    # Rows of one Tg hold each other's other columns (docs/experiments.md, "rows of equal Tg").
    tied = literature["Density_md"].notna() & literature["Tg"].round(2).duplicated(keep=False)
    literature.loc[tied, ["Density", "Tg_md", "Density_md"]] = np.nan
    textbook = pd.read_csv(TEXTBOOK)
    measured = pd.concat(
        [literature[["SMILES", "Tg", "Density"]], textbook[["SMILES", "Tg", "Density"]]]
    )
    simulated = literature[["SMILES", "Tg_md", "Density_md"]].rename(
        columns={"Tg_md": "Tg", "Density_md": "Density"}
    )
    tables = {
        "competition": load_table(DATA / "train.csv"),
        "measured": load_table(measured.to_csv(index=False).encode(), "measured.csv"),
        "radonpy": load_table(DATA / "open" / "pi1070.csv"),
        "afzal": load_table(simulated.to_csv(index=False).encode(), "afzal.csv"),
    }
    holding = {
        source: check_table(table.raw, guess_columns(table.raw, properties=[name]))
        for source, table in tables.items()
        if name in table.raw.frame
    }
    return join_tables(list(holding.values()), [Source(name=source) for source in holding])


def compare(table: Table, folds: np.ndarray, name: str) -> list[dict]:
    """Errors of each source out of fold, alone and with the others, in the property's unit."""
    columns = [k for k, property_ in enumerate(table.properties) if property_.base == name]
    numbers = np.full(len(folds), -1)
    labels = np.full(len(folds), np.nan)
    for number, k in enumerate(columns):
        rows = np.isfinite(table.labels[:, k])
        numbers[rows], labels[rows] = number, table.labels[rows, k]
    # The mean of a polymer's labels in one source.
    frame = pd.DataFrame(
        {"unit": table.canonical, "source": numbers, "label": labels, "fold": folds}
    )
    frame = (
        frame[frame["source"] >= 0]
        .groupby(["source", "unit"], sort=False, as_index=False)
        .agg({"label": "mean", "fold": "first"})
    )
    descriptors = compute_features(frame["unit"].tolist()).descriptors
    fold, label = frame["fold"].to_numpy(), frame["label"].to_numpy()
    source = frame["source"].to_numpy()
    together = _out_of_fold(descriptors, label, source, fold)
    result = []
    for number, k in enumerate(columns):
        own = source == number
        alone = _out_of_fold(
            descriptors[own], label[own], np.zeros(own.sum(), dtype=int), fold[own]
        )
        figures = {"source": table.properties[k].source, "labels": int(own.sum())}
        for words, predicted in (("alone", alone), ("together", together[own])):
            error = predicted - label[own]
            figures[f"mae_{words}"] = float(np.abs(error).mean())
            figures[f"bias_{words}"] = float(error.mean())
        difference = np.abs(together[own] - label[own]) - np.abs(alone - label[own])
        figures["difference"] = float(difference.mean())
        figures["standard_error"] = float(difference.std(ddof=1) / len(difference) ** 0.5)
        result.append(figures)
    return result


def _out_of_fold(
    descriptors: np.ndarray, labels: np.ndarray, source: np.ndarray, folds: np.ndarray
) -> np.ndarray:
    predicted = np.full(len(labels), np.nan)
    for fold in np.unique(folds):
        rows, held_out = folds != fold, folds == fold
        predicted[held_out] = _Process(descriptors[rows], labels[rows], source[rows]).predict(
            descriptors[held_out], source[held_out]
        )
    return predicted


class _Process:
    """An exact Gaussian process over n rows of S sources."""

    def __init__(self, descriptors: np.ndarray, labels: np.ndarray, source: np.ndarray) -> None:
        self._scaling = _scaling(descriptors)
        self._views, self._source = self._seen(descriptors), torch.as_tensor(source)
        self._count = int(source.max()) + 1
        self._mean, self._deviation = labels.mean(), labels.std()
        targets = torch.as_tensor((labels - self._mean) / self._deviation)
        self._learned = self._learn(targets)
        with torch.no_grad():
            self._weights = torch.linalg.solve(self._noisy(self._learned, slice(None)), targets)

    def predict(self, descriptors: np.ndarray, source: np.ndarray) -> np.ndarray:
        """The means `(m,)` of rows as their sources have them, in units."""
        with torch.no_grad():
            views = self._seen(descriptors)
            kernel = self._kernel(self._learned, views, torch.as_tensor(source), slice(None))
            return self._mean + self._deviation * (kernel @ self._weights).numpy()

    def _seen(self, descriptors: np.ndarray) -> list[Tensor]:
        views = _views(*_scaled(descriptors, self._scaling))
        return [torch.as_tensor(view) for view in (*views[:2], views.morgan.toarray())]

    def _learn(self, targets: Tensor) -> Tensor:
        """The parameters of greatest posterior density."""
        count, single = self._count, self._count == 1
        # Three variances, two lengths, a length for each chain descriptor; by source noise, own
        # share and scale.
        centre = np.array(
            [-0.5] * 3 + [1.0] * 2 + [0.5] * _CHAIN + [-2.0] * 2 * count + [0.0] * count
        )
        spread = np.array([2.0] * 5 + [1.0] * _CHAIN + [2.0] * 2 * count + [0.3] * count)
        bounds = [(-7.0, 4.0)] * 3 + [(-2.0, 4.0)] * 2 + [(-3.0, 6.0)] * _CHAIN
        bounds += [(-7.0, 1.0)] * count
        bounds += [(-7.0, -7.0 if single else 3.0)] * count
        bounds += [(0.0, 0.0) if single else (-1.0, 1.0)] * count
        random = np.random.default_rng(0)
        rows = torch.as_tensor(np.sort(random.permutation(len(targets))[:_TUNING_ROWS]))
        prior = torch.as_tensor(centre), torch.as_tensor(spread)

        def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
            parameters = torch.tensor(flat, requires_grad=True)
            factor, failed = torch.linalg.cholesky_ex(self._noisy(parameters, rows))
            if failed:
                return 1e6, np.zeros_like(flat)
            alpha = torch.cholesky_solve(targets[rows, None], factor)[:, 0]
            value = 0.5 * targets[rows] @ alpha + factor.diagonal().log().sum()
            value = value + 0.5 * (((parameters - prior[0]) / prior[1]) ** 2).sum()
            value.backward()
            return float(value.detach()), parameters.grad.numpy()

        low, high = np.array(bounds).T
        optimum = minimize(
            loss,
            centre.clip(low, high),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": _STEPS},
        )
        return torch.as_tensor(optimum.x)

    def _noisy(self, parameters: Tensor, rows: Tensor | slice) -> Tensor:
        views, source = [view[rows] for view in self._views], self._source[rows]
        noise = parameters[5 + _CHAIN :][: self._count].exp()
        kernel = self._kernel(parameters, views, source, rows)
        return kernel + torch.diag(noise[source] + _JITTER)

    def _kernel(
        self, parameters: Tensor, views: list[Tensor], source: Tensor, rows: Tensor | slice
    ) -> Tensor:
        """Covariances of m rows with those of the process; shape `(m, n)`."""
        lengths = [parameters[3], parameters[5 : 5 + _CHAIN], parameters[4]]
        _, own, scale = parameters[5 + _CHAIN :].view(3, self._count).exp()
        base: Tensor | float = 0.0
        for variance, length, view, other in zip(
            parameters[:3], lengths, views, self._views, strict=True
        ):
            base = base + variance.exp() * _matern(
                view * (-length).exp(), other[rows] * (-length).exp()
            )
        other_source = self._source[rows]
        same = (source[:, None] == other_source).double()
        shared = scale[source][:, None] * scale[other_source]
        # Labels have variance 1: an offset of variance 1 may be as large as they are.
        offset = same if self._count > 1 else 0.0
        return base * (shared + same * own[source][:, None]) + offset


def _matern(rows: Tensor, others: Tensor) -> Tensor:
    squares = (rows * rows).sum(1)[:, None] + (others * others).sum(1) - 2 * rows @ others.T
    root = (5 * squares.clamp_min(0) + 1e-12).sqrt()
    return (1 + root + root * root / 3) * (-root).exp()


if __name__ == "__main__":
    main()
