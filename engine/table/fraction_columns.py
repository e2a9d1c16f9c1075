"""Which columns hold fractions of repeat units, by their names and numbers; what these are of."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal

from ..base.errors import UserError
from ..chem.fractions import closes
from ..settings.polymer_columns import Basis
from .cells import is_missing, to_number
from .column_cells import NUMBER_SAMPLE, is_numeric, values_of, words_of
from .reading import RawTable

Whole = Literal["one", "hundred", "parts"]
"""What the fractions of a row add up to; parts, to anything."""

_INDEX = re.compile(r"[a-l]|\d|1[0-2]")
MOST_COLUMNS = 12
"""Most columns of repeat units; a row may fill half of them."""
_SHARE = "frac|fraction|ratio|percent|percentage|pct|perc|composition|share|content|part|portion"
_OF = "mol|mole|molar|wt|weight|mass|w|feed|monomer|comonomer|unit|repeat_unit|copolymer|smiles"
_SURE = re.compile(rf"(({_OF})_)*({_SHARE})s?(_of)?(_({_OF}))*")
"""Names that say nothing but a share, without what tells one unit's from another's."""
_AMOUNT = re.compile(r"mol|moles?|wt|feed|amount|equiv")
"""Names of fractions, or of parts where there is one for each unit."""
_MAYBE = re.compile(r"r|x|w|f|n|chi|weight|mass|wf|mf|xf")
"""Names of fractions if the numbers add up to a whole."""
_WEIGHT = re.compile(r"(.*_)?(wt|weight|mass|w|wf)(_.*|frac.*)?")
_PERCENT = re.compile(r"%|percent|pct", re.IGNORECASE)
_BASIS_NAME = re.compile(
    r"(.*_)?basis|(fraction|ratio|composition|share)s?_(type|kind|of|in|by|unit|units)"
)
_BASES: dict[Basis, tuple[str, ...]] = {
    "mole": ("mole", "mol", "moles", "molar", "x"),
    "weight": ("weight", "wt", "mass", "w", "ww"),
}
_NO_BASIS = re.compile(r"^by|frac$|fractions?$|percent$|pct$|ratio$|basis$|shares?$")
LONGEST_NAME = 60
"""Characters of a name that may be of a composition's column."""


def families(names: Sequence[str]) -> Iterator[dict[int, str]]:
    """Columns whose names differ in a letter or a number alone, by their places in the alphabet."""
    families: dict[tuple[str, bool], dict[int, str]] = {}
    for name in names:
        for stem, place, is_letter in _readings(split_name(name)):
            families.setdefault((stem, is_letter), {}).setdefault(place, name)
    for family in families.values():
        if 1 < len(family) <= MOST_COLUMNS:
            yield dict(sorted(family.items()))


def _readings(words: str) -> Iterator[tuple[str, int, bool]]:
    """The ways to read a name as a stem with an index: the stem, the place, if it is a letter."""
    parts = words.split("_")
    for number, word in enumerate(parts):
        if _INDEX.fullmatch(word) and len(parts) > 1:
            stem = "_".join([*parts[:number], "#", *parts[number + 1 :]])
            yield stem, _place(word), word.isalpha()
    # SMILESA and SMILESB, without a sign between.
    if len(parts) == 1 and re.fullmatch(r"(p?smiles|unit|monomer)[a-l]", words):
        yield f"{words[:-1]}_#", _place(words[-1]), True


def split_name(name: str) -> str:
    """A column's name in lower case with `_` between its words, and before a number.

    That of a name which is too long is empty.
    """
    if len(name) > LONGEST_NAME:
        return ""
    return re.sub(r"(?<=[a-z])(?=\d)", "_", words_of(name.replace("%", " pct ")))


def _place(index: str) -> int:
    """The place in the alphabet of a letter or a number; 0 comes before 1."""
    return int(index) if index.isdigit() else ord(index) - ord("a") + 1


def basis_of(fractions: Sequence[str]) -> Basis:
    """What fractions are shares of, by the names of their columns."""
    return "weight" if any(_WEIGHT.fullmatch(split_name(name)) for name in fractions) else "mole"


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
        UserError: when a column says both, or another basis than the fractions' names.
    """
    by_name = basis_of(fractions)
    column = basis_column(raw, names)
    if column is None:
        return by_name
    told = {word for word in _basis_words(raw, column) if word}
    if len(told) > 1 or (by_name == "weight" and told != {by_name}):
        what = "both mole and weight" if len(told) > 1 else f"mole beside “{fractions[0]}”"
        raise UserError(
            f"{raw.name}: “{column}” says {what}, and fractions are read in one way: give all of "
            "them by mole, or all by weight, and say `--fractions mole` or `--fractions weight`."
        )
    return told.pop()


def _basis_words(raw: RawTable, name: str) -> Iterator[Basis | None]:
    """What each different cell of a column says of fractions; None where it says nothing."""
    for cell in {*values_of(raw, name)}:
        word = _NO_BASIS.sub("", re.sub(r"[\W_]+", "", cell.lower()))
        yield next((basis for basis, its in _BASES.items() if word in its), None)


def whole_of(raw: RawTable, fractions: Sequence[str], count: int) -> Whole:
    """What the fractions of a row add up to, by their columns' names and most of the rows.

    Args:
        raw: the table.
        fractions: the columns.
        count: of the columns of repeat units.
    """
    if not fractions:
        return "one"
    if any(_PERCENT.search(name) for name in fractions):
        return "hundred"
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
    return max(votes, key=lambda whole: votes[whole], default="one")


def fraction_columns(raw: RawTable, places: Sequence[int], names: Sequence[str]) -> dict[int, str]:
    """The columns of fractions by the places of their units: of all of these, or all but one.

    Args:
        raw: the table.
        places: of the units in the alphabet.
        names: of the columns that may hold fractions.
    """
    numeric = [name for name in names if _is_share(raw, name)]
    options = []
    for family in _fraction_families(numeric):
        family = _from_one(family, places)
        if [*family] == list(range(1, len(family) + 1)) and min(places) == 0:
            family = {place - 1: name for place, name in family.items()}
        own = {place: name for place, name in family.items() if place in places}
        if len(own) >= len(places) - 1:
            options.append(own)
    if len(places) == 2:
        # A column without an index: of the first unit, or of what is called a comonomer.
        lone = [name for name in numeric if _is_lone_fraction(name)]
        options += [{places["comonomer" in words_of(name)]: name} for name in lone]
    fitting = [each for each in options if _fits(raw, [*each.values()], len(places))]
    # Moles before weights, the columns of all units before those of all but one.
    fitting.sort(key=lambda each: (basis_of([*each.values()]) == "weight", -len(each)))
    return fitting[0] if fitting else {}


def places_of(fractions: Sequence[str], places: Sequence[int]) -> list[int]:
    """The places of units in the order of the columns of their fractions; others come last.

    Args:
        fractions: columns whose names may say which unit they are of.
        places: of all units in the alphabet; their own order where the names do not say it.
    """
    for family in _fraction_families(fractions):
        own = {name: place for place, name in _from_one(family, places).items()}
        if len(own) == len(fractions) and {*own.values()} <= {*places}:
            first = [own[name] for name in fractions]
            return [*first, *(place for place in places if place not in first)]
    return [*places]


def _from_one(family: dict[int, str], places: Sequence[int]) -> dict[int, str]:
    """A family that begins at 0, counted from 1, where the units are."""
    zero = min(family) == 0 and min(places) > 0
    return {place + zero: name for place, name in family.items()}


def _fraction_families(names: Sequence[str]) -> Iterator[dict[int, str]]:
    families: dict[tuple[str, bool], dict[int, str]] = {}
    for name in names:
        for stem, place, is_letter in _readings(_share_words(name)):
            if _is_named_so(_without_index(stem), _SURE, _AMOUNT, _MAYBE):
                # A copolymer's `F_a` beside the feed's `f_a` is another family.
                case = stem if len(stem) > 3 else f"{stem} {name[:1]}"
                families.setdefault((case, is_letter), {}).setdefault(place, name)
    yield from (dict(sorted(family.items())) for family in families.values())


def _share_words(name: str) -> str:
    """The words of a name without a sign in brackets: `frac A (mol%)` is as `frac A`."""
    plain = re.sub(r"\s*[(\[][^)\]]*%[^)\]]*[)\]]", "", name)
    words = split_name(plain)
    # `monomer 1 (wt%)` and `A (wt%)` are shares by this sign alone.
    says_share = any(_is_named_so(each, _SURE, _AMOUNT, _MAYBE) for each in _stems_of(words))
    return words if plain == name or says_share else f"pct_{words}"


def _without_index(stem: str) -> str:
    return re.sub(r"_?#_?", "_", stem).strip("_")


def _is_named_so(words: str, *patterns: re.Pattern[str]) -> bool:
    return any(pattern.fullmatch(words) for pattern in patterns)


def _stems(name: str) -> list[str]:
    """The words of a name of fractions, and these without an index of a unit."""
    return _stems_of(_share_words(name))


def _stems_of(words: str) -> list[str]:
    return [words, *(_without_index(stem) for stem, _, _ in _readings(words))]


def _is_lone_fraction(name: str) -> bool:
    words = _share_words(name)
    return words == "x" or _is_named_so(words, _SURE)


def _is_share(raw: RawTable, name: str) -> bool:
    """Whether a column may be one of fractions: numbers from 0 on, but for a few slips."""
    if not any(_is_named_so(stem, _SURE, _AMOUNT, _MAYBE) for stem in _stems(name)):
        return False
    return is_numeric(raw, name) and _not_negative(raw, name)


def _not_negative(raw: RawTable, name: str) -> bool:
    numbers = [row[0] for row in _read_numbers(raw, [name])]
    known = [number for number in numbers if number is not None]
    return sum(number >= 0 for number in known) > 0.5 * len(known)


def _fits(raw: RawTable, names: Sequence[str], count: int) -> bool:
    """Whether columns are fractions: by their names, or since most rows add up to a whole."""
    sure = [_SURE, _AMOUNT] if len(names) == count else [_SURE]
    if all(any(_is_named_so(stem, *sure) for stem in _stems(name)) for name in names):
        return True
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
