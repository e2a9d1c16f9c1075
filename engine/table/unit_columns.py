"""Which columns hold the repeat units of a composition, their fractions, and the architecture."""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from ..base.budget import check_time
from ..chem.composition import architecture_of
from ..chem.fractions import closes
from ..chem.notations import BadSmilesError, drawn_unit, stand_in_ends
from .cells import is_missing, to_number
from .column_cells import (
    NUMBER_SAMPLE,
    SMILES_SAMPLE,
    is_numeric,
    is_smiles,
    values_of,
    words_of,
)
from .reading import RawTable

Basis = Literal["mole", "weight"]
"""What fractions are shares of."""

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
_MAYBE = re.compile(r"r|x|w|f|n|chi|weight|mass")
"""Names of fractions if the numbers add up to a whole."""
_WEIGHT = re.compile(r"(.*_)?(wt|weight|mass|w)(_.*|frac.*)?")
_PERCENT = re.compile(r"%|percent|pct", re.IGNORECASE)
_ARCHITECTURE = re.compile(
    r"(.*_)?(architecture|topology|chain_type|(co)?polymer_type|microstructure|arrangement)"
    r"|(monomer_)?sequence(_type|_distribution)?|type"
)
_LONGEST = 60
"""Characters of a name that may be of a composition's column."""


class SaidUnits(BaseModel):
    """What a user says of a table's compositions, None where it is to be guessed.

    Attributes:
        units: the columns of repeat units after the first.
        fractions: the columns of their fractions.
        basis: what the fractions are shares of.
        architecture: the column that says how units follow each other; empty where none does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    units: tuple[str, ...] | None = None
    fractions: tuple[str, ...] | None = None
    basis: Basis | None = None
    architecture: str | None = None


class UnitColumns(NamedTuple):
    """The columns of a composition.

    Attributes:
        units: of repeat units, the first included.
        fractions: of their fractions, in the order of the units; that of the last may be missing.
        basis: what the fractions are shares of.
        whole: what they add up to.
        architecture: the column that says how units follow each other.
    """

    units: tuple[str, ...]
    fractions: tuple[str, ...] = ()
    basis: Basis = "mole"
    whole: Whole = "one"
    architecture: str | None = None


def find_unit_columns(
    raw: RawTable, said: SaidUnits, exclude: Collection[str] = ()
) -> UnitColumns | None:
    """The columns of compositions; None for a table of one repeat unit in each row.

    Two to six columns of repeat units whose names differ in a letter or a number make one where
    there are fractions or an architecture beside them.

    Args:
        raw: the table, or its beginning.
        said: what the user says of them, besides the units.
        exclude: columns that are something else.
    """
    names = [name for name in raw.column_names if name not in exclude]
    for family in _families(names):
        units = {place: name for place, name in family.items() if _holds_units(raw, name)}
        if len(units) > 1:
            found = _complete(raw, units, said, [n for n in names if n not in family.values()])
            if found.fractions or found.architecture:
                return found
    return None


def said_unit_columns(
    raw: RawTable, units: Sequence[str], said: SaidUnits, exclude: Collection[str] = ()
) -> UnitColumns:
    """The columns of fractions and of the architecture beside columns that hold repeat units.

    Args:
        raw: the table.
        units: the columns of repeat units, as the user names them.
        said: what else the user says of compositions.
        exclude: columns that are something else.
    """
    names = [name for name in raw.column_names if name not in {*units, *exclude}]
    family = next((each for each in _families(units) if len(each) == len(units)), None)
    # Their order is that of the fractions, where these are said.
    places = family if family and said.fractions is None else dict(enumerate(units))
    return _complete(raw, places, said, names)


def in_one_order(
    raw: RawTable, units: Sequence[str], fractions: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Columns of repeat units and of their fractions in one order, as far as their names tell it.

    Args:
        raw: the table.
        units: columns of repeat units, in any order.
        fractions: columns of fractions, in any order; else they are in that of the units.
    """
    others = [name for name in raw.column_names if name not in {*units, *fractions}]
    found = said_unit_columns(raw, units, SaidUnits(architecture=""), others)
    if {*found.fractions} == {*fractions}:
        return found.units, found.fractions
    return tuple(units), tuple(fractions)


def _complete(
    raw: RawTable, units: dict[int, str], said: SaidUnits, names: Sequence[str]
) -> UnitColumns:
    """The columns of repeat units with those of their fractions and of the architecture.

    Args:
        raw: the table.
        units: the columns of repeat units by their place in the alphabet.
        said: what the user says of the others.
        names: of the other columns.
    """
    if said.architecture is None:
        architecture = next((name for name in names if _names_architectures(raw, name)), None)
    else:
        architecture = said.architecture or None
    order, fractions = [*units], said.fractions
    if fractions is None:
        found = _fractions(raw, order, [name for name in names if name != architecture])
        fractions = tuple(found.values())
        # The unit without a column of its own has the rest, and stands last.
        order = [*found, *(place for place in units if place not in found)]
    return UnitColumns(
        tuple(units[place] for place in order),
        fractions,
        said.basis or basis_of(fractions),
        whole_of(raw, fractions, len(units)),
        architecture,
    )


def basis_of(fractions: Sequence[str]) -> Basis:
    """What fractions are shares of, by the names of their columns."""
    return "weight" if any(_WEIGHT.fullmatch(_split(name)) for name in fractions) else "mole"


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
    for row in _numbers(raw, fractions):
        given = [number for number in row if number is not None]
        total = sum(given)
        if closes(total, 1.0) or closes(total, 100.0):
            votes["one" if total < 50 else "hundred"] += 1
        elif total and len(given) == count:
            votes["parts"] += 1
        elif given:
            votes["one" if total <= 1 else "hundred"] += 1
    return max(votes, key=lambda whole: votes[whole], default="one")


def _families(names: Sequence[str]) -> Iterator[dict[int, str]]:
    """Columns whose names differ in a letter or a number alone, by their places in the alphabet."""
    families: dict[tuple[str, bool], dict[int, str]] = {}
    for name in names:
        for stem, place, is_letter in _readings(_split(name)):
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


def _split(name: str) -> str:
    """A column's name in lower case with `_` between its words, and before a number.

    That of a name which is too long is empty.
    """
    if len(name) > _LONGEST:
        return ""
    return re.sub(r"(?<=[a-z])(?=\d)", "_", words_of(name.replace("%", " pct ")))


def _place(index: str) -> int:
    """The place in the alphabet of a letter or a number; 0 comes before 1."""
    return int(index) if index.isdigit() else ord(index) - ord("a") + 1


def _holds_units(raw: RawTable, name: str) -> bool:
    """Whether a column holds repeat units, and not salts, solvents, or other structures."""
    check_time("looking for its columns")
    cells = values_of(raw, name, SMILES_SAMPLE)
    return sum(map(_is_unit, cells)) >= 0.5 * len(cells) > 0


def _is_unit(cell: str) -> bool:
    """Whether a cell is drawn with chain ends, in any notation."""
    try:
        drawn = bool(drawn_unit(cell) or stand_in_ends([cell]))
    except BadSmilesError:
        return False
    return drawn and is_smiles(cell)


def _names_architectures(raw: RawTable, name: str) -> bool:
    """Whether a column says how units follow each other along the chain."""
    words = words_of(name)
    if len(name) > _LONGEST or not _ARCHITECTURE.fullmatch(words):
        return False
    cells = values_of(raw, name, NUMBER_SAMPLE)
    known = 0
    for cell in cells:
        try:
            architecture_of(cell)
        except BadSmilesError:
            continue
        # Types may be called A and B.
        known += words != "type" or len(cell) > 1
    return known >= 0.5 * len(cells) > 0


def _fractions(raw: RawTable, places: Sequence[int], names: Sequence[str]) -> dict[int, str]:
    """The columns of fractions by the places of their units: of all of these, or all but one."""
    numeric = [name for name in names if _is_share(raw, name)]
    options = []
    for family in _fraction_families(numeric):
        if min(family) == 0 and min(places) > 0:
            family = {place + 1: name for place, name in family.items()}
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
    words = _split(plain)
    return f"pct_{words}" if plain != name and _INDEX.fullmatch(words) else words


def _without_index(stem: str) -> str:
    return re.sub(r"_?#_?", "_", stem).strip("_")


def _is_named_so(words: str, *patterns: re.Pattern[str]) -> bool:
    return any(pattern.fullmatch(words) for pattern in patterns)


def _stems(name: str) -> list[str]:
    """The words of a name of fractions, and these without an index of a unit."""
    words = _share_words(name)
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
    rows = [[number or 0.0 for number in row] for row in _numbers(raw, names)]
    rows = [row for row in rows if any(row)]
    if len(names) < count:
        within = [sum(sum(row) <= whole for row in rows) for whole in (1.0, 100.0)]
        return max(within) >= 0.5 * len(rows) > 0
    closing = [any(closes(sum(row), whole) for whole in (1.0, 100.0)) for row in rows]
    return sum(closing) >= 0.5 * len(rows) > 0


def _numbers(raw: RawTable, names: Sequence[str]) -> list[list[float | None]]:
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
