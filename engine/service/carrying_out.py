"""The process that carries out a batch job."""

import os
import signal
import sys
import time
import traceback
from pathlib import Path
from types import FrameType
from typing import NoReturn

from ..base.errors import UserError
from ..base.wording import counted
from ..base.workers import obey_parent
from ..inference.bundle import bundle_files
from ..inference.predict import Predictor
from ..screening import screen
from ..table.parquet import rows_said
from .job import MOST_ROWS, Job, JobFiles, wanted_of
from .replies import without_places

_NICENESS = 10
"""Calls, which somebody waits for, go first where cores are few."""

_TELL_SECONDS = 1.0


def carry_out(folder: str) -> None:
    """Predict the table of a job, and write down how far that is.

    What a process that was ended before has done is not done again.

    Args:
        folder: the job's.
    """
    obey_parent()
    # As an error would, so that the processes below are ended in order.
    signal.signal(signal.SIGTERM, _leave)
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    files = JobFiles(Path(folder))
    reporter = Reporter(files, files.read())
    try:
        _screen(files, reporter)
    except UserError as error:
        words = _by_its_name(str(error), files, reporter.job)
        reporter.tell(state="failed", doing="", words=words, ended=time.time())
    except Exception:
        traceback.print_exc()
        words = (
            "The job ended with an error of PolyGIN Studio; what the service printed tells more."
        )
        reporter.tell(state="failed", doing="", words=words, ended=time.time())


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


def _by_its_name(words: str, files: JobFiles, job: Job) -> str:
    """Words in which the table has the name of the file that was uploaded."""
    words = without_places(words)
    kept = files.table(job.suffix)
    for name in (f"{files.folder.parent.name}/{job.id}/{kept.name}", kept.name):
        words = words.replace(name, job.table)
    return words


def _screen(files: JobFiles, reporter: "Reporter") -> None:
    job = reporter.job
    table = files.table(job.suffix)
    if job.suffix == ".parquet":
        _demand_few(rows_said(table))
    predictor = Predictor(Path(job.folder))
    if bundle_files(predictor.folder).digest != job.digest:
        raise UserError(
            f"The model {job.model_name!r} is another one now than when this job was given: give "
            "it again."
        )
    screened = screen(
        predictor,
        [table],
        files.result,
        wanted_of(job, predictor.info),
        reporter.predicted,
        job.smiles_column,
        job.id_column,
        job.conditions,
        job.fragments,
    )
    said = [*screened.unread]
    if screened.rows and screened.problems == screened.rows:
        said.append("No row could be predicted: is the right column read?")
    reporter.tell(
        state="done",
        doing="",
        done=screened.rows,
        total=screened.rows,
        ended=time.time(),
        kept=screened.kept,
        problems=screened.problems,
        guesses=screened.guesses,
        outside=screened.outside,
        in_full=screened.in_full,
        words=_by_its_name(" ".join(said), files, job),
    )
    table.unlink(missing_ok=True)


def _demand_few(rows: int) -> None:
    """Refuse a table of more rows than a job predicts.

    Raises:
        UserError: when there are more.
    """
    if rows > MOST_ROWS:
        raise UserError(
            f"The table has {counted(rows, 'row')}, and a job predicts {MOST_ROWS:,} at most: "
            "split it."
        )


class Reporter:
    """Writes down how far the job is, about once in a second."""

    def __init__(self, files: JobFiles, job: Job) -> None:
        """Say that it is worked on.

        Args:
            files: of the job.
            job: as it stands.
        """
        self.job = job
        self._files = files
        self._said = 0.0
        self.tell(state="working", since=None, doing="", words="")

    def predicted(self, what: str, done: int, total: int) -> None:
        """Told after each few rows."""
        _demand_few(total)
        if self.job.since is None or what != self.job.doing:
            # The first rows came with the start of all processes: the time counts from here.
            self.tell(doing=what, since=time.time(), first=done, done=done, total=total)
        elif time.monotonic() > self._said + _TELL_SECONDS:
            self.tell(done=done, total=total)

    def tell(self, **changes: object) -> None:
        """Write down what has changed."""
        self.job = self.job.model_copy(update=changes)
        self._said = time.monotonic()
        self._files.write(self.job)
