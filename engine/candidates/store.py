"""One list of candidates: a SQLite file that several windows and a process may write at once."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from ..base.errors import UserError
from ..base.sqlite_files import holds_strange, is_database, opened_database
from .rows import (
    Answer,
    Candidate,
    NewCandidate,
    candidate_of,
    create_tables,
    insert,
    number_or_none,
    set_setting,
)

MOST = 200_000
"""Candidates that a list may have: all their values are held in memory to rank them."""

LONGEST_NOTE = 2000
_CANDIDATES = (
    "SELECT id, given, unit, name, row_id, origin, note, extra, problem, added FROM candidates "
    "WHERE removed IS NULL"
)
_OWN = (
    "FROM candidates, json_each(CASE WHEN json_valid(extra) THEN extra ELSE '{}' END) AS own "
    "WHERE removed IS NULL AND typeof(own.key) = 'text'"
)
_HOLDS = "SELECT 1 FROM candidates WHERE removed IS NULL AND unit = ? LIMIT 1"
_PUT_UNIT = (
    "UPDATE candidates SET unit = ?, name = ?, problem = '' "
    "WHERE id = ? AND unit IS NULL AND removed IS NULL"
)
_COPY = (
    "INSERT INTO candidates (given, unit, name, row_id, origin, note, extra, problem, added) "
    "SELECT given, ?, ?, row_id, origin, note, extra, '', ? FROM candidates WHERE id = ?"
)
_Result = TypeVar("_Result")


class CandidateList:
    """A named list; everything that is asked of it reads the file, so that no window is behind."""

    def __init__(self, path: Path) -> None:
        """Name the file; it is looked at when something is asked."""
        self.path = path

    @property
    def id(self) -> str:
        """By which addresses and commands know it."""
        return self.path.stem

    @classmethod
    def create(cls, path: Path, name: str) -> "CandidateList":
        """Make an empty list.

        Raises:
            UserError: when the file cannot be written.
        """
        made = cls(path)
        made._do(lambda database: create_tables(database, name), new=True)
        return made

    def setting(self, name: str) -> str:
        """A setting of the list, such as its `name` or its `specification`; empty if not set."""
        row = self._ask("SELECT value FROM settings WHERE name = ?", [name])
        return str(row[0][0]) if row else ""

    def set(self, name: str, value: str) -> None:
        """Change a setting; no change of the candidates or of what is known of them."""

        def act(database: sqlite3.Connection) -> None:
            database.execute("BEGIN IMMEDIATE")
            set_setting(database, name, value)

        self._with(act)

    @property
    def changes(self) -> int:
        """How often candidates or answers were written; what is kept of them is fresh if equal."""
        try:
            return int(self.setting("changes"))
        except ValueError:
            return 0

    def add(
        self,
        candidates: Iterable[NewCandidate],
        once: bool = False,
        settings: Mapping[str, str] | None = None,
    ) -> list[int]:
        """Put candidates at the end: all of them, or none where that fails.

        Args:
            candidates: in order.
            once: whether those are left out whose repeat unit is there, in this drawing.
            settings: that are changed with it, by name.

        Returns:
            The numbers of those that were put there.

        Raises:
            UserError: when the list would become too long, or cannot be written.
        """

        # Made before the file is held: that may take longer than others wait for it.
        new = list(candidates)

        def act(database: sqlite3.Connection) -> list[int]:
            count = _count(database)
            ids: list[int] = []
            for each in new:
                if once and database.execute(_HOLDS, [each.unit]).fetchone():
                    continue
                _demand_room(count + len(ids))
                ids.append(insert(database, each))
            for name, value in (settings or {}).items():
                set_setting(database, name, value)
            return ids

        return self._do(act)

    def candidates(self, ids: Sequence[int] | None = None) -> list[Candidate]:
        """The candidates, in the order that they were added, without those that were removed.

        Args:
            ids: those that are wanted; all when it is not given.
        """
        if ids is None:
            rows = self._ask(f"{_CANDIDATES} ORDER BY id")
        else:
            numbers = json.dumps([int(each) for each in ids])
            among = "AND id IN (SELECT value FROM json_each(?))"
            rows = self._ask(f"{_CANDIDATES} {among} ORDER BY id", [numbers])
        return [candidate_of(row) for row in rows]

    def ids(self) -> list[int]:
        """The numbers of all candidates, in the order that they were added."""
        rows = self._ask("SELECT id FROM candidates WHERE removed IS NULL ORDER BY id")
        return [int(row[0]) for row in rows]

    def without_unit(self) -> list[int]:
        """The numbers of the candidates that have no repeat unit."""
        rows = self._ask("SELECT id FROM candidates WHERE removed IS NULL AND unit IS NULL")
        return [int(row[0]) for row in rows]

    def units(self) -> list[str]:
        """The repeat units of the candidates that have one, in the order that they were added."""
        question = "SELECT unit FROM candidates WHERE removed IS NULL AND unit IS NOT NULL"
        return [str(row[0]) for row in self._ask(f"{question} ORDER BY id")]

    def count(self) -> int:
        """How many candidates there are."""
        return self._with(_count)

    def own_columns(self) -> list[str]:
        """The names of the columns that candidates brought from their files, in these' order."""
        rows = self._ask(
            f"SELECT own.key {_OWN} GROUP BY own.key ORDER BY min(candidates.id), own.id"
        )
        return [str(row[0]) for row in rows]

    def own_column(self, name: str) -> dict[int, str]:
        """The cells of such a column, by candidates' numbers; without those that are empty."""
        rows = self._ask(f"SELECT candidates.id, own.value {_OWN} AND own.key = ?", [name])
        return {int(row[0]): str(row[1]) for row in rows}

    def write_note(self, candidate: int, note: str, before: str) -> None:
        """Write a candidate's note; what another window has written meanwhile is kept above it.

        Args:
            candidate: its number.
            note: the new text.
            before: the text that it was made from.

        Raises:
            UserError: for a note that is too long, or a candidate that is not on the list.
        """
        if len(note) > LONGEST_NOTE:
            raise UserError(f"A note may have {LONGEST_NOTE:,} characters, not {len(note):,}.")

        def act(database: sqlite3.Connection) -> None:
            row = database.execute(
                "SELECT note FROM candidates WHERE id = ? AND removed IS NULL", [candidate]
            ).fetchone()
            if row is None:
                raise UserError("This candidate is not on the list any more; nothing was noted.")
            kept = note if row[0] in (before, note) else f"{row[0]}\n{note}"
            database.execute("UPDATE candidates SET note = ? WHERE id = ?", [kept, candidate])

        self._do(act)

    def put_units(self, units: Mapping[int, Sequence[tuple[str, str]]]) -> int:
        """Put repeat units in the place of candidates that have none; notes and columns stay.

        Args:
            units: repeat units with their names, by candidate's number: the first takes its place,
                further ones stand at the end of the list.

        Returns:
            In how many places they were put: a candidate may have been removed meanwhile, or got
            its repeat unit from another window.

        Raises:
            UserError: when the list would become too long, or cannot be written.
        """

        def act(database: sqlite3.Connection) -> int:
            placed = 0
            for candidate, ((unit, name), *further) in units.items():
                done = database.execute(_PUT_UNIT, [unit, name, candidate])
                placed += done.rowcount
                for each in further if done.rowcount else ():
                    _demand_room(_count(database))
                    database.execute(_COPY, [*each, time.time(), candidate])
            return placed

        return self._do(act)

    def remove(self, ids: Sequence[int]) -> None:
        """Take candidates off the list; `restore` brings them back."""
        now = time.time()
        rows = [(now, int(each)) for each in ids]
        self._do(
            lambda database: database.executemany(
                "UPDATE candidates SET removed = ? WHERE id = ? AND removed IS NULL", rows
            )
        )

    def forget(self, ids: Sequence[int]) -> None:
        """Take candidates off the list for good."""
        numbers = [(int(each),) for each in ids]
        self._do(
            lambda database: database.executemany("DELETE FROM candidates WHERE id = ?", numbers)
        )

    def restore(self) -> int:
        """Bring back what was removed last, all at once; returns how many candidates that were."""

        def act(database: sqlite3.Connection) -> int:
            return database.execute(
                "UPDATE candidates SET removed = NULL "
                "WHERE removed = (SELECT max(removed) FROM candidates)"
            ).rowcount

        return self._do(act)

    def removed(self) -> int:
        """How many candidates `restore` would bring back."""
        question = (
            "SELECT count(*) FROM candidates WHERE removed = (SELECT max(removed) FROM candidates)"
        )
        return int(self._ask(question)[0][0])

    def waiting(self, model: str) -> list[int]:
        """The candidates with a repeat unit that a model has not predicted yet."""
        return [
            int(row[0])
            for row in self._ask(
                "SELECT id FROM candidates WHERE removed IS NULL AND unit IS NOT NULL AND NOT "
                "EXISTS (SELECT 1 FROM answers WHERE model = ? AND candidate = id) ORDER BY id",
                [model],
            )
        ]

    def write_answers(self, model: str, description: str, answers: Sequence[Answer]) -> None:
        """Keep what a model says, with what it says of itself.

        Args:
            model: its key.
            description: of the model, see `engine.candidates.answers`.
            answers: of some candidates.
        """

        def act(database: sqlite3.Connection) -> None:
            row = database.execute("SELECT 1 FROM models WHERE model = ?", [model]).fetchone()
            if row is None:
                database.execute("INSERT INTO models VALUES (?, ?)", [model, description])
            database.executemany(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)",
                [(model, *each[:4]) for each in answers],
            )
            database.executemany(
                "UPDATE candidates SET name = ? WHERE id = ? AND name = ''",
                [(each.name, each.candidate) for each in answers if each.name],
            )

        self._do(act)

    def answers(self, model: str) -> tuple[str, list[Answer]]:
        """What a model said of itself, and of the candidates that it has predicted."""
        described = self._ask("SELECT description FROM models WHERE model = ?", [model])
        rows = self._ask(
            "SELECT candidate, numbers, warning, answers.problem FROM answers JOIN candidates "
            "ON id = candidate WHERE model = ? AND removed IS NULL ORDER BY candidate",
            [model],
        )
        return (str(described[0][0]) if described else ""), [Answer(*row) for row in rows]

    def write_hints(self, hints: Mapping[int, tuple[float | None, str]]) -> None:
        """Keep candidates' scores and alerts, by their numbers."""
        rows = [(candidate, *hint) for candidate, hint in hints.items()]
        self._do(
            lambda database: database.executemany(
                "INSERT OR REPLACE INTO hints VALUES (?, ?, ?)", rows
            )
        )

    def hints(self) -> dict[int, tuple[float | None, str]]:
        """The scores and alerts that are known, by candidates' numbers."""
        rows = self._ask("SELECT candidate, score, alerts FROM hints")
        return {int(row[0]): (number_or_none(row[1]), str(row[2])) for row in rows}

    def _ask(self, question: str, values: Sequence[object] = ()) -> list[tuple]:
        return self._with(lambda database: database.execute(question, values).fetchall())

    def _do(self, act: Callable[[sqlite3.Connection], _Result], new: bool = False) -> _Result:
        """Write something, and count that."""

        def counted(database: sqlite3.Connection) -> _Result:
            database.execute("BEGIN IMMEDIATE")
            done = act(database)
            database.execute(
                "UPDATE settings SET value = CAST(value AS INTEGER) + 1 WHERE name = 'changes'"
            )
            return done

        return self._with(counted, new)

    def _with(self, act: Callable[[sqlite3.Connection], _Result], new: bool = False) -> _Result:
        if not new and not is_database(self.path):
            raise UserError(
                f"The list of candidates {self.path} is not there, or is no file of a list."
            )
        with opened_database(self.path, "list of candidates") as database:
            if not new and holds_strange(database):
                raise UserError(f"{self.path} holds what no list of candidates does.")
            return act(database)


def _count(database: sqlite3.Connection) -> int:
    (count,) = database.execute("SELECT count(*) FROM candidates WHERE removed IS NULL").fetchone()
    return int(count)


def _demand_room(count: int) -> None:
    """Refuse one more candidate where there are so many."""
    if count >= MOST:
        raise UserError(
            f"A list holds at most {MOST:,} candidates, and this one would become longer: put some "
            "of them on another list."
        )
