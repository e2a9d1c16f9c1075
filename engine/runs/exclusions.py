"""Training again without some labels of a run."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..base.errors import UserError
from ..base.wording import clipped, counted, listed
from ..table import RawTable, Table, read_table
from ..table.cells import is_missing
from ..table.labels import summarise
from ..table.repeat_units import Progress
from .clone import Clone, clone_of, with_kept_folds
from .records import LONGEST, Exclusion, Run, RunConfig

MOST_EXCLUDED = 10_000
"""Labels that a run may leave out: its settings name each of them."""

_REASON = "all its labels are excluded"
_NAMED_SO = re.compile(r" without [\d,]+ labels?$")


class Cell(NamedTuple):
    """A label of a run, by the row and the property that its out-of-fold table has it under.

    Attributes:
        row: in the run's table.
        property: the property's name.
        why: it is to be excluded; may be empty.
    """

    row: int
    property: str
    why: str = ""


def without_labels(
    run: Run, cells: Sequence[Cell], progress: Progress | None = None
) -> tuple[Table, RunConfig]:
    """What starts a run like another one, without some of its labels; in the same folds.

    Args:
        run: the other one.
        cells: its labels that are left out.
        progress: told how many rows are checked.

    Returns:
        The table and the settings, for `start_run`. The run is named after the other one and the
        number of labels that both leave out.

    Raises:
        UserError: when the run has no such label, or its files are gone.
    """
    origin = clone_of(run)
    table, config = exclude(origin, origin.checked(progress), origin.config, cells)
    words = f" without {counted(len(config.excluded), 'label')}"
    base = _NAMED_SO.sub("", run.name)[: LONGEST - len(words)]
    return table, config.model_copy(update={"name": base + words})


def exclude(
    origin: Clone, table: Table, config: RunConfig, cells: Sequence[Cell]
) -> tuple[Table, RunConfig]:
    """The table of a clone without some labels, and settings that name them and keep the folds.

    A row that is left without any label is left out.

    Args:
        origin: the clone.
        table: its `checked` table.
        config: the settings of the run to start.
        cells: the labels.

    Raises:
        UserError: when there is no such label, or there are too many.
    """
    table, config = with_kept_folds(table, config)
    names = [property_.name for property_ in table.properties]
    labels = table.labels.copy()
    excluded = []
    for cell in {(cell.row, cell.property): cell for cell in cells}.values():
        i, k = _place(origin, names, labels, cell)
        excluded.append(
            Exclusion(
                row=cell.row,
                id=table.ids[i],
                smiles=table.canonical[i],
                property=cell.property,
                label=float(labels[i, k]),
                why=cell.why,
            )
        )
        labels[i, k] = np.nan
    everything = [*config.excluded, *excluded]
    if len(everything) > MOST_EXCLUDED:
        raise UserError(
            f"{len(everything):,} labels are more than the {MOST_EXCLUDED:,} that a run may "
            "exclude: delete them from the table instead."
        )
    left = replace(table, labels=labels)
    without = _without_rows(left, table.has_labels & ~left.has_labels)
    return without, config.model_copy(update={"excluded": everything})


def read_cells(path: Path | str) -> list[Cell]:
    """The labels that a table names: its columns `row` and `property`, and `why` if it has one.

    Other columns are passed over, so that the list of the label doctor can be given as it is.

    Raises:
        UserError: when the file cannot be read, or a row does not name a label.
    """
    raw = read_table(path)
    columns = {str(name).strip().casefold(): str(name) for name in raw.frame}
    lacking = [name for name in ("row", "property") if name not in columns]
    if lacking:
        raise UserError(
            f"{raw.name} has no column {listed(lacking)}: a list of labels to exclude has the "
            "columns row (its number in the run's table) and property."
        )
    return [_cell(raw, columns, i) for i in range(len(raw.frame))]


def _cell(raw: RawTable, columns: dict[str, str], i: int) -> Cell:
    texts = {
        name: "" if is_missing(text := raw.frame[columns[name]].iloc[i]) else str(text).strip()
        for name in ("row", "property", "why")
        if name in columns
    }
    row, where = texts["row"].removesuffix(".0"), f"{raw.name}, row {raw.rows[i]}"
    if not (row.isdecimal() and row.isascii() and len(row) < 10):
        raise UserError(
            f"{where}: “{clipped(texts['row'])}” in the column row is no row number; write the "
            "number of the row in the run's table, such as 12."
        )
    if not texts["property"]:
        raise UserError(f"{where}: the column property is empty; write a property's name.")
    return Cell(int(row), texts["property"], clipped(texts.get("why", ""), 200))


def _place(origin: Clone, names: list[str], labels: np.ndarray, cell: Cell) -> tuple[int, int]:
    """Where a label stands: its row and its column.

    Raises:
        UserError: when there is none, or it is excluded already.
    """
    if cell.property not in names:
        raise UserError(
            f"The run has not learned {cell.property!r}; it has learned {listed(names)}. Name one "
            "of these."
        )
    k = names.index(cell.property)
    # Rows of several tables may share a number, but not the labels of one property.
    here = np.flatnonzero((origin.rows == cell.row) & np.isfinite(labels[:, k]))
    if not len(here):
        raise UserError(
            f"Row {cell.row} of the run's table has no label of {cell.property}; the rows are "
            "those that its out-of-fold table and its Errors page name."
        )
    return int(here[0]), k


def _without_rows(table: Table, gone: np.ndarray) -> Table:
    """The table without some rows, whose report counts what is left.

    Args:
        table: checked, of N rows.
        gone: shape `(N,)`, bool.
    """
    kept, out = table.of_rows(np.flatnonzero(~gone)), table.of_rows(np.flatnonzero(gone))
    set_aside = pd.DataFrame(
        {"row": out.rows, "id": out.ids, "SMILES": out.smiles, "reason": _REASON}
    )
    summaries = [summarise(p, kept.labels[:, k]) for k, p in enumerate(table.properties)]
    return replace(
        kept,
        excluded=pd.concat([table.excluded, set_aside], ignore_index=True),
        report=table.report.model_copy(update={"kept": len(kept.rows), "properties": summaries}),
    )
