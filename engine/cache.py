"""A content-addressed store of features: one SQLite file for each kind and version."""

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from engine.workspace import subfolder


class FeatureCache:
    """Keeps bytes by the SMILES they were made from; a damaged file is started afresh."""

    def __init__(self, kind: str, version: int) -> None:
        """Open the store of one kind of feature; a new version has a file of its own."""
        self._path: Path = subfolder("cache") / f"{kind}-v{version}.sqlite"

    def read(self, smiles: Sequence[str]) -> dict[str, bytes]:
        """The bytes of those SMILES that are in the store."""
        keys = {_key(text): text for text in smiles}
        try:
            return {keys[key]: value for key, value in self._select(list(keys))}
        except sqlite3.DatabaseError:
            self._start_afresh()
            return {}

    def write(self, values: Mapping[str, bytes]) -> None:
        """Add the bytes of some SMILES; a full disk is no reason to stop, the store only helps."""
        rows = [(_key(text), value) for text, value in values.items()]
        try:
            with closing(self._open()) as database, database:
                database.executemany("INSERT OR REPLACE INTO features VALUES (?, ?)", rows)
        except sqlite3.OperationalError:
            return
        except sqlite3.DatabaseError:
            self._start_afresh()

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=30)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute(
            "CREATE TABLE IF NOT EXISTS features (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID"
        )
        return database

    def _select(self, keys: list[bytes]) -> Iterable[tuple[bytes, bytes]]:
        with closing(self._open()) as database:
            database.execute("CREATE TEMP TABLE wanted (key BLOB PRIMARY KEY)")
            database.executemany("INSERT INTO wanted VALUES (?)", ((key,) for key in keys))
            return database.execute(
                "SELECT features.key, value FROM wanted JOIN features USING (key)"
            ).fetchall()

    def _start_afresh(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)


def _key(smiles: str) -> bytes:
    return hashlib.blake2b(smiles.encode(), digest_size=16).digest()
