"""Averaging rows of one polymer: several measurements, however its repeat unit is drawn."""

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pandas as pd

from ..base.bounds import Bounds, or_none
from ..base.wording import counted, listed
from ..settings.properties import Property, scaled_columns, unscaled_columns
from .checking import Table, settings_of
from .duplicates import polymers_of
from .labels import summarise
from .mending import Replicates
from .report import SEVERITIES, Finding

_MENDED = ("duplicate", "conflict")
"""Kinds of findings that are no more true of averaged rows."""


def average_replicates(table: Table, how: Replicates) -> Table:
    """The table with one row for each polymer, and for each condition it was measured under.

    Args:
        table: checked, of one source.
        how: `median` or `mean` of the labels of each property, on its scale; `keep` for no change.

    Returns:
        The table, each averaged row with the id and the number of the first of its rows. A finding
        says how far labels of one polymer lie apart.
    """
    if how == "keep":
        return table
    groups = _groups(table)
    if len(groups) == len(table.canonical):
        return table
    middle = np.nanmedian if how == "median" else np.nanmean
    scaled = scaled_columns(table.properties, table.labels)
    means = np.full((len(groups), len(table.properties)), np.nan)
    for row, group in enumerate(groups):
        present = np.isfinite(scaled[group]).any(axis=0)
        if present.any():
            means[row, present] = middle(scaled[np.ix_(group, present)], axis=0)
    labels = unscaled_columns(table.properties, means)
    bounds = None
    if table.bounds is not None:
        bounds = _bounds(table.bounds, groups, labels)
    if bounds is not None:
        # Between two bounds lies a range, whose middle is taken as that of `3-10` in a cell is.
        middles = bounds.changed(lambda each: scaled_columns(table.properties, each))
        between = np.isfinite(middles.lower) & np.isfinite(middles.upper)
        middle_of = unscaled_columns(table.properties, (middles.lower + middles.upper) / 2)
        labels = np.where(between, middle_of, labels)
        bounds = or_none(bounds.changed(lambda each: np.where(between, np.nan, each)))
    first = table.of_rows(np.array([group[0] for group in groups]))
    report = table.report
    findings = [each for each in report.findings if each.kind not in _MENDED]
    findings.append(_finding(table, groups, how))
    return replace(
        first,
        labels=labels,
        bounds=bounds,
        excluded=pd.concat([table.excluded, _averaged_rows(table, groups)], ignore_index=True),
        report=report.model_copy(
            update={
                "kept": len(groups),
                "properties": [summarise(p, labels[:, k]) for k, p in enumerate(table.properties)],
                "findings": sorted(findings, key=lambda each: SEVERITIES.index(each.severity)),
            }
        ),
    )


def _bounds(bounds: Bounds, groups: list[list[int]], labels: np.ndarray) -> Bounds | None:
    """The narrowest bounds of each group, where it has no label."""
    lower = np.stack([np.fmax.reduce(bounds.lower[group]) for group in groups])
    upper = np.stack([np.fmin.reduce(bounds.upper[group]) for group in groups])
    needed = np.isnan(labels)
    # Where measurements contradict each other, their bounds say nothing.
    needed &= ~(lower > upper)
    return or_none(Bounds(lower, upper).changed(lambda each: np.where(needed, each, np.nan)))


def spread_of_replicates(labels: np.ndarray, groups: list[list[int]]) -> float | None:
    """The standard deviation of labels of one polymer, pooled over all (its own mean each).

    Args:
        labels: shape `(N,)`, on the property's scale, NaN where missing.
        groups: of rows of one polymer.

    Returns:
        None where no polymer has two labels.
    """
    squares, freedom = 0.0, 0
    for group in groups:
        values = labels[group][np.isfinite(labels[group])]
        if len(values) > 1:
            squares += float(((values - values.mean()) ** 2).sum())
            freedom += len(values) - 1
    return (squares / freedom) ** 0.5 if freedom else None


def _groups(table: Table) -> list[list[int]]:
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, key in enumerate(zip(polymers_of(table.canonical), settings_of(table), strict=True)):
        groups[key].append(i)
    return list(groups.values())


def _finding(table: Table, groups: list[list[int]], how: Replicates) -> Finding:
    several = [group for group in groups if len(group) > 1]
    spreads = [
        _spread_words(
            property_, spread_of_replicates(property_.scaled(table.labels[:, k]), several)
        )
        for k, property_ in enumerate(table.properties)
    ]
    words = [each for each in spreads if each]
    noise = (
        f" Labels of one polymer lie apart by {listed(words)} (standard deviation): no model "
        "can be expected to err less."
        if words
        else ""
    )
    rows = sorted(int(table.rows[i]) for group in several for i in group)
    return Finding(
        kind="replicates",
        severity="note",
        count=len(several),
        rows=rows,
        message=f"{counted(len(several), 'polymer')} in several rows: their labels are "
        f"averaged ({how}).{noise}",
    )


def _spread_words(property_: Property, spread: float | None) -> str:
    # No spread at all says that a value was copied, not that it is exact.
    return "" if not spread else f"{property_.errors.format(spread)} in {property_.name}"


def _averaged_rows(table: Table, groups: list[list[int]]) -> pd.DataFrame:
    """The rows that went into others."""
    gone = [(i, group[0]) for group in groups for i in group[1:]]
    return pd.DataFrame(
        [
            (table.rows[i], table.ids[i], table.smiles[i], f"averaged into row {table.rows[first]}")
            for i, first in gone
        ],
        columns=["row", "id", "SMILES", "reason"],
    )
