"""What a run's files say beyond what is written in them: curves, and members finished by fold."""

import functools
import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..settings.presets import PRESETS
from . import folder as files
from .records import Run


def label_weights(run: Run) -> pd.DataFrame:
    """What the weighted error of a run is made with.

    Returns:
        A row for each property of the run's table: `share`, √(1/n) of its n labels, and `range`,
        its greatest label less its least, in its unit. No row for a property whose labels are all
        equal, and none at all when the table cannot be read.
    """
    path = run.folder / files.TABLE
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError):
        return pd.DataFrame(columns=["share", "range"], dtype=float)
    labels = table[[name for name in table if name.startswith(files.LABEL_PREFIX)]]
    labels = labels.rename(columns=lambda name: name.removeprefix(files.LABEL_PREFIX))
    spans = labels.max() - labels.min()
    return pd.DataFrame({"share": labels.count() ** -0.5, "range": spans})[spans > 0]


def validation_wmae(metrics: pd.DataFrame, weights: pd.DataFrame) -> pd.Series:
    """The weighted mean absolute error on the held-out fold, epoch by epoch; no unit.

    The leaderboard's form, see `engine.settings.metrics.figures`, with the label counts of the
    whole table in place of the fold's: folds hold about equal parts of each property's labels.

    Args:
        metrics: as `engine.runs.read_metrics` gives them.
        weights: as `label_weights` gives them.

    Returns:
        One value for each row; NaN where no property has an error.
    """
    names = [name for name in weights.index if f"val_mae_{name}" in metrics]
    if not names:
        return pd.Series(np.nan, index=metrics.index)
    errors = metrics[[f"val_mae_{name}" for name in names]].to_numpy(dtype=float)
    share, span = weights.loc[names, "share"].to_numpy(), weights.loc[names, "range"].to_numpy()
    there = np.isfinite(errors)
    total = np.where(there, errors * share / span, 0.0).sum(axis=1)
    norm = (there * share).sum(axis=1)
    return pd.Series(total / np.where(norm > 0, norm, np.nan), index=metrics.index)


def mean_curves(metrics: pd.DataFrame) -> pd.DataFrame:
    """The mean over a run's networks at each epoch.

    Args:
        metrics: as `engine.runs.read_metrics` gives them.

    Returns:
        Columns `epoch`, `train_loss`, `val_loss`, and `networks`: of how many the mean is.
    """
    if metrics.empty:
        return pd.DataFrame(columns=["epoch", "train_loss", "val_loss", "networks"], dtype=float)
    by_epoch = metrics.groupby("epoch")
    means = by_epoch[["train_loss", "val_loss"]].mean()
    return means.assign(networks=by_epoch.size()).reset_index()


_NETWORK = re.compile(r"polygin-(\d+)\.done\.safetensors")
_ON_DESCRIPTORS = re.compile(r"(\w+)-(\d+|all)-\d+\.done\.safetensors")
_MADE = re.compile(r"(?:random|similarity):(\d+)")


class Cell(NamedTuple):
    """One member on one fold.

    Attributes:
        member: its name.
        fold: the fold held out; None for the fit to all rows, which PolyGIN has not.
        total: how many pieces of work it has: seeds of a network, properties of the others.
        finished: how many of them are finished.
        share: from 0 to 1, how far it is, with the epochs of networks that learn now.
        left_out: whether the run ended well without this member.
    """

    member: str
    fold: int | None
    total: int
    finished: int
    share: float
    left_out: bool = False


def member_grid(run: Run, config: dict, metrics: pd.DataFrame) -> list[Cell]:
    """A cell for each member and fold, members in the order of their training.

    Args:
        run: which one.
        config: as `engine.runs.read_config` gives it.
        metrics: as `engine.runs.read_metrics` gives them.

    Returns:
        Nothing for a run whose settings cannot be read, or whose preset is not known any more.
    """
    preset = PRESETS.get(config.get("preset", ""))
    folds = _folds(str(run.folder / files.TABLE), config.get("folds", ""))
    if preset is None or not folds:
        return []
    names = _finished_names(run)
    fits = _descriptor_fits(names)
    properties, seeds, epochs = len(config["properties"]), preset.loop.seeds, preset.loop.epochs
    cells = [
        Cell(
            member,
            fold,
            properties,
            done := fits.get((member, "all" if fold is None else str(fold)), 0),
            done / max(properties, 1),
        )
        for member in preset.on_descriptors
        for fold in (*folds, None)
    ]
    networks = [int(found[1]) for name in names if (found := _NETWORK.fullmatch(name))]
    learned = _epochs_learned(metrics)
    for place, fold in enumerate(folds):
        finished = sum(number // seeds == place for number in networks)
        learnt = learned.get(fold, 0) / epochs
        share = min(max(learnt, finished) / seeds, 1.0)
        cells.append(Cell("polygin", fold, seeds, finished, share))
    return [_as_done(cell, run) for cell in cells] if run.state == "done" else cells


def _as_done(cell: Cell, run: Run) -> Cell:
    """A run that is done has no checkpoints any more: what it did not leave out is finished."""
    members = (run.figures or {}).get("members", {cell.member: {}})
    if cell.member not in members:
        return cell._replace(finished=0, share=0.0, left_out=True)
    return cell._replace(finished=cell.total, share=1.0)


def _finished_names(run: Run) -> list[str]:
    return [path.name for path in (run.folder / files.CHECKPOINTS).glob("*.done.safetensors")]


def _descriptor_fits(names: Iterable[str]) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    for name in names:
        if found := _ON_DESCRIPTORS.fullmatch(name):
            counts[found[1], found[2]] = counts.get((found[1], found[2]), 0) + 1
    return counts


def _epochs_learned(metrics: pd.DataFrame) -> dict[int, float]:
    """By fold, the epochs that its networks have learned together."""
    if metrics.empty:
        return {}
    return metrics.groupby(["fold", "seed"])["epoch"].max().groupby("fold").sum().to_dict()


@functools.lru_cache(maxsize=256)
def _folds(table: str, spec: str) -> tuple[int, ...]:
    """The folds' numbers, in order; empty when they cannot be known."""
    if found := _MADE.fullmatch(spec):
        return tuple(range(int(found[1])))
    try:
        return tuple(sorted({*pd.read_parquet(table, columns=["fold"])["fold"].tolist()}))
    except (OSError, ValueError):
        return ()
