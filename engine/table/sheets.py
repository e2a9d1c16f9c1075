"""Sheets of a workbook that are read as one table."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from ..base.errors import UserError
from .layout import NumberedRows, Rows
from .workbooks import Book, Sheets

_SHOWN = 5
"""Columns that a message names."""


def alike(book: Book, sheets: Sheets) -> tuple[str, ...]:
    """The sheets that are not read and have the columns of the first one that is.

    Args:
        book: the workbook.
        sheets: of it.
    """
    if not sheets.others:
        return ()
    columns = _columns(book.rows(sheets.names[0]), book.name)
    if not columns:
        return ()
    others = {title: iter(rows) for title, rows in sheets.others.items()}
    return tuple(title for title, rows in others.items() if _columns(rows, book.name) == columns)


def joined_rows(book: Book, titles: Sequence[str], shifts: dict[str, int]) -> NumberedRows:
    """The rows of several sheets with the same columns, those of the first with their header.

    Args:
        book: the workbook.
        titles: of the sheets, in order.
        shifts: gets, for each sheet but the first, what was added to its row numbers, so that no
            two rows have the same.

    Raises:
        UserError: when a sheet has other columns than the first.
    """
    header: list[str] = []
    shift = last = 0
    for title in titles:
        rows = Rows(book.rows(title), f"{book.name}, sheet “{title}”", None)
        if not header:
            header = [column for column in rows.header if column]
            yield 1, header
        else:
            shifts[title] = shift = last
        places = _places(header, rows.header, book.name, titles[0], title)
        spare = [place for place in range(len(rows.header)) if place not in places]
        for number, row in rows.below:
            last = number + shift
            cells = [row[place] if place < len(row) else None for place in places]
            rest = [*(row[place] for place in spare if place < len(row)), *row[len(rows.header) :]]
            yield last, [*cells, *_filled(rest)]


def _places(
    header: Sequence[str], other: Sequence[str], name: str, first: str, title: str
) -> list[int]:
    """Where the columns of the first sheet are in another one."""
    named = [place for place, column in enumerate(other) if column]
    if [other[place] for place in named] == list(header):
        return named
    places = {other[place]: place for place in reversed(named)}
    known = {*header}
    lacking = [column for column in header if column not in places]
    new = [other[place] for place in named if other[place] not in known]
    if lacking or new or len(named) != len(known):
        odd = ", ".join(f"“{column[:40]}”" for column in ([*lacking, *new] or header)[:_SHOWN])
        raise UserError(
            f"{name}: the sheets “{first}” and “{title}” have other columns than each other "
            f"({odd}), so they cannot be joined; name the columns alike, or read one sheet."
        )
    return [places[column] for column in header]


def _filled(cells: Sequence[Any]) -> Iterator[Any]:
    return (cell for cell in cells if cell is not None and str(cell).strip())


def _columns(numbered: NumberedRows, name: str) -> list[str]:
    """The sorted names of a sheet's columns; empty where it has no header."""
    with suppress(UserError):
        return sorted(column for column in Rows(numbered, name, None).header if column)
    return []
