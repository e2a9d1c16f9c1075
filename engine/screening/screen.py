"""Screening files of any length: what is asked for, and how a result comes about."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..base.errors import UserError
from ..inference.bundle import bundle_files
from ..inference.predict import Predictor
from ..inference.predicted_tables import RowPredictor
from ..inference.specification import Requirement, read_specification
from ..settings.properties import Property
from ..table import stream_table
from ..table.mending import FragmentsUse
from ..table.named_units import columns_of_units_or_names
from .inputs import FoundFiles, described, find_files, unpacked
from .output import check_output, problems_file, write_result
from .passes import Job, all_in_full, by_student
from .scoring import PART_ROWS, Found, OpenedFile, Progress
from .student import Student
from .work import Plan, Work, work_on

FEWEST_ROWS = 20_000
"""Rows from which on a first pass by the student is quicker than the ensemble alone."""


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
        in_full: whether the ensemble predicts all rows, also where the model has a student.
    """

    keep: Sequence[Requirement] = ()
    by: Requirement | None = None
    top: int | None = None
    with_guesses: bool = False
    in_full: bool = False

    @classmethod
    def of_words(
        cls,
        answers: list[Property],
        keep: str = "",
        by: str = "",
        top: int | None = None,
        with_guesses: bool = False,
        in_full: bool = False,
    ) -> "Wanted":
        """What is wanted in words, such as `Tg > 150, Density < 1.2` and `Tc high`.

        Args:
            answers: the properties that the model answers.
            keep: what rows have to meet.
            by: the property by which the best are chosen, and its direction.
            top, with_guesses, in_full: see the class.

        Raises:
            UserError: when they cannot be read, or contradict each other.
        """
        directions = read_specification(by, answers)
        if len(directions) > 1 or (by.strip() and not directions):
            raise UserError(f"The best are chosen by one property and its direction, not {by!r}.")
        direction = directions[0] if directions else None
        wanted = cls(read_specification(keep, answers), direction, top, with_guesses, in_full)
        wanted.check()
        return wanted

    @classmethod
    def of_specification(cls, requirements: Sequence[Requirement], top: int) -> "Wanted":
        """The best rows that a specification asks for.

        They have to lie between all its ends. They are chosen by the property that should be as
        high or as low as possible; without one, by the probability of meeting the ends.

        Args:
            requirements: of the specification.
            top: how many rows.

        Raises:
            UserError: when several properties should be as high or as low as possible.
        """
        aims = [each for each in requirements if each.direction]
        if len(aims) > 1:
            raise UserError(
                f"Rows cannot be chosen by both {aims[0].name} and {aims[1].name}: let one of them "
                "be as high or as low as possible, and give the other an end."
            )
        keep = [each.model_copy(update={"direction": ""}) for each in requirements if each.has_ends]
        by = [Requirement(name=each.name, direction=each.direction) for each in aims]
        return cls(keep, by[0] if by else None, top)

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
) -> Screened:
    """Predict the rows of any number of files, and write those that are wanted.

    Parts that are finished lie in a folder beside the output. A process that is killed loses a few
    seconds' work: the same call goes on, and its result is what it would have been.

    Where the model has a student and only some of many rows are wanted, the student answers all of
    them first, and the ensemble predicts those that it cannot rule out.

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

    Raises:
        UserError: when a file cannot be read, what is wanted contradicts itself, or the output
            belongs to another screening.
    """
    found = find_files(inputs)
    check_output(out, found.paths)
    row_predictor, plan = planned(
        predictor, found, wanted or Wanted(), smiles, id, conditions, fragments
    )
    with work_on(plan, out) as work:
        files, unread = opened_files(found.paths, work, row_predictor, plan)
        rows = sum(file.rows for file in files)
        may_save_time = bool(plan.asked) and not plan.in_full and rows >= FEWEST_ROWS
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
) -> tuple[RowPredictor, Plan]:
    """What predicts the rows, and all that the result depends on; the arguments are `screen`'s.

    Raises:
        UserError: when what is wanted contradicts itself.
    """
    wanted.check()
    info = predictor.info
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
        in_full=wanted.in_full,
        smiles=smiles,
        id=id,
        conditions=conditions or {},
        fragments=fragments,
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
        columns, by_name = columns_of_units_or_names(stream.head, plan.smiles, plan.id)
        files.append(OpenedFile(file.name, stream.count, stream.chunks, columns, by_name))
    return files, unread
