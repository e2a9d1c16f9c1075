"""Data frames of compositions, with columns such as `smiles_A`, `smiles_B` and `frac_A`."""

import numpy as np
import pandas as pd

from ..base.errors import UserError
from ..table import RawTable, guess_columns
from ..table.compositions import texts_to_predict
from ..table.reading import Reading


def texts_of_frame(frame: pd.DataFrame, missing: bool = False) -> list[str | None]:
    """What stands for the polymer of each row of a data frame of compositions.

    Args:
        frame: N rows; the columns of units, fractions and the architecture are found as in a file,
            and others are not looked at.
        missing: whether a row may hold no composition, which gives None.

    Raises:
        UserError: when there are no such columns, or a row holds none; it names the row.
    """
    raw = _raw(frame)
    try:
        columns = guess_columns(raw, properties=())
    except UserError:
        columns = None
    if columns is None or not columns.says_more:
        raise UserError(
            "Repeat units are one column of SMILES: more than one was given, and they are none of "
            "compositions, such as smiles_A, smiles_B and frac_A."
        )
    read = texts_to_predict(raw, columns)
    if read.problems and not missing:
        row, reason = next(iter(read.problems.items()))
        raise UserError(f"Row {row}: {reason}.")
    return [None if row in read.problems else text for row, text in enumerate(read.texts)]


def _raw(frame: pd.DataFrame) -> RawTable:
    """A data frame as a table that was read from a file, with rows numbered from 0."""
    names = [str(name) for name in frame.columns]
    if len({*names}) < len(names):
        raise UserError("Two columns of the data frame have one name: give each its own.")
    cells = {
        name: [None if pd.isna(cell) else str(cell) for cell in frame.iloc[:, place].tolist()]
        for place, name in enumerate(names)
    }
    texts = pd.DataFrame(cells, dtype=object)
    return RawTable("data frame", texts, np.arange(len(frame)), Reading(format="csv"))
