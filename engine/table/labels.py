"""Reading one property column: its cells as labels."""

from collections.abc import Sequence

import numpy as np

from ..settings.properties import Property, property_and_conversion
from .cells import to_numbers
from .plausibility import check_labels
from .report import Finding, PropertySummary, clipped, counted, listed

FEWEST_LABELS = 10
"""A property with fewer labels is not learned: too few to hold any out."""


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
    findings += check_labels(property_, values, rows, unit)
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
