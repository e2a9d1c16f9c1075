"""The record of a run in its own folder: its row of the run table, and every change of its state.

A lost run table is made anew from these.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from ..base.errors import UserError
from ..base.plain_files import first_line, read_file
from ..base.workspace import subfolder, write_atomic
from .records import Change, Run, is_run_id

RECORD = "run.json"
_MEND = "Copy it back from a backup, or remove the run's folder."
_MOST_BYTES = 5 * 2**20


def readable_records() -> Iterator[tuple[Run, list[Change]]]:
    """What the run folders know of their runs; those that cannot be read are left out."""
    yield from filter(None, map(record_or_none, run_folders()))


def run_folders() -> list[Path]:
    """The folders of runs; a link is none, wherever it leads."""
    return sorted(
        Path(entry.path)
        for entry in os.scandir(subfolder("runs"))
        if is_run_id(entry.name) and entry.is_dir(follow_symlinks=False)
    )


def record_or_none(folder: Path) -> tuple[Run, list[Change]] | None:
    """As `read_record`; None where that cannot be read."""
    try:
        return read_record(folder)
    except UserError:
        return None


def read_record(folder: Path) -> tuple[Run, list[Change]]:
    """What a run's folder knows of it: its row and the changes of its state.

    Raises:
        UserError: when it knows nothing that can be used.
    """
    path = folder / RECORD
    try:
        record = json.loads(read_file(path, _MEND, _MOST_BYTES))
        run = Run(**record["run"])
        changes = [Change(**change) for change in record["changes"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError(f"{path} is damaged: {first_line(error)} {_MEND}") from error
    if run.id != folder.name:
        raise UserError(f"{path} is the record of another run, {run.id}. {_MEND}")
    return run, changes


def write_first_record(folder: Path, run: Run) -> None:
    """Write the record of a run that is about to be added, into the folder that becomes its own."""
    write_record(folder, run, [Change(time=run.created, state=run.state, reason=run.reason)])


def write_record(folder: Path, run: Run, changes: list[Change]) -> None:
    """Write the record of a run into a folder."""
    record = {
        "run": run.model_dump(),
        "changes": [change.model_dump() for change in changes],
    }
    write_atomic(folder / RECORD, json.dumps(record, indent=1))
