"""What a run's files say beyond what is written in them: curves, and members finished by fold."""

import functools
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from pydantic import ValidationError

from ..base.errors import UserError
from ..models.members import NetworkMemberConfig, columns_of, configs_of
from ..settings.properties import Property
from ..table.folds import folds_made
from ..training.pieces import SUFFIX, Piece, piece_in
from . import folder as files
from .learned_rows import read_run_table
from .records import Run


def label_weights(run: Run) -> pd.DataFrame:
    """What the weighted error of a run is made with.

    Returns:
        A row for each property of the run's table: `share`, √(1/n) of its n labels, and `range`,
        its greatest label less its least, in its unit or in decades. No row for a property whose
        labels are all equal, or that is as another source has it than answers are like, and none at
        all when the table cannot be read.
    """
    try:
        table = read_run_table(run)
    except UserError:
        return pd.DataFrame(columns=["share", "range"], dtype=float)
    labels = table[[name for name in table if name.startswith(files.LABEL_PREFIX)]]
    labels = labels.rename(columns=lambda name: name.removeprefix(files.LABEL_PREFIX))
    with suppress(UserError, ValidationError, AttributeError):
        for property_ in map(Property.model_validate, files.read_config(run).get("properties", [])):
            if property_.name not in labels:
                continue
            if property_.is_answer:
                scaled = property_.scaled(labels[property_.name].to_numpy())
                labels = labels.assign(**{property_.name: scaled})
            else:
                labels = labels.drop(columns=property_.name)
    ranges = labels.max() - labels.min()
    return pd.DataFrame({"share": labels.count() ** -0.5, "range": ranges})[ranges > 0]


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
    share, range_ = weights.loc[names, "share"].to_numpy(), weights.loc[names, "range"].to_numpy()
    measured = np.isfinite(errors)
    total = np.where(measured, errors * share / range_, 0.0).sum(axis=1)
    norm = (measured * share).sum(axis=1)
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


class Cell(NamedTuple):
    """One member on one fold.

    Attributes:
        member: its name.
        fold: the fold held out; None for the fit to all rows, which networks do not have.
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
    preset = files.preset_of(config)
    folds = _folds(str(run.folder / files.TABLE), str(config.get("folds", "")))
    if preset is None or not folds:
        return []
    pieces = _finished_pieces(run)
    quantities = [each.get("quantity") or each["name"] for each in config["properties"]]
    cells = []
    for member, own in configs_of(preset).items():
        if isinstance(own, NetworkMemberConfig):
            learned = _epochs_learned(metrics, member)
            cells += _network_cells(member, own, folds, pieces, learned)
        else:
            models = len(columns_of(member, quantities))
            cells += _fit_cells(member, models, folds, pieces) if models else []
    return [_as_done(cell, run) for cell in cells] if run.state == "done" else cells


def _fit_cells(member: str, models: int, folds: Sequence[int], pieces: list[Piece]) -> list[Cell]:
    """The cells of a member with so many models, on each fold and on all rows."""
    counts = Counter(piece.fold for piece in pieces if piece.member == member)
    cells = []
    for fold in (*folds, None):
        finished = counts["all" if fold is None else str(fold)]
        cells.append(Cell(member, fold, models, finished, finished / models))
    return cells


def _network_cells(
    member: str,
    config: NetworkMemberConfig,
    folds: Sequence[int],
    pieces: list[Piece],
    learned: dict[int, float],
) -> list[Cell]:
    """The cells of a member of networks; `learned` are the epochs of all of a fold's."""
    seeds, epochs = config.training.seeds, config.training.epochs
    numbers = [piece.number for piece in pieces if piece.member == member]
    cells = []
    for place, fold in enumerate(folds):
        finished = sum(number // seeds == place for number in numbers)
        share = min(max(learned.get(fold, 0) / epochs, finished) / seeds, 1.0)
        cells.append(Cell(member, fold, seeds, finished, share))
    return cells


def _as_done(cell: Cell, run: Run) -> Cell:
    """A run that is done has no checkpoints any more: what it did not leave out is finished."""
    members = (run.figures or {}).get("members", {cell.member: {}})
    if cell.member not in members:
        return cell._replace(finished=0, share=0.0, left_out=True)
    return cell._replace(finished=cell.total, share=1.0)


def _finished_pieces(run: Run) -> list[Piece]:
    paths = (run.folder / files.CHECKPOINTS).glob(f"*.done{SUFFIX}")
    return [piece for path in paths if (piece := piece_in(path.name))]


def _epochs_learned(metrics: pd.DataFrame, member: str) -> dict[int, float]:
    """By fold, the epochs that a member's networks have learned together."""
    if metrics.empty:
        return {}
    # Runs of earlier versions had one member of networks, and did not say so.
    own = metrics[metrics["member"] == member] if "member" in metrics else metrics
    return own.groupby(["fold", "seed"])["epoch"].max().groupby("fold").sum().to_dict()


@functools.lru_cache(maxsize=256)
def _folds(table: str, spec: str) -> tuple[int, ...]:
    """The folds' numbers, in order; empty when they cannot be known."""
    if count := folds_made(spec):
        return tuple(range(count))
    try:
        return tuple(sorted({*files.read_parquet(Path(table), ["fold"])["fold"].tolist()}))
    except UserError:
        return ()
