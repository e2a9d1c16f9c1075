"""The result of a screening as one file, and the rows that could not be predicted beside it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ..base.errors import UserError
from ..base.plain_files import oddity
from ..base.workspace import demand_not_read, writing_to
from ..inference.predicted_tables import PROBLEM
from ..table.written import csv_text
from .stages import Part, schema_of
from .work import Plan

ALL = "probability_all"
"""The column with the probability of meeting all that is asked for."""


class _Writer(Protocol):
    """A file that rows are added to."""

    def write(self, frame: pd.DataFrame) -> None: ...

    def close(self) -> None: ...


class _ParquetWriter:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None

    def write(self, frame: pd.DataFrame) -> None:
        schema = schema_of(frame)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, schema)
        self._writer.write_table(pa.Table.from_pandas(frame, schema, preserve_index=False))

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


class _CsvWriter:
    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._is_new = True

    def write(self, frame: pd.DataFrame) -> None:
        self._file.write(csv_text(frame, header=self._is_new))
        self._is_new = False

    def close(self) -> None:
        self._file.close()


_WRITERS: dict[str, Callable[[Path], _Writer]] = {".parquet": _ParquetWriter, ".csv": _CsvWriter}


def check_output(out: Path, inputs: Sequence[Path]) -> None:
    """See that the result can be written to a file of that name.

    Args:
        out: the file.
        inputs: those that are read, and must not be lost.

    Raises:
        UserError: when its ending is that of no format, or something else lies there or where its
            problems would be written.
    """
    if out.suffix.lower() not in _WRITERS:
        raise UserError(f"{out} has to end in .parquet or .csv, the formats that are written.")
    for path in (out, problems_file(out)):
        demand_not_read(path, inputs)
        if (words := oddity(path)) not in ("", "is a link"):
            raise UserError(f"{path} {words}, where the result should be: name another file.")
        if not path.resolve().parent.is_dir():
            raise UserError(f"There is no folder {path.resolve().parent}: make it first.")
    if problems_file(out).exists() and not _is_of_problems(problems_file(out)):
        raise UserError(
            f"{problems_file(out)} is where rows that cannot be predicted would be written, and "
            "something else lies there: move it, or name another file for the result."
        )


def problems_file(out: Path) -> Path:
    """The file of the rows that could not be predicted."""
    return out.with_name(f"{out.stem}-problems.csv")


def _is_of_problems(path: Path) -> bool:
    """Whether a file is one that a screening wrote of its problems: it may be written again."""
    with path.open("rb") as file:
        return file.readline(2**16).strip().split(b",")[-1] == PROBLEM.encode()


def best_of(rows: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """The best rows that a plan asks for, best first; of equal ones, those that come first.

    Args:
        rows: whose index has their numbers.
        plan: of the screening.
    """
    scores = _scores(rows, plan)
    usable = np.flatnonzero(np.isfinite(scores))
    order = usable[np.lexsort((rows.index.to_numpy()[usable], -scores[usable]))]
    return rows.iloc[order[: plan.top]]


class Best:
    """The best rows that are found so far."""

    def __init__(self, plan: Plan) -> None:
        """Begin without any."""
        self._plan = plan
        self.rows: pd.DataFrame | None = None

    def add(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Look at some more rows; returns the best so far."""
        together = rows if self.rows is None else pd.concat([self.rows, rows])
        self.rows = best_of(together, self._plan)
        return self.rows


def _scores(rows: pd.DataFrame, plan: Plan) -> np.ndarray:
    if plan.by is None:
        return rows[ALL].to_numpy(dtype=float)
    sign = 1.0 if plan.by.direction == "high" else -1.0
    return sign * rows[plan.column_of(plan.by)].to_numpy(dtype=float)


class Counts(NamedTuple):
    """How many rows are kept, could not be predicted, were mere guesses, and lie outside.

    That is: of those that are kept, outside the applicability domain for what is asked for.
    """

    kept: int
    problems: int
    guesses: int
    outside: int


def write_result(
    plan: Plan,
    parts: Iterable[Part],
    unread: Iterable[pd.DataFrame],
    columns: pd.DataFrame,
    out: Path,
) -> Counts:
    """Write what is kept, and what could not be predicted.

    Args:
        plan: of the screening.
        parts: finished ones; in the order of their rows, unless only the best are wanted.
        unread: rows that no part has, since they could not be read.
        columns: a table without rows, with the columns of the result.
        out: the file of the result.
    """
    kept = problems = guesses = outside = 0
    best = Best(plan)
    beside = problems_file(out)
    with _writing(out) as writer, _writing(beside) as failed:
        for rows in unread:
            problems += len(rows)
            failed.write(rows)
        for part in parts:
            guesses += part.guesses
            problems += len(part.problems)
            if len(part.problems):
                failed.write(part.problems)
            if plan.top is None:
                kept += len(part.kept)
                outside += int(plan.is_outside(part.kept).sum())
                writer.write(part.kept)
            else:
                best.add(part.kept)
        if plan.top is not None:
            chosen = columns if best.rows is None else best.rows
            kept, outside = len(chosen), int(plan.is_outside(chosen).sum())
            writer.write(chosen)
        elif not kept:
            writer.write(columns)
    if not problems:
        # An empty one, or one of before, would say that there are some.
        beside.unlink()
    return Counts(kept, problems, guesses, outside)


@contextmanager
def _writing(path: Path) -> Iterator[_Writer]:
    with writing_to(path) as temporary:
        writer = _WRITERS[path.suffix.lower()](temporary)
        try:
            yield writer
        finally:
            writer.close()
