"""What people write into a cell instead of a plain number: bounds, ranges, spreads, units."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from ..base.budget import check_time
from ..settings.units import LONGEST, is_unit
from .cells import DecimalSign, is_missing, to_number

Kind = Literal["exact", "approximate", "range", "spread", "below", "above"]

BOUNDS: tuple[Kind, ...] = ("below", "above")

_LONGEST = 60
"""Characters of the longest cell that may hold a number."""

_CHECKED = 1_000
"""Cells after which the time is looked at."""

_NUMBER = r"[+-]?(?:\d[\d.,'  ]*|[.,]\d+)(?:[eE][+-]?\d+)?"
_TIMES_TEN = re.compile(
    r"(?<=\d)\s*[x×·*]\s*10\s*(?:\^|\*\*)?\s*(?:\{?([+-]?\d{1,3})\}?|([⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}))(?!\d)"
)
_SUPERSCRIPTS = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")
_SIGNS: tuple[tuple[str, Kind], ...] = (
    (r"(?:<=?|≤|⩽|less than|below|under|up to)", "below"),
    (r"(?:>=?|≥|⩾|more than|greater than|above|over|at least)", "above"),
    (r"(?:~|≈|∼|ca\.?|circa|c\.|about|approx\.?|approximately|around)", "approximate"),
)
_MARKED = tuple(
    (re.compile(rf"{sign}\s*(?P<rest>\S.*)", re.IGNORECASE), kind) for sign, kind in _SIGNS
)
_SPREAD = re.compile(
    rf"(?P<value>{_NUMBER})\s*(?:±|\+/-|\+-|\+/−)\s*(?P<spread>{_NUMBER})(?P<rest>.*)"
)
_RANGE = re.compile(
    rf"(?P<low>{_NUMBER})\s*(?:-|–|—|to|…|\.\.\.?)\s*(?P<high>{_NUMBER})(?P<rest>.*)"
)
_WITH_UNIT = re.compile(rf"(?P<value>{_NUMBER})\s*(?P<rest>[^\d\s.,+-].*)?")


class Quantity(NamedTuple):
    """What a cell says.

    Attributes:
        value: the number; the middle of a range, the limit of a bound.
        kind: how it is said.
        spread: what stands behind ±, in the same unit; None where nothing does.
        unit: that stands behind the number; nobody has checked that it is one.
    """

    value: float
    kind: Kind = "exact"
    spread: float | None = None
    unit: str = ""


def to_quantity(text: str, decimal: DecimalSign = ".") -> Quantity | None:
    """What a cell's text says, or None when it holds no number.

    Args:
        text: a cell that is not missing, such as `> 300`, `120-130`, `85 ± 3` or `410 K`.
        decimal: the decimal sign of the table.
    """
    number = to_number(text, decimal)
    if number is not None:
        return Quantity(number)
    if len(text) > _LONGEST:
        return None
    text = " ".join(text.replace("−", "-").split())
    text = _TIMES_TEN.sub(_exponent, text)
    for sign, kind in _MARKED:
        if marked := sign.fullmatch(text):
            inner = to_quantity(marked["rest"], decimal)
            return inner._replace(kind=kind) if inner and inner.kind == "exact" else None
    return _spread(text, decimal) or _range(text, decimal) or _with_unit(text, decimal)


def _exponent(match: re.Match[str]) -> str:
    return "e" + (match[1] or match[2].translate(_SUPERSCRIPTS))


def _spread(text: str, decimal: DecimalSign) -> Quantity | None:
    match = _SPREAD.fullmatch(text)
    if not match:
        return None
    value, spread = _number(match["value"], decimal), _number(match["spread"], decimal)
    unit = _unit_text(match["rest"])
    if value is None or spread is None or unit is None:
        return None
    return Quantity(value, "spread", abs(spread), unit)


def _range(text: str, decimal: DecimalSign) -> Quantity | None:
    match = _RANGE.fullmatch(text)
    if not match:
        return None
    low, high = _number(match["low"], decimal), _number(match["high"], decimal)
    unit = _unit_text(match["rest"])
    # `10-5` may be meant as 10⁻⁵, `2020-01` as a month.
    if low is None or high is None or unit is None or high <= low:
        return None
    if re.match(r"0\d", match["high"]):
        return None
    return Quantity((low + high) / 2, "range", None, unit)


def _with_unit(text: str, decimal: DecimalSign) -> Quantity | None:
    match = _WITH_UNIT.fullmatch(text)
    value = _number(match["value"], decimal) if match else None
    unit = _unit_text(match["rest"] or "") if match else None
    return None if value is None or unit is None else Quantity(value, "exact", None, unit)


def _number(text: str, decimal: DecimalSign) -> float | None:
    return to_number(text.strip(), decimal)


def _unit_text(rest: str) -> str | None:
    """What stands behind a number, if it can be a unit."""
    rest = rest.strip()
    return rest if len(rest) <= LONGEST and not rest[:1].isdigit() else None


class Column(NamedTuple):
    """A column of n cells read as numbers.

    Attributes:
        values: (n,) float64, NaN where a cell is missing, infinite, a bound, or not a number; in
            the cell's own unit.
        quantities: by position, what each cell says that is no plain number.
        words: positions of cells that are not numbers.
        infinite: positions of cells that are infinite.
    """

    values: np.ndarray
    quantities: dict[int, Quantity]
    words: list[int]
    infinite: list[int]


def read_column(cells: Sequence[str | None], decimal: DecimalSign = ".") -> Column:
    """Read a column's cells as numbers."""
    column = Column(np.full(len(cells), np.nan), {}, [], [])
    for position, text in enumerate(cells):
        if position % _CHECKED == 0:
            check_time("reading its numbers")
        if text is None or is_missing(text):
            continue
        quantity = to_quantity(text, decimal)
        if quantity is None:
            column.words.append(position)
            continue
        if np.isinf(quantity.value):
            column.infinite.append(position)
            continue
        if quantity.kind != "exact" or quantity.unit:
            column.quantities[position] = quantity
        if quantity.kind not in BOUNDS:
            column.values[position] = quantity.value
    return column


def commonest_unit(column: Column) -> str | None:
    """The unit that most cells name which name one; None where none does."""
    units = Counter(quantity.unit for quantity in column.quantities.values() if quantity.unit)
    for unit, _ in units.most_common():
        check_time("reading its units")
        if is_unit(unit):
            return unit
    return None
