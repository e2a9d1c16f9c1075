"""The files of a run folder, for everybody who only reads."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import ValidationError

from ..base.bounds import Bounds, or_none
from ..base.errors import UserError
from ..base.plain_files import demand_file, first_line, oddity, read_file
from ..base.plain_yaml import parsed_yaml
from ..settings.presets import PRESETS, Preset
from ..settings.sources import MOST_SOURCES
from ..table.mending import Mending
from ..table.mending_file import read_mending
from .records import Progress, Run, StoredConfig

METRICS, PROGRESS, LOG, OUT_OF_FOLD = "metrics.jsonl", "progress.json", "run.log", "oof.parquet"
TABLE, EXCLUDED, MENDING, CONFIG, REPORT, STOP = (
    "table.parquet",
    "excluded.csv",
    "mending.yaml",
    "config.yaml",
    "report.json",
    "stop-requested",
)
CHECKPOINTS, HARDWARE, HEARTBEAT, LOCK, LAST_WORDS = (
    "checkpoints",
    "hardware.jsonl",
    "heartbeat",
    "worker.lock",
    "last-words",
)
NODE, SUBMISSION = "node.json", "slurm.json"
"""What a worker on a node says of its run, and what Slurm was given to carry out."""
_AGAIN = "Copy it back from a backup, or train again; the run can be deleted."
MENDS = {
    CONFIG: _AGAIN,
    TABLE: f"Without it the run cannot be cloned, nor go on. {_AGAIN}",
    OUT_OF_FOLD: _AGAIN,
    REPORT: "The run's page shows the same figures; for the file, clone the run and train again.",
    MENDING: "It only says how the table was mended: remove it.",
}
"""What a user can do about a file that is missing or damaged."""

MOST_BYTES = {
    CONFIG: 16 * 2**20,
    REPORT: 16 * 2**20,
    NODE: 2**22,
    SUBMISSION: 2**20,
    PROGRESS: 2**20,
    METRICS: 2**30,
    HARDWARE: 2**30,
    LOG: 2**28,
}
"""How large such a file may be that is read."""
LABEL_PREFIX = "label:"
"""Before each property's name in `table.parquet`, so that no property hides `id` or `fold`."""
BOUND_PREFIXES = ("lower:", "upper:")
"""Before the names of properties, in the table of a run that has labels known by a bound alone."""


def read_progress(run: Run) -> Progress:
    """How far a run is; nothing of it where the file is damaged, which is soon written anew."""
    try:
        return Progress.model_validate_json(content(run, PROGRESS))
    except ValidationError:
        return Progress()


def read_log(run: Run, lines: int = 200) -> str:
    """The last lines of a run's log."""
    path = run.folder / LOG
    if words := oddity(path):
        return f"{path} {words}, where the log should be: remove it."
    text = content(run, LOG).decode("utf-8", errors="replace")
    return "\n".join(text.splitlines()[-lines:])


def read_out_of_fold(run: Run) -> pd.DataFrame:
    """One row for each label of a finished run.

    Returns:
        Columns `row`, `id`, `smiles`, `fold`, `property`, `label`, one for each member, and
        `blend`; values in the property's unit.

    Raises:
        UserError: when the file is missing or damaged.
    """
    return read_parquet(run.folder / OUT_OF_FOLD)


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """A table of a run folder, or some of its columns.

    Raises:
        UserError: when the file is missing or damaged.
    """
    demand_file(path, MENDS[path.name])
    try:
        return pd.read_parquet(path, columns=None if columns is None else [*columns])
    except Exception as error:  # Arrow raises its own kinds, and those of what it calls
        raise UserError(f"{path} is damaged: {first_line(error)} {MENDS[path.name]}") from error


def read_config(run: Run) -> dict:
    """What a run was asked to do: the fields of `StoredConfig`, as plain values.

    Raises:
        UserError: when the file is missing or damaged.
    """
    path = run.folder / CONFIG
    data = read_file(path, MENDS[CONFIG], MOST_BYTES[CONFIG])
    try:
        said = parsed_yaml(data.decode("utf-8"), str(path), "the settings of a run")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is damaged: it is no text. {MENDS[CONFIG]}") from error
    except UserError as error:
        raise UserError(f"{error} {MENDS[CONFIG]}") from error
    if not isinstance(said, dict) or not said:
        raise UserError(f"{path} is damaged: it holds no settings. {MENDS[CONFIG]}")
    return said


def read_stored_config(run: Run) -> StoredConfig:
    """What a run was asked to do.

    Raises:
        UserError: when it cannot be understood.
    """
    try:
        return StoredConfig.model_validate(read_config(run))
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"]))
        raise UserError(
            f"{run.folder / CONFIG}: {where}: {fault['msg']}. {MENDS[CONFIG]}"
        ) from error


def mending_names(count: int) -> list[str]:
    """The files that say how each of the tables of a run was mended."""
    stem, _, ending = MENDING.partition(".")
    return [MENDING] if count == 1 else [f"{stem}-{n}.{ending}" for n in range(1, count + 1)]


def read_mendings(run: Run) -> list[Mending]:
    """How each of the tables of a run was read and mended; none for a run that does not say it.

    Raises:
        UserError: when that cannot be understood.
    """
    names = [MENDING] if os.path.lexists(run.folder / MENDING) else mending_names(MOST_SOURCES)
    paths = [run.folder / name for name in names if os.path.lexists(run.folder / name)]
    for path in paths:
        demand_file(path, MENDS[MENDING])
    return [read_mending(path) for path in paths]


def preset_of(config: dict) -> Preset | None:
    """The preset of a run, from its `read_config`; None when it is damaged or not known now."""
    stored = config.get("resolved_preset")
    if not stored:
        return PRESETS.get(str(config.get("preset", "")))
    try:
        return Preset.model_validate(stored)
    except ValidationError:
        return None


def starts_from_encoder(config: dict) -> bool:
    """Whether networks of a run start from the encoder, from its `read_config`."""
    preset = preset_of(config)
    from_it = preset is not None and preset.starts_from_encoder
    return from_it and config.get("pretrained") is not False


def bounds_of(frame: pd.DataFrame, names: Sequence[str]) -> Bounds | None:
    """The bounds in a run's table; None where there are none.

    Args:
        frame: the table, N rows.
        names: of the K properties.
    """
    nothing = np.full(len(frame), np.nan)
    lower, upper = (
        np.column_stack([frame.get(prefix + name, nothing) for name in names])
        for prefix in BOUND_PREFIXES
    )
    return or_none(Bounds(lower, upper))


def read_report(run: Run) -> dict:
    """The figures, the preset and the machine of a finished run.

    Raises:
        UserError: when the file is missing or damaged.
    """
    path = run.folder / REPORT
    try:
        report = json.loads(read_file(path, MENDS[REPORT], MOST_BYTES[REPORT]))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is damaged: {first_line(error)} {MENDS[REPORT]}") from error
    if not isinstance(report, dict):
        raise UserError(f"{path} is damaged: it holds no figures. {MENDS[REPORT]}")
    return report


def content(run: Run, name: str) -> bytes:
    """What a file holds that others write while it is read; nothing where it is no file."""
    try:
        return read_file(run.folder / name, "", MOST_BYTES[name])
    except UserError:
        return b""
