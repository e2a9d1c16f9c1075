"""Reading a table from a file of any of the formats: every cell as text."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, get_args

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from ..base.budget import allow_for, check_time, cpu_budget
from ..base.errors import UserError
from ..base.wording import listed
from . import delimited, sheets, structures, workbooks
from .cells import LONGEST_CELL, DecimalSign, guess_decimal, plain_text
from .decoding import FIT_ANY_BYTES, TextFile
from .formats import Format, format_of, format_of_text
from .layout import NumberedRows, Rows
from .parquet import ParquetTable

MAX_BYTES = 100 * 2**20
MAX_ROWS = 1_000_000

_CHECKED = 50
"""Rows after which the time is looked at."""

_MOST_CHARACTERS = 200_000_000
"""Of all cells; a compressed file can hold far more than it seems."""


class Reading(BaseModel):
    """How a file was read.

    Attributes:
        format: `csv` stands for every text table, whatever its separator; `mol` for SDF and MOL
            files, `smiles` for lists of SMILES without a header.
        separator, encoding: of a text table; None otherwise.
        is_guessed: whether the encoding is only one that fits any bytes.
        decimal: the decimal sign of its numbers.
        renamed: columns that got a new name because their own was empty or taken.
        sheet: of a workbook; None otherwise.
        joined_sheets: that were read below it: what was added to the row numbers of each.
        other_sheets: that were not read.
        alike_sheets: those of them that have the same columns, so that they can be joined.
    """

    model_config = ConfigDict(frozen=True)

    format: Format
    separator: str | None = None
    encoding: str | None = None
    is_guessed: bool = False
    decimal: DecimalSign = "."
    renamed: tuple[str, ...] = ()
    sheet: str | None = None
    joined_sheets: dict[str, int] = {}
    other_sheets: tuple[str, ...] = ()
    alike_sheets: tuple[str, ...] = ()

    @property
    def unread_words(self) -> str:
        """A sentence about the sheets that were not read; empty where there are none."""
        if not self.other_sheets:
            return ""
        others = listed([f"“{title}”" for title in self.other_sheets])
        return f"Only the sheet “{self.sheet}” was read, not {others}: save those as files, too."


@dataclass(frozen=True)
class RawTable:
    """A table as it was read, every cell a text.

    Attributes:
        name: the file's name, as shown to people.
        frame: (n, columns) every cell as stripped text, or None where it is empty.
        rows: (n,) the row number that a spreadsheet shows; the header is row 1.
        reading: how the file was read.
        misfits: rows that were left out, since they have too many or too few cells, and why.
        above: lines above the header, and how each begins.
        unread: columns whose cells are not read, and why.
        cut: row and column of the cells of whose text only the beginning is read.
    """

    name: str
    frame: pd.DataFrame
    rows: np.ndarray
    reading: Reading
    misfits: tuple[tuple[int, str], ...] = ()
    above: tuple[tuple[int, str], ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    cut: tuple[tuple[int, str], ...] = ()

    @property
    def column_names(self) -> list[str]:
        """The columns' names, in the table's order."""
        return [str(name) for name in self.frame]


def read_table(
    source: Path | str | bytes,
    name: str | None = None,
    *,
    separator: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    sheet: str | Sequence[str] | None = None,
    lenient: bool = False,
) -> RawTable:
    """Read a table, whose format is told by its content and not by its name.

    Args:
        source: a path, or the file's bytes.
        name: the name shown to people; a path's own when it is not given.
        separator, encoding, decimal, sheet: the user's choice in place of a guess; several sheets
            of the same columns are joined.
        lenient: whether rows with too many or too few cells are left out, and named in `misfits`.

    Raises:
        UserError: when there is no readable table, with what to do about it.
    """
    data, name = _content(source, name)
    with cpu_budget(name):
        sign = None if decimal is None else _checked_decimal(decimal)
        kind = format_of(data, name)
        opened = _opened(data, name, kind, separator, encoding, sheet)
        below = Rows(_within_limit(opened.numbered, name), name, opened.separator, lenient)
        rows, numbers = _all_rows(iter(below), name)
        reading = read_as(
            opened.kind, opened.separator, opened.encoding, below.header, rows, sign
        ).model_copy(update={**opened.said, **({"is_guessed": False} if encoding else {})})
        raw = raw_table(name, below.header, rows, numbers, reading)
        raw = replace(
            raw, misfits=tuple(below.misfits), above=tuple(below.above), unread=opened.unread
        )
        return without_unused(raw, below.header)


class _Opened(NamedTuple):
    """The rows of a file, and how they are read."""

    kind: Format
    numbered: NumberedRows
    separator: str | None = None
    encoding: str | None = None
    said: Mapping[str, Any] = MappingProxyType({})
    unread: tuple[tuple[str, str], ...] = ()


def _opened(
    data: bytes,
    name: str,
    kind: Format,
    separator: str | None,
    encoding: str | None,
    sheet: str | Sequence[str] | None,
) -> _Opened:
    """Begin to read a file; the arguments are those of `read_table`."""
    if kind == "xlsx":
        numbered, said = _sheets(data, name, sheet)
        return _Opened(kind, numbered, said=said)
    if kind == "parquet":
        table = ParquetTable(data, name, whole=True)
        workbooks.check_cells(table.cells, name)
        return _Opened(kind, table.rows(), unread=tuple(table.unread))
    text = TextFile(data, name, encoding)
    kind = format_of_text(text.head, name)
    if kind == "mol":
        return _Opened(kind, structures.mol_rows(text.lines, name), None, text.encoding)
    if kind == "smiles":
        return _Opened(kind, structures.smiles_rows(text.lines()), None, text.encoding)
    head, named = delimited.named_separator(text.head)
    if separator:
        separator = delimited.checked_separator(separator)
    else:
        separator = named or delimited.guess_separator(head)
    lines = delimited.lines_below(text.lines())
    numbered = delimited.text_rows(lines, name, separator)
    return _Opened(kind, numbered, separator, text.encoding)


def no_rows(name: str) -> UserError:
    """The error for a table without rows."""
    return UserError(f"{name} has a header but no rows; add at least one row below it.")


def read_as(
    kind: Format,
    separator: str | None,
    encoding: str | None,
    header: Sequence[str],
    rows: Sequence[Sequence[Any]],
    decimal: DecimalSign | None = None,
) -> Reading:
    """How a file is read; the decimal sign is guessed from rows when it is not given."""
    if decimal is None:
        texts = (cell for cell in chain.from_iterable(rows) if isinstance(cell, str))
        decimal = guess_decimal(texts, separator)
    return Reading(
        format=kind,
        separator=separator,
        encoding=encoding,
        is_guessed=encoding in FIT_ANY_BYTES,
        decimal=decimal,
        renamed=tuple(_column_names(header)[1]),
    )


def raw_table(
    name: str,
    header: Sequence[str],
    rows: Sequence[Sequence[Any]],
    numbers: Sequence[int],
    reading: Reading,
) -> RawTable:
    """A table of some rows, with all columns of the header."""
    names = _column_names(header)[0]
    # Filled row by row, so that cells and their texts are never all held twice.
    cells = np.empty((len(rows), len(names)), dtype=object)
    cut: list[tuple[int, str]] = []
    for place, row in enumerate(rows):
        texts = [_cell_text(cell, reading.decimal) for cell in row]
        cells[place] = texts
        if max(map(len, filter(None, texts)), default=0) == LONGEST_CELL:
            longer = (isinstance(cell, str) and len(cell) > LONGEST_CELL for cell in row)
            cut += [
                (numbers[place], name) for name, is_cut in zip(names, longer, strict=True) if is_cut
            ]
        if place % _CHECKED == 0:
            check_time("reading its cells")
    frame = pd.DataFrame(cells, columns=names, dtype=object)
    return RawTable(name, frame, np.array(numbers, dtype=np.int64), reading, cut=tuple(cut))


def without_unused(raw: RawTable, header: Sequence[str]) -> RawTable:
    """A table without those columns that have neither a name in the header nor content."""
    given = zip(raw.column_names, header, strict=True)
    unused = {column: None for column, name in given if not name and _empty(raw.frame[column])}
    renamed = tuple(column for column in raw.reading.renamed if column not in unused)
    return replace(
        raw,
        frame=raw.frame.drop(columns=[*unused]),
        reading=raw.reading.model_copy(update={"renamed": renamed}),
    )


def _sheets(
    data: bytes, name: str, wanted: str | Sequence[str] | None
) -> tuple[NumberedRows, dict[str, Any]]:
    """The rows of a workbook, and what its `Reading` says of its sheets."""
    book = workbooks.Book(data, name)
    chosen = workbooks.choose_sheets(book, [wanted] if isinstance(wanted, str) else wanted or ())
    said = {
        "sheet": chosen.names[0],
        "other_sheets": tuple(chosen.others),
        "alike_sheets": sheets.alike(book, chosen),
    }
    if len(chosen.names) == 1:
        return book.rows(chosen.names[0]), said
    shifts: dict[str, int] = {}  # filled while the rows are read
    return sheets.joined_rows(book, chosen.names, shifts), {**said, "joined_sheets": shifts}


def _content(source: Path | str | bytes, name: str | None) -> tuple[bytes, str]:
    """The bytes and the name of a file, its size checked before it is read."""
    if isinstance(source, bytes | bytearray | memoryview):
        name = name or "The table"
        _check_size(len(source), name)
        data = bytes(source)
    else:
        path = Path(source)
        name = name or path.name or str(path)
        with opening(path, name):
            _check_size(path.stat().st_size, name)
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        _check_size(len(data), name)
    if not data.strip():
        raise UserError(f"{name} is empty; give a table with a header and at least one row.")
    return data, name


@contextmanager
def opening(path: Path, name: str) -> Iterator[None]:
    """Turn the errors of a block that reads a file named by a user into sentences.

    Raises:
        UserError: when there is no such file, or it cannot be read.
    """
    try:
        if path.is_dir():
            raise UserError(f"{path} is a folder; give the path of one table in it.")
        if not path.is_file():
            raise UserError(f"There is no file {path}; check the path.")
        yield
    except UnicodeError:  # a text in another encoding, which callers try next
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{name} cannot be opened: {reason}.") from error


def _check_size(size: int, name: str) -> None:
    if size > MAX_BYTES:
        raise UserError(
            f"{name} has {size / 2**20:,.1f} MB; the limit is {MAX_BYTES / 2**20:,.0f} MB. Leave "
            "out the columns that are not needed, split the table, or save it as Parquet."
        )


def _checked_decimal(decimal: str) -> DecimalSign:
    for sign in get_args(DecimalSign):
        if decimal == sign:
            return sign
    raise UserError(f"“{decimal}” cannot be the decimal sign; choose . or ,")


def _within_limit(numbered: NumberedRows, name: str) -> NumberedRows:
    """The rows unchanged, until they become too many to hold; empty rows count too."""
    cells = characters = 0
    for rows, (number, row) in enumerate(numbered, start=1):
        cells += len(row)
        characters += sum([len(cell) for cell in row if isinstance(cell, str)])
        workbooks.check_cells(cells, name)
        if characters > _MOST_CHARACTERS:
            raise UserError(
                f"{name} has more than {_MOST_CHARACTERS:,} characters in its cells; leave out the "
                "columns that are not needed, or split the table."
            )
        if rows % _CHECKED == 1:
            allow_for(rows, len(row))
            check_time("reading its rows")
        yield number, row


def _all_rows(numbered: NumberedRows, name: str) -> tuple[list[Sequence[Any]], list[int]]:
    """The rows and their numbers."""
    rows: list[Sequence[Any]] = []
    numbers: list[int] = []
    for number, row in numbered:
        rows.append(row)
        numbers.append(number)
        if len(rows) > MAX_ROWS:
            raise UserError(f"{name} has more than {MAX_ROWS:,} rows; split it into several.")
    if not rows:
        raise no_rows(name)
    return rows, numbers


def _column_names(header: Sequence[str]) -> tuple[list[str], list[str]]:
    """Unique column names, and those among them that are not the file's own."""
    names: list[str] = []
    renamed: list[str] = []
    taken, used = {*header}, set[str]()
    counts: dict[str, int] = {}
    for position, given in enumerate(header):
        name = given
        if not given or given in used:
            stem = given or f"Unnamed: {position}"
            # Counted on from the last of that name: many may be called alike.
            count = counts.get(stem, 2)
            name = stem if not given else f"{stem} ({count})"
            while name in taken:
                count += 1
                name = f"{stem} ({count})"
            counts[stem] = count
            renamed.append(name)
            taken.add(name)
        used.add(name)
        names.append(name)
    return names, renamed


def _cell_text(cell: Any, decimal: str) -> str | None:
    """A cell's text; numbers keep all their digits, written with the table's decimal sign."""
    if cell is None:
        return None
    if isinstance(cell, float):
        return None if math.isnan(cell) else repr(cell).replace(".", decimal)
    return plain_text(str(cell)) or None


def _empty(column: pd.Series) -> bool:
    return bool(column.isna().all())
