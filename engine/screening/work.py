"""What is done of a screening: finished parts in a folder beside its output.

Several processes may work on it, also on other machines that see the folder. One of them began it,
says which stages there are, and writes the result. Each takes parts that no other has taken.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from ..base.errors import UserError
from ..base.plain_files import read_file
from ..base.workspace import lock, write_atomic
from ..inference.specification import Requirement
from ..inference.uncertainty import GUESS, OUTSIDE
from ..settings.polymer_columns import NOTHING_SAID, SaidUnits
from ..table.mending import FragmentsUse
from .inputs import WORK_SUFFIX, InputFile
from .stages import STAGE_PLAN, TAKEN, Stage, StagePlan

_PLAN = "screening.json"
_MOST_PLAN = 64 * 2**20


class Plan(BaseModel):
    """All that the result of a screening depends on.

    Attributes:
        inputs: the files, in order.
        model: the digest of the model's bundle.
        part_rows: rows of one file that are one part, but for its last.
        columns: of the properties that are written, with the properties' names.
        keep: what a row has to meet.
        by: by what the best are chosen; the probability of meeting `keep` where it is None.
        top: how many are chosen; None for all.
        with_guesses: whether rows are kept for values that are mere guesses.
        inside_only: whether they have to lie in the applicability domain for all that is asked for.
        in_full: whether the ensemble predicts all rows, also where the model has a student.
        smiles, id: the columns that were named.
        conditions: at which all rows are predicted.
        fragments: what is done about molecules beside a repeat unit.
        units: what was said of the columns of compositions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    inputs: list[InputFile]
    model: str
    part_rows: int
    columns: dict[str, str]
    keep: list[Requirement]
    by: Requirement | None
    top: int | None
    with_guesses: bool
    inside_only: bool
    in_full: bool
    smiles: str | None
    id: str | None
    conditions: dict[str, float | str]
    fragments: FragmentsUse
    units: SaidUnits = NOTHING_SAID

    @property
    def asked(self) -> list[Requirement]:
        """All that is asked of a row."""
        return [*self.keep, *([self.by] if self.by else [])]

    @property
    def asked_names(self) -> list[str]:
        """The properties of these, each once."""
        return [*dict.fromkeys(each.name for each in self.asked)]

    @property
    def key(self) -> str:
        """What tells it from all other plans."""
        # Where nothing is said of compositions, as it was before anything could be.
        unsaid = {"units"} if self.units == NOTHING_SAID else None
        return sha256(self.model_dump_json(exclude=unsaid).encode()).hexdigest()[:12]

    def is_outside(self, rows: pd.DataFrame) -> np.ndarray:
        """Which rows are known to lie outside the domain, for what is asked for or for anything.

        Args:
            rows: predicted ones; without columns of the domain, none of them are.
        """
        asked = self.asked_names or [*self.columns.values()]
        columns = [f"{column}_domain" for column, name in self.columns.items() if name in asked]
        said = rows[[column for column in columns if column in rows]]
        return said.isin([OUTSIDE, GUESS]).any(axis=1).to_numpy()

    def column_of(self, requirement: Requirement) -> str:
        """The column with the predictions that a requirement is of."""
        return next(column for column, name in self.columns.items() if name == requirement.name)


class Work:
    """What is done of a screening."""

    def __init__(self, plan: Plan, out: Path) -> None:
        """Keep it beside the output, apart from what others may still do for another plan."""
        self._folder, self._key = work_folder(out), plan.key

    @property
    def unpacked(self) -> Path:
        """Where compressed files are unpacked to."""
        return self._folder / "unpacked"

    @property
    def is_there(self) -> bool:
        """Whether the screening goes on."""
        return self._folder.exists()

    def stage(self, name: str, plan: StagePlan, wanted: np.ndarray | None = None) -> Stage:
        """The stage of that name, begun or gone on with; see `Stage.begin`."""
        return Stage.begin(self._folder / f"{name}-{self._key}", plan, wanted)

    def stages(self) -> list[Stage]:
        """The stages that are begun, the oldest first."""
        begun = [*self._folder.glob(f"*-{self._key}/{STAGE_PLAN}")]
        begun.sort(key=lambda path: path.stat().st_mtime_ns)
        return [Stage.begun(path.parent) for path in begun]


def work_folder(out: Path) -> Path:
    """Where finished parts lie, of the screening whose result is written to a file."""
    return out.with_name(f"{out.name}{WORK_SUFFIX}")


@contextmanager
def work_on(plan: Plan, out: Path) -> Iterator[Work]:
    """The work of a plan, begun anew or gone on with.

    It is removed when the block ends well, or ends before any part is finished.

    Args:
        plan: of the screening.
        out: the file that its result is written to.

    Raises:
        UserError: when the work of another plan, or something else, is there, or another process is
            at it.
    """
    folder = work_folder(out)
    held = lock(out.with_name(f"{out.name}.lock"))
    try:
        held.acquire(timeout=0)
    except Timeout:
        raise UserError(f"Another process is screening into {out}: wait for it.") from None
    try:
        _begin(folder, plan, out)
        try:
            yield Work(plan, out)
        except BaseException:
            if not any(folder.glob("*/*.parquet")):
                _remove(folder)
            raise
        _remove(folder)
    finally:
        Path(held.lock_file).unlink(missing_ok=True)
        held.release()


def _begin(folder: Path, plan: Plan, out: Path) -> None:
    """Begin the work of a plan in a folder, or see that it is that plan's."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is no folder, and finished parts would lie there: move it.")
    folder.mkdir(exist_ok=True)
    if (folder / _PLAN).exists():
        check_plan(plan, out)
    elif any(not each.name.startswith(".") for each in folder.iterdir()):
        raise UserError(
            f"{folder} holds something else, where finished parts would lie: move it, or write to "
            f"another file than {out.name}."
        )
    else:
        write_atomic(folder / _PLAN, plan.model_dump_json())
    # Whoever took them before is gone, or does not mind.
    for taken in folder.glob(f"*/*{TAKEN}"):
        taken.unlink(missing_ok=True)
    shutil.rmtree(_finished(folder), ignore_errors=True)


def _remove(folder: Path) -> None:
    """Remove the work.

    Of another name first: neither does what still writes into it keep it from being removed, nor is
    a part that is left taken for another screening's.
    """
    folder.rename(_finished(folder))
    shutil.rmtree(_finished(folder), ignore_errors=True)


def _finished(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.finished")


def check_plan(plan: Plan, out: Path) -> None:
    """See that the work for an output, where some was begun, is that of a plan.

    Raises:
        UserError: when it is another one's.
    """
    path = work_folder(out) / _PLAN
    if not path.exists():
        return
    try:
        begun = Plan.model_validate_json(read_file(path, "", _MOST_PLAN))
    except ValidationError:
        begun = None
    if begun != plan:
        others = [
            name.replace("_", " ")
            for name in Plan.model_fields
            if begun is None or getattr(begun, name) != getattr(plan, name)
        ]
        raise UserError(
            f"{path.parent} holds a screening that was begun with other words (other "
            f"{', '.join(others)}): go on with those, write to another file than {out.name}, or "
            "remove that folder to begin anew."
        )
