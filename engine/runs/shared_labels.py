"""The labels that several finished runs were all scored on, whatever else each has."""

from collections.abc import Mapping, Sequence
from functools import lru_cache, reduce
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..base.errors import UserError
from ..settings.properties import Property
from . import folder as files
from .records import Run

_KEPT = 12
"""Runs whose labels are remembered: twice as many as are compared at a time."""

_KEY = ["property", "canonical", "label", "copy"]


class SharedErrors(NamedTuple):
    """Errors of the blends of some runs on the labels that all of them were scored on.

    Attributes:
        counts: how many labels they share, by property.
        mae: by property, the mean absolute error of each run, out-of-fold and on the property's
            scale: in its unit, or in decades.
    """

    counts: dict[str, int]
    mae: dict[str, list[float]]


def shared_errors(runs: Sequence[Run], properties: Mapping[str, Property]) -> SharedErrors | None:
    """The errors on the labels that all of some finished runs have.

    A label is the same in two runs when it has the same value for the same repeat unit.

    Args:
        runs: two or more.
        properties: by name, those to look at.

    Returns:
        None when an out-of-fold table is gone.
    """
    shared = _shared(runs)
    if shared is None:
        return None
    errors = SharedErrors({}, {})
    for name, rows in shared.groupby("property", sort=False):
        if name not in properties:
            continue
        scaled = properties[name].scaled
        labels = scaled(rows["label"].to_numpy())
        blends = [scaled(rows[f"blend {i}"].to_numpy()) for i in range(len(runs))]
        errors.counts[name] = len(rows)
        errors.mae[name] = [float(np.mean(np.abs(blend - labels))) for blend in blends]
    return errors


def same_folds(runs: Sequence[Run]) -> bool | None:
    """Whether finished runs divide the labels that they share into the same folds.

    Returns:
        None when it cannot be told: an out-of-fold table is gone, or there is no label that all
        runs have.
    """
    shared = _shared(runs) if len(runs) > 1 else None
    if shared is None or shared.empty:
        return None
    first = shared["fold 0"].to_numpy()
    return all(_one_to_one(first, shared[f"fold {i}"].to_numpy()) for i in range(1, len(runs)))


def _one_to_one(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two divisions differ in their numbers alone."""
    pairs = len(np.unique(np.column_stack([one, other]), axis=0))
    return pairs == len(np.unique(one)) == len(np.unique(other))


def _shared(runs: Sequence[Run]) -> pd.DataFrame | None:
    """A row for each label that all runs have, with `fold 0`, `blend 0`, `fold 1`, …."""
    tables = []
    for i, run in enumerate(runs):
        path = run.folder / files.OUT_OF_FOLD
        try:
            table = _labels(run.folder, path.stat().st_mtime_ns)
        except (OSError, UserError, KeyError, ValueError):
            return None
        tables.append(table.rename(columns={"fold": f"fold {i}", "blend": f"blend {i}"}))
    return reduce(lambda one, other: one.merge(other, on=_KEY), tables)


# The time of the file is an argument only to tell it from one that replaced it.
@lru_cache(_KEPT)
def _labels(folder: Path, changed: int) -> pd.DataFrame:
    """The labels of a run with their folds and the blend's out-of-fold predictions."""
    columns = ["property", "label", "fold", "blend"]
    found = files.read_parquet(folder / files.OUT_OF_FOLD, columns)
    names = found["property"].unique().tolist()
    table = files.read_parquet(
        folder / files.TABLE, ["canonical", *(files.LABEL_PREFIX + n for n in names)]
    )
    # The worker writes a property's labels in the order of the table's rows.
    units = [table.loc[table[files.LABEL_PREFIX + n].notna(), "canonical"] for n in names]
    found = found.assign(canonical=np.concatenate(units))[np.isfinite(found["blend"])]
    # A polymer may have the same label several times.
    return found.assign(copy=found.groupby(_KEY[:-1]).cumcount())
