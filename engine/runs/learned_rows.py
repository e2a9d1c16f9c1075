"""The rows that a run learns from, as its folder keeps them."""

import pandas as pd

from ..base.errors import UserError
from ..settings.conditions import CONDITION_PREFIX
from .folder import LABEL_PREFIX, MENDS, TABLE, read_parquet
from .records import Run, StoredConfig

_ALWAYS = ("row", "id", "smiles", "canonical")


def read_run_table(run: Run) -> pd.DataFrame:
    """The checked rows of a run: `row`, `id`, `smiles`, `canonical`, and a column for each label.

    Raises:
        UserError: when the file is missing or damaged.
    """
    return read_parquet(run.folder / TABLE)


def read_learned_rows(run: Run, config: StoredConfig) -> pd.DataFrame:
    """The checked rows of a run, with all that its settings speak of.

    Raises:
        UserError: when the file is missing or damaged, or is not this run's.
    """
    frame = read_run_table(run)
    labels = [LABEL_PREFIX + property_.name for property_ in config.properties]
    numbers = [*labels, *(["fold"] if "fold" in frame else []), "row"]
    others = [CONDITION_PREFIX + each.name for each in config.conditions]
    for name in (*_ALWAYS, *labels, *others):
        if name not in frame:
            raise UserError(
                f"{run.folder / TABLE} has no column {name!r}: it is the table of another run. "
                f"{MENDS[TABLE]}"
            )
    for name in numbers:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            raise UserError(
                f"{run.folder / TABLE} has no numbers in its column {name!r}. {MENDS[TABLE]}"
            )
    if not len(frame) or not all(isinstance(unit, str) for unit in frame["canonical"]):
        raise UserError(f"{run.folder / TABLE} has rows without a repeat unit. {MENDS[TABLE]}")
    return frame
