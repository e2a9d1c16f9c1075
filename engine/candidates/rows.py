"""What a list's file holds: its tables, and candidates and answers as rows of them."""

import json
import sqlite3
import time
from collections.abc import Mapping
from typing import NamedTuple

from ..base.wording import clipped

LONGEST_NAME = 80
TABLES = (
    "candidates (id INTEGER PRIMARY KEY AUTOINCREMENT, given TEXT, unit TEXT, "
    "name TEXT, row_id TEXT, origin TEXT, note TEXT, extra TEXT, problem TEXT, added REAL, "
    "removed REAL)",
    "answers (model TEXT, candidate INTEGER, numbers BLOB, warning TEXT, "
    "problem TEXT, PRIMARY KEY (model, candidate)) WITHOUT ROWID",
    "hints (candidate INTEGER PRIMARY KEY, score REAL, alerts TEXT)",
    "models (model TEXT PRIMARY KEY, description TEXT)",
    "settings (name TEXT PRIMARY KEY, value TEXT)",
)


class NewCandidate(NamedTuple):
    """What is put on a list.

    Attributes:
        given: the line or the cell of a file as it was given.
        unit: the SMILES of the repeat unit that is predicted; None where the text stands for none.
        name: of the polymer; empty where the list of names has none.
        row_id: the id of its row in a file, or a name of its own in a pasted line; may be empty.
        origin: where it came from, such as a file's name.
        extra: the file's other columns.
        problem: why there is no unit.
    """

    given: str
    unit: str | None
    name: str = ""
    row_id: str = ""
    origin: str = ""
    extra: Mapping[str, str] = {}
    problem: str = ""


class Candidate(NamedTuple):
    """A candidate on a list; see `NewCandidate`.

    Attributes:
        id: its number on this list, which no other candidate gets.
        note: what somebody wrote of it.
        added: when it was put there, in seconds since 1970.
    """

    id: int
    given: str
    unit: str | None
    name: str
    row_id: str
    origin: str
    note: str
    extra: dict[str, str]
    problem: str
    added: float


class Answer(NamedTuple):
    """What a model says of a candidate.

    Attributes:
        candidate: its number.
        numbers: the bytes of `engine.candidates.answers`.
        warning: what no training unit has.
        problem: why it could not be predicted.
        name: of the polymer, where predicting it has shown that.
    """

    candidate: int
    numbers: bytes
    warning: str
    problem: str
    name: str = ""


def create_tables(database: sqlite3.Connection, name: str) -> None:
    """Make the tables of a list that has a name."""
    for statement in TABLES:
        database.execute(f"CREATE TABLE IF NOT EXISTS {statement}")
    first = {"changes": "0", "name": name, "created": str(time.time())}
    # Of two who make one list at the same time, the first has named it.
    database.executemany("INSERT OR IGNORE INTO settings VALUES (?, ?)", first.items())


def set_setting(database: sqlite3.Connection, name: str, value: str) -> None:
    """Change a setting."""
    database.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", [name, value])


def insert(database: sqlite3.Connection, each: NewCandidate) -> int:
    """Put a candidate at the end; returns its number."""
    done = database.execute(
        "INSERT INTO candidates (given, unit, name, row_id, origin, note, extra, problem, added) "
        "VALUES (?, ?, ?, ?, ?, '', ?, ?, ?)",
        [
            *(each.given, each.unit, each.name, each.row_id, clipped(each.origin, LONGEST_NAME)),
            json.dumps(dict(each.extra), ensure_ascii=False) if each.extra else "",
            *(each.problem, time.time()),
        ],
    )
    assert done.lastrowid is not None
    return done.lastrowid


def candidate_of(row: tuple) -> Candidate:
    """A row of the file, which anybody may have written."""
    id_, given, unit, name, row_id, origin, note, extra, problem, added = row
    try:
        columns = json.loads(extra) if extra else {}
    except (ValueError, TypeError, RecursionError):
        columns = {}
    return Candidate(
        int(id_),
        *(str(given), None if unit is None else str(unit), str(name), str(row_id), str(origin)),
        str(note),
        {str(k): str(v) for k, v in columns.items()} if isinstance(columns, dict) else {},
        *(str(problem), number_or_none(added) or 0.0),
    )


def number_or_none(value: object) -> float | None:
    """What a file says, if it is a number."""
    return float(value) if isinstance(value, int | float) else None
