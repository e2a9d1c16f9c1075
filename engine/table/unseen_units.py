"""Repeat units in a table that is to be predicted which no column that is read would show."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from ..base.budget import check_time
from ..base.errors import UserError
from ..base.wording import listed
from ..chem.fractions import closes
from .cell_units import units_of
from .cells import is_missing
from .column_cells import SMILES_SAMPLE
from .columns import Columns
from .fraction_columns import numbers_of
from .reading import RawTable
from .unit_columns import units_not_seen


def demand_all_units(raw: RawTable, columns: Columns, apart: Sequence[str] = ()) -> None:
    """Refuse a table with repeat units in columns that are not read: it would be predicted without.

    Args:
        raw: the table, or its beginning.
        columns: that are read.
        apart: columns that are known to say nothing of the polymer, such as conditions.

    Raises:
        UserError: when other columns are called like that of the repeat units and hold texts, or
            most of their cells are units, or name polymers, that their rows do not hold; or when
            a third unit has no fraction.
    """
    # Those that are aside leave out the rows in which they hold something.
    taken = {*columns.used, *columns.aside, *apart}
    if _leave_nothing(raw, columns):
        raise UserError(
            f"{raw.name}: “{columns.structures[-1]}” would not be seen: the fractions in "
            f"{_quoted(columns.fractions)} leave nothing for it. Name the column of its fractions "
            "with `--fraction-columns`, or leave it out."
        )
    called = [] if columns.units else units_not_seen(raw, columns.smiles, taken)
    others = [name for name in raw.column_names if name not in {*taken, *called}]
    own = [*zip(*(raw.frame[name] for name in columns.structures), strict=True)]
    found = [name for name in others if _holds_other_units(raw, name, own)]
    if unseen := [name for name in raw.column_names if name in {*called, *found}]:
        raise UserError(
            f"{raw.name}: {_quoted(unseen)} would not be seen beside "
            f"{_quoted(columns.structures)}, since no column is known to hold the fractions of the "
            "units, or one holds no repeat units. Name the columns with `--unit-columns` and "
            f"`--fraction-columns`, say `--smiles-column {columns.smiles}` where that is all of "
            "the polymer, or leave out what says nothing of it."
        )


def _quoted(names: Sequence[str]) -> str:
    return listed([f"“{name}”" for name in names], "columns")


def _leave_nothing(raw: RawTable, columns: Columns) -> bool:
    """Whether a third or later unit is to have the rest, and there is none in any row.

    Of two units it is usual: at one end of a series of copolymers the fraction of the first is 1.
    """
    if not 1 < len(columns.fractions) < len(columns.structures):
        return False
    has_unit = [not is_missing(cell) for cell in raw.frame[columns.structures[-1]]]
    there = replace(raw, frame=raw.frame[has_unit], rows=raw.rows[has_unit])
    totals = [sum(filter(None, row)) for row in numbers_of(there, columns.fractions)]
    return bool(totals) and all(closes(total, 1) or closes(total, 100) for total in totals)


def _holds_other_units(raw: RawTable, name: str, own: Sequence[tuple[str | None, ...]]) -> bool:
    """Whether most cells of a column are repeat units, and most of these none of their rows'.

    Args:
        raw: the table.
        name: of the column.
        own: the cells of each row that are read as its units.
    """
    check_time("looking for its columns")
    filled = ((cell, row) for row, cell in enumerate(raw.frame[name]) if not is_missing(cell))
    count = units = others = 0
    for cell, row in islice(filled, SMILES_SAMPLE):
        count += 1
        if there := units_of(cell):
            units += 1
            others += not there <= {unit for each in own[row] for unit in units_of(each)}
    return units >= 0.5 * count > 0 and others > 0.5 * units
