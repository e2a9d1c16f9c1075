"""How a screening is carried out: by the ensemble alone, or after a first pass by the student."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..inference.predicted_tables import RowPredictor
from ..settings.properties import Property, scaled_columns
from .first_pass import first_pass
from .narrowing import FirstPass, Scored, mask_of, may_meet, next_rows, sample_of
from .output import Best
from .scoring import Found, OpenedFile, Progress, Tally, score
from .stages import Part, Stage, StagePlan
from .student import Student
from .work import Plan, Work

_IN_FULL = "repeat units"
"""What progress calls rows that the ensemble predicts."""


class Job(NamedTuple):
    """What is screened, how, where it is kept, and who is told how far it is and what is best."""

    row_predictor: RowPredictor
    plan: Plan
    work: Work
    files: Sequence[OpenedFile]
    told: Progress | None
    best_so_far: Found | None

    @property
    def rows(self) -> int:
        """How many rows all files have."""
        return sum(file.rows for file in self.files)

    @property
    def asked(self) -> list[Property]:
        """The properties of which something is asked."""
        answers = {each.name: each for each in self.row_predictor.predictor.info.answers}
        return [answers[name] for name in self.plan.asked_names]

    def values(self, frame: pd.DataFrame) -> np.ndarray:
        """What the ensemble says of the asked properties, on their scales; shape `(N, J)`."""
        named = {name: column for column, name in self.plan.columns.items()}
        own = frame[[named[each.name] for each in self.asked]].to_numpy(dtype=float)
        return scaled_columns(self.asked, own)

    def score(self, stage: Stage, best: Best | None = None) -> Tally:
        """Predict the rows of a stage; see `engine.screening.scoring.score`."""

        def found(rows: pd.DataFrame) -> None:
            if best is not None:
                so_far = best.add(rows)
                if self.best_so_far:
                    self.best_so_far(so_far)

        return score(self.row_predictor, self.plan, stage, self.files, self.told, found)

    def new_best(self) -> Best | None:
        """The best rows, where only such are wanted."""
        return None if self.plan.top is None else Best(self.plan)


@dataclass(frozen=True)
class Done:
    """A screening whose rows are all predicted, or ruled out.

    Attributes:
        stages: whose parts hold what may be kept.
        first: the student's, which holds rows that could not be read; None without one.
        columns: a table without rows, with the columns of the result.
        in_full: how many rows the ensemble predicted.
        gone_on: how many rows were done before.
    """

    stages: Sequence[Stage]
    first: Stage | None
    columns: pd.DataFrame
    in_full: int
    gone_on: int

    def parts(self) -> Iterator[Part]:
        """All parts of the stages."""
        for stage in self.stages:
            yield from stage.parts()

    def unread(self) -> Iterator[pd.DataFrame]:
        """The rows that the first pass could not read."""
        for part in self.first.parts() if self.first else ():
            if len(part.problems):
                yield part.problems


def all_in_full(job: Job) -> Done:
    """Let the ensemble predict all rows."""
    stage = job.work.stage("all", StagePlan(title=_IN_FULL, keep=job.plan.keep))
    gone_on = job.score(stage, best=job.new_best()).before
    return Done([stage], None, stage.read(0).kept.iloc[:0], job.rows, gone_on)


def by_student(job: Job, student: Student) -> Done:
    """Let the student answer all rows, and the ensemble predict those that it cannot rule out."""
    stage = job.work.stage("first", StagePlan(title="first pass", by_student=True))
    gone_on = first_pass(student, job.plan, stage, job.files, job.told).before
    values, readable = _answers(stage, job.rows, len(job.asked))
    sampled = sample_of(readable)
    if not len(sampled):
        return all_in_full(job)
    sample_plan = StagePlan(title="sample", keeps_best=False)
    sample = job.work.stage("sample", sample_plan, mask_of(sampled, job.rows))
    job.score(sample)
    compared = pd.concat([part.kept for part in sample.parts()])
    margins = student.margins.for_file(
        job.plan.asked_names, values[compared.index], job.values(compared)
    )
    first = FirstPass(job.asked, values, readable, margins)
    stages, scored = _scored_stages(job, first)
    scored[sampled] = True
    return Done(stages, stage, compared.iloc[:0], int(scored.sum()), gone_on)


def _answers(stage: Stage, rows: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """What the student said of all rows, and which of them can be read."""
    values = np.full((rows, width), np.nan, np.float32)
    readable = np.zeros(rows, dtype=bool)
    for part in stage.parts():
        values[part.kept.index] = part.kept.to_numpy()
        readable[part.kept.index] = True
    return values, readable


def _scored_stages(job: Job, first: FirstPass) -> tuple[list[Stage], np.ndarray]:
    """The stages in which the ensemble predicts what is not ruled out, and a mask of these rows.

    All rows that may meet what is asked for; or where the best are wanted by a property, as many
    rounds as it takes until no other row can be one of them.
    """
    plan = job.plan
    may, stage_plan = may_meet(first, plan.keep), StagePlan(title=_IN_FULL, keep=plan.keep)
    if plan.by is None or plan.top is None:
        stage = job.work.stage("round-1", stage_plan, may)
        job.score(stage, job.new_best())
        return [stage], may
    column = plan.asked_names.index(plan.by.name)
    stages: list[Stage] = []
    best = Best(plan)
    done, scored = np.zeros(job.rows, dtype=bool), Scored.none()
    for number in count(1):
        rows = next_rows(first, plan.by, plan.top, may, done, scored)
        if not len(rows):
            break
        mask = mask_of(rows, job.rows)
        stages.append(job.work.stage(f"round-{number}", stage_plan, mask))
        job.score(stages[-1], best)
        done |= mask
        if best.rows is not None:
            scored = Scored(best.rows.index.to_numpy(), job.values(best.rows)[:, column])
    return stages, done
