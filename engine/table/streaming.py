"""Reading a table of any length, some rows at a time."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from . import delimited, structures, workbooks
from .layout import NumberedRows, Rows
from .reading import (
    Format,
    RawTable,
    format_of,
    no_rows,
    opening,
    raw_table,
    read_as,
    read_table,
    without_unused,
)

HEAD_ROWS = 20_000
"""Rows from which columns and the decimal sign are guessed; fewer of a very wide table."""

_HEAD_CELLS = 2_000_000
_HEAD_TEXT = 1_000_000
_HEAD_BYTES = 4096
_BATCH = 1024


@dataclass(frozen=True)
class TableStream:
    """A table of any length: its head, its length, and a way to read it.

    Attributes:
        head: its first rows, at most `HEAD_ROWS`.
        count: the number of its rows.
        chunks: reads the table from its first row on, as tables of the given number of rows. These
            keep columns without name and content, which `head` leaves out.
    """

    head: RawTable
    count: int
    chunks: Callable[[int], Iterator[RawTable]]


def stream_table(path: Path) -> TableStream:
    """Open a table without a limit on its length, except for XLSX workbooks.

    The file is read through once, so that a row that cannot be read is reported now and not after
    hours of work on those before it.

    Args:
        path: a file that `read_table` reads.

    Raises:
        UserError: when there is no readable table, with what to do about it.
    """
    name = path.name or str(path)
    with opening(path, name), path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    kind = format_of(head, name)
    if kind == "xlsx":
        return _whole(read_table(path))
    if kind == "parquet":
        return _streamed(kind, name, partial(workbooks.parquet_stream, path, name, _BATCH))
    if _is_of_structures(head, name):
        return _whole(read_table(path))
    *likely, last = delimited.likely_encodings(head)
    for encoding in likely:
        with suppress(UnicodeDecodeError):
            return _text_stream(path, name, encoding)
    return _text_stream(path, name, last)


def _is_of_structures(head: bytes, name: str) -> bool:
    """Whether a file is an SDF or MOL file or a list of SMILES, by its first bytes."""
    text = head.decode("utf-8", errors="replace")
    block = structures.is_mol_file(f"{text}M  END") and "M  " in text
    return block or structures.is_smiles_list(text, name)


def _whole(table: RawTable) -> TableStream:
    """The stream of a table that is already in memory."""

    def chunks(size: int) -> Iterator[RawTable]:
        for start in range(0, len(table.rows), size):
            part = slice(start, start + size)
            frame = table.frame.iloc[part].reset_index(drop=True)
            yield RawTable(table.name, frame, table.rows[part], table.reading)

    return TableStream(table, len(table.rows), chunks)


def _text_stream(path: Path, name: str, encoding: str) -> TableStream:
    with opening(path, name), path.open(encoding=encoding, newline="") as file:
        text = delimited.checked_text(file.read(_HEAD_TEXT), name)
    text, named = delimited.named_separator(text)
    separator = named or delimited.guess_separator(text)

    def numbered() -> NumberedRows:
        with opening(path, name):
            lines = delimited.file_lines(path, name, encoding)
            yield from delimited.text_rows(lines, name, separator)

    return _streamed("csv", name, numbered, separator, encoding)


def _streamed(
    kind: Format,
    name: str,
    numbered: Callable[[], NumberedRows],
    separator: str | None = None,
    encoding: str | None = None,
) -> TableStream:
    """The stream of a table whose rows can be read more than once."""
    head_of = Rows(numbered(), name, separator)
    header, rest = head_of.header, iter(head_of)
    head_rows = min(HEAD_ROWS, max(1, _HEAD_CELLS // len(header)))
    numbers, rows = _unzipped(list(islice(rest, head_rows)))
    if not rows:
        raise no_rows(name)
    reading = read_as(kind, separator, encoding, header, rows)

    def chunks(size: int) -> Iterator[RawTable]:
        below = iter(Rows(numbered(), name, separator))
        while part := list(islice(below, size)):
            numbers, rows = _unzipped(part)
            yield raw_table(name, header, rows, numbers, reading)

    head = without_unused(raw_table(name, header, rows, numbers, reading), header)
    return TableStream(head, len(rows) + sum(1 for _ in rest), chunks)


def _unzipped(numbered: list) -> tuple[list, list]:
    """The numbers and the rows of some numbered rows."""
    return [number for number, _ in numbered], [row for _, row in numbered]
