"""Follows the growing files of runs: what was read once is not read again."""

import json
import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from engine.runs import folder as files
from engine.runs.records import Run

_MARK = 64
_KEPT = 8
"""Files followed at a time; the one that nobody has asked for longest is forgotten first."""


class Feed:
    """A file of JSON lines as a table that grows with it."""

    def __init__(self, path: Path, flat: Callable[[dict], dict]) -> None:
        """Follow `path`; `flat` makes one row of the table of what a line holds."""
        self._path, self._flat = path, flat
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
        fresh = _table([self._flat(row) for row in _rows(block)])
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
    return _feed(run.folder / files.METRICS, _flat_metrics).read()


def follow_hardware(run: Run) -> pd.DataFrame:
    """What `engine.runs.read_hardware` gives, at the cost of what is new; not to be changed."""
    return _feed(run.folder / files.HARDWARE, _flat_hardware).read()


_feeds: OrderedDict[Path, Feed] = OrderedDict()
_feeds_lock = threading.Lock()


def _feed(path: Path, flat: Callable[[dict], dict]) -> Feed:
    with _feeds_lock:
        feed = _feeds.get(path) or Feed(path, flat)
        _feeds[path] = feed
        _feeds.move_to_end(path)
        while len(_feeds) > _KEPT:
            _feeds.popitem(last=False)
        return feed


def _rows(block: bytes) -> list[dict]:
    lines = [line for line in block.splitlines() if line.strip()]
    try:
        # All at once is several times as fast as line by line.
        rows = json.loads(b"[" + b",".join(lines) + b"]")
    except ValueError:
        rows = [row for line in lines if (row := _row(line)) is not None]
    return [row for row in rows if isinstance(row, dict)]


def _row(line: bytes) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _table(rows: list[dict]) -> pd.DataFrame:
    table = pd.DataFrame(rows)
    # A column that is empty so far, or holds None here and there, is one of numbers still.
    empty = [name for name in table if table[name].dtype == object]
    for name in empty:
        if table[name].isna().all():
            table[name] = table[name].astype(float)
    return table


def _flat_metrics(row: dict) -> dict:
    errors = row.pop("val_mae", None) or {}
    row.update({f"val_mae_{name}": value for name, value in errors.items()})
    return row


def _flat_hardware(row: dict) -> dict:
    for number, load in enumerate(row.pop("gpus", None) or []):
        row.update({f"gpu{number}_{name}": value for name, value in load.items()})
    return row
