"""The run table: one SQLite file for each workspace."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from engine.runs.records import Run, State
from engine.workspace import home

_COLUMNS = tuple(Run.model_fields)


def insert(run: Run) -> None:
    """Add a run."""
    values = _row(run)
    marks = ", ".join("?" * len(values))
    with _database() as database:
        database.execute(
            f"INSERT INTO runs ({', '.join(values)}) VALUES ({marks})", list(values.values())
        )


def update(run_id: str, only_from: tuple[State, ...] | None = None, **changes: object) -> bool:
    """Change some columns of a run.

    Args:
        run_id: which run.
        only_from: change it only while it is in one of these states; a state that another
            process has set meanwhile is then not overwritten.
        changes: columns of `Run`.

    Returns:
        Whether a row was changed.
    """
    if "figures" in changes:
        changes["figures"] = json.dumps(changes["figures"])
    assignments = ", ".join(f"{name} = ?" for name in changes)
    condition, states = "", ()
    if only_from:
        condition, states = f" AND state IN ({', '.join('?' * len(only_from))})", only_from
    with _database() as database:
        changed = database.execute(
            f"UPDATE runs SET {assignments} WHERE id = ?{condition}",
            [*changes.values(), run_id, *states],
        )
        return changed.rowcount > 0


def select(run_id: str | None = None) -> list[Run]:
    """All runs, or the one of that id; newest first."""
    condition, values = (" WHERE id = ?", [run_id]) if run_id else ("", [])
    with _database() as database:
        rows = database.execute(
            f"SELECT {', '.join(_COLUMNS)} FROM runs{condition} ORDER BY created DESC", values
        ).fetchall()
    return [_run(row) for row in rows]


@contextmanager
def _database() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(home() / "polygin.db", timeout=30)) as database, database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute(
            f"CREATE TABLE IF NOT EXISTS runs ({', '.join(_COLUMNS)}, PRIMARY KEY (id))"
        )
        yield database


def _row(run: Run) -> dict[str, object]:
    values = run.model_dump()
    values["figures"] = json.dumps(run.figures) if run.figures else None
    return values


def _run(row: tuple) -> Run:
    values = dict(zip(_COLUMNS, row, strict=True))
    values["figures"] = json.loads(values["figures"]) if values["figures"] else None
    return Run(**values)
