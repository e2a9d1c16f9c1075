"""Predicting the rows of many files, part after part, so that a killed process loses little."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..base.errors import UserError
from ..inference.bundle import bundle_files
from ..inference.predict import Predictor
from ..inference.predicted_tables import PROBLEM, PredictedRows, RowPredictor, TableRows
from ..inference.specification import Requirement
from ..inference.streaming import CHUNK_ROWS
from ..table import Columns, RawTable, stream_table
from ..table.columns import free_name
from ..table.mending import FragmentsUse
from ..table.named_units import columns_of_units_or_names
from ..table.streaming import stream_of
from .inputs import described, find_files, unpacked
from .output import best_of, check_output, problems_file, write_result
from .work import Part, Plan, Work, work_on

PART_ROWS = 10 * CHUNK_ROWS
"""Rows that are kept at once: what a killed process has to do again."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many rows are done, and how many there are."""

_FILE = "file"


@dataclass(frozen=True)
class Wanted:
    """Which rows are kept.

    Attributes:
        keep: what their predictions have to meet; a row has to meet all.
        by: the property by whose direction the best are chosen; by the probability of meeting
            `keep` where it is None.
        top: how many of the best are kept, best first; all, in the order of the files, where it is
            None.
        with_guesses: whether a value counts that is a mere guess: of a unit with atoms that no
            training unit has.
    """

    keep: Sequence[Requirement] = ()
    by: Requirement | None = None
    top: int | None = None
    with_guesses: bool = False

    def check(self) -> None:
        """See that it can be carried out.

        Raises:
            UserError: when it contradicts itself.
        """
        if loose := [each.name for each in self.keep if not each.has_ends]:
            raise UserError(
                f"{loose[0]} has a direction and no end to be kept by: give the direction as what "
                "the best are chosen by, or an end such as “> 150”."
            )
        if self.by and (self.by.has_ends or not self.by.direction):
            raise UserError(
                f"The best cannot be chosen by {self.by.words()!r}: give one property and its "
                "direction, such as “Tc high”."
            )
        if self.by and self.top is None:
            raise UserError("Say how many of the best are to be kept.")
        if self.top is not None and self.top < 1:
            raise UserError("At least one row is to be kept.")
        if self.top is not None and not (self.by or self.keep):
            raise UserError("Say by what the best are to be chosen, such as “Tc high”.")


@dataclass(frozen=True)
class Screened:
    """What a screening came to.

    Attributes:
        rows: how many there were.
        kept: how many are in the result.
        problems: how many could not be predicted.
        guesses: how many would have been kept but for a value that is a mere guess.
        gone_on: how many rows were done already when this process began.
        problems_file: where those are that could not be predicted; None without any.
        skipped: files in folders whose names are not those of tables.
        unread: sentences about sheets of workbooks that were not read.
    """

    rows: int
    kept: int
    problems: int
    guesses: int
    gone_on: int
    problems_file: Path | None
    skipped: list[Path] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


class _File(NamedTuple):
    """A file that is opened: the name that is written, its rows, and how they are read."""

    name: str
    rows: int
    chunks: Callable[[int], Iterator[RawTable]]
    columns: Columns
    by_name: bool


class _Place(NamedTuple):
    """Where some rows belong: their file, their part, and whether they are its last."""

    file: str
    part: int
    is_last: bool


def screen(
    predictor: Predictor,
    inputs: Sequence[Path],
    out: Path,
    wanted: Wanted | None = None,
    progress: Progress | None = None,
    smiles: str | None = None,
    id: str | None = None,
    conditions: dict[str, float | str] | None = None,
    fragments: FragmentsUse = "refuse",
) -> Screened:
    """Predict the rows of any number of files, and write those that are wanted.

    Parts that are finished lie in a folder beside the output. A process that is killed loses a few
    seconds' work: the same call goes on, and its result is what it would have been.

    Args:
        predictor: the model.
        inputs: tables, compressed ones, and folders of them.
        out: the result, `.parquet` or `.csv`. Rows that could not be predicted are written beside
            it, to `…-problems.csv`.
        wanted: which rows are kept; all by default.
        progress: told how many rows are done.
        smiles, id: the columns of repeat units and ids in place of a guess; an empty `id` means
            that there is none.
        conditions: at which all rows are predicted, by name; the others are columns of the files.
        fragments: what is done about molecules beside a repeat unit, such as counter-ions.

    Raises:
        UserError: when a file cannot be read, what is wanted contradicts itself, or the output
            belongs to another screening.
    """
    wanted, info = wanted or Wanted(), predictor.info
    wanted.check()
    found = find_files(inputs)
    check_output(out, found.paths)
    row_predictor = RowPredictor(
        predictor, info.answer_columns, info.has_intervals, wanted.keep, conditions, fragments
    )
    described_files = [described(path) for path in found.paths]
    plan = Plan(
        inputs=described_files,
        model=bundle_files(predictor.folder).digest,
        part_rows=PART_ROWS,
        columns=info.answer_columns,
        keep=[*wanted.keep],
        by=wanted.by,
        top=wanted.top,
        with_guesses=wanted.with_guesses,
        smiles=smiles,
        id=id,
        conditions=conditions or {},
        fragments=fragments,
    )
    with work_on(plan, out) as work:
        files, unread = [], []
        for path, file in zip(found.paths, described_files, strict=True):
            stream = stream_table(unpacked(path, file, work.unpacked))
            row_predictor.check(stream.head)
            if words := stream.head.reading.unread_words:
                unread.append(f"{file.name}: {words}")
            columns, by_name = columns_of_units_or_names(stream.head, smiles, id)
            files.append(_File(file.name, stream.count, stream.chunks, columns, by_name))
        gone_on = _screen_rest(row_predictor, plan, work, files, progress)
        numbers = range(sum(-(-file.rows // PART_ROWS) for file in files))
        counts = write_result(plan, work, numbers, out)
    return Screened(
        *counts,
        gone_on=gone_on,
        problems_file=problems_file(out) if counts.problems else None,
        skipped=found.skipped,
        unread=unread,
    )


def _screen_rest(
    row_predictor: RowPredictor,
    plan: Plan,
    work: Work,
    files: Sequence[_File],
    progress: Progress | None,
) -> int:
    """Predict the parts that are not done; returns how many rows were done before."""
    done, total = work.done(), sum(file.rows for file in files)
    waiting: deque[_Place] = deque()
    before = count = 0

    def chunks() -> Iterator[TableRows]:
        nonlocal before, count
        number = 0
        for file in files:
            for part in file.chunks(PART_ROWS):
                if number in done:
                    before += len(part.rows)
                    count += len(part.rows)
                else:
                    few = [*stream_of(part).chunks(CHUNK_ROWS)]
                    for place, rows in enumerate(few, start=1):
                        waiting.append(_Place(file.name, number, place == len(few)))
                        yield TableRows(rows, file.columns, file.by_name)
                number += 1

    finished: list[Part] = []
    heads = _heads(files)
    # Of so many units, features are not worth the disk.
    with closing(row_predictor.predict(chunks(), store=False)) as stream:
        for predicted in stream:
            place = waiting.popleft()
            name = place.file if len(files) > 1 else None
            finished.append(_part_of(predicted, plan, row_predictor, heads, name))
            count += len(predicted.frame)
            if place.is_last:
                work.write(place.part, _joined(finished, plan))
                finished.clear()
            if progress:
                progress("repeat units", count, total)
    return before


def _heads(files: Sequence[_File]) -> tuple[str, str]:
    """The names of the columns of ids and repeat units: those of the files where they agree."""
    ids = {each.columns.id or "row" for each in files}
    units = {each.columns.smiles for each in files}
    return ids.pop() if len(ids) == 1 else "id", units.pop() if len(units) == 1 else "SMILES"


def _part_of(
    predicted: PredictedRows,
    plan: Plan,
    row_predictor: RowPredictor,
    heads: tuple[str, str],
    file: str | None,
) -> Part:
    """What is kept of some rows."""
    frame = predicted.frame
    _, _, *others = frame
    id_name = free_name(heads[0], others)
    frame = frame.set_axis([id_name, free_name(heads[1], [id_name, *others]), *others], axis=1)
    if file is not None:
        frame.insert(0, free_name(_FILE, frame), file)
    problem = frame.columns[-1]
    failed = frame[problem].notna().to_numpy()
    problems = frame.loc[failed, [*frame.columns[: 2 + (file is not None)], problem]]
    met, certain = ~failed, np.ones(len(frame), dtype=bool)
    rankable = predicted.predictions.rankable
    names = {each.name for each in (*plan.keep, *([plan.by] if plan.by else []))}
    for each in plan.keep:
        met &= np.array([each.met_by(value) for value in frame[plan.column_of(each)]], dtype=bool)
    for name in names:
        certain &= rankable[name].to_numpy()
    wanted = met & (certain | plan.with_guesses)
    kept = frame.loc[wanted].drop(columns=problem)
    guesses = 0 if plan.with_guesses else int((met & ~certain).sum())
    return Part(kept, problems.rename(columns={problem: PROBLEM}), len(frame), guesses)


def _joined(parts: Sequence[Part], plan: Plan) -> Part:
    """Some parts as one; where only the best are wanted, no more of them than that."""
    kept = pd.concat([part.kept for part in parts], ignore_index=True)
    return Part(
        kept if plan.top is None else best_of(kept, plan),
        pd.concat([part.problems for part in parts], ignore_index=True),
        sum(part.rows for part in parts),
        sum(part.guesses for part in parts),
    )
