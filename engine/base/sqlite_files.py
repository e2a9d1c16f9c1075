"""SQLite files of a workspace that anybody may have put there."""

import sqlite3
from pathlib import Path

from .plain_files import oddity

PARTS = ("-wal", "-shm", "-journal")
"""Of a database's file, beside it."""

_STRANGE = ("trigger", "view")
"""What no database of ours has: it would change what is written, or refuse it."""


def is_database(path: Path) -> bool:
    """Whether there is a database; an empty file is none, though SQLite takes it for one.

    SQLite would follow a link, and write wherever it leads.
    """
    parts = (path.with_name(path.name + part) for part in ("", *PARTS))
    return not any(map(oddity, parts)) and path.is_file() and path.stat().st_size > 0


def holds_strange(database: sqlite3.Connection) -> bool:
    """Whether a database holds what none of ours does, such as triggers."""
    question = "SELECT 1 FROM sqlite_master WHERE type IN (?, ?)"
    return database.execute(question, _STRANGE).fetchone() is not None
