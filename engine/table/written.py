"""Tables as CSV that others open, in a spreadsheet program too.

A cell that begins as a formula does would be carried out there, so it gets the apostrophe by which
such programs mark a text; `plain_text` takes it away again. After OWASP's page on CSV injection.
"""

from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype

from .cells import is_formula


def csv_text(frame: pd.DataFrame, header: bool = True) -> str:
    """A table as CSV, without its row numbers; no text in it is a formula.

    Args:
        frame: the table.
        header: whether the names of its columns come first.
    """
    texts = [place for place in range(frame.shape[1]) if not _is_numbers(frame, place)]
    safe = frame.copy(deep=False) if texts else frame
    for place in texts:
        column = frame.iloc[:, place]
        if any(isinstance(cell, str) and is_formula(cell) for cell in column):
            safe.isetitem(place, column.astype(object).map(_as_text))
    names = [_as_text(name) for name in frame.columns]
    return str(safe.to_csv(index=False, header=names if header else False))


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """The same as a file that is downloaded."""
    return csv_text(frame).encode("utf-8", "replace")


def _is_numbers(frame: pd.DataFrame, place: int) -> bool:
    return bool(is_numeric_dtype(frame.dtypes.iloc[place]))


def _as_text(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and is_formula(cell) else cell
