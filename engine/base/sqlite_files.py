"""SQLite files of a workspace that anybody may have put there."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from .errors import DiskFullError, LockedError, UserError
from .plain_files import oddity

PARTS = ("-wal", "-shm", "-journal")
"""Of a database's file, beside it."""

LOCK_SECONDS = 10.0
"""How long to wait while others write; they take a moment, unless they are halted."""

_SCARCE = 2**20
"""With fewer bytes free, SQLite's failures are put down to the disk."""

_STRANGE = ("trigger", "view")
"""What no database of ours has: it would change what is written, or refuse it."""


def is_database(path: Path) -> bool:
    """Whether there is a database; an empty file is none, though SQLite takes it for one.

    SQLite would follow a link, and write wherever it leads.
    """
    parts = (path.with_name(path.name + part) for part in ("", *PARTS))
    return not any(map(oddity, parts)) and path.is_file() and path.stat().st_size > 0


def disk_is_full(folder: Path) -> bool:
    """Whether nothing more can be written where a folder lies."""
    return shutil.disk_usage(folder).free < _SCARCE


def holds_strange(database: sqlite3.Connection) -> bool:
    """Whether a database holds what none of ours does, such as triggers."""
    question = "SELECT 1 FROM sqlite_master WHERE type IN (?, ?)"
    return database.execute(question, _STRANGE).fetchone() is not None


@contextmanager
def opened_database(path: Path, what: str) -> Iterator[sqlite3.Connection]:
    """A database that several processes write; what is done in the block is done whole or not.

    Args:
        path: of its file.
        what: it holds, for sentences.

    Raises:
        UserError: when it cannot be used.
    """
    try:
        with closing(sqlite3.connect(path, timeout=LOCK_SECONDS)) as database, database:
            database.execute("PRAGMA journal_mode=WAL")
            yield database
    except sqlite3.OperationalError as error:
        # Python's own, as of a text that is no UTF-8, have no code.
        # SQLite cannot even read then, and calls that an I/O error.
        full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        if full or disk_is_full(path.parent):
            raise DiskFullError from error
        if "locked" in str(error) or "busy" in str(error):
            raise LockedError(
                f"Another program has held the {what} {path} for {LOCK_SECONDS:.0f} seconds: try "
                "again."
            ) from error
        raise UserError(f"The {what} {path} cannot be used: {error}.") from error
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise UserError(
            f"The {what} {path} is damaged ({error}): put a copy of the file in its place, or "
            "remove it."
        ) from error
