"""Parquet files and Excel workbooks: their rows as Python values."""

import io
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from ..base.errors import UserError

MAX_UNPACKED = 2**30
"""Most bytes that a compressed file may unpack to."""

MAX_CELLS = 20_000_000
"""Most cells that a table may have; a compressed file can hold far more than it seems."""

_HEAD_ROWS, _HEAD_COLUMNS = 20, 50
"""Of a sheet, where the names of its columns are looked for."""

Rows = Iterator[tuple[int, tuple[Any, ...]]]
"""Each row's number in a spreadsheet and its cells; the first is the header."""


class Sheets(NamedTuple):
    """The sheets of a workbook that are read.

    Attributes:
        names: theirs, in order; most often one.
        others: the first rows of those that are not read and not empty, by name.
    """

    names: tuple[str, ...]
    others: dict[str, list[tuple[Any, ...]]]


def choose_sheets(data: bytes, name: str, wanted: Sequence[str] = ()) -> Sheets:
    """The sheets that hold the table: those that are wanted, else the first that names SMILES.

    Args:
        data: the workbook.
        name: the file's name, for messages.
        wanted: the user's choice.

    Raises:
        UserError: when it is damaged, unpacks to too much, has no such sheet, or one is wanted
            twice.
    """
    with _opened(data, name) as workbook:
        heads = {sheet.title: _head(sheet) for sheet in workbook.worksheets}
    if not heads:
        raise UserError(f"{name} has no worksheet; put the table into its first sheet.")
    for title in wanted:
        if title not in heads:
            raise UserError(f"{name} has no sheet “{title}”; its sheets are: {', '.join(heads)}.")
        if wanted.count(title) > 1:
            raise UserError(f"The sheet “{title}” is named twice; name it once.")
    texts = {title: _text(rows) for title, rows in heads.items()}
    filled = [title for title, text in texts.items() if text.strip()]
    named = [title for title in filled if "smiles" in texts[title].lower()]
    starred = [title for title in filled if "*" in texts[title]]
    titles = tuple(wanted) or (next(iter([*named, *starred, *filled, *heads])),)
    return Sheets(titles, {other: heads[other] for other in filled if other not in titles})


def workbook_rows(data: bytes, name: str, sheet: str) -> Rows:
    """The rows of a sheet of an XLSX workbook; formulas give their last computed value.

    Raises:
        UserError: when it is damaged.
    """
    with _opened(data, name) as workbook:
        chosen = workbook[sheet]
        chosen.reset_dimensions()
        yield from enumerate(chosen.iter_rows(values_only=True), start=1)


@contextmanager
def _opened(data: bytes, name: str) -> Iterator[Any]:
    import openpyxl

    _check_unpacked(_zip_size(data, name), name)
    # A damaged file can make the parser raise nearly anything, and all of it means the same.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except UserError:
        raise
    except Exception as error:
        raise _damaged(
            name, "XLSX workbook", "Open it in a spreadsheet program and save"
        ) from error


def _head(sheet: Any) -> list[tuple[Any, ...]]:
    """A sheet's first cells."""
    sheet.reset_dimensions()
    return list(sheet.iter_rows(max_row=_HEAD_ROWS, max_col=_HEAD_COLUMNS, values_only=True))


def _text(rows: list[tuple[Any, ...]]) -> str:
    return " ".join(str(cell) for row in rows for cell in row if cell is not None)


def parquet_rows(data: bytes, name: str) -> Rows:
    """The rows of a Parquet file.

    Raises:
        UserError: when it is damaged or unpacks to too much.
    """
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(io.BytesIO(data))
        groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
        cells = file.metadata.num_rows * file.metadata.num_columns
        size = sum(group.total_byte_size for group in groups)
        names = list(file.schema_arrow.names)
    except Exception as error:
        raise _damaged(name, "Parquet file", "Write") from error
    _check_unpacked(size, name)
    check_cells(cells, name)
    try:
        table = file.read()
        columns = [column.to_pylist() for column in table.columns]
    except Exception as error:
        raise _damaged(name, "Parquet file", "Write") from error
    yield 1, tuple(names)
    yield from enumerate(zip(*columns, strict=True), start=2)


def parquet_stream(path: Path, name: str, batch: int) -> Rows:
    """The rows of a Parquet file of any size, few of them in memory at a time.

    Args:
        path: the file.
        name: its name, for messages.
        batch: the number of rows that are read together.

    Raises:
        UserError: when it is damaged.
    """
    import pyarrow.parquet

    try:
        # Without the buffer, which would hold a whole group of rows and often the whole file.
        file = pyarrow.parquet.ParquetFile(path, pre_buffer=False)
    except Exception as error:
        raise _damaged(name, "Parquet file", "Write") from error
    with file:
        yield 1, tuple(file.schema_arrow.names)
        number = 2
        batches = file.iter_batches(batch)
        while True:
            try:
                rows = next(batches, None)
                columns = [column.to_pylist() for column in rows.columns] if rows else []
            except Exception as error:
                raise _damaged(name, "Parquet file", "Write") from error
            if rows is None:
                return
            yield from enumerate(zip(*columns, strict=True), start=number)
            number += rows.num_rows


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


def _zip_size(data: bytes, name: str) -> int:
    """The bytes that a workbook's parts declare to unpack to; zipfile never reads more."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except Exception as error:
        raise _damaged(
            name, "XLSX workbook", "Open it in a spreadsheet program and save"
        ) from error
    if not any(part.filename.startswith("xl/workbook") for part in parts):
        raise UserError(
            f"{name} is a ZIP archive, not a table; unpack it and upload the CSV, TSV, Parquet or "
            "XLSX file in it."
        )
    return sum(part.file_size for part in parts)


def _check_unpacked(size: int, name: str) -> None:
    if size > MAX_UNPACKED:
        raise UserError(
            f"{name} unpacks to {size / 2**20:,.0f} MB, more than the {MAX_UNPACKED / 2**20:,.0f} "
            "MB that are read; leave out what is not needed, or split the table."
        )


def _damaged(name: str, kind: str, verb: str) -> UserError:
    return UserError(
        f"{name} is a damaged {kind}: it cannot be read. {verb} it again, or save it as CSV."
    )
