"""Asking for the same again: a run's table and settings, for a run that differs in some of them."""

from io import BytesIO
from typing import NamedTuple

import pandas as pd

from engine.errors import UserError
from engine.runs import folder as files
from engine.runs.records import Run, RunConfig
from engine.table import Columns, Table, accepted_units, check_table, read_table

ROW_NUMBERS = "row"
"""The id column of a clone whose origin has none."""


class Clone(NamedTuple):
    """What a run was started with.

    Attributes:
        table_name: of the file that the run's table came from.
        table: the rows that the run uses, as Parquet; rows that it excluded are not among them.
        config: the settings, as they fit this table.
    """

    table_name: str
    table: bytes
    config: RunConfig

    def checked(self) -> Table:
        """The table, read and checked again."""
        raw = read_table(self.table, self.table_name)
        return check_table(raw, self.config.columns, self.config.units)


def clone_of(run: Run) -> Clone:
    """The table and the settings of a run, in any state, also when its file has changed since.

    Raises:
        UserError: when the run's files are gone.
    """
    try:
        described = files.read_config(run)
        kept = pd.read_parquet(run.folder / files.TABLE)
    except OSError as error:
        raise UserError(
            f"The table of run {run.name!r} is gone from its folder; it cannot be cloned."
        ) from error
    properties = described.pop("properties")
    table_name = described.pop("table")
    config = RunConfig(**described)
    names = tuple(known["name"] for known in properties)
    smiles = config.columns.smiles
    id_ = config.columns.id or _unlike(ROW_NUMBERS, {smiles, *names})
    frame = pd.DataFrame({id_: kept["id"], smiles: kept["smiles"]})
    for name in names:
        frame[name] = kept[files.LABEL_PREFIX + name]
    folds = config.folds
    if "fold" in kept:
        # Named as where they came from, so that the runs' settings read alike.
        fold_column = _unlike(folds.rpartition(":")[2], {id_, smiles, *names})
        frame[fold_column] = kept["fold"]
        folds = f"column:{fold_column}"
    # Labels of registered properties lie in the registry's units by now.
    units = {
        known["name"]: known["unit"]
        for known in properties
        if known["unit"] and not accepted_units(known["name"])
    }
    config = config.model_copy(
        update={
            "name": f"{run.name[:73]} (copy)",
            "columns": Columns(smiles=smiles, id=id_, properties=names),
            "units": units,
            "folds": folds,
        }
    )
    buffer = BytesIO()
    frame.to_parquet(buffer, index=False)
    return Clone(table_name, buffer.getvalue(), config)


def _unlike(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name
