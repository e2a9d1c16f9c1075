"""Checks of one property column: whether its cells are numbers, and plausible ones."""

from collections.abc import Callable, Sequence

import numpy as np

from ..settings.properties import Property, is_registered, property_and_conversion
from .cells import to_numbers
from .report import Finding, PropertySummary, clipped, counted, listed

FEWEST_LABELS = 10
"""A property with fewer labels is not learned: too few to hold any out."""

OUTLIER_SPREADS = 6.0
"""Robust standard deviations (1.4826 · MAD) from the median beyond which a label is an outlier."""

OUTLIER_LABELS = 10
"""Below this many labels, none is called an outlier."""

_KELVIN_LOW, _KELVIN_MEDIAN = 100.0, 300.0


def read_labels(
    column: str,
    cells: Sequence[str | None],
    rows: np.ndarray,
    decimal: str = ".",
    unit: str | None = None,
) -> tuple[Property, np.ndarray, list[Finding]]:
    """Read and check one property's labels.

    Args:
        column: the column's name.
        cells: (n,) the text of its cells.
        rows: (n,) their spreadsheet rows.
        decimal: the decimal sign.
        unit: the unit the cells are in, if the user named one.

    Returns:
        The property, its labels (n,) in the property's unit with NaN where one is missing, and
        the findings.

    Raises:
        UserError: for a unit that the property is not accepted in.
    """
    property_, convert = property_and_conversion(column, unit)
    numbers = to_numbers(cells, decimal)
    findings = [
        _unusable("non_numeric", "not a number", column, cells, rows, numbers.words),
        _unusable("infinite", "infinite", column, cells, rows, numbers.infinite),
    ]
    values = convert(numbers.values)
    kelvin = None if unit else _kelvin(property_, values, rows)
    findings += [
        kelvin,
        # A whole column in another unit is one mistake, not one per row.
        None if kelvin else _implausible(property_, values, rows),
        _outliers(property_, values, rows),
        _constant(property_, values, rows),
    ]
    return property_, values, [finding for finding in findings if finding]


def summarise(property_: Property, values: np.ndarray) -> PropertySummary:
    """A summary of labels (n,), with NaN where one is missing."""
    labels = values[np.isfinite(values)]
    summary = PropertySummary(name=property_.name, unit=property_.unit, labels=len(labels))
    if len(labels):
        summary.low, summary.high = float(labels.min()), float(labels.max())
        summary.mean, summary.median = float(labels.mean()), float(np.median(labels))
    if len(labels) > 1:
        summary.std = float(labels.std(ddof=1))
    return summary


def _unusable(
    kind: str,
    fault: str,
    column: str,
    cells: Sequence[str | None],
    rows: np.ndarray,
    positions: list[int],
) -> Finding | None:
    if not positions:
        return None
    named = [f"row {rows[i]} “{clipped(cells[i] or '', 20)}”" for i in positions]
    several = len(positions) > 1
    return Finding(
        kind=kind,
        severity="warning",
        column=column,
        count=len(positions),
        rows=[int(rows[i]) for i in positions],
        message=f"{column}: {counted(len(positions), 'cell')} {'are' if several else 'is'} {fault} "
        f"and count{'' if several else 's'} as missing: {listed(named)}. Write a plain number or "
        "leave the cell empty.",
    )


def _kelvin(property_: Property, values: np.ndarray, rows: np.ndarray) -> Finding | None:
    if property_.unit != "°C" or not is_registered(property_.name):
        return None
    labels = values[np.isfinite(values)]
    if not len(labels) or labels.min() <= _KELVIN_LOW or np.median(labels) <= _KELVIN_MEDIAN:
        return None
    name = property_.name
    return Finding(
        kind="kelvin",
        severity="warning",
        column=name,
        count=len(labels),
        rows=[int(row) for row in rows[np.isfinite(values)]],
        message=f"{name} looks like kelvin: its labels run from {labels.min():.4g} to "
        f"{labels.max():.4g} with a median of {np.median(labels):.4g}, and {name} is expected in "
        f"°C. If so, say it: `--unit {name}=K`, or the unit box on the Train page; `{name}=°C` if "
        "not.",
    )


def _implausible(property_: Property, values: np.ndarray, rows: np.ndarray) -> Finding | None:
    low = -np.inf if property_.low is None else property_.low
    high = np.inf if property_.high is None else property_.high
    return _beyond(
        "implausible",
        property_,
        values,
        rows,
        (values < low) | (values > high),
        lambda count: (
            f"{count} outside what is plausible ({low:g} to {high:g} {property_.unit}".strip() + ")"
        ),
        "check the unit and the row; it is kept.",
    )


def _outliers(property_: Property, values: np.ndarray, rows: np.ndarray) -> Finding | None:
    labels = values[np.isfinite(values)]
    if len(labels) < OUTLIER_LABELS:
        return None
    median = float(np.median(labels))
    spread = 1.4826 * np.median(np.abs(labels - median))
    # When most labels are equal the spread is zero, and any other label would stand out.
    if spread == 0:
        return None
    return _beyond(
        "outlier",
        property_,
        values,
        rows,
        np.abs(values - median) > OUTLIER_SPREADS * spread,
        lambda count: f"{count} far from the others (median {property_.format(median)})",
        "check the row; it is kept.",
    )


def _beyond(
    kind: str,
    property_: Property,
    values: np.ndarray,
    rows: np.ndarray,
    mask: np.ndarray,
    words: Callable[[str], str],
    advice: str,
) -> Finding | None:
    """A finding on the labels that a mask (n,) marks, the farthest from the median first."""
    positions = np.flatnonzero(mask)
    if not len(positions):
        return None
    median = np.nanmedian(values)
    worst = positions[np.argsort(-np.abs(values[positions] - median), kind="stable")]
    named = [f"row {rows[i]} ({values[i]:.4g})" for i in worst]
    count = f"{counted(len(positions), 'label')} {'is' if len(positions) == 1 else 'are'}"
    if len(positions) > 1:
        advice = advice.replace("the row; it is", "the rows; they are")
    return Finding(
        kind=kind,
        severity="warning",
        column=property_.name,
        count=len(positions),
        rows=[int(row) for row in rows[positions]],
        message=f"{property_.name}: {words(count)}: {listed(named)}; {advice}",
    )


def _constant(property_: Property, values: np.ndarray, rows: np.ndarray) -> Finding | None:
    labels = values[np.isfinite(values)]
    if not len(labels) or labels.min() != labels.max():
        return None
    words = "its only label is" if len(labels) == 1 else f"all {len(labels):,} labels are"
    return Finding(
        kind="constant",
        severity="warning",
        column=property_.name,
        count=len(labels),
        rows=[int(row) for row in rows[np.isfinite(values)]],
        message=f"{property_.name}: {words} {property_.format(labels[0])}, so there is nothing to "
        "learn from; add labels that differ, or leave the column out.",
    )
