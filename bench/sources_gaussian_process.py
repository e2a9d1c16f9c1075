"""Whether one Gaussian process for all sources of a property errs less than one for each.

`python -m bench.sources_gaussian_process PROPERTY [--folds similarity] [--output FILE]` reads the
competition's table and `open/` from `../shared/data`, extends the frozen folds to all polymers
and fits the two members of an ensemble: `GaussianProcess` to each source alone, and
`CoregionalisedProcess` to all of them.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd

from engine.features.compute import compute_features
from engine.models.coregionalised_process import CoregionalisedProcess
from engine.models.gaussian_process import GaussianProcess, GaussianProcessConfig
from engine.settings.sources import Source
from engine.table import Table, check_table, guess_columns, join_tables, load_table
from engine.table.folds import given_folds

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
TEXTBOOK = Path(__file__).resolve().parents[1] / "assets" / "textbook.csv"


def main() -> None:
    """Compare, print, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("property")
    parser.add_argument("--folds", choices=["random", "similarity"], default="random")
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
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
    """What the members predict of each label by models that never saw its polymer."""
    predicted = np.full(len(labels), np.nan)
    config = GaussianProcessConfig()
    for fold in np.unique(folds):
        rows, held_out = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        if source.any():
            by_source = np.full((len(rows), source.max() + 1), np.nan)
            by_source[np.arange(len(rows)), source[rows]] = labels[rows]
            model = CoregionalisedProcess.fit(descriptors[rows], by_source, config, 0)
            said = model.predict(descriptors[held_out])
            predicted[held_out] = said[np.arange(len(held_out)), source[held_out]]
        else:
            alone = GaussianProcess.fit(descriptors[rows], labels[rows], config, 0)
            predicted[held_out] = alone.predict(descriptors[held_out])
    return predicted


if __name__ == "__main__":
    main()
