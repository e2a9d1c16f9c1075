"""Reading one property column: its cells as labels."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from ..base.budget import check_time
from ..base.wording import clipped, counted, listed
from ..settings.properties import (
    Conversion,
    Property,
    Scale,
    conversion_to,
    possible_range,
    property_and_conversion,
)
from ..settings.units import is_unit
from .cells import DecimalSign
from .headers import Header
from .plausibility import check_labels, usual_range
from .quantities import BOUNDS, Column, Kind, commonest_unit, read_column
from .report import Finding, PropertySummary
from .scales import on_scale

FEWEST_LABELS = 10
"""A property with fewer labels is not learned: too few to hold any out."""


class Labels(NamedTuple):
    """One property column, read and checked.

    Attributes:
        property_: what it holds.
        values: (n,) its labels in the property's unit, NaN where one is missing.
        lower, upper: (n,) the bounds between which labels lie of which nothing else is known, in
            the same unit, NaN where there is none.
        findings: what is odd about them.
    """

    property_: Property
    values: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    findings: list[Finding]


def read_labels(
    column: str,
    cells: Sequence[str | None],
    rows: np.ndarray,
    decimal: DecimalSign = ".",
    unit: str | None = None,
    header: Header | None = None,
    scale: Scale | None = None,
) -> Labels:
    """Read and check one property's labels.

    Args:
        column: the column's name.
        cells: (n,) the text of its cells.
        rows: (n,) their spreadsheet rows.
        decimal: the decimal sign.
        unit: the unit the cells are in, if the user named one.
        header: what the column's name says; by default the name is the property's.
        scale: on which the property is to be learned; by default the labels decide.

    Raises:
        UserError: for a unit that the property is not accepted in.
    """
    header = header or Header(column)
    read = read_column(cells, decimal)
    said = unit or header.unit
    # The cells of a registered property are in its own unit where nothing is said.
    if said is None and not property_and_conversion(header.name)[0].unit:
        said = commonest_unit(read)
    property_, convert = property_and_conversion(header.name, said)
    values = convert(read.values)
    strange = _convert_cells(values, read, header.name, property_)
    values[strange] = np.nan
    words = sorted([*read.words, *(i for i in strange if not is_unit(read.quantities[i].unit))])
    foreign_cells = sorted({*strange} - {*words})
    property_, of_scale = on_scale(property_, values, rows, scale)
    vast = _vast(property_, values)
    # What lies above a bound has it as its lower end.
    lower, upper = (
        _bounds(read, kind, header.name, property_, convert) for kind in ("above", "below")
    )
    void = _void_bounds(property_, values, lower, upper)
    foreign = f"in a unit that cannot be turned into {property_.unit or 'that of the others'}"
    findings = [
        _unusable("non_numeric", "not a number", column, cells, rows, words),
        _unusable("foreign_unit", foreign, column, cells, rows, foreign_cells),
        _unusable("infinite", "infinite", column, cells, rows, read.infinite),
        _unusable("vast", "too large to be computed with", column, cells, rows, vast),
        _unusable("void_bound", "a bound far from what can be", column, cells, rows, void),
        *_marked(column, cells, rows, read, {*strange, *void}),
        of_scale,
        *check_labels(property_, values, rows, said),
    ]
    if header.unit and not unit and property_.unit != header.unit:
        findings.append(_converted(column, property_, header.unit, values))
    told = [finding for finding in findings if finding]
    return Labels(property_, values, lower, upper, told)


def summarise(property_: Property, values: np.ndarray) -> PropertySummary:
    """A summary of labels (n,), with NaN where one is missing.

    On a log10 scale the mean is the geometric one, and the spread is in decades.
    """
    labels = values[np.isfinite(values)]
    summary = PropertySummary(
        name=property_.name, unit=property_.unit, labels=len(labels), scale=property_.scale
    )
    if len(labels):
        summary.low, summary.high = float(labels.min()), float(labels.max())
        scaled = property_.scaled(labels)
        summary.mean = float(property_.unscaled(scaled.mean()))
        summary.median = float(np.median(labels))
    if len(labels) > 1:
        summary.std = float(property_.scaled(labels).std(ddof=1))
    return summary


def _convert_cells(values: np.ndarray, read: Column, name: str, property_: Property) -> list[int]:
    """Convert the cells that name a unit of their own; returns those whose unit does not fit."""
    strange = []
    conversions: dict[str, Conversion | None] = {}
    for position, quantity in read.quantities.items():
        unit = quantity.unit
        if not unit:
            continue
        if unit not in conversions:
            check_time("reading its units")
            conversions[unit] = conversion_to(property_, name, unit)
        convert = conversions[unit]
        if convert is None:
            strange.append(position)
        elif quantity.kind not in BOUNDS:
            values[position] = convert(np.array(quantity.value))
    return strange


def _converted(column: str, property_: Property, unit: str, values: np.ndarray) -> Finding:
    return Finding(
        kind="converted",
        severity="note",
        column=property_.name,
        count=int(np.isfinite(values).sum()),
        message=f"“{column}” is read in {unit}, as its name says, and converted to "
        f"{property_.unit or 'fractions'}.",
    )


def _bounds(
    read: Column, kind: Kind, name: str, property_: Property, convert: Conversion
) -> np.ndarray:
    """The bounds of one side, in the property's unit; NaN where there is none, `(n,)`."""
    bounds = np.full(len(read.values), np.nan)
    for position, quantity in read.quantities.items():
        if quantity.kind == kind:
            own = conversion_to(property_, name, quantity.unit) if quantity.unit else convert
            if own:
                bounds[position] = own(np.array(quantity.value))
    return bounds


def _vast(property_: Property, values: np.ndarray) -> list[int]:
    """Take out what is too large for members to learn; the positions.

    They compute in single precision and with squares. Decades of a log10 scale are small.
    """
    if property_.scale == "log10":
        return []
    vast = np.abs(values) > _VAST
    values[vast] = np.nan
    return np.flatnonzero(vast).tolist()


_VAST = 1e18
"""In a property's unit."""


def _void_bounds(
    property_: Property, values: np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> list[int]:
    """Take out the bounds beyond what physics, the scale or the labels allow; their positions.

    A slip such as `> 99999` among labels up to 100 would be learned by every member.
    """
    low, high = possible_range(property_.base)
    if property_.low is not None and property_.high is not None:
        span = property_.high - property_.low
        near, far = property_.low - span, property_.high + span
    else:
        near, far = usual_range(property_, values, _FARTHEST_BOUND)
    low, high = max(low, near), min(high, far)
    void: set[int] = set()
    for bounds in (lower, upper):
        known = np.isfinite(bounds)
        beyond = known & ((bounds < low) | (bounds > high) | np.isnan(property_.scaled(bounds)))
        bounds[beyond] = np.nan
        void |= {*np.flatnonzero(beyond).tolist()}
    return sorted(void)


_FARTHEST_BOUND = 20.0
"""Robust standard deviations of the labels that a bound may lie from their median, of a property
that has no plausible range."""

BOUNDS_LEARNED = (
    "A model learns from them as bounds, and is wrong only beyond them; no figure of error counts "
    "them. To leave them out, say `--bounds leave-out`, or choose so on the Train page."
)
_WORDS: dict[Kind, tuple[str, str, str]] = {
    "range": ("is a range", "are ranges", "The middle is taken."),
    "approximate": ("is approximate", "are approximate", "The number is taken as it is."),
    "spread": ("has a spread (±)", "have a spread (±)", "The number is taken."),
    "above": ("is a lower bound (>)", "are lower bounds (>)", BOUNDS_LEARNED),
    "below": ("is an upper bound (<)", "are upper bounds (<)", BOUNDS_LEARNED),
}


def _marked(
    column: str,
    cells: Sequence[str | None],
    rows: np.ndarray,
    read: Column,
    unused: Collection[int],
) -> list[Finding]:
    """A finding for each way in which cells say more than a plain number.

    Args:
        column, cells, rows: see `read_labels`.
        read: the cells, as they are understood.
        unused: positions of cells that count as missing all the same.
    """
    findings = []
    for kind, (one, several, consequence) in _WORDS.items():
        positions = [
            i
            for i, quantity in read.quantities.items()
            if quantity.kind == kind and i not in unused
        ]
        if not positions:
            continue
        named = [f"row {rows[i]} “{clipped(cells[i] or '', 20)}”" for i in positions]
        what = one if len(positions) == 1 else several
        if kind == "spread":
            consequence = _spread_words(read)
        findings.append(
            Finding(
                kind=f"cell_{kind}",
                severity="note",
                column=column,
                count=len(positions),
                rows=[int(rows[i]) for i in positions],
                message=f"{column}: {counted(len(positions), 'cell')} {what}: {listed(named)}. "
                f"{consequence}",
            )
        )
    return findings


def _spread_words(read: Column) -> str:
    spreads = [each.spread for each in read.quantities.values() if each.spread is not None]
    return (
        f"The numbers are taken; their spread is {np.median(spreads):.3g} in the median, and no "
        "model can err less than the table itself."
    )


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
