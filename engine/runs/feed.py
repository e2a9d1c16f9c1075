"""Follows the growing files of runs: what was read once is not read again."""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from engine.runs import folder as files
from engine.runs.lines import parse_hardware, parse_metrics
from engine.runs.records import Run

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
