"""Data frames of compositions, with columns such as `smiles_A`, `smiles_B` and `frac_A`."""

import numpy as np
import pandas as pd

from ..base.errors import UserError
from ..inference.bundle import BundleInfo
from ..inference.table_rows import columns_in, polymers_of
from ..settings.polymer_columns import PolymerColumns
from ..table import Columns, RawTable, guess_columns
from ..table.named_units import columns_of_units_or_names
from ..table.reading import Reading


def texts_of_frame(
    frame: pd.DataFrame, missing: bool = False, info: BundleInfo | None = None
) -> list[str | None]:
    """What stands for the polymer of each row of a data frame of compositions.

    Args:
        frame: N rows; the columns of units, fractions and the architecture are found as in a file,
            and others are not looked at.
        missing: whether a row may hold no composition, which gives None.
        info: of the model that is to predict them, which remembers the columns that it learned
            from.

    Raises:
        UserError: when there are no such columns, or units that would not be seen, or a row holds
            no polymer; it names the row.
    """
    raw = _raw(frame)
    columns, by_name = _columns(raw, info)
    read = polymers_of(raw, columns, by_name=by_name)
    if read.problems and not missing:
        row, reason = next(iter(read.problems.items()))
        raise UserError(f"Row {row}: {reason}.")
    return [None if row in read.problems else text for row, text in enumerate(read.texts)]


def polymer_columns_of(frame: pd.DataFrame) -> PolymerColumns | None:
    """The columns of compositions of a data frame, for a model that learns from it to remember.

    Raises:
        UserError: as `texts_of_frame`.
    """
    return _columns(_raw(frame), None)[0].of_polymer


def is_read_by_columns(frame: pd.DataFrame, info: BundleInfo | None) -> bool:
    """Whether more than the cells of its only column says what a data frame's polymers are."""
    learned = info and info.polymer_columns
    return frame.shape[1] > 1 or bool(learned and learned.others.basis == "weight")


def _columns(raw: RawTable, info: BundleInfo | None) -> tuple[Columns, bool]:
    """The columns of compositions, and whether some units are given by name."""
    try:
        columns, by_name = columns_in(raw, info) if info else columns_of_units_or_names(raw)
    except UserError as error:
        if (info and info.polymer_columns) or _says_more(raw):
            raise
        raise _more_than_one() from error
    if len(raw.column_names) > 1 and not columns.says_more:
        raise _more_than_one()
    return columns, by_name


def _says_more(raw: RawTable) -> bool:
    try:
        return guess_columns(raw, properties=()).says_more
    except UserError:
        return False


def _more_than_one() -> UserError:
    return UserError(
        "Repeat units are one column of SMILES: more than one was given, and they are none of "
        "compositions, such as smiles_A, smiles_B and frac_A."
    )


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
