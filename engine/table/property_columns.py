"""Which columns of numbers are properties, and what the others are."""

import re

from ..settings.properties import is_registered
from .cells import to_number
from .column_cells import NUMBER_SAMPLE, is_numeric, values_of, words_of
from .headers import read_header
from .id_columns import SAVED_INDEX, numbers_samples
from .reading import RawTable
from .roles import Role, role_of
from .share_names import is_fraction

_NOT_PROPERTIES = re.compile(
    r"((.*_)?(k?folds?|splits?|clusters?|scaffold)|set|subset|random|similarity|groups?|seed)"
    r"(_?\d+)?|" + SAVED_INDEX
)
_MAYBE_FOLDS = re.compile(r"cv(_?\d+)?")
"""Cross-validation, or a heat capacity."""
_MOST_FOLDS = 20


def is_property(raw: RawTable, name: str, mixture: bool) -> bool:
    """Whether a column holds labels, by its name and cells.

    Args:
        raw: the table.
        name: of the column.
        mixture: whether the table's rows are compositions.
    """
    if is_registered(read_header(name).name):
        return True
    words = words_of(name)
    if _NOT_PROPERTIES.fullmatch(words):
        return False
    if _MAYBE_FOLDS.fullmatch(words) and _could_be_folds(raw, name):
        return False
    if role_in(raw, name, words, mixture):
        return False
    return not numbers_samples(raw, name, words) and is_numeric(raw, name)


def role_in(raw: RawTable, name: str, words: str, mixture: bool) -> Role | None:
    """What a column is besides a property; a composition lies between 0 and 100.

    Args:
        raw: the table.
        name, words: of the column, as it is and by words.
        mixture: whether the table's rows are compositions.
    """
    if mixture and is_fraction(name) and is_numeric(raw, name):
        return "composition"
    role = role_of(words, mixture)
    if role is None or not is_numeric(raw, name):
        return None
    if role == "composition":
        cells = values_of(raw, name, NUMBER_SAMPLE)
        numbers = [to_number(cell, raw.reading.decimal) for cell in cells]
        if any(number is not None and not 0 <= number <= 100 for number in numbers):
            return None
    return role


def _could_be_folds(raw: RawTable, name: str) -> bool:
    """Whether a column holds only a few different numbers, all of them whole."""
    numbers = {to_number(cell, raw.reading.decimal) for cell in {*values_of(raw, name)}}
    whole = all(number is not None and number.is_integer() for number in numbers)
    return whole and len(numbers) <= _MOST_FOLDS
