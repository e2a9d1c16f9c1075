"""Reading a table of any length, some rows at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from ..base.budget import allow_for, check_time, cpu_budget
from . import delimited
from .decoding import TextFile
from .formats import Format, format_of, format_of_text
from .layout import NumberedRows, Rows
from .parquet import ParquetTable
from .reading import (
    RawTable,
    no_rows,
    opening,
    raw_table,
    read_as,
    read_table,
    without_unused,
)
from .structures import smiles_rows

HEAD_ROWS = 20_000
"""Rows from which columns and the decimal sign are guessed; fewer of a very wide table."""

_HEAD_CELLS = 2_000_000
_HEAD_BYTES = 64
_BATCH = 1024
_BYTES = 4 * 2**20
"""Of a file up to which it has the plain budget of time; a longer one has as much more."""


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
    """Open a table without a limit on its length, except for workbooks, SDF and MOL files.

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
    with cpu_budget(name), opening(path, name):
        # Not by its rows, of which a small file may have any number.
        allow_for(times=path.stat().st_size / _BYTES)
        return _opened(path, name, head)


def _opened(path: Path, name: str, head: bytes) -> TableStream:
    kind = format_of(head, name)
    if kind == "parquet":
        table = ParquetTable(path, name, whole=False, batch=_BATCH)
        stream = _streamed(kind, name, table.rows)
        return replace(stream, head=replace(stream.head, unread=tuple(table.unread)))
    if kind == "xlsx":
        return stream_of(read_table(path))
    text = TextFile(path, name)
    kind = format_of_text(text.head, name)
    if kind == "csv":
        return _text_stream(path, text)
    if kind == "smiles":
        return _streamed(kind, name, lambda: smiles_rows(text.lines()), None, text.encoding)
    return stream_of(read_table(path))


def stream_of(table: RawTable) -> TableStream:
    """The stream of a table that is already in memory."""

    def chunks(size: int) -> Iterator[RawTable]:
        for start in range(0, len(table.rows), size):
            yield some_rows(table, slice(start, start + size))

    return TableStream(table, len(table.rows), chunks)


def some_rows(table: RawTable, which: slice | np.ndarray) -> RawTable:
    """Some rows of a table, by their positions."""
    frame = table.frame.iloc[which].reset_index(drop=True)
    return RawTable(table.name, frame, table.rows[which], table.reading)


def one_below_another(parts: Sequence[RawTable]) -> RawTable:
    """Parts of one table as one."""
    frame = pd.concat([part.frame for part in parts], ignore_index=True)
    rows = np.concatenate([part.rows for part in parts])
    return RawTable(parts[0].name, frame, rows, parts[0].reading)


def _text_stream(path: Path, file: TextFile) -> TableStream:
    name = file.name
    head, named = delimited.named_separator(file.head)
    separator = named or delimited.guess_separator(head)

    def numbered() -> NumberedRows:
        with opening(path, name):
            yield from delimited.text_rows(delimited.lines_below(file.lines()), name, separator)

    return _streamed("csv", name, numbered, separator, file.encoding)


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
    count = len(rows)
    for _ in rest:
        count += 1
        check_time("reading its rows")
    return TableStream(head, count, chunks)


def _unzipped(numbered: list) -> tuple[list, list]:
    """The numbers and the rows of some numbered rows."""
    return [number for number, _ in numbered], [row for _, row in numbered]
