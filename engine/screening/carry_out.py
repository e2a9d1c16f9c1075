"""Screening files of any length: how a result comes about."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..inference.bundle import bundle_files
from ..inference.predict import Predictor
from ..inference.predicted_tables import RowPredictor
from ..inference.table_rows import columns_in
from ..settings.polymer_columns import NOTHING_SAID, SaidUnits
from ..table import stream_table
from ..table.mending import FragmentsUse
from .inputs import FoundFiles, described, find_files, unpacked
from .output import check_output, problems_file, write_result
from .passes import Job, all_in_full, by_student
from .scoring import PART_ROWS, Found, OpenedFile, Progress
from .student import Student
from .wanted import Wanted
from .work import Plan, Work, work_on

FEWEST_ROWS = 20_000
"""Rows from which on a first pass by the student is quicker than the ensemble alone."""


@dataclass(frozen=True)
class Screened:
    """What a screening came to.

    Attributes:
        rows: how many there were.
        kept: how many are in the result.
        problems: how many could not be predicted.
        guesses: how many would have been kept but for a value that is a mere guess; of those that
            the ensemble predicted.
        outside: how many that are kept lie outside the applicability domain for what is asked for.
        in_full: how many the ensemble predicted; fewer than `rows` where a student ruled the others
            out.
        lacks_student: whether a student of the model would have saved time.
        gone_on: how many rows were done already when this process began.
        problems_file: where those are that could not be predicted; None without any.
        skipped: files in folders whose names are not those of tables.
        unread: sentences about sheets of workbooks that were not read.
    """

    rows: int
    kept: int
    problems: int
    guesses: int
    outside: int
    in_full: int
    lacks_student: bool
    gone_on: int
    problems_file: Path | None
    skipped: list[Path] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


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
    best_so_far: Found | None = None,
    units: SaidUnits = NOTHING_SAID,
) -> Screened:
    """Predict the rows of any number of files, and write those that are wanted.

    Parts that are finished lie in a folder beside the output. A process that is killed loses a few
    seconds' work: the same call goes on, and its result is what it would have been.

    Where the model has a student and only some of many rows are wanted, the student answers all of
    them first, and the ensemble predicts those that it cannot rule out, and all compositions.

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
        best_so_far: where only the best are wanted, told which those are whenever some rows have
            been predicted.
        units: the user's word on the columns of compositions.

    Raises:
        UserError: when a file cannot be read, what is wanted contradicts itself, or the output
            belongs to another screening.
    """
    found = find_files(inputs)
    check_output(out, found.paths)
    row_predictor, plan = planned(
        predictor, found, wanted or Wanted(), smiles, id, conditions, fragments, units
    )
    with work_on(plan, out) as work:
        files, unread = opened_files(found.paths, work, row_predictor, plan)
        rows = sum(file.rows for file in files)
        # A student reads single repeat units, and could rule out no row of compositions.
        single = any(not file.columns.units for file in files)
        may_save_time = bool(plan.asked) and not plan.in_full and rows >= FEWEST_ROWS and single
        student = None
        if may_save_time:
            student = Student.of(bundle_files(predictor.folder), predictor.info)
        job = Job(row_predictor, plan, work, files, progress, best_so_far)
        done = all_in_full(job) if student is None else by_student(job, student)
        counts = write_result(plan, done.parts(), done.unread(), done.columns, out)
    return Screened(
        rows,
        *counts,
        in_full=done.in_full,
        lacks_student=may_save_time and student is None and not predictor.info.conditions,
        gone_on=done.gone_on,
        problems_file=problems_file(out) if counts.problems else None,
        skipped=found.skipped,
        unread=unread,
    )


def planned(
    predictor: Predictor,
    found: FoundFiles,
    wanted: Wanted,
    smiles: str | None,
    id: str | None,
    conditions: dict[str, float | str] | None,
    fragments: FragmentsUse,
    units: SaidUnits = NOTHING_SAID,
) -> tuple[RowPredictor, Plan]:
    """What predicts the rows, and all that the result depends on; the arguments are `screen`'s.

    Raises:
        UserError: when what is wanted contradicts itself.
    """
    wanted.check()
    info = predictor.info
    if wanted.inside_only:
        predictor.demand_intervals()
    row_predictor = RowPredictor(
        predictor, info.answer_columns, info.has_intervals, wanted.keep, conditions, fragments
    )
    plan = Plan(
        inputs=[described(path) for path in found.paths],
        model=bundle_files(predictor.folder).digest,
        part_rows=PART_ROWS,
        columns=info.answer_columns,
        keep=[*wanted.keep],
        by=wanted.by,
        top=wanted.top,
        with_guesses=wanted.with_guesses,
        inside_only=wanted.inside_only,
        in_full=wanted.in_full,
        smiles=smiles,
        id=id,
        conditions=conditions or {},
        fragments=fragments,
        units=units,
    )
    return row_predictor, plan


def opened_files(
    paths: Sequence[Path], work: Work, row_predictor: RowPredictor, plan: Plan
) -> tuple[list[OpenedFile], list[str]]:
    """The files, and sentences about what of them is not read."""
    files, unread = [], []
    for path, file in zip(paths, plan.inputs, strict=True):
        stream = stream_table(unpacked(path, file, work.unpacked))
        row_predictor.check(stream.head)
        if words := stream.head.reading.unread_words:
            unread.append(f"{file.name}: {words}")
        info = row_predictor.predictor.info
        columns, by_name = columns_in(stream.head, info, plan.smiles, plan.id, plan.units)
        files.append(OpenedFile(file.name, stream.count, stream.chunks, columns, by_name))
    return files, unread
