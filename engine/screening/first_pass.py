"""The first pass of a screening: what a student says of all rows, and which cannot be read."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from ..base.hardware import usable_cores
from ..base.packed import Graph, PackedGraphs, pack
from ..base.workers import worker_pool
from ..inference.predicted_tables import PROBLEM, TableRows, texts_of
from ..inference.submission import ids_of
from ..inference.table_rows import tell_names
from ..table.columns import free_name
from ..table.mending import FragmentsUse
from .scoring import FILE, PART_ROWS, OpenedFile, Progress, Tally, heads_of
from .stages import Part, Stage
from .work import Plan

if TYPE_CHECKING:
    from .student import Student

_AHEAD = 2
"""Parts of each worker that may wait to be answered."""


class ReadUnits(NamedTuple):
    """Some rows' repeat units, as a student reads them.

    Attributes:
        graphs: of each of N rows; None where a student cannot judge it, which only says that the
            ensemble has to, or it cannot be read.
        problems: by position, why a row cannot be read.
    """

    graphs: list[Graph | None]
    problems: dict[int, str]


def graphs_of(texts: Sequence[str]) -> ReadUnits:
    """Read N repeat units, each different text once."""
    from ..chem.composition import is_composition
    from ..chem.graphs import chain_graph_of_drawing
    from ..chem.smiles import BadSmilesError

    known: dict[str, Graph | None] = {}
    reasons: dict[str, str] = {}
    for text in dict.fromkeys(texts):
        known[text] = None
        # What stands beside a unit, and compositions, are for the ensemble to refuse or to take.
        if "." in text or is_composition(text):
            continue
        try:
            known[text] = chain_graph_of_drawing(text)
        except BadSmilesError as error:
            reasons[text] = str(error)
    problems = {row: reasons[text] for row, text in enumerate(texts) if text in reasons}
    return ReadUnits([known[text] for text in texts], problems)


class PackedUnits(NamedTuple):
    """The graphs of some rows on their way between processes, and which rows they are of."""

    graphs: PackedGraphs
    rows: np.ndarray
    problems: dict[int, str]


def packed_units(texts: Sequence[str]) -> PackedUnits:
    """Read some rows and pack their graphs, as a worker does with a part."""
    read = graphs_of(texts)
    judged = [(row, graph) for row, graph in enumerate(read.graphs) if graph is not None]
    rows = np.array([row for row, _ in judged], dtype=np.int64)
    return PackedUnits(pack([graph for _, graph in judged]), rows, read.problems)


def first_pass(
    student: "Student",
    plan: Plan,
    stage: Stage,
    files: Sequence[OpenedFile],
    told: Progress | None = None,
    to_the_end: bool = True,
) -> Tally:
    """Let a student answer all rows that it has not answered yet.

    A finished part holds what is asked of the rows that can be read, on the properties' scales, NaN
    where the student cannot judge.

    Args:
        student: of the model.
        plan: of the screening.
        stage: whose parts are finished here.
        files: that are screened.
        told: of how many rows are done, or in hand in other processes.
        to_the_end: see `Stage.carry_out`.
    """
    done, total = stage.done(), sum(file.rows for file in files)
    names = plan.asked_names
    columns = [student.info.names.index(name) for name in names]
    heads, several = heads_of(files), len(files) > 1
    before = own = 0

    def go(is_ours: Callable[[int], bool]) -> int:
        nonlocal before, own
        waiting: deque[_Part] = deque()
        before = passed = count = 0

        def parts() -> Iterator[list[str]]:
            nonlocal before, passed, count
            for part in _parts_of(files, plan.fragments):
                count += 1
                if is_ours(part.number):
                    waiting.append(part)
                    yield part.texts
                    continue
                passed += len(part.texts)
                before += len(part.texts) * (part.number in done)

        with closing(_answers(student, parts())) as answers:
            for values, problems in answers:
                part = waiting.popleft()
                stage.write(
                    part.number, part.answered(values[:, columns], names, problems, heads, several)
                )
                own += len(part.texts)
                passed += len(part.texts)
                if told:
                    told(stage.plan.title, passed, total)
        return count

    stage.carry_out(go, to_the_end)
    return Tally(before, own)


class _Part(NamedTuple):
    """Some rows of one file: the part's number, the first row's, and what is read of them.

    `texts`, `shown` and `unread` are what `TextsToPredict` has.
    """

    number: int
    first: int
    file: str
    rows: TableRows
    texts: list[str]
    shown: list[str | None]
    unread: dict[int, str]

    def answered(
        self,
        values: np.ndarray,
        names: Sequence[str],
        problems: dict[int, str],
        heads: tuple[str, str],
        several: bool,
    ) -> Part:
        """The part, as it is kept: the values of rows that can be read, and why others cannot."""
        if self.rows.by_name:
            tell_names(problems, self.texts)
        problems.update(self.unread)
        numbers = np.arange(self.first, self.first + len(self.texts))
        frame = pd.DataFrame(values, numbers, [*names])
        table, columns, _ = self.rows
        failed = sorted(problems)
        ids = ids_of(table, columns.id)[1]
        id_name = free_name(heads[0], [PROBLEM])
        said = {
            id_name: [ids[row] for row in failed],
            free_name(heads[1], [id_name, PROBLEM]): [self.shown[row] for row in failed],
            PROBLEM: [problems[row] for row in failed],
        }
        beside = pd.DataFrame(said, dtype=object)
        if several:
            beside.insert(0, free_name(FILE, beside), self.file)
        return Part(frame.drop(index=numbers[failed]), beside, len(frame), 0)


def _parts_of(files: Sequence[OpenedFile], fragments: FragmentsUse) -> Iterator[_Part]:
    number = first = 0
    for file in files:
        for table in file.chunks(PART_ROWS):
            rows = TableRows(table, file.columns, file.by_name)
            read = texts_of(rows, fragments)
            yield _Part(number, first, file.name, rows, read.texts, read.shown, read.problems)
            number += 1
            first += len(table.rows)


def _answers(
    student: "Student", parts: Iterable[Sequence[str]]
) -> Generator[tuple[np.ndarray, dict[int, str]], None, None]:
    """What a student says of part after part, in the order given, while workers read the next.

    Yields:
        Of N rows the values, shape `(N, J)`, float32, on the properties' scales, NaN where it
        cannot judge; and by position why a row cannot be read.
    """
    import torch

    workers = usable_cores()
    torch.set_num_threads(max(1, workers // 3))
    waiting: deque[tuple[int, Future[PackedUnits]]] = deque()

    def next_answer() -> tuple[np.ndarray, dict[int, str]]:
        count, future = waiting.popleft()
        graphs, rows, problems = future.result()
        values = np.full((count, len(student.info.names)), np.nan, np.float32)
        if len(rows):
            values[rows] = student.predict(graphs)
        return values, problems

    with worker_pool(workers, give_way=True) as pool:
        for texts in parts:
            waiting.append((len(texts), pool.submit(packed_units, texts)))
            if len(waiting) > _AHEAD * workers:
                yield next_answer()
        while waiting:
            yield next_answer()
