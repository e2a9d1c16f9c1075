"""Stores of features, addressed by content: those of single units, and those of whole tables."""

import hashlib
import json
import os
import re
import sqlite3
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import save_file

from ..base.plain_files import oddity
from ..base.workspace import NODE, replacing, subfolder

MAX_TABLE_BYTES = 2 * 2**30
"""Most bytes that the files of whole tables take together."""

_OWN = re.compile(r"[0-9a-f]{32}\.safetensors|\.[0-9a-f]{32}\.safetensors\.[0-9a-f]{8}")
"""Names of the files of whole tables, and of those that are being written."""

_OPENING = (
    "PRAGMA journal_mode=WAL",
    # Waits for the disk now and then instead of at every chunk; the file stays whole.
    "PRAGMA synchronous=NORMAL",
    "CREATE TABLE IF NOT EXISTS features (key BLOB PRIMARY KEY, value BLOB)",
    "CREATE TEMP TABLE wanted (key BLOB PRIMARY KEY)",
)
_TYPES = {"U8": "u1", "I32": "<i4", "I64": "<i8", "F32": "<f4", "F64": "<f8"}


class FeatureCache:
    """Stores bytes by the SMILES they were made from, one SQLite file for each kind and version.

    A context manager for one thread; a damaged file is replaced by a new one. On a node of a
    cluster nothing is stored, since SQLite is at home on one machine.
    """

    def __init__(self, kind: str, version: str, patience: float = 30) -> None:
        """Name the store of one kind of feature; a new version has a file of its own.

        Args:
            kind, version: of the features.
            patience: seconds to wait while other processes write.
        """
        self._patience = patience
        self._path: Path = subfolder("cache") / f"{kind}-v{version}.sqlite"
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> "FeatureCache":
        return self

    def __exit__(self, *error: object) -> None:
        self._close()

    def read(self, smiles: Iterable[str]) -> dict[str, bytes]:
        """The bytes of those SMILES that are in the store."""
        keys = {_key(text): text for text in smiles}
        try:
            return {keys[key]: value for key, value in self._select(list(keys))}
        except sqlite3.OperationalError:  # locked, for example by a process that creates it
            return {}
        except sqlite3.DatabaseError:
            self._start_afresh()
            return {}

    def write(self, values: Mapping[str, bytes]) -> None:
        """Add the bytes of some SMILES; a full disk is ignored, since the store only saves time."""
        rows = [(_key(text), value) for text, value in values.items()]
        try:
            with self._open() as database:
                database.executemany("INSERT OR REPLACE INTO features VALUES (?, ?)", rows)
        except sqlite3.OperationalError:
            return
        except sqlite3.DatabaseError:
            self._start_afresh()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            if os.environ.get(NODE):
                raise sqlite3.OperationalError("several machines share the workspace")
            if oddity(self._path):
                raise sqlite3.DatabaseError(f"{self._path} is no file")
            connection = sqlite3.connect(self._path, timeout=self._patience)
            try:
                for statement in _OPENING:
                    connection.execute(statement)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _select(self, keys: list[bytes]) -> list[tuple[bytes, bytes]]:
        with self._open() as database:
            database.execute("DELETE FROM wanted")
            database.executemany("INSERT INTO wanted VALUES (?)", ((key,) for key in keys))
            return database.execute(
                "SELECT features.key, value FROM wanted JOIN features USING (key)"
            ).fetchall()

    def _close(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _start_afresh(self) -> None:
        self._close()
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):  # a folder is left alone: nothing is stored then
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)


class TableCache:
    """Stores arrays of whole tables, one file each; the longest unused make room for new ones."""

    def __init__(self) -> None:
        """Open the store, in the workspace."""
        self._folder = subfolder("cache", "tables")

    def read(self, contents: Sequence[str]) -> dict[str, np.ndarray] | None:
        """The arrays made from these contents, or None where there are none or they are damaged.

        The arrays are views of the mapped file, without a copy; writing to them changes only the
        process's own pages.
        """
        path = self._path(contents)
        try:
            arrays = _map(path)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        with suppress(OSError):
            os.utime(path)
        return arrays

    def write(self, contents: Sequence[str], arrays: Mapping[str, np.ndarray]) -> None:
        """Store arrays; a full disk is ignored, since the store only saves time."""
        if sum(array.nbytes for array in arrays.values()) > MAX_TABLE_BYTES:
            return
        sums = {name: str(_checksum(array)) for name, array in arrays.items()}
        with suppress(OSError, SafetensorError):
            with replacing(self._path(contents)) as temporary:
                save_file(dict(arrays), temporary, metadata=sums)
            self._make_room()

    def _path(self, contents: Sequence[str]) -> Path:
        name = hashlib.blake2b("\n".join(contents).encode(), digest_size=16).hexdigest()
        return self._folder / f"{name}.safetensors"

    def _make_room(self) -> None:
        # Half-written ones count too, which an ended process has left.
        own = [path for path in self._folder.iterdir() if _OWN.fullmatch(path.name)]
        files = [(path.lstat(), path) for path in own]
        total = 0
        for state, path in sorted(files, key=lambda file: file[0].st_mtime_ns, reverse=True):
            total += state.st_size
            if total > MAX_TABLE_BYTES:
                path.unlink(missing_ok=True)


def _map(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file as views of its mapping.

    Raises:
        ValueError: when it is damaged; damage can raise KeyError, TypeError or AttributeError too.
    """
    if oddity(path):
        raise ValueError(f"{path} is no file")
    # Copy-on-write, because some libraries refuse read-only arrays. The plain view is for speed:
    # numpy's memmap does some work of its own at every slice.
    data = np.memmap(path, np.uint8, mode="c").view(np.ndarray)
    start = 8 + int.from_bytes(data[:8].tobytes(), "little")
    header = json.loads(data[8:start].tobytes())
    sums = header.pop("__metadata__")
    arrays = {}
    for name, entry in header.items():
        first, last = (start + offset for offset in entry["data_offsets"])
        arrays[name] = data[first:last].view(_TYPES[entry["dtype"]]).reshape(entry["shape"])
        if _checksum(arrays[name]) != int(sums[name]):
            raise ValueError(f"{path} is damaged")
    return arrays


def _checksum(array: np.ndarray) -> int:
    return zlib.crc32(np.ascontiguousarray(array).view(np.uint8).data) if array.size else 0


def _key(smiles: str) -> bytes:
    return hashlib.blake2b(smiles.encode(), digest_size=16).digest()
