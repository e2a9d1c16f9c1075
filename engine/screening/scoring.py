"""Predicting rows of many files by the whole ensemble, part after part."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..inference.predicted_tables import PROBLEM, PredictedRows, RowPredictor, TableRows
from ..inference.specification import Requirement
from ..inference.streaming import CHUNK_ROWS
from ..table import Columns, RawTable
from ..table.columns import free_name
from ..table.streaming import one_below_another, some_rows, stream_of
from .output import best_of
from .stages import Part, Stage
from .work import Plan

PART_ROWS = 10 * CHUNK_ROWS
"""Rows that are kept at once: what a killed process has to do again."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many rows are done, and how many there are."""

Found = Callable[[pd.DataFrame], object]
"""Called with rows that are kept."""

FILE = "file"
"""The column that says from which of several files a row is."""


class OpenedFile(NamedTuple):
    """A file that is opened: the name that is written, its rows, and how they are read."""

    name: str
    rows: int
    chunks: Callable[[int], Iterator[RawTable]]
    columns: Columns
    by_name: bool


class Chunk(NamedTuple):
    """Some rows of one file that are read together.

    Attributes:
        file: the name that is written.
        table: the rows.
        rows: their numbers among those of all files.
    """

    file: str
    table: TableRows
    rows: np.ndarray


def parts_of(files: Sequence[OpenedFile], wanted: np.ndarray | None) -> Iterator[list[Chunk]]:
    """The rows of some files, in parts, and each of these in chunks.

    Args:
        files: in order.
        wanted: shape `(N,)`, bool: which of all rows; every one where it is None.
    """
    first = 0
    for file in files:
        chunks = _all_chunks(file, first) if wanted is None else _chunks_of(file, first, wanted)
        while part := [*islice(chunks, PART_ROWS // CHUNK_ROWS)]:
            yield part
        first += file.rows


def _all_chunks(file: OpenedFile, first: int) -> Iterator[Chunk]:
    """All rows of a file, whose first has this number."""
    # Read by the part: a file gives many rows more quickly than few.
    for part in file.chunks(PART_ROWS):
        for table in stream_of(part).chunks(CHUNK_ROWS):
            rows = np.arange(first, first + len(table.rows))
            yield Chunk(file.name, TableRows(table, file.columns, file.by_name), rows)
            first += len(table.rows)


def _chunks_of(file: OpenedFile, first: int, wanted: np.ndarray) -> Iterator[Chunk]:
    """Some rows of a file, of which so many are read together as of a whole file."""
    waiting: list[RawTable] = []
    numbers: list[int] = []
    for part in file.chunks(PART_ROWS):
        own = np.flatnonzero(wanted[first : first + len(part.rows)])
        if len(own):
            waiting.append(some_rows(part, own))
            numbers += (first + own).tolist()
        first += len(part.rows)
        while len(numbers) >= CHUNK_ROWS:
            whole = one_below_another(waiting)
            yield _chunk(file, some_rows(whole, slice(CHUNK_ROWS)), numbers[:CHUNK_ROWS])
            waiting = [some_rows(whole, slice(CHUNK_ROWS, None))]
            numbers = numbers[CHUNK_ROWS:]
    if numbers:
        yield _chunk(file, one_below_another(waiting), numbers)


def _chunk(file: OpenedFile, table: RawTable, rows: Sequence[int]) -> Chunk:
    return Chunk(file.name, TableRows(table, file.columns, file.by_name), np.array(rows))


class _Place(NamedTuple):
    """Where a chunk belongs, and whether it is the last of its part."""

    chunk: Chunk
    part: int
    is_last: bool


class Tally(NamedTuple):
    """How many rows of a stage were done before, and how many this process has done."""

    before: int
    own: int


def score(
    row_predictor: RowPredictor,
    plan: Plan,
    stage: Stage,
    files: Sequence[OpenedFile],
    told: Progress | None = None,
    found: Found | None = None,
    to_the_end: bool = True,
) -> Tally:
    """Predict the rows of a stage that are not done, and keep what the stage keeps of them.

    Args:
        row_predictor: predicts them.
        plan: of the screening.
        stage: whose parts are finished here.
        files: that are screened.
        told: of how many rows are done, or in hand in other processes.
        found: told what is kept of each part, also of those that others finished.
        to_the_end: see `Stage.carry_out`.
    """
    scoring = _Scoring(row_predictor, plan, stage, files, told, found)
    stage.carry_out(scoring.go, to_the_end)
    scoring.tell_found()
    return Tally(scoring.before, scoring.own)


@dataclass
class _Scoring:
    """One stage, predicted by this process and perhaps by others; see `score`."""

    row_predictor: RowPredictor
    plan: Plan
    stage: Stage
    files: Sequence[OpenedFile]
    told: Progress | None
    found: Found | None

    def __post_init__(self) -> None:
        """Look at what is done already."""
        wanted = self.stage.wanted
        self._total = sum(file.rows for file in self.files) if wanted is None else int(wanted.sum())
        self._heads = heads_of(self.files)
        self._done_before = self.stage.done()
        self._counted: set[int] = set()
        self._others = 0
        self.before = self.own = 0

    def go(self, is_ours: Callable[[int], bool]) -> int:
        """Finish some parts; returns how many the stage has, see `Stage.carry_out`."""
        waiting: deque[_Place] = deque()
        self._others, parts = 0, 0

        def chunks() -> Iterator[TableRows]:
            nonlocal parts
            for number, part in enumerate(parts_of(self.files, self.stage.wanted)):
                parts += 1
                if not is_ours(number):
                    self._pass_over(number, sum(len(chunk.rows) for chunk in part))
                    continue
                for place, chunk in enumerate(part, start=1):
                    waiting.append(_Place(chunk, number, place == len(part)))
                    yield chunk.table

        finished: list[Part] = []
        # Of so many units, features are not worth the disk.
        with closing(self.row_predictor.predict(chunks(), store=False)) as stream:
            for predicted in stream:
                chunk, number, is_last = waiting.popleft()
                finished.append(self._part(predicted, chunk))
                self.own += len(chunk.rows)
                if is_last:
                    self._finish(number, finished)
                    finished.clear()
                if self.told:
                    count = self.before + self._others + self.own
                    self.told(self.stage.plan.title, count, self._total)
        return parts

    def tell_found(self) -> None:
        """Tell what is kept of the parts that were not told of yet."""
        if self.found:
            for number in sorted(self.stage.done() - self._counted):
                self._counted.add(number)
                self.found(self.stage.read(number).kept)

    def _pass_over(self, number: int, rows: int) -> None:
        if number in self._counted:
            return
        if number not in self._done_before:
            self._others += rows
            return
        self.before += rows
        self._counted.add(number)
        if self.found:
            self.found(self.stage.read(number).kept)

    def _part(self, predicted: PredictedRows, chunk: Chunk) -> Part:
        name = chunk.file if len(self.files) > 1 else None
        keep = self.stage.plan.keep
        return _part_of(predicted, chunk.rows, self.plan, keep, self._heads, name)

    def _finish(self, number: int, chunks: Sequence[Part]) -> None:
        part = _joined(chunks, self.plan, self.stage.plan.keeps_best)
        self.stage.write(number, part)
        self._counted.add(number)
        if self.found:
            self.found(part.kept)


def heads_of(files: Sequence[OpenedFile]) -> tuple[str, str]:
    """The names of the columns of ids and repeat units: those of the files where they agree."""
    ids = {each.columns.id or "row" for each in files}
    units = {each.columns.text_name for each in files}
    return ids.pop() if len(ids) == 1 else "id", units.pop() if len(units) == 1 else "SMILES"


def _part_of(
    predicted: PredictedRows,
    rows: np.ndarray,
    plan: Plan,
    keep: Sequence[Requirement],
    heads: tuple[str, str],
    file: str | None,
) -> Part:
    """What is kept of some rows; their numbers are its index."""
    frame = predicted.frame.set_axis(rows, axis=0)
    # The last is the problem, of whatever name was free beside the table's own columns.
    others = [*frame.columns[2:-1], PROBLEM]
    id_name = free_name(heads[0], others)
    frame = frame.set_axis([id_name, free_name(heads[1], [id_name, *others]), *others], axis=1)
    if file is not None:
        frame.insert(0, free_name(FILE, frame), file)
    failed = frame[PROBLEM].notna().to_numpy()
    problems = frame.loc[failed, [*frame.columns[: 2 + (file is not None)], PROBLEM]]
    met, certain = ~failed, np.ones(len(frame), dtype=bool)
    rankable = predicted.predictions.rankable
    for each in keep:
        met &= np.array([each.met_by(value) for value in frame[plan.column_of(each)]], dtype=bool)
    for name in plan.asked_names:
        certain &= rankable[name].to_numpy()
    if plan.inside_only:
        met &= ~plan.is_outside(frame)
    wanted = met & (certain | plan.with_guesses)
    kept = frame.loc[wanted].drop(columns=PROBLEM)
    guesses = 0 if plan.with_guesses else int((met & ~certain).sum())
    return Part(kept, problems, len(frame), guesses)


def _joined(parts: Sequence[Part], plan: Plan, keeps_best: bool) -> Part:
    """Some parts as one; where only the best are wanted, no more of them than that."""
    kept = pd.concat([part.kept for part in parts])
    return Part(
        best_of(kept, plan) if plan.top is not None and keeps_best else kept,
        pd.concat([part.problems for part in parts]),
        sum(part.rows for part in parts),
        sum(part.guesses for part in parts),
    )
