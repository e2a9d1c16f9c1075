"""What a run measures while it works, by lines of JSON: read at once, or followed as it grows."""

import json
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pandas as pd
import pyarrow
import pyarrow.json
from pyarrow import types

from ..base.plain_files import oddity
from .folder import HARDWARE, METRICS, MOST_BYTES, content
from .records import Run

_ERRORS, _ERROR = "val_mae", "val_mae_"
_MEMBER = "member"
_COUNTS = ("fold", "seed", "epoch")
_LARGE = 50_000
_LARGEST = 2**62
_NESTED = re.compile(rb"\[|\{[^\n{]*\{[^\n{]*\{")
"""Signs of more than a row and its errors: Arrow ends the process where a line nests very deep."""


def read_metrics(run: Run) -> pd.DataFrame:
    """One row for each epoch so far, with a column `val_mae_<property>` for each property.

    A last line that is only half written is left for the next reading.
    """
    return parse_metrics(content(run, METRICS))


def metric_rows(block: bytes) -> list[dict]:
    """The rows of `metrics.jsonl` as they were written; a damaged line is passed over.

    Each has whole numbers as `fold`, `seed` and `epoch`, numbers by property as `val_mae`, the name
    of a member or none, and numbers elsewhere; None is where there is no number.
    """
    return [row for row in _json_rows(block) if _is_metrics(row)]


def parse_metrics(block: bytes) -> pd.DataFrame:
    """Lines of `metrics.jsonl` as a table."""
    table = _large_table(block) if len(block) > _LARGE else None
    if table is None:
        table = pd.DataFrame([_flat_metrics(row) for row in metric_rows(block)])
    return _numbers(table)


def _large_table(block: bytes) -> pd.DataFrame | None:
    """Several times as fast as line by line; None where it meets a damaged line or a NaN."""
    if _NESTED.search(block):
        return None
    try:
        table = pyarrow.json.read_json(pyarrow.BufferReader(block))
    except pyarrow.ArrowInvalid:
        return None
    if not _are_metrics(table.schema) or any(table[name].null_count for name in _COUNTS):
        return None
    if _ERRORS in table.column_names and types.is_null(table.field(_ERRORS).type):
        table = table.drop_columns(_ERRORS)
    frame = table.flatten().to_pandas()
    return frame.rename(columns=lambda name: name.replace(f"{_ERRORS}.", _ERROR, 1))


def _are_metrics(schema: pyarrow.Schema) -> bool:
    """Whether all rows are such as `_is_metrics` takes, but for counts that are missing."""
    kinds = dict(zip(schema.names, schema.types, strict=True))
    errors, member = kinds.pop(_ERRORS, pyarrow.null()), kinds.pop(_MEMBER, pyarrow.null())
    if len(kinds) + (_ERRORS in schema.names) + (_MEMBER in schema.names) < len(schema):
        return False  # a name is there twice
    by_property = {field.name: field.type for field in errors} if types.is_struct(errors) else {}
    return (
        all(name in kinds and types.is_integer(kinds[name]) for name in _COUNTS)
        and (types.is_struct(errors) or types.is_null(errors))
        and (types.is_string(member) or types.is_null(member))
        and not any(_ERROR + name in kinds for name in by_property)
        and all(map(_holds_numbers, [*kinds.values(), *by_property.values()]))
    )


def _holds_numbers(kind: pyarrow.DataType) -> bool:
    plain = (types.is_integer, types.is_floating, types.is_boolean, types.is_null)
    return any(is_kind(kind) for is_kind in plain)


def parse_hardware(block: bytes) -> pd.DataFrame:
    """Lines of `hardware.jsonl` as a table."""
    rows = [_flat_hardware(row) for row in _json_rows(block)]
    return _numbers(pd.DataFrame([row for row in rows if row]))


def _json_rows(block: bytes) -> list[dict]:
    """The objects that lines of JSON hold; a line that is cut off or damaged is passed over."""
    rows = [_row(line) for line in block.splitlines()]
    return [row for row in rows if isinstance(row, dict)]


def _row(line: bytes) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _is_metrics(row: dict) -> bool:
    errors, member = row.get(_ERRORS), row.get(_MEMBER)
    numbers = [value for name, value in row.items() if name not in (_ERRORS, _MEMBER)]
    if errors is not None:
        if not isinstance(errors, dict) or any(_ERROR + name in row for name in errors):
            return False
        numbers += errors.values()
    whole = all(type(row.get(name)) is int for name in _COUNTS)
    return whole and (member is None or isinstance(member, str)) and all(map(_is_number, numbers))


def _is_number(value: object) -> bool:
    """Whether it is a number that a table can hold, or none."""
    if isinstance(value, int):
        return -_LARGEST < value < _LARGEST
    return value is None or isinstance(value, float)


def _numbers(table: pd.DataFrame) -> pd.DataFrame:
    """The same; a column that is empty so far is one of numbers."""
    empty = [name for name in table if table[name].isna().all()]
    return table.astype(dict.fromkeys(empty, float))


def _flat_metrics(row: dict) -> dict:
    errors = row.pop(_ERRORS, None) or {}
    row.update({f"{_ERROR}{name}": value for name, value in errors.items()})
    return row


def _flat_hardware(row: dict) -> dict:
    """A line's numbers; empty where it holds anything else."""
    loads = row.pop("gpus", None) or []
    if not isinstance(loads, list) or not all(isinstance(load, dict) for load in loads):
        return {}
    for number, load in enumerate(loads):
        row.update({f"gpu{number}_{name}": value for name, value in load.items()})
    return row if "time" in row and all(map(_is_number, row.values())) else {}


_MARK = 64
_KEPT = 8
"""Files followed at a time; the one that nobody has asked for longest is forgotten first."""


class Feed:
    """A file of JSON lines as a table that grows with it."""

    def __init__(self, path: Path, parse: Callable[[bytes], pd.DataFrame]) -> None:
        """Follow `path`; `parse` makes a table of some whole lines."""
        self._path, self._parse, self._most = path, parse, MOST_BYTES[path.name]
        self._lock = threading.Lock()
        self._forget()

    def read(self) -> pd.DataFrame:
        """One row for each complete line so far; the table is shared: do not change it.

        A last line that is only half written is left for the next reading, a damaged one is
        passed over. A file that was written anew, as a resumed run's is, is read anew, and
        one that no run could have written, by its size, not at all.
        """
        with self._lock:
            try:
                if oddity(self._path):
                    self._forget()
                    return self._table
                with open(self._path, "rb") as file:
                    if os.fstat(file.fileno()).st_size > self._most:
                        self._forget()
                    else:
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
    """What the machine did while the run worked, a row every other second; see `Sampler`.

    At the cost of what is new; not to be changed.
    """
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
