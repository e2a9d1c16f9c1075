"""Which columns hold fractions of repeat units, by their names and numbers; what these are of."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal

from ..base.errors import UserError
from ..base.wording import clipped
from ..chem.fractions import closes, ratio_of
from ..settings.polymer_columns import Basis
from .amount_units import demand_one_measure
from .cells import is_missing, to_number
from .column_cells import NUMBER_SAMPLE, is_numeric, values_of, words_of
from .name_families import LONGEST_NAME
from .reading import RawTable
from .share_names import (
    basis_of,
    contradiction_in,
    is_lone_fraction,
    is_ratio,
    says_amount,
    says_feed,
    says_mole,
    says_percent,
    says_ratio,
    says_share,
    says_volume,
    share_families,
    share_words,
)

Whole = Literal["one", "hundred", "parts"]
"""What the fractions of a row add up to; parts, to anything."""

_BASIS_NAME = re.compile(
    r"(.*_)?basis|(fraction|ratio|composition|share)s?_(type|kind|of|in|by|unit|units)"
)
_BASES: dict[Basis, tuple[str, ...]] = {
    "mole": ("mole", "mol", "moles", "molar", "x"),
    "weight": ("weight", "wt", "mass", "w", "ww"),
}
_NO_BASIS = re.compile(r"^by|frac$|fractions?$|percent$|pct$|ratio$|basis$|shares?$")


def basis_column(raw: RawTable, names: Sequence[str]) -> str | None:
    """The column that says what fractions are shares of; None where none does.

    Args:
        raw: the table.
        names: of the columns that may say it.
    """
    for name in names:
        if len(name) <= LONGEST_NAME and _BASIS_NAME.fullmatch(words_of(name)):
            words = {*_basis_words(raw, name)}
            if words and None not in words:
                return name
    return None


def basis_told(raw: RawTable, names: Sequence[str], fractions: Sequence[str] = ()) -> Basis:
    """What fractions are shares of, by a column that says it, or by the names of their own.

    Args:
        raw: the table.
        names: of the columns that may say it.
        fractions: of the fractions, where they have columns.

    Raises:
        UserError: when a column says both, or another basis than the fractions' names, or these
            contradict each other.
    """
    by_name = basis_of(fractions)
    if both := contradiction_in(fractions):
        raise UserError(
            f"{raw.name}: “{both[0]}” says weight and “{both[1]}” mole: give all fractions by "
            "weight, or all by mole."
        )
    if volume := next(filter(says_volume, fractions), None):
        raise UserError(
            f"{raw.name}: “{volume}” says volume, and fractions are read by mole or by weight: "
            "give them so, or say `--fractions mole` or `--fractions weight`."
        )
    column = basis_column(raw, names)
    if column is None:
        _demand_no_other_basis(raw, names)
        return by_name
    told = {word for word in _basis_words(raw, column) if word}
    said = by_name if by_name == "weight" or any(map(says_mole, fractions)) else None
    if len(told) > 1 or (said and told != {said}):
        one = f"{'mole' if said == 'weight' else 'weight'} beside “{next(iter(fractions), '')}”"
        what = "both mole and weight" if len(told) > 1 else one
        raise UserError(
            f"{raw.name}: “{column}” says {what}, and fractions are read in one way: give all of "
            "them by mole, or all by weight, and say `--fractions mole` or `--fractions weight`."
        )
    return told.pop()


def _demand_no_other_basis(raw: RawTable, names: Sequence[str]) -> None:
    """Refuse a column of the basis that says it in some rows, and something else in others."""
    for name in names:
        if len(name) > LONGEST_NAME or not _BASIS_NAME.fullmatch(words_of(name)):
            continue
        cells = {*values_of(raw, name)}
        words = {cell: word for cell in cells for word in [_basis_word(cell)]}
        odd = sorted(cell for cell, word in words.items() if word is None)
        if odd and (any(words.values()) or any(map(says_volume, odd))):
            raise UserError(
                f"{raw.name}: “{name}” says “{clipped(odd[0], 40)}”, and fractions are read by "
                "mole or by weight: correct it, or say `--fractions mole` or `--fractions weight`."
            )


def _basis_words(raw: RawTable, name: str) -> Iterator[Basis | None]:
    """What each different cell of a column says of fractions; None where it says nothing."""
    yield from map(_basis_word, {*values_of(raw, name)})


def _basis_word(cell: str) -> Basis | None:
    word = _NO_BASIS.sub("", re.sub(r"[\W_]+", "", cell.lower()))
    return next((basis for basis, its in _BASES.items() if word in its), None)


def whole_of(raw: RawTable, fractions: Sequence[str], count: int) -> Whole:
    """What the fractions of a row add up to, by their columns' names and most of the rows.

    Args:
        raw: the table.
        fractions: the columns.
        count: of the columns of repeat units.
    """
    if not fractions:
        return "one"
    if any(map(says_percent, fractions)):
        return "hundred"
    if any(map(says_amount, fractions)):
        return "parts"
    votes: Counter[Whole] = Counter()
    for row in numbers_of(raw, fractions):
        given = [number for number in row if number is not None]
        total = sum(given)
        if closes(total, 1.0) or closes(total, 100.0):
            votes["one" if total < 50 else "hundred"] += 1
        elif total and len(given) == count:
            votes["parts"] += 1
        elif given:
            votes["one" if total <= 1 else "hundred"] += 1
    ratios = not votes and len(fractions) == 1 and holds_ratios(raw, fractions[0])
    return max(votes, key=lambda whole: votes[whole], default="parts" if ratios else "one")


def fraction_columns(raw: RawTable, places: Sequence[int], names: Sequence[str]) -> dict[int, str]:
    """The columns of fractions by the places of their units: of all of these, or all but one.

    A column of ratios of all units, such as 70:30, has the place of the first.

    Args:
        raw: the table.
        places: of the units in the alphabet.
        names: of the columns that may hold fractions.
    """
    numeric = [name for name in names if _is_share(raw, name)]
    options = []
    # A column of slips alone is one of fractions by its name, or another would seem to be alone.
    named = [name for name in names if says_share(name, sure=True) and values_of(raw, name, 1)]
    for family in share_families([name for name in names if name in {*numeric, *named}]):
        if not any(name in numeric for name in family.values()):
            continue
        family = _from_one(family, places)
        if [*family] == list(range(1, len(family) + 1)) and min(places) == 0:
            family = {place - 1: name for place, name in family.items()}
        own = {place: name for place, name in family.items() if place in places}
        if len(own) >= len(places) - 1:
            options.append(own)
    if len(places) == 2:
        # A column without an index: of the first unit, or of what is called a comonomer.
        lone = [name for name in numeric if is_lone_fraction(name)]
        options += [{places["comonomer" in words_of(name)]: name} for name in lone]
    fitting = [each for each in options if _fits(raw, [*each.values()], len(places))]
    # What the copolymer holds before what was fed, moles before weights, the columns of all units
    # before those of all but one.
    fitting.sort(
        key=lambda each: (
            any(map(says_feed, each.values())),
            basis_of([*each.values()]) == "weight",
            -len(each),
        )
    )
    if fitting:
        return fitting[0]
    _demand_amounts_alike(raw, numeric, len(places))
    ratios = [name for name in names if is_ratio(name) and holds_ratios(raw, name)]
    return {places[0]: min(ratios, key=says_feed)} if ratios else {}


def _demand_amounts_alike(raw: RawTable, names: Sequence[str], count: int) -> None:
    """Refuse an amount of each unit by weight or in moles, where these are of both kinds."""
    amounts = {share_words(name).partition("_")[2]: name for name in names if says_amount(name)}
    if len(amounts) == count:
        demand_one_measure(raw.name, [*amounts.values()])


def places_of(fractions: Sequence[str], places: Sequence[int]) -> list[int]:
    """The places of units in the order of the columns of their fractions; others come last.

    Args:
        fractions: columns whose names may say which unit they are of.
        places: of all units in the alphabet; their own order where the names do not say it.
    """
    for family in share_families(fractions):
        own = {name: place for place, name in _from_one(family, places).items()}
        if len(own) == len(fractions) and {*own.values()} <= {*places}:
            first = [own[name] for name in fractions]
            return [*first, *(place for place in places if place not in first)]
    return [*places]


def _from_one(family: dict[int, str], places: Sequence[int]) -> dict[int, str]:
    """A family that begins at 0, counted from 1, where the units are."""
    zero = min(family) == 0 and min(places) > 0
    return {place + zero: name for place, name in family.items()}


def _is_share(raw: RawTable, name: str) -> bool:
    """Whether a column may be one of fractions: numbers from 0 on, but for a few slips."""
    return says_share(name) and is_numeric(raw, name) and _not_negative(raw, name)


def holds_ratios(raw: RawTable, name: str) -> bool:
    """Whether most cells of a column are ratios, such as 70:30."""
    cells = values_of(raw, name, NUMBER_SAMPLE)
    slash = says_ratio(name)
    return sum(bool(ratio_of(cell, slash)) for cell in cells) >= 0.5 * len(cells) > 0


def _not_negative(raw: RawTable, name: str) -> bool:
    numbers = [row[0] for row in _read_numbers(raw, [name])]
    known = [number for number in numbers if number is not None]
    return sum(number >= 0 for number in known) > 0.5 * len(known)


def _fits(raw: RawTable, names: Sequence[str], count: int) -> bool:
    """Whether columns are fractions: by their names, or since most rows add up to a whole."""
    if all(says_share(name, sure=True, alone=len(names) < count) for name in names):
        return True
    if len(names) < count and any(map(says_amount, names)):
        # Of an amount there is no rest.
        return False
    rows = [[number or 0.0 for number in row] for row in numbers_of(raw, names)]
    rows = [row for row in rows if any(row)]
    if len(names) < count:
        within = [sum(sum(row) <= whole for row in rows) for whole in (1.0, 100.0)]
        return max(within) >= 0.5 * len(rows) > 0
    closing = [any(closes(sum(row), whole) for whole in (1.0, 100.0)) for row in rows]
    return sum(closing) >= 0.5 * len(rows) > 0


def numbers_of(raw: RawTable, names: Sequence[str]) -> list[list[float | None]]:
    """The numbers of the first rows, None for an empty cell; no row with a negative one."""
    rows = _read_numbers(raw, names)
    return [row for row in rows if all(number is None or number >= 0 for number in row)]


def _read_numbers(raw: RawTable, names: Sequence[str]) -> list[list[float | None]]:
    """The numbers of the first rows, None for an empty cell; no row with anything else."""
    rows = []
    for cells in raw.frame[[*names]][:NUMBER_SAMPLE].itertuples(index=False):
        row: list[float | None] = []
        for cell in cells:
            number = None if is_missing(cell) else to_number(cell.rstrip("% "), raw.reading.decimal)
            if not is_missing(cell) and (number is None or not math.isfinite(number)):
                break
            row.append(number)
        else:
            rows.append(row)
    return rows
