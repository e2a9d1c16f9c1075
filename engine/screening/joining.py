"""Helping with a screening that another process, perhaps on another machine, carries out."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..base.errors import UserError
from ..inference.bundle import bundle_files
from ..inference.predict import Predictor
from ..inference.predicted_tables import RowPredictor
from ..settings.polymer_columns import NOTHING_SAID, SaidUnits
from ..table.mending import FragmentsUse
from .carry_out import opened_files, planned
from .first_pass import first_pass
from .inputs import find_files
from .scoring import OpenedFile, Progress, score
from .stages import Stage
from .student import Student
from .wanted import Wanted
from .work import Plan, Work, check_plan

_SECONDS_BETWEEN = 1.0
"""Of two looks for something to do."""


def join(
    predictor: Predictor,
    inputs: Sequence[Path],
    out: Path,
    wanted: Wanted | None = None,
    progress: Progress | None = None,
    smiles: str | None = None,
    id: str | None = None,
    conditions: dict[str, float | str] | None = None,
    fragments: FragmentsUse = "refuse",
    patience: float = 600.0,
    units: SaidUnits = NOTHING_SAID,
) -> int:
    """Do parts of a screening that nobody has taken, until it has ended.

    The process that carries it out writes the result, and does what a helper that died left undone.

    Args:
        predictor, inputs, out, wanted, progress, smiles, id, conditions, fragments, units: those of
            the process that is helped; see `screen`.
        patience: seconds without anything to do after which it is not waited any longer.

    Returns:
        How many rows were predicted here, by the student or by the ensemble.

    Raises:
        UserError: when another screening is under way for that output, or a file cannot be read.
    """
    found = find_files(inputs)
    row_predictor, plan = planned(
        predictor, found, wanted or Wanted(), smiles, id, conditions, fragments, units
    )
    work, own, last = Work(plan, out), 0, time.monotonic()
    ended: set[Path] = set()
    helper: _Helper | None = None
    try:
        while time.monotonic() - last < patience:
            check_plan(plan, out)
            waiting = [stage for stage in work.stages() if stage.folder not in ended]
            if not waiting:
                if helper is not None and not work.is_there:
                    break
                time.sleep(_SECONDS_BETWEEN)
                continue
            if helper is None:
                files, _ = opened_files(found.paths, work, row_predictor, plan)
                helper = _Helper(row_predictor, plan, files, progress)
            own += helper.help_with(waiting[-1])
            ended |= {stage.folder for stage in waiting}
            last = time.monotonic()
    except (FileNotFoundError, UserError):
        # It ended meanwhile, and removed its folder.
        if work.is_there:
            raise
    if helper is None:
        raise UserError(
            f"No screening into {out} is under way: begin it with the same words without --join."
        )
    return own


@dataclass(frozen=True)
class _Helper:
    """What a helper reads and predicts with."""

    row_predictor: RowPredictor
    plan: Plan
    files: Sequence[OpenedFile]
    progress: Progress | None

    def help_with(self, stage: Stage) -> int:
        """Do parts of a stage that nobody has taken; returns how many rows they have."""
        if not stage.plan.by_student:
            return score(
                self.row_predictor, self.plan, stage, self.files, self.progress, to_the_end=False
            ).own
        predictor = self.row_predictor.predictor
        student = Student.of(bundle_files(predictor.folder), predictor.info)
        if student is None:
            raise UserError("The model has no student here: is it the same model?")
        return first_pass(
            student, self.plan, stage, self.files, self.progress, to_the_end=False
        ).own
