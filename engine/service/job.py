"""A batch job: what is asked of an uploaded table, and how far that is."""

import re
import time
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from ..base.errors import UserError
from ..base.plain_files import read_file
from ..base.workspace import write_atomic
from ..inference.bundle import BundleInfo
from ..screening import Wanted
from ..screening.output import problems_file
from ..table.mending import FragmentsUse

State = Literal["waiting", "working", "done", "failed"]

MOST_ROWS = 5_000_000
"""Rows of a table; a few bytes of a Parquet file can be any number of them."""

_JOB, _TABLE, _RESULT = "job.json", "table", "result.csv"
_ID = re.compile(r"[0-9a-f]{16}")
_MOST_BYTES = 2**20


class Job(BaseModel):
    """One job.

    Attributes:
        id: by which it is asked for.
        table: the name of the file, as it was uploaded.
        suffix: of that name.
        model, model_name: by which the model is asked for, and known.
        folder, digest: the model's bundle, and what tells it from one that replaced it.
        keep, by, top, with_guesses, inside_only: which rows are kept, see
            `engine.screening.Wanted`.
        conditions: at which all rows are predicted.
        fragments: what is done about molecules beside a repeat unit.
        smiles_column, id_column: that were named.
        created: when it was given, in seconds since 1970.
        state: `done` and `failed` are its ends.
        doing: what its process is at.
        since, first: when its process began with that, and how many rows were done before.
        done, total: how many rows are predicted, and how many there are.
        ended: when it ended, in seconds since 1970.
        kept, problems, guesses: of a job that is done, how many rows its result has, could not be
            predicted, and were left out since their values are mere guesses.
        outside, in_full: how many rows of the result lie outside the applicability domain for some
            property, and how many of all rows the model itself was given.
        words: why it failed, or what else there is to say.
    """

    model_config = ConfigDict(extra="forbid")

    id: str
    table: str
    suffix: str
    model: str
    model_name: str
    folder: str
    digest: str
    keep: str = ""
    by: str = ""
    top: int | None = None
    with_guesses: bool = False
    inside_only: bool = False
    conditions: dict[str, float | str] = {}
    fragments: FragmentsUse = "refuse"
    smiles_column: str | None = None
    id_column: str | None = None
    created: float
    state: State = "waiting"
    doing: str = ""
    since: float | None = None
    first: int = 0
    done: int = 0
    total: int | None = None
    ended: float | None = None
    kept: int | None = None
    problems: int | None = None
    guesses: int | None = None
    outside: int | None = None
    in_full: int | None = None
    words: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state in ("done", "failed")

    @property
    def seconds_left(self) -> float | None:
        """How long it still takes, by how quick it was; None where that is not known."""
        if self.state != "working" or self.total is None or self.since is None:
            return None
        rows = self.done - self.first
        if rows <= 0:
            return None
        return (time.time() - self.since) / rows * (self.total - self.done)


class JobFiles:
    """The files of a job, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        """Say where they lie."""
        self.folder = folder

    @property
    def result(self) -> Path:
        """The rows that are kept."""
        return self.folder / _RESULT

    @property
    def problems(self) -> Path:
        """Those that could not be predicted."""
        return problems_file(self.result)

    def table(self, suffix: str) -> Path:
        """The uploaded file."""
        return self.folder / f"{_TABLE}{suffix}"

    @property
    def is_job(self) -> bool:
        """Whether they are complete, and no upload that is being written or was cut off."""
        return (self.folder / _JOB).exists()

    def read(self) -> Job:
        """The job.

        Raises:
            UserError: when its file is missing or damaged.
        """
        path = self.folder / _JOB
        try:
            return Job.model_validate_json(read_file(path, "Remove its folder.", _MOST_BYTES))
        except ValidationError as error:
            raise UserError(f"{path} is damaged: remove its folder.") from error

    def write(self, job: Job) -> None:
        """Keep the job; a reader sees all of it."""
        write_atomic(self.folder / _JOB, job.model_dump_json())


def is_job_id(text: str) -> bool:
    """Whether a text can be the id of a job, and so the name of a folder."""
    return _ID.fullmatch(text) is not None


def wanted_of(job: Job, info: BundleInfo) -> Wanted:
    """Which rows a job keeps.

    Args:
        job: with words of a user.
        info: of its model.

    Raises:
        UserError: when they are not understood, or contradict each other.
    """
    return Wanted.of_words(
        info.answers, job.keep, job.by, job.top, job.with_guesses, job.inside_only
    )
