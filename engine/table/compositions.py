"""One text for each row's polymer, of the columns of its repeat units, fractions and architecture.

A row of one repeat unit has the text of its cell; a composition has `A|B|0.25|0.75|random`
(`engine.chem.composition`).
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from ..base.wording import clipped, counted, listed
from ..chem.architectures import Architecture, architecture_of
from ..chem.comonomers import monomer_words, units_made_of
from ..chem.composition import BAR, NO_ENDS, composed, is_composition
from ..chem.fractions import (
    FractionError,
    closes,
    fractions_of,
    grouped_problem,
    number_of,
    ratio_of,
)
from ..chem.notations import BadSmilesError
from ..chem.pieces import pieces_problem
from ..chem.polymers import moles_of
from ..chem.smiles import MAX_LENGTH, canonical
from .amount_units import amount_unit
from .aside_columns import fault_aside, is_unit
from .cells import DecimalSign, is_missing
from .columns import Columns
from .composition_texts import Form, texts_of_column
from .fraction_columns import Whole
from .polymer_text import PolymerText, Problem, empty
from .reading import RawTable
from .share_names import says_amount, says_ratio

_WHOLES: dict[Whole, float | None] = {"one": 1.0, "hundred": 100.0, "parts": None}


class _OddRowError(ValueError):
    """A row that is no composition; its argument is the `Problem`."""


def polymer_texts(
    raw: RawTable, columns: Columns, form: Form | None = None
) -> Iterator[PolymerText]:
    """What stands for the polymer of each row, in order.

    Args:
        raw: the table, or some rows of it.
        columns: that are used.
        form: what is done with each repeat unit before a composition is put together of several.
    """
    if not columns.units:
        yield from texts_of_column(raw, columns, form)
        return
    reader = _Rows(columns, form, raw.reading.decimal)
    aside = [name for name in columns.aside if name in raw.frame]
    count = len(columns.polymer)
    for cells in raw.frame[[*columns.polymer, *aside]].itertuples(index=False):
        yield reader.read(cells[:count], dict(zip(aside, cells[count:], strict=True)))


class TextsToPredict(NamedTuple):
    """The polymers of some rows that are to be predicted.

    Attributes:
        texts: what stands for each; empty where there is none.
        problems: by position, why there is none; of a table of single units, nothing is looked at.
        shown: what the table holds, for people.
    """

    texts: list[str]
    problems: dict[int, str]
    shown: list[str | None]

    def tell(self, problems: dict[int, str], given: list[str]) -> None:
        """Say why rows have no text, in place of that the text is empty.

        Args:
            problems: by position, why a row could not be predicted; changed here.
            given: what each row holds; changed here.
        """
        for place, reason in self.problems.items():
            problems[place], given[place] = reason, self.shown[place] or ""


def texts_to_predict(raw: RawTable, columns: Columns, form: Form | None = None) -> TextsToPredict:
    """What stands for the polymer of each row of a table that is to be predicted.

    Args:
        raw: the table, or some rows of it.
        columns: that are used.
        form: what is done with each repeat unit before a composition is put together of several.
    """
    if not columns.says_more:
        cells = raw.frame[columns.smiles]
        return TextsToPredict(cells.fillna("").tolist(), {}, cells.tolist())
    rows = list(polymer_texts(raw, columns, form))
    problems = {place: row.problem.reason for place, row in enumerate(rows) if row.problem}
    return TextsToPredict([row.text or "" for row in rows], problems, [row.shown for row in rows])


class _Cell(NamedTuple):
    """A repeat unit of a row and its fraction, each with its column; None where one is empty."""

    column: str
    unit: str | None
    fraction_column: str | None
    fraction: str | None
    whole: float | None

    @property
    def has_number(self) -> bool:
        return self.fraction is not None


class _Rows:
    """Reads rows of a table of compositions."""

    def __init__(self, columns: Columns, form: Form | None, decimal: DecimalSign) -> None:
        self._columns, self._form, self._decimal = columns, form, decimal
        self._whole = _WHOLES[columns.whole]
        units = {name: amount_unit(name) for name in columns.fractions if says_amount(name)}
        self._factors = {name: unit.factor for name, unit in units.items() if unit}
        self._may_be_ratio = len(columns.fractions) == 1
        self._slash = self._may_be_ratio and says_ratio(columns.fractions[0])

    def read(self, cells: Sequence[str | None], aside: Mapping[str, str | None]) -> PolymerText:
        """The polymer of a row; cells are those of `Columns.polymer`, and of `Columns.aside`."""
        columns = self._columns
        count, shares = len(columns.structures), len(columns.fractions)
        units = [None if is_missing(unit) else (unit or "").strip() for unit in cells[:count]]
        word = cells[-1] if columns.architecture else None
        try:
            if any(units) and (fault := fault_aside(aside, columns.conditions)):
                raise _odd(fault)
            row = self._cells(units, cells[count : count + shares])
            text, given = self._text(row, word)
        except _OddRowError as error:
            return PolymerText(None, error.args[0], 0, f" {BAR} ".join(filter(None, units)))
        return PolymerText(text, None, given, text)

    def _cells(self, units: Sequence[str | None], shares: Sequence[str | None]) -> list[_Cell]:
        """The units of a row with their fractions, which may be a ratio in one cell."""
        columns = self._columns
        names: list[str | None] = [*columns.fractions]
        fractions = [None if is_missing(share) else share for share in shares]
        whole = self._whole
        if self._may_be_ratio and (ratio := ratio_of(fractions[0] or "", self._slash)):
            whole, names = None, [names[0]] * len(units)
            there = [place for place, unit in enumerate(units) if unit]
            places = there if len(ratio) == len(there) else [*range(len(units))]
            if len(ratio) != len(places):
                raise _odd(
                    f"“{names[0]}” has {clipped(fractions[0] or '')}: {len(ratio)} numbers for "
                    f"{counted(len(there), 'repeat unit')}"
                )
            parts = dict(zip(places, ratio, strict=True))
            fractions = [parts.get(place) for place in range(len(units))]
        lacking = [None] * (len(units) - len(names))
        rows = zip(
            columns.structures, units, [*names, *lacking], [*fractions, *lacking], strict=True
        )
        return [_Cell(*cells, whole) for cells in rows]

    def _text(self, row: Sequence[_Cell], word: str | None) -> tuple[str, int]:
        """The text of a row's polymer, and how many units it names."""
        there = [each for each in row if each.unit]
        if not there:
            raise _OddRowError(empty().problem)
        for each in row:
            if each.unit and is_composition(each.unit):
                raise _odd(f"“{each.column}” holds a composition itself: give one repeat unit")
            number = self._number(each)
            if number and not each.unit:
                raise _odd(
                    f"“{each.fraction_column}” has {each.fraction}, and “{each.column}” no repeat "
                    "unit for it"
                )
        if len(there) == 1:
            self._check_alone(there[0])
            return self._alone(there[0]), 1
        equal = self._takes_turns(there, word)
        fractions = [1 / len(there)] * len(there) if equal else self._fractions(there)
        kept = [(each, share) for each, share in zip(there, fractions, strict=True) if share > 0]
        texts = [self._formed(each) for each, _ in kept]
        for each, share in zip(there, fractions, strict=True):
            # It is left out unread, and may be a word in the wrong place.
            if not share and not is_unit(each.unit or ""):
                named = f"“{clipped(each.unit or '', 60)}” in “{each.column}”"
                raise _odd(f"{named} is no repeat unit; leave it out, as its fraction is 0")
        if len(kept) == 1:
            return texts[0], 1
        forms = set()
        for text, (each, _) in zip(texts, kept, strict=True):
            read = _read_unit(text)
            if isinstance(read, Problem):
                raise _unread(each, text, read)
            forms.add(read)
        shares = [share for _, share in kept]
        # Units take turns by number, whatever they weigh.
        by_weight = self._columns.basis == "weight" and not equal
        moles = moles_of(texts, shares) if by_weight else shares
        architecture = self._architecture(word, len(forms))
        try:
            return composed(texts, moles, architecture).unrounded, len(kept)
        except BadSmilesError as error:
            raise _odd(f"{_named([each.column for each, _ in kept])}: {error}") from error

    def _formed(self, cell: _Cell) -> str:
        unit = cell.unit or ""
        return self._form(unit) if self._form else unit

    def _alone(self, cell: _Cell) -> str:
        """The text of a row's only unit; a monomer is none, as it is none beside others."""
        text = self._formed(cell)
        read = _read_unit(text)
        if isinstance(read, Problem) and read.kind == "monomers":
            raise _unread(cell, text, read)
        return text

    def _check_alone(self, cell: _Cell) -> None:
        """Refuse a repeat unit that is alone in its row and has less than all of it."""
        number = self._number(cell)
        if number is None or (number and closes(number, cell.whole or number)):
            return
        if closes(number, 100.0):
            return
        raise _odd(
            f"“{cell.fraction_column}” has {cell.fraction}, and no other repeat unit has the rest"
        )

    def _takes_turns(self, cells: Sequence[_Cell], word: str | None) -> bool:
        """Whether the units of a row are as many of each, without a number that says it."""
        written = any(each.has_number for each in cells)
        return not written and self._architecture(word) == "alternating"

    def _fractions(self, cells: Sequence[_Cell]) -> list[float]:
        """The fractions of the repeat units of a row, at least two."""
        written = [each for each in cells if each.has_number]
        if len(written) < len(cells) - 1:
            raise _few_fractions(cells, len(written))
        numbers = [self._amount(each) for each in written]
        whole = cells[0].whole
        if whole is None and len(written) < len(cells):
            raise _odd("parts have no rest: give the part of each repeat unit")
        if whole and len(written) == len(cells):
            # A row of shares among percentages leaves no doubt, nor does one the other way round.
            signs = any("%" in (each.fraction or "") for each in written)
            wholes = (100.0,) if signs and whole == 100.0 else (1.0, 100.0)
            whole = next((each for each in wholes if closes(sum(numbers), each)), whole)
        total = sum(numbers)
        if whole is None and total and min(numbers) >= 0:
            return [number / total for number in numbers]
        try:
            shares = fractions_of(numbers, len(cells), whole)
        except FractionError as error:
            odd = written[error.place]
            raise _odd(f"“{odd.fraction_column}” has {odd.fraction}, {error.fault}") from error
        except BadSmilesError as error:
            names = [each.fraction_column or "" for each in written]
            words = str(error).removeprefix("its ")
            raise _odd(f"{_named(names)}: {words}") from error
        # The one without a number, if there is one, has the last share.
        order = [*written, *(each for each in cells if not each.has_number)]
        return [shares[order.index(each)] for each in cells]

    def _amount(self, cell: _Cell) -> float:
        """The number of a fraction; of an amount, in grams or moles."""
        number = self._number(cell) or 0.0
        is_part = cell.whole is None
        return number * self._factors.get(cell.fraction_column or "", 1.0) if is_part else number

    def _number(self, cell: _Cell) -> float | None:
        """The number of a fraction; None where there is none."""
        if cell.fraction is None:
            return None
        try:
            number = number_of(cell.fraction)
        except BadSmilesError as error:
            raise _odd(
                f"“{clipped(cell.fraction)}” in “{cell.fraction_column}” is no fraction"
            ) from error
        if cell.whole is None and (problem := grouped_problem(cell.fraction, self._decimal)):
            raise _odd(f"“{cell.fraction}” in “{cell.fraction_column}” {problem}")
        # The sign says again what the column says of all its numbers.
        return number * 100 if "%" in cell.fraction and cell.whole == 100.0 else number

    def _architecture(self, word: str | None, count: int = 1) -> Architecture:
        """The architecture that is said of so many different repeat units."""
        try:
            said = "" if is_missing(word) else architecture_of(word or "", count)
            return said or self._columns.one_architecture
        except BadSmilesError as error:
            raise _odd(f"“{self._columns.architecture}”: {error}") from error


def _unread(cell: _Cell, text: str, problem: Problem) -> _OddRowError:
    named = f"“{clipped(text, 60)}” in “{cell.column}”"
    return _OddRowError(Problem(problem.kind, f"{named}: {problem.reason}"))


def _named(columns: Sequence[str]) -> str:
    return listed([f"“{name}”" for name in columns], "columns")


def _few_fractions(cells: Sequence[_Cell], count: int) -> _OddRowError:
    """The error for a row with fewer fractions than needed."""
    given = counted(count, "fraction") if count else "no fraction"
    units = counted(len(cells), "repeat unit")
    columns = [each.fraction_column for each in cells if each.fraction_column]
    if not columns:
        return _odd(
            f"no column holds the fractions of {units}: name those that do with "
            "`--fraction-columns A,B`, or on the Train page"
        )
    return _odd(
        f"{given} in {_named(columns)} for {units}: give one for each, or all but one, "
        "which is the rest"
    )


@lru_cache(maxsize=20_000)
def _read_unit(text: str) -> str | Problem:
    """The canonical form of one of several repeat units, or why it cannot be one."""
    try:
        form = canonical(text)
    except BadSmilesError as error:
        kind = "long_smiles" if len(text) > MAX_LENGTH else "unreadable_smiles"
        return Problem(kind, str(error))
    if problem := pieces_problem(form):
        return Problem("fragments", problem)
    if "*" in form:
        return form
    if made := units_made_of(text):
        return Problem("monomers", f"it {monomer_words(made)}")
    return Problem("composition", f"it {NO_ENDS}")


def _odd(reason: str) -> _OddRowError:
    return _OddRowError(Problem("composition", reason))
