"""What is done of a screening: finished parts in a folder beside its output."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import Timeout
from pandas.api.types import is_numeric_dtype
from pydantic import BaseModel, ConfigDict, ValidationError

from ..base.errors import UserError
from ..base.plain_files import read_file
from ..base.workspace import lock, replacing, write_atomic
from ..inference.specification import Requirement
from ..table.mending import FragmentsUse
from .inputs import InputFile

_PLAN = "screening.json"
_MOST_PLAN = 64 * 2**20
_ROWS, _GUESSES, _NUMBERS = b"rows", b"guesses", b"numbers"


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
        in_full: whether the ensemble predicts all rows, also where the model has a student.
        smiles, id: the columns that were named.
        conditions: at which all rows are predicted.
        fragments: what is done about molecules beside a repeat unit.
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
    in_full: bool
    smiles: str | None
    id: str | None
    conditions: dict[str, float | str]
    fragments: FragmentsUse

    @property
    def asked(self) -> list[Requirement]:
        """All that is asked of a row."""
        return [*self.keep, *([self.by] if self.by else [])]

    @property
    def asked_names(self) -> list[str]:
        """The properties of these, each once."""
        return [*dict.fromkeys(each.name for each in self.asked)]

    def column_of(self, requirement: Requirement) -> str:
        """The column with the predictions that a requirement is of."""
        return next(column for column, name in self.columns.items() if name == requirement.name)


class Part(NamedTuple):
    """Some rows of one file that are done.

    Attributes:
        kept: what is kept of them, in order; its index has their numbers among the rows of all
            files.
        problems: those that could not be predicted: file, id, repeat unit, and why.
        rows: how many there were.
        guesses: how many would have been kept but for a value that is a mere guess.
    """

    kept: pd.DataFrame
    problems: pd.DataFrame
    rows: int
    guesses: int


@dataclass(frozen=True)
class Stage:
    """One pass over rows, whose finished parts are files in a folder.

    Attributes:
        folder: of the parts.
        title: what progress calls the rows that are done.
        keep: what a row has to meet, to be kept.
        keeps_best: whether only the best of a part are kept, where so many are wanted.
    """

    folder: Path
    title: str
    keep: Sequence[Requirement] = ()
    keeps_best: bool = True

    def done(self) -> set[int]:
        """The numbers of the parts that are finished."""
        return {int(path.stem) for path in self.folder.glob("*.parquet") if path.stem.isdecimal()}

    def write(self, number: int, part: Part) -> None:
        """Keep a finished part; a reader finds all of it or nothing."""
        _write(self._problems(number), part.problems)
        # Last, and by its name alone: a part is finished when this file is there.
        about = {
            _ROWS: str(part.rows).encode(),
            _GUESSES: str(part.guesses).encode(),
            _NUMBERS: part.kept.index.to_numpy(dtype="<i8").tobytes(),
        }
        _write(self._kept(number), part.kept, about)

    def read(self, number: int) -> Part:
        """A finished part.

        Raises:
            UserError: when its files are damaged.
        """
        try:
            kept, problems = (pq.read_table(path(number)) for path in (self._kept, self._problems))
            about = kept.schema.metadata or {}
            rows, guesses = int(about[_ROWS]), int(about[_GUESSES])
            frame = kept.to_pandas()
            frame.index = pd.Index(np.frombuffer(about[_NUMBERS], dtype="<i8"))
        except (pa.ArrowException, OSError, KeyError, ValueError) as error:
            path = self._kept(number)
            raise UserError(
                f"{path} is damaged: remove it, and start again; only its rows are predicted anew."
            ) from error
        return Part(frame, problems.to_pandas(), rows, guesses)

    def parts(self) -> Iterator[Part]:
        """All finished parts, in order."""
        for number in sorted(self.done()):
            yield self.read(number)

    def _kept(self, number: int) -> Path:
        return self.folder / f"{number:08}.parquet"

    def _problems(self, number: int) -> Path:
        return self.folder / f"{number:08}.problems"


class Work:
    """What is done of a screening."""

    def __init__(self, folder: Path) -> None:
        """Keep it in a folder of its own."""
        self._folder = folder

    @property
    def unpacked(self) -> Path:
        """Where compressed files are unpacked to."""
        return self._folder / "unpacked"

    def stage(
        self, name: str, title: str, keep: Sequence[Requirement] = (), keeps_best: bool = True
    ) -> Stage:
        """The stage of that name, begun or gone on with; see `Stage`."""
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        return Stage(folder, title, keep, keeps_best)


@contextmanager
def work_on(plan: Plan, out: Path) -> Iterator[Work]:
    """The work of a plan, begun anew or gone on with; removed when the block ends well.

    Args:
        plan: of the screening.
        out: the file that its result is written to.

    Raises:
        UserError: when the work of another plan is there, or another process is at it.
    """
    folder = out.with_name(f"{out.name}.parts")
    folder.mkdir(parents=True, exist_ok=True)
    held = lock(out.with_name(f"{out.name}.lock"))
    try:
        held.acquire(timeout=0)
    except Timeout:
        raise UserError(f"Another process is screening into {out}: wait for it.") from None
    try:
        _check_plan(folder / _PLAN, plan, out)
        yield Work(folder)
        shutil.rmtree(folder)
    finally:
        held.release()
        Path(held.lock_file).unlink(missing_ok=True)


def _check_plan(path: Path, plan: Plan, out: Path) -> None:
    if not path.exists():
        write_atomic(path, plan.model_dump_json())
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


def _write(path: Path, frame: pd.DataFrame, about: dict[bytes, bytes] | None = None) -> None:
    table = pa.Table.from_pandas(frame, schema_of(frame), preserve_index=False)
    with replacing(path) as temporary:
        pq.write_table(table.replace_schema_metadata(about), temporary)


def schema_of(frame: pd.DataFrame) -> pa.Schema:
    """Numbers and texts: also of a column in which nothing stands, whose kind pandas cannot say."""
    return pa.schema(
        [
            (str(name), pa.float64() if is_numeric_dtype(frame[name]) else pa.string())
            for name in frame
        ]
    )
