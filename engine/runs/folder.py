"""The files of a run folder, for everybody who only reads: once, or as they grow."""

import json
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.json
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

_ERRORS, _ERROR = "val_mae", "val_mae_"
_LARGE = 50_000


def parse_metrics(block: bytes) -> pd.DataFrame:
    """Lines of `metrics.jsonl` as a table."""
    table = _large_table(block) if len(block) > _LARGE else None
    if table is None:
        table = pd.DataFrame([_flat_metrics(row) for row in json_rows(block)])
    return _numbers(table)


def _large_table(block: bytes) -> pd.DataFrame | None:
    """Several times as fast as line by line; None where it meets a damaged line or a NaN."""
    try:
        table = pyarrow.json.read_json(pyarrow.BufferReader(block))
    except pyarrow.ArrowInvalid:
        return None
    if _ERRORS in table.column_names and pyarrow.types.is_null(table.field(_ERRORS).type):
        table = table.drop_columns(_ERRORS)
    frame = table.flatten().to_pandas()
    return frame.rename(columns=lambda name: name.replace(f"{_ERRORS}.", _ERROR, 1))


def parse_hardware(block: bytes) -> pd.DataFrame:
    """Lines of `hardware.jsonl` as a table."""
    return _numbers(pd.DataFrame([_flat_hardware(row) for row in json_rows(block)]))


def json_rows(block: bytes) -> list[dict]:
    """The objects that lines of JSON hold; a line that is cut off or damaged is passed over."""
    rows = [_row(line) for line in block.splitlines()]
    return [row for row in rows if isinstance(row, dict)]


def _row(line: bytes) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _numbers(table: pd.DataFrame) -> pd.DataFrame:
    """The same; a column that is empty so far is one of numbers."""
    empty = [name for name in table if table[name].isna().all()]
    return table.astype(dict.fromkeys(empty, float))


def _flat_metrics(row: dict) -> dict:
    errors = row.pop(_ERRORS, None) or {}
    row.update({f"{_ERROR}{name}": value for name, value in errors.items()})
    return row


def _flat_hardware(row: dict) -> dict:
    for number, load in enumerate(row.pop("gpus", None) or []):
        row.update({f"gpu{number}_{name}": value for name, value in load.items()})
    return row


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
_AGAIN = "Copy it back from a backup, or train again; the run can be deleted."
MENDS = {
    CONFIG: _AGAIN,
    TABLE: f"Without it the run cannot be cloned, nor go on. {_AGAIN}",
    OUT_OF_FOLD: _AGAIN,
    REPORT: "The run's page shows the same figures; for the file, clone the run and train again.",
    MENDING: "It only says how the table was mended: remove it.",
}
"""What a user can do about a file that is missing or damaged."""

_MOST_BYTES = {
    CONFIG: 16 * 2**20,
    REPORT: 16 * 2**20,
    PROGRESS: 2**20,
    METRICS: 2**30,
    HARDWARE: 2**30,
    LOG: 2**28,
}
LABEL_PREFIX = "label:"
"""Before each property's name in `table.parquet`, so that no property hides `id` or `fold`."""
BOUND_PREFIXES = ("lower:", "upper:")
"""Before the names of properties, in the table of a run that has labels known by a bound alone."""


def read_metrics(run: Run) -> pd.DataFrame:
    """One row for each epoch so far, with a column `val_mae_<property>` for each property.

    A last line that is only half written is left for the next reading.
    """
    return parse_metrics(_content(run, METRICS))


def read_hardware(run: Run) -> pd.DataFrame:
    """What the machine did while the run worked, a row every other second; see `Sampler`."""
    return parse_hardware(_content(run, HARDWARE))


def read_progress(run: Run) -> Progress:
    """How far a run is; nothing of it where the file is damaged, which is soon written anew."""
    try:
        return Progress.model_validate_json(_content(run, PROGRESS))
    except ValidationError:
        return Progress()


def read_log(run: Run, lines: int = 200) -> str:
    """The last lines of a run's log."""
    path = run.folder / LOG
    if words := oddity(path):
        return f"{path} {words}, where the log should be: remove it."
    text = _content(run, LOG).decode("utf-8", errors="replace")
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
    data = read_file(path, MENDS[CONFIG], _MOST_BYTES[CONFIG])
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
        report = json.loads(read_file(path, MENDS[REPORT], _MOST_BYTES[REPORT]))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is damaged: {first_line(error)} {MENDS[REPORT]}") from error
    if not isinstance(report, dict):
        raise UserError(f"{path} is damaged: it holds no figures. {MENDS[REPORT]}")
    return report


def _content(run: Run, name: str) -> bytes:
    """What a file holds that others write while it is read; nothing where it is no file."""
    try:
        return read_file(run.folder / name, "", _MOST_BYTES[name])
    except UserError:
        return b""


_MARK = 64
_KEPT = 8
"""Files followed at a time; the one that nobody has asked for longest is forgotten first."""


class Feed:
    """A file of JSON lines as a table that grows with it."""

    def __init__(self, path: Path, parse: Callable[[bytes], pd.DataFrame]) -> None:
        """Follow `path`; `parse` makes a table of some whole lines."""
        self._path, self._parse = path, parse
        self._lock = threading.Lock()
        self._forget()

    def read(self) -> pd.DataFrame:
        """One row for each complete line so far; the table is shared: do not change it.

        A last line that is only half written is left for the next reading, a damaged one is
        passed over. A file that was written anew, as a resumed run's is, is read anew.
        """
        with self._lock:
            try:
                if oddity(self._path):
                    self._forget()
                    return self._table
                with open(self._path, "rb") as file:
                    self._read_on(file)
            except OSError:
                self._forget()
            return self._table

    def _forget(self) -> None:
        self._table = pd.DataFrame()
        self._inode: int | None = None
        self._offset, self._mark = 0, b""

    def _read_on(self, file: BinaryIO) -> None:
        inode = os.fstat(file.fileno()).st_ino
        if not self._goes_on(file, inode):
            self._forget()
            self._inode = inode
            file.seek(0)
        block = file.read()
        block = block[: block.rfind(b"\n") + 1]
        if not block:
            return
        self._offset += len(block)
        self._mark = (self._mark + block)[-_MARK:]
        fresh = self._parse(block)
        if len(fresh):
            parts = [self._table, fresh] if len(self._table) else [fresh]
            self._table = pd.concat(parts, ignore_index=True)

    def _goes_on(self, file: BinaryIO, inode: int) -> bool:
        """Whether the file still holds what was read of it; if so, it is left at the rest."""
        if inode != self._inode:
            return False
        # A new file may get the inode of the one that it replaces.
        file.seek(self._offset - len(self._mark))
        return file.read(len(self._mark)) == self._mark


def follow_metrics(run: Run) -> pd.DataFrame:
    """What `engine.runs.read_metrics` gives, at the cost of what is new; not to be changed."""
    return _feed(run.folder / METRICS, parse_metrics).read()


def follow_hardware(run: Run) -> pd.DataFrame:
    """What `engine.runs.read_hardware` gives, at the cost of what is new; not to be changed."""
    return _feed(run.folder / HARDWARE, parse_hardware).read()


def forget() -> None:
    """Follow nothing any more: what is asked for next is read from its beginning."""
    with _feeds_lock:
        _feeds.clear()


_feeds: OrderedDict[Path, Feed] = OrderedDict()
_feeds_lock = threading.Lock()


def _feed(path: Path, parse: Callable[[bytes], pd.DataFrame]) -> Feed:
    with _feeds_lock:
        feed = _feeds.get(path) or Feed(path, parse)
        _feeds[path] = feed
        _feeds.move_to_end(path)
        while len(_feeds) > _KEPT:
            _feeds.popitem(last=False)
        return feed
