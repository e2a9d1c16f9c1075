"""What is done to a table before a model learns from it, in words that can be kept and repeated."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from ..base.wording import clipped
from ..settings.polymer_columns import Basis
from ..settings.properties import Scale
from .cells import DecimalSign
from .headers import read_headers
from .reading import RawTable

Replicates = Literal["keep", "median", "mean"]

BoundsUse = Literal["learn", "leave-out"]
"""What is done with a label that is known by a bound alone, such as `> 300`."""

FragmentsUse = Literal["refuse", "leave-out"]
"""What is done about molecules beside a repeat unit, such as counter-ions: the row is refused, or
they are left out of it."""

MonomersUse = Literal["refuse", "make-units"]
"""What is done about monomers in place of repeat units: they are left as they are, or each that
makes one unit alone becomes that."""

MAX_CHANGES = 20_000
"""Most rows that may be dropped, and most cells that may be changed."""

NO_COMPOSITION = {
    "further_units": None,
    "fractions": None,
    "basis": None,
    "architecture": None,
    "one_architecture": None,
}
"""What a mending says of compositions where it says nothing of them."""

T = TypeVar("T")

_LONGEST = 5_000
_CLIPPED = 60


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, str_max_length=_LONGEST)


class CellChange(_Strict):
    """A cell that has another text.

    Attributes:
        row: the number that a spreadsheet shows.
        column: as the file calls it.
        old: the text in the file; None where the cell is empty.
        new: the text instead; None to empty the cell.
    """

    row: int
    column: str
    old: str | None = None
    new: str | None = None


class DroppedRow(_Strict):
    """A row that is left out.

    Attributes:
        row: the number that a spreadsheet shows.
        has: some of its cells, by which it is known again: its id and its SMILES.
    """

    row: int
    has: dict[str, str | None] = {}


class Mending(_Strict):
    """How a table is read and mended. The steps are taken in the order of the attributes.

    Attributes:
        version: of this form.
        separator, encoding, decimal: in place of a guess.
        sheets: of a workbook; several are joined.
        long: the columns of a table with a row for each value, as `property=value`.
        dropped: rows that are left out.
        changed: cells that have another text.
        renamed: columns' new names, by which all that follows calls them.
        chain_ends: elements whose atoms stand for `*`.
        fragments: what is done about molecules beside a repeat unit.
        monomers: what is done about monomers in place of repeat units.
        smiles, id, properties: columns, in place of a guess; an empty `id` means row numbers.
        conditions: columns that are given to the model beside the repeat unit.
        further_units: columns of the repeat units after the first, in place of a guess; where the
            first alone is named, there are none.
        fractions, basis, architecture: of compositions, in place of a guess; an empty
            `architecture` means that no column says it.
        one_architecture: of all rows that say none themselves.
        units: that properties are given in.
        scales: on which properties are learned; else their labels decide.
        bounds: whether labels that are known by a bound alone are learned.
        replicates: whether rows of one repeat unit become one.
    """

    version: Literal[1] = 1
    separator: str | None = None
    encoding: str | None = None
    decimal: DecimalSign | None = None
    sheets: tuple[str, ...] = ()
    long: str | None = None
    dropped: tuple[DroppedRow, ...] = Field(default=(), max_length=MAX_CHANGES)
    changed: tuple[CellChange, ...] = Field(default=(), max_length=MAX_CHANGES)
    renamed: dict[str, str] = {}
    chain_ends: tuple[str, ...] = ()
    fragments: FragmentsUse = "refuse"
    monomers: MonomersUse = "refuse"
    smiles: str | None = None
    id: str | None = None
    properties: tuple[str, ...] | None = None
    conditions: tuple[str, ...] = ()
    further_units: tuple[str, ...] | None = None
    fractions: tuple[str, ...] | None = None
    basis: Basis | None = None
    architecture: str | None = None
    one_architecture: str | None = None
    units: dict[str, str] = {}
    scales: dict[str, Scale] = {}
    bounds: BoundsUse = "learn"
    replicates: Replicates = "keep"

    @property
    def reading(self) -> dict[str, Any]:
        """How the file itself is read: the arguments of `read_table`."""
        return {
            "separator": self.separator,
            "encoding": self.encoding,
            "decimal": self.decimal,
            "sheet": self.sheets,
        }

    @property
    def own_names(self) -> dict[str, str]:
        """The file's names of the renamed columns, by their new names."""
        return {new: old for old, new in self.renamed.items()}

    @property
    def only_in_a_file(self) -> bool:
        """Whether it says more than the options of a command can say."""
        return bool(self.dropped or self.changed or self.renamed)

    def but(self, **changes: Any) -> "Mending":
        """The same, but for what is given."""
        return self.model_copy(update=changes)

    def with_changes(
        self, changed: Sequence[CellChange] = (), dropped: Sequence[DroppedRow] = ()
    ) -> "Mending":
        """The same with more cells changed and more rows dropped.

        Args:
            changed: a later change of a cell takes the place of an earlier one. One that ends with
                the file's own text is none.
            dropped: a row is dropped once.
        """
        cells: dict[tuple[int, str], CellChange] = {}
        for change in (*self.changed, *changed):
            place = change.row, change.column
            old = cells[place].old if place in cells else change.old
            cells[place] = change.model_copy(update={"old": old})
        rows = {each.row: each for each in (*self.dropped, *dropped)}
        return self.but(
            changed=tuple(each for each in cells.values() if each.new != each.old),
            dropped=tuple(rows.values()),
        )

    def of_columns(self, names: Sequence[str]) -> "Mending":
        """The same without what is said of columns that a table lacks: it is about another table.

        Args:
            names: of the table's columns.
        """
        # A unit or a scale may be said of a column by the name of its property.
        has = {name.casefold() for name in names}
        has |= {header.name.casefold() for header in read_headers(names).values()}

        def known(name: str | None) -> bool:
            return not name or name.casefold() in has

        units = (self.smiles, *(self.further_units or ()))
        fits = all(map(known, (*units, *(self.fractions or ()), self.architecture)))
        return self.but(
            **({} if fits else NO_COMPOSITION),
            smiles=self.smiles if all(map(known, units)) else None,
            id=self.id if known(self.id) else None,
            properties=tuple(filter(known, self.properties or ())) or None,
            conditions=tuple(filter(known, self.conditions)),
            units={name: unit for name, unit in self.units.items() if known(name)},
            scales={name: scale for name, scale in self.scales.items() if known(name)},
        )


def mending_sentences(mending: Mending) -> list[str]:
    """What a mending does, a sentence for each step; cells and rows one by one."""
    sentences = []
    for field, words in _SENTENCES.items():
        value = getattr(mending, field)
        if value and value != Mending.model_fields[field].default:
            sentences.append(words.format(_listed(value)))
    if mending.id == "":
        sentences.append("Row numbers serve as ids.")
    sentences += [change_words(each) for each in mending.changed]
    return sentences + [drop_words(each) for each in mending.dropped]


def change_words(change: CellChange) -> str:
    """A changed cell, as people read it."""
    old, new = (
        f"“{clipped(text, _CLIPPED)}”" if text else "empty" for text in (change.old, change.new)
    )
    return f"Row {change.row}, {change.column}: {old} is now {new}."


def drop_words(row: DroppedRow) -> str:
    """A dropped row, as people read it."""
    has = ", ".join(clipped(text, _CLIPPED) for text in row.has.values() if text)
    return f"Row {row.row} is left out{f' ({has})' if has else ''}."


_SENTENCES = {
    "separator": "Cells are separated by “{}”.",
    "encoding": "The text's encoding is {}.",
    "decimal": "The decimal sign is “{}”.",
    "sheets": "Read from the sheet {}.",
    "long": "Each row names its property ({}): each property has a column.",
    "renamed": "Renamed: {}.",
    "fragments": "Molecules beside a repeat unit, such as counter-ions, are left out of it.",
    "monomers": "A monomer that makes one repeat unit alone stands for that.",
    "chain_ends": "The end of the chain is written as {}.",
    "smiles": "Repeat units are in “{}”.",
    "id": "Ids are in “{}”.",
    "properties": "Properties: {}.",
    "further_units": "Further repeat units are in {}.",
    "fractions": "Their fractions are in {}.",
    "basis": "Fractions are {} fractions.",
    "architecture": "The architecture is in “{}”.",
    "one_architecture": "All copolymers are {} where nothing else is said.",
    "conditions": "Conditions: {}.",
    "units": "Units: {}.",
    "scales": "Learned on a scale of their own: {}.",
    "bounds": "Labels that are known by a bound alone (> or <) are left out.",
    "replicates": "Rows of one repeat unit are averaged ({}).",
}


def _listed(value: str | Sequence[str] | Mapping[str, str]) -> str:
    if isinstance(value, str):
        return {"\t": "tab"}.get(value, value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} → {what}" for key, what in value.items())
    return ", ".join(value)


def fitting(mending: Mending, raw: RawTable) -> tuple[Mending, Mending]:
    """What of a mending fits a table, and a mending of the dropped rows and changes that do not.

    Args:
        mending: that may have been said of the same file, read in another way.
        raw: the table before any of its steps.
    """
    cells = Cells(raw)
    changed, other_changes = _parted(mending.changed, cells.problem_of_change)
    dropped, other_rows = _parted(mending.dropped, cells.problem_of_drop)
    renamed = {old: new for old, new in mending.renamed.items() if old in raw.frame.columns}
    names = {renamed.get(name, name) for name in raw.column_names}
    columns = [mending.smiles, mending.id, *(mending.properties or ()), *mending.conditions]
    columns += [*(mending.further_units or ()), *(mending.fractions or ()), mending.architecture]
    fits = all(name in names for name in columns if name)
    chosen = {"smiles": None, "id": None, "properties": None, "conditions": (), **NO_COMPOSITION}
    return (
        mending.but(
            changed=tuple(changed),
            dropped=tuple(dropped),
            renamed=renamed,
            **({} if fits else chosen),
        ),
        Mending(
            changed=tuple(other_changes),
            dropped=tuple(other_rows),
            renamed={old: new for old, new in mending.renamed.items() if old not in renamed},
        ),
    )


def _parted(steps: Sequence[T], problem: Callable[[T], str | None]) -> tuple[list[T], list[T]]:
    """The steps without a problem, and the others."""
    parts: tuple[list[T], list[T]] = ([], [])
    for step in steps:
        parts[problem(step) is not None].append(step)
    return parts


def rows_to_drop(raw: RawTable, rows: Sequence[int], columns: Sequence[str]) -> list[DroppedRow]:
    """Rows of a table to be dropped.

    Args:
        raw: the table before any step of a mending.
        rows: their numbers.
        columns: as the file calls them, by which the rows are to be known again.
    """
    cells = Cells(raw)
    return [
        DroppedRow(row=row, has={column: cells.text(row, column) for column in columns})
        for row in rows
    ]


class Cells:
    """The cells of a table, to be found by row number and column."""

    def __init__(self, raw: RawTable) -> None:
        """Look at the cells of `raw`."""
        self._raw = raw
        self.places = {int(row): place for place, row in enumerate(raw.rows)}

    def text(self, row: int, column: str) -> str | None:
        """The text of a cell that exists."""
        return self._raw.frame[column].iloc[self.places[row]]

    def problem_of_change(self, change: CellChange) -> str | None:
        """Why a cell cannot be changed so; None where it can."""
        return self._problem(change.row, {change.column: change.old})

    def problem_of_drop(self, row: DroppedRow) -> str | None:
        """Why a row cannot be dropped; None where it can."""
        return self._problem(row.row, row.has)

    def _problem(self, row: int, has: Mapping[str, str | None]) -> str | None:
        name = self._raw.name
        if row not in self.places:
            return f"{name} has no row {row}"
        for column, text in has.items():
            if column not in self._raw.frame:
                return f"{name} has no column “{column}”"
            found = self.text(row, column)
            if found != text:
                now, then = (
                    f"“{clipped(each, _CLIPPED)}”" if each else "nothing" for each in (found, text)
                )
                return f"row {row} of {name} has {now} in “{column}”, where it had {then}"
        return None
