"""Which column holds the ids of the rows."""

import re
from collections.abc import Collection, Iterable, Sequence

import pandas as pd

from ..settings.properties import is_registered
from .column_cells import is_numeric, values_of, words_of
from .headers import read_header
from .reading import RawTable

_ID_NAMES = ("id", "ids", "identifier", "uid", "uuid")
_UNIQUE_ID_NAMES = re.compile(
    r"((row|sample|polymer|entry|compound|record)_?)?(index|idx|key|code|no|nr|num|number)"
    r"|(.*_)?name|row|cid|pid|polymer|sample|compound|entry|record"
)
SAVED_INDEX = r"unnamed.*|_*index_level.*"
"""A data frame's index, as it is called in a file."""
_FIRST_ID_NAMES = re.compile(
    r"(.*_)?(ids?|index|idx|key|code|no|nr|num|number)|(ids?|index|idx)_.*|" + SAVED_INDEX
)
_DISTINCT_IDS = 0.5
"""Of the cells of a column that numbers samples, at least so many are different."""
_CHANCE_ROWS = 20
"""Below this many rows, whole numbers may be consecutive by chance and so be a property."""


def guess_id(raw: RawTable, exclude: Collection[str]) -> str | None:
    """The column that tells the rows apart; None where there is none.

    Args:
        raw: the table.
        exclude: columns that are something else.
    """
    names = [name for name in raw.column_names if name not in exclude]
    words = {name: words_of(name) for name in names}
    for name in columns_called_ids(names):
        if values_of(raw, name, 1):
            return name
    for name in names:
        if _UNIQUE_ID_NAMES.fullmatch(words[name]) and _names_rows(raw, name):
            return name
    first = raw.column_names[0]
    return first if first in names and _could_be_id(raw, first) else None


def columns_called_ids(names: Sequence[str]) -> list[str]:
    """The columns whose names say that they hold ids, the clearest first."""
    words = {name: words_of(name) for name in names}
    found = [name for wanted in _ID_NAMES for name in names if words[name] == wanted]
    return found + [name for name in names if words[name].endswith("_id")]


def _names_rows(raw: RawTable, name: str) -> bool:
    """Whether a column's cells are unique, and are words or whole numbers."""
    column = raw.frame[name]
    return _is_unique(column) and (_are_integers(column) or not is_numeric(raw, name))


def _could_be_id(raw: RawTable, name: str) -> bool:
    """Whether a first column identifies the rows although its name does not prove it.

    Whole numbers that are merely unique may have been measured, such as melting temperatures.
    """
    if is_registered(read_header(name).name) or not _names_rows(raw, name):
        return False
    cells = raw.frame[name].tolist()
    if not cells or not _are_integers(cells):
        return bool(cells)
    numbers = [int(cell) for cell in cells]
    if len(cells) >= _CHANCE_ROWS:
        consecutive = max(numbers) - min(numbers) + 1 == len(numbers)
        return consecutive or bool(_FIRST_ID_NAMES.fullmatch(words_of(name)))
    first = numbers[0]
    return first in (0, 1) and numbers == list(range(first, first + len(numbers)))


def numbers_samples(raw: RawTable, name: str, words: str) -> bool:
    """Whether a column has a name of ids and whole numbers, which may be missing or repeat.

    Of a sample that was measured twice there are two rows.
    """
    if not (columns_called_ids([name]) or _UNIQUE_ID_NAMES.fullmatch(words)):
        return False
    cells = values_of(raw, name)
    return _are_integers(cells) and len({*cells}) >= _DISTINCT_IDS * len(cells)


def _is_unique(column: pd.Series) -> bool:
    return bool(column.notna().all() and column.is_unique)


def _are_integers(cells: Iterable[str]) -> bool:
    return all(re.fullmatch(r"[+-]?\d{1,18}", cell, re.ASCII) for cell in cells)
