"""Follows the growing files of runs: what was read once is not read again."""

import json
import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow
import pyarrow.json

from engine.runs import folder as files
from engine.runs.records import Run

_ERRORS, _ERROR = "val_mae", "val_mae_"
_MARK = 64
_LARGE = 50_000
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
        """One row for each whole line so far; the table is shared, so nobody may change it.

        A last line that is only half written is left for the next reading, a damaged one is
        passed over. A file that was written anew, as a resumed run's is, is read anew.
        """
        with self._lock:
            try:
                with open(self._path, "rb") as file:
                    self._read_on(file)
            except OSError:
                self._forget()
            return self._table

    def _forget(self) -> None:
        self._table = pd.DataFrame()
        self._inode, self._offset, self._mark = None, 0, b""

    def _read_on(self, file) -> None:
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

    def _goes_on(self, file, inode: int) -> bool:
        """Whether the file still holds what was read of it; if so, it is left at the rest."""
        if inode != self._inode:
            return False
        # The number of a file that is gone may be given to the one that takes its place.
        file.seek(self._offset - len(self._mark))
        return file.read(len(self._mark)) == self._mark


def follow_metrics(run: Run) -> pd.DataFrame:
    """What `engine.runs.read_metrics` gives, at the cost of what is new; not to be changed."""
    return _feed(run.folder / files.METRICS, parse_metrics).read()


def follow_hardware(run: Run) -> pd.DataFrame:
    """What `engine.runs.read_hardware` gives, at the cost of what is new; not to be changed."""
    return _feed(run.folder / files.HARDWARE, parse_hardware).read()


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


def parse_metrics(block: bytes) -> pd.DataFrame:
    """Whole lines of `metrics.jsonl` as a table."""
    table = _large_table(block) if len(block) > _LARGE else None
    if table is None:
        table = pd.DataFrame([_flat_metrics(row) for row in _rows(block)])
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
    """Whole lines of `hardware.jsonl` as a table."""
    return _numbers(pd.DataFrame([_flat_hardware(row) for row in _rows(block)]))


def _rows(block: bytes) -> list[dict]:
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
