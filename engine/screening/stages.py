"""The stages of a screening, each a pass over rows, and the parts that are finished of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pandas.api.types import is_numeric_dtype
from pydantic import BaseModel, ConfigDict

from ..base.errors import UserError
from ..base.plain_files import read_file
from ..base.workspace import replacing, write_atomic
from ..inference.specification import Requirement

_MOST_PLAN = 2**20
STAGE_PLAN = "stage.json"
"""The file that says what a stage does."""
TAKEN = ".taken"
"""How files end that say that a process is at a part."""
_WANTED = "wanted.bits"
_ROWS, _GUESSES, _NUMBERS = b"rows", b"guesses", b"numbers"


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


class StagePlan(BaseModel):
    """What is done in one pass over rows.

    Attributes:
        title: what progress calls the rows that are done.
        keep: what a row has to meet, to be kept.
        keeps_best: whether only the best of a part are kept, where so many are wanted.
        by_student: whether the student answers, and not the ensemble.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    keep: list[Requirement] = []
    keeps_best: bool = True
    by_student: bool = False


@dataclass(frozen=True)
class Stage:
    """One pass over rows, whose finished parts are files in a folder.

    Attributes:
        folder: of the parts.
        plan: what is done with the rows.
        wanted: shape `(N,)`, bool: which of all rows; every one where it is None.
    """

    folder: Path
    plan: StagePlan
    wanted: np.ndarray | None

    @classmethod
    def begin(cls, folder: Path, plan: StagePlan, wanted: np.ndarray | None = None) -> "Stage":
        """Begin a stage, for other processes to join, or go on with it.

        Args:
            folder: of its own.
            plan: what is done with the rows.
            wanted: which of all rows; see the class. Of a stage that is gone on with, those that
                it was begun with: its parts hold these.
        """
        folder.mkdir(exist_ok=True)
        if not (folder / STAGE_PLAN).exists():
            if wanted is not None:
                bits = len(wanted).to_bytes(8, "little") + np.packbits(wanted).tobytes()
                write_atomic(folder / _WANTED, bits)
            # Last: a stage is begun when this file is there.
            write_atomic(folder / STAGE_PLAN, plan.model_dump_json())
        return cls.begun(folder)

    @classmethod
    def begun(cls, folder: Path) -> "Stage":
        """A stage that was begun.

        Raises:
            UserError: when its files are damaged.
        """
        wanted = None
        try:
            plan = StagePlan.model_validate_json(read_file(folder / STAGE_PLAN, "", _MOST_PLAN))
            if (folder / _WANTED).exists():
                bits = (folder / _WANTED).read_bytes()
                count = int.from_bytes(bits[:8], "little")
                wanted = np.unpackbits(np.frombuffer(bits[8:], "u1"), count=count).astype(bool)
        except ValueError as error:
            raise UserError(f"{folder} is damaged: remove it, and start again.") from error
        return cls(folder, plan, wanted)

    def done(self) -> set[int]:
        """The numbers of the parts that are finished."""
        return {int(path.stem) for path in self.folder.glob("*.parquet") if path.stem.isdecimal()}

    def lacks(self, number: int) -> bool:
        """Whether a part is not finished."""
        return not self._kept(number).exists()

    def take(self, number: int) -> bool:
        """Whether a part is for this process to finish: it is not finished, and nobody is at it."""
        if not self.lacks(number):
            return False
        try:
            (self.folder / f"{number:08}{TAKEN}").touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def carry_out(self, go: Callable[[Callable[[int], bool]], int], to_the_end: bool) -> None:
        """Finish the parts that no other process has taken.

        Args:
            go: goes through all parts, finishes those of which a function says that they are to be
                finished, and returns how many there are.
            to_the_end: whether what others took and have not finished after that is done as well:
                they may be dead.
        """
        parts = go(self.take)
        if to_the_end and len(self.done()) < parts:
            go(self.lacks)

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
