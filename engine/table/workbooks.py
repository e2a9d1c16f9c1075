"""Excel workbooks: which of their sheets hold the table, and its rows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from typing import Any, NamedTuple

from ..base.errors import UserError
from .package import MAX_UNPACKED, DamagedError, Package
from .spreadsheet import Rows, Workbook

MAX_CELLS = 10_000_000
"""Most cells that a table may have; a compressed file can hold far more than it seems."""

_HEAD_ROWS, _HEAD_COLUMNS = 20, 50
"""Of a sheet, where the names of its columns are looked for."""

_LONGEST_HEAD = 200
_NAMES_SHOWN = 20


class Sheets(NamedTuple):
    """The sheets of a workbook that are read.

    Attributes:
        names: theirs, in order; most often one.
        others: the first rows of those that are not read and not empty, with their numbers.
    """

    names: tuple[str, ...]
    others: dict[str, list[tuple[int, list[Any]]]]


class Book:
    """An opened XLSX workbook.

    Attributes:
        name: the file's name, for messages.
    """

    def __init__(self, data: bytes, name: str) -> None:
        """Open a workbook.

        Raises:
            UserError: when it is none, is damaged, or unpacks to too much.
        """
        self.name = name
        with self._saying():
            package = Package(data)
            _check_package(package, name)
            self._workbook = Workbook(package)

    def rows(self, sheet: str) -> Rows:
        """The rows of a sheet that are not empty; formulas give their last computed value.

        Raises:
            UserError: when it is damaged.
        """
        with self._saying():
            yield from self._workbook.rows(sheet)

    def heads(self) -> dict[str, list[tuple[int, list[Any]]]]:
        """The first cells of each sheet, their long texts cut.

        Raises:
            UserError: when one is damaged.
        """
        return {sheet: _head(self.rows(sheet)) for sheet in self._workbook.sheets}

    @contextmanager
    def _saying(self) -> Iterator[None]:
        try:
            yield
        except DamagedError as error:
            raise UserError(
                f"{self.name} is a damaged XLSX workbook: {error}. Open it in a spreadsheet "
                "program and save it again, or save it as CSV."
            ) from error


def choose_sheets(book: Book, wanted: Sequence[str] = ()) -> Sheets:
    """The sheets that hold the table: those that are wanted, else the first that names SMILES.

    Args:
        book: the workbook.
        wanted: the user's choice.

    Raises:
        UserError: when it is damaged, has no such sheet, or one is wanted twice.
    """
    heads = book.heads()
    if not heads:
        raise UserError(f"{book.name} has no worksheet; put the table into its first sheet.")
    for title in wanted:
        if title not in heads:
            names = ", ".join([*heads][:_NAMES_SHOWN])
            raise UserError(f"{book.name} has no sheet “{title}”; its sheets are: {names}.")
        if wanted.count(title) > 1:
            raise UserError(f"The sheet “{title}” is named twice; name it once.")
    texts = {title: _text(rows) for title, rows in heads.items()}
    filled = [title for title, text in texts.items() if text.strip()]
    named = [title for title in filled if "smiles" in texts[title].lower()]
    starred = [title for title in filled if "*" in texts[title]]
    titles = tuple(wanted) or (next(iter([*named, *starred, *filled, *heads])),)
    return Sheets(titles, {other: heads[other] for other in filled if other not in titles})


def _head(rows: Rows) -> list[tuple[int, list[Any]]]:
    first = takewhile(lambda numbered: numbered[0] <= _HEAD_ROWS, rows)
    return [(number, [_short(cell) for cell in row[:_HEAD_COLUMNS]]) for number, row in first]


def _short(cell: Any) -> Any:
    return cell[:_LONGEST_HEAD] if isinstance(cell, str) else cell


def _text(rows: list[tuple[int, list[Any]]]) -> str:
    return " ".join(str(cell) for _, row in rows for cell in row if cell is not None)


def check_cells(cells: int, name: str) -> None:
    """Refuse a table with more than `MAX_CELLS` cells.

    Raises:
        UserError: when there are more.
    """
    if cells > MAX_CELLS:
        raise UserError(
            f"{name} has more than {MAX_CELLS:,} cells; leave out the columns that are not needed, "
            "or split the table."
        )


def _check_package(package: Package, name: str) -> None:
    """Refuse an archive that is no workbook, or unpacks to too much.

    Raises:
        UserError: when it is not read.
    """
    if not any(part.startswith("xl/workbook") for part in package.names):
        raise UserError(
            f"{name} is a ZIP archive, not a table; unpack it and upload the CSV, TSV, Parquet or "
            "XLSX file in it."
        )
    if "xl/workbook.bin" in package.names:
        raise UserError(f"{name} is a binary workbook (XLSB); save it as XLSX or CSV.")
    if package.size > MAX_UNPACKED:
        raise UserError(
            f"{name} unpacks to {package.size / 2**20:,.0f} MB, more than the "
            f"{MAX_UNPACKED / 2**20:,.0f} MB that are read; leave out what is not needed, or split "
            "the table."
        )
