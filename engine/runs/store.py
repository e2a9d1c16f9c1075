"""The run table: one SQLite file for each workspace, and a copy of each row in its run's folder."""

import errno
import json
import os
import sqlite3
import time
import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from ..base.errors import DiskFullError, LockedError, UserError
from ..base.plain_files import oddity
from ..base.sqlite_files import LOCK_SECONDS, PARTS, disk_is_full, holds_strange, is_database
from ..base.workspace import home, lock
from .records import Change, Run, State
from .run_json import (
    RECORD,
    read_record,
    readable_records,
    record_or_none,
    run_folders,
    write_record,
)

_COLUMNS = tuple(Run.model_fields)
_FLEETING = {"stage", "progress"}
"""Columns that change all the time, and are not worth a file each time."""

_LATE_SECONDS = 10.0
"""By which a record may be younger than the table, which is written a moment before it."""

_Result = TypeVar("_Result")


def insert(run: Run) -> None:
    """Add a run."""
    _with_database(lambda database: _add(database, run))
    _write_record(run.id)


def update(run_id: str, only_from: tuple[State, ...] | None = None, **changes: object) -> bool:
    """Change some columns of a run; a change of its state is noted with its time.

    Args:
        run_id: which run.
        only_from: change it only while it is in one of these states; a state that another
            process has set meanwhile is then not overwritten.
        changes: columns of `Run`.

    Returns:
        Whether a row was changed.
    """
    changed = _with_database(lambda database: _update(database, run_id, only_from, changes))
    if changed and not changes.keys() <= _FLEETING:
        _write_record(run_id)
    return changed


def select(run_id: str | None = None) -> list[Run]:
    """All runs, or the one of that id; newest first.

    The run folders are the truth and the table an index of them: a run that only its folder knows
    is taken into the table, and one whose folder is gone is passed over.
    """
    runs = _select(run_id)
    if (run_id is None or not runs) and _take_in({run.id for run in runs}, run_id):
        runs = _select(run_id)
    return [run for run in runs if oddity(run.folder) == "is a folder"]


def _select(run_id: str | None) -> list[Run]:
    condition, values = (" WHERE id = ?", [run_id]) if run_id else ("", [])
    try:
        rows = _with_database(
            lambda database: database.execute(
                # Only names of our own are joined; values are bound.
                f"SELECT {', '.join(_COLUMNS)} FROM runs{condition} ORDER BY created DESC",  # noqa: S608
                values,
            ).fetchall()
        )
    except (DiskFullError, LockedError):
        # SQLite cannot even read then. The records in the folders can be read: only their stage and
        # progress are out of date.
        runs = [run for run, _ in readable_records() if run_id in (None, run.id)]
        return sorted(runs, key=lambda run: -run.created)
    return [run for run in map(_run, rows) if run]


def changes_of(run_id: str) -> list[Change]:
    """Every change of a run's state, oldest first."""
    rows = _with_database(
        lambda database: database.execute(
            "SELECT time, state, reason FROM changes WHERE run = ? ORDER BY rowid", [run_id]
        ).fetchall()
    )
    return [Change(time=when, state=state, reason=reason) for when, state, reason in rows]


def remove(run_id: str) -> None:
    """Forget a run."""

    def act(database: sqlite3.Connection) -> None:
        database.execute("DELETE FROM runs WHERE id = ?", [run_id])
        database.execute("DELETE FROM changes WHERE run = ?", [run_id])

    _with_database(act)


def _insert(database: sqlite3.Connection, run: Run, changes: list[Change] | None = None) -> None:
    values = run.model_dump()
    values["figures"] = json.dumps(run.figures) if run.figures else None
    marks = ", ".join("?" * len(values))
    database.execute(
        f"INSERT OR REPLACE INTO runs ({', '.join(values)}) VALUES ({marks})",  # noqa: S608
        list(values.values()),
    )
    if changes is None:
        changes = [Change(time=run.created, state=run.state, reason=run.reason)]
    for change in changes:
        _note(database, run.id, change)


def _replace(database: sqlite3.Connection, run: Run, changes: list[Change] | None) -> None:
    """Put a run in the place of an older row and its changes."""
    database.execute("DELETE FROM changes WHERE run = ?", [run.id])
    _insert(database, run, changes)


def _add(database: sqlite3.Connection, run: Run, changes: list[Change] | None = None) -> None:
    """Add a run, unless somebody has found its folder, added it and perhaps let it work already."""
    database.execute("BEGIN IMMEDIATE")
    question = f"SELECT {', '.join(_COLUMNS)} FROM runs WHERE id = ?"  # noqa: S608
    row = database.execute(question, [run.id]).fetchone()
    there = _run(row) if row else None
    if there is None or there.created != run.created:
        _replace(database, run, changes)


def _note(database: sqlite3.Connection, run_id: str, change: Change) -> None:
    database.execute(
        "INSERT INTO changes VALUES (?, ?, ?, ?)",
        [run_id, change.time, change.state, change.reason],
    )


def _update(
    database: sqlite3.Connection,
    run_id: str,
    only_from: tuple[State, ...] | None,
    changes: dict[str, object],
) -> bool:
    values = dict(changes)
    if values.get("figures") is not None:
        values["figures"] = json.dumps(values["figures"])
    states = only_from or ()
    condition = f" AND state IN ({', '.join('?' * len(states))})" if states else ""
    assignments = ", ".join(f"{name} = ?" for name in values)
    done = database.execute(
        f"UPDATE runs SET {assignments} WHERE id = ?{condition}",  # noqa: S608
        [*values.values(), run_id, *states],
    )
    if done.rowcount and "state" in values:
        change = {"time": time.time(), "state": values["state"], "reason": values.get("reason")}
        _note(database, run_id, Change.model_validate(change | {"reason": change["reason"] or ""}))
    return done.rowcount > 0


def _run(row: tuple) -> Run | None:
    """A row of the table; None for one that no version has written."""
    values = dict(zip(_COLUMNS, row, strict=True))
    try:
        if values["figures"]:
            values["figures"] = json.loads(values["figures"])
        # A column that this version has added is empty in rows of an older one.
        return Run(**{name: value for name, value in values.items() if value is not None})
    except (ValueError, TypeError, RecursionError):
        return None


def _take_in(known: Collection[str], run_id: str | None) -> bool:
    """Take runs into the table that only their folders know, or that it has an old row of."""
    folders = [folder for folder in run_folders() if run_id in (None, folder.name)]
    written = _written()
    late = []
    for folder in folders:
        with suppress(OSError):
            time_of_record = (folder / RECORD).lstat().st_mtime
            if folder.name not in known or time_of_record > written + _LATE_SECONDS:
                late.append(folder)
    records = [record for record in map(record_or_none, late) if record]
    for run, changes in records:
        # A run that is new here may be known, and at work, by the time that it is added.
        add = _replace if run.id in known else _add
        with suppress(DiskFullError, LockedError):
            _with_database(partial(add, run=run, changes=changes))
    return bool(records)


def unreadable() -> list[str]:
    """A sentence for each folder of a run that neither the run table nor a record knows."""
    known, sentences = {run.id for run in select()}, []
    for folder in run_folders():
        if folder.name not in known:
            try:
                read_record(folder)
            except UserError as error:
                sentences.append(f"The run in {folder} cannot be listed: {error}")
    return sentences


def _written() -> float:
    """When the run table was last written, in seconds since 1970."""
    times = []
    for name in (_path(), _path().with_name(f"{_path().name}-wal")):
        with suppress(OSError):
            times.append(name.lstat().st_mtime)
    return max(times, default=0.0)


def _with_database(act: Callable[[sqlite3.Connection], _Result]) -> _Result:
    """Do something with the run table, which is made anew when it is missing or damaged."""
    try:
        if not is_database(_path()):
            _make_anew()
        with _database() as database:
            return act(database)
    except sqlite3.OperationalError as error:
        _demand_usable(error)
        _make_anew()
    except sqlite3.DatabaseError:
        _make_anew()
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFullError from error
        raise
    try:
        with _database() as database:
            return act(database)
    except sqlite3.DatabaseError as error:
        raise UserError(
            f"The run table {_path()} cannot be used: {error}. Remove the file: it is made anew "
            "from the runs' folders."
        ) from error


def _demand_usable(error: sqlite3.OperationalError) -> None:
    """Refuse to go on where another run table would be of no use either.

    Raises:
        UserError: a sentence for what SQLite has said.
    """
    words = str(error)
    if error.sqlite_errorcode == sqlite3.SQLITE_FULL or disk_is_full(home()):
        raise DiskFullError from error
    if "locked" in words or "busy" in words:
        raise LockedError(
            f"Another program has held the run table {_path()} for {LOCK_SECONDS:.0f} seconds: "
            "end it, or let it go on if it was halted, and try again. Runs go on meanwhile."
        ) from error
    if "readonly" in words or "unable to open" in words:
        raise UserError(
            f"The run table {_path()} cannot be written: {words}. Give this user the right to "
            "write in the workspace, or set POLYGIN_HOME to another folder."
        ) from error


@contextmanager
def _database() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(_path(), timeout=LOCK_SECONDS)) as database, database:
        database.execute("PRAGMA journal_mode=WAL")
        columns = ", ".join(_COLUMNS)
        database.execute(f"CREATE TABLE IF NOT EXISTS runs ({columns}, PRIMARY KEY (id))")
        database.execute("CREATE TABLE IF NOT EXISTS changes (run, time, state, reason)")
        there = {row[1] for row in database.execute("PRAGMA table_info(runs)")}
        for name in _COLUMNS:
            if name not in there:
                database.execute(f"ALTER TABLE runs ADD COLUMN {name}")
        yield database


def _make_anew() -> None:
    """Make a run table from the records in the run folders; a damaged one is set aside."""
    path = _path()
    with lock(home() / "polygin.db.lock"):
        if is_database(path) and _is_whole():
            return  # another process did it first
        stamp = f"polygin-damaged-{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:4]}"
        for part in ("", *PARTS):
            place = path.with_name(path.name + part)
            if os.path.lexists(place):
                place.rename(path.with_name(f"{stamp}.db{part}"))
        with _database() as database:
            for run, changes in readable_records():
                _insert(database, run, changes)


def _path() -> Path:
    return home() / "polygin.db"


def _is_whole() -> bool:
    try:
        with _database() as database:
            for question in (
                f"SELECT {', '.join(_COLUMNS)} FROM runs LIMIT 1",  # noqa: S608
                "SELECT run, time, state, reason FROM changes LIMIT 1",
            ):
                database.execute(question)
            if holds_strange(database):
                return False
            return database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    except sqlite3.OperationalError as error:
        _demand_usable(error)
        return False
    except sqlite3.DatabaseError:
        return False


def _write_record(run_id: str) -> None:
    found = select(run_id)
    if not found or not found[0].folder.is_dir():
        return
    # A copy: on a full disk the run table is enough.
    with suppress(OSError):
        write_record(found[0].folder, found[0], changes_of(run_id))
