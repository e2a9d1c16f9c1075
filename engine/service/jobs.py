"""The line of batch jobs: uploaded tables, predicted one after another, each by its own process.

A job's files are all that is known of it: a service that starts again goes on where it was ended.
"""

import json
import secrets
import shutil
import threading
import time
import traceback
from contextlib import suppress
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import BinaryIO

from filelock import Timeout

from ..base.errors import UserError
from ..base.limits import Limits
from ..base.wording import clipped, either
from ..base.workers import SPAWN
from ..base.workspace import home, lock, subfolder
from ..inference.bundle import bundle_files
from ..screening.inputs import SUFFIXES
from ..table.conditions import named_values
from .asked import AskedJob
from .carrying_out import carry_out
from .job import Job, JobFiles, is_job_id, wanted_of
from .models import ServedModel
from .replies import BusyError, TooManyError, UnknownError

KEPT_DAYS = 7
MOST_KEPT = 500
"""So long after its end, and so many of those that have ended, jobs are kept."""

_FOLDER = "service"
_LONGEST_NAME = 200
_STEP = 2**20
_SECONDS_TO_END = 10.0
_RETRY = 60
_SECONDS_TO_RETRY = 15.0
"""After an error of the machine, such as no memory for another process."""


class Jobs:
    """All jobs of a workspace; one at a time is worked on, by a process that ends with this one."""

    def __init__(self, limits: Limits) -> None:
        """Take over the jobs of the workspace.

        Args:
            limits: of the workspace.

        Raises:
            UserError: when another service is at work in it.
        """
        self._folder, self._limits = subfolder(_FOLDER), limits
        self._held = lock(self._folder / "service.lock")
        try:
            self._held.acquire(timeout=0)
        except Timeout:
            raise UserError(
                f"Another service is at work in {home()}: end it, or set POLYGIN_HOME to another "
                "workspace."
            ) from None
        self._changed = threading.Condition()
        self._is_closed = False
        self._uploads = 0
        self._process: SpawnProcess | None = None
        self._working_on = ""
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)

    def start(self) -> None:
        """Go on with what is not done."""
        self._remove_old()
        self._remove_cut_off()
        for job in self.all():
            if job.state == "working":
                JobFiles(self._folder / job.id).write(
                    job.model_copy(update={"state": "waiting", "doing": ""})
                )
        self._thread.start()

    def close(self) -> None:
        """Let go of the jobs; the one that is worked on goes on at the next start."""
        with self._changed:
            self._is_closed = True
            self._end_process()
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()
        self._held.release()

    def add(self, job: Job, model: ServedModel, table: BinaryIO) -> Job:
        """Put a job in line.

        Args:
            job: without a file.
            model: that it names.
            table: the uploaded file.

        Raises:
            UserError: when what it asks for is not understood, or its name is not that of a table.
            BusyError: when too many jobs wait, or the disk is nearly full.
            TooManyError: when the file is too large.
        """
        wanted_of(job, model.info)
        self._remove_old()
        with self._changed:
            self._demand_room()
            self._uploads += 1
        files = JobFiles(self._folder / job.id)
        try:
            files.folder.mkdir()
            _write(table, files.table(job.suffix), self._limits.upload_mb)
            files.write(job)
        except BaseException:
            shutil.rmtree(files.folder, ignore_errors=True)
            raise
        finally:
            with self._changed:
                self._uploads -= 1
                self._changed.notify_all()
        return job

    def all(self) -> list[Job]:
        """All jobs, those that were given first before the others."""
        jobs = []
        for folder in self._folder.iterdir():
            if is_job_id(folder.name) and not folder.is_symlink():
                with suppress(UserError):  # it is being made or removed
                    jobs.append(JobFiles(folder).read())
        return sorted(jobs, key=lambda job: (job.created, job.id))

    def find(self, key: str) -> tuple[Job, JobFiles]:
        """A job and its files.

        Raises:
            UnknownError: when there is none.
        """
        if is_job_id(key):
            folder = self._folder / key
            if folder.is_dir() and not folder.is_symlink():
                files = JobFiles(folder)
                with suppress(UserError):
                    return files.read(), files
        raise UnknownError(
            f"There is no job {clipped(key)!r}; ended ones go after {KEPT_DAYS} days."
        )

    def remove(self, key: str) -> None:
        """Stop a job if it is worked on, and remove its files.

        Raises:
            UnknownError: when there is none.
        """
        _, files = self.find(key)
        with self._changed:
            if self._working_on == key:
                self._end_process()
            shutil.rmtree(files.folder, ignore_errors=True)

    def _demand_room(self) -> None:
        """See that one more job may wait, those among them that are being uploaded."""
        waiting = sum(not job.has_ended for job in self.all())
        if waiting + self._uploads >= self._limits.jobs_waiting:
            raise BusyError("As many jobs wait already as may wait: give it later.", _RETRY)
        if shutil.disk_usage(self._folder).free < self._limits.free_disk_gb * 2**30:
            raise BusyError("The disk of the service is nearly full: remove jobs.", _RETRY)

    def _remove_old(self) -> None:
        before = time.time() - KEPT_DAYS * 24 * 3600
        ended = [job for job in self.all() if job.has_ended]
        for place, job in enumerate(reversed(ended)):
            if place >= MOST_KEPT or (job.ended or job.created) < before:
                shutil.rmtree(self._folder / job.id, ignore_errors=True)

    def _remove_cut_off(self) -> None:
        """Remove uploads that a service had half written when it was ended."""
        for folder in self._folder.iterdir():
            if is_job_id(folder.name) and not folder.is_symlink() and not JobFiles(folder).is_job:
                shutil.rmtree(folder, ignore_errors=True)

    def _work(self) -> None:
        """Carry out one job after another, until the jobs are let go of."""
        while not self._is_closed:
            try:
                self._work_on_next()
            except Exception:
                # Of the machine: the disk is full, or it has no memory for a process. It may pass.
                traceback.print_exc()
                with self._changed:
                    self._changed.wait_for(lambda: self._is_closed, _SECONDS_TO_RETRY)

    def _work_on_next(self) -> None:
        """Wait for a job, and carry it out."""
        with self._changed:
            job = None
            while not self._is_closed and not (job := self._next()):
                self._changed.wait()
            if self._is_closed or job is None:
                return
            process = SPAWN.Process(target=carry_out, args=(str(self._folder / job.id),))
            process.start()
            self._process, self._working_on = process, job.id
        process.join()
        with self._changed:
            self._process, self._working_on = None, ""
            self._changed.notify_all()
            if not self._is_closed:
                self._note_end(job.id, process.exitcode)

    def _next(self) -> Job | None:
        """The job that has waited longest; one that was cut off is not done."""
        return next((job for job in self.all() if not job.has_ended), None)

    def _note_end(self, key: str, code: int | None) -> None:
        """Say of a job whose process ended without a word that it did."""
        with suppress(UserError):  # it was removed
            job, files = self.find(key)
            if not job.has_ended:
                words = (
                    f"Its process ended without a word (exit code {code}): memory ran out, or the "
                    "table is damaged so that a library ends."
                )
                ended = {"state": "failed", "doing": "", "words": words, "ended": time.time()}
                files.write(job.model_copy(update=ended))

    def _end_process(self) -> None:
        """End the process that is at work, and wait until it has; `_changed` is held."""
        process = self._process
        if process is None:
            return

        def is_gone() -> bool:
            return self._process is not process

        process.terminate()
        if not self._changed.wait_for(is_gone, _SECONDS_TO_END):
            process.kill()
            self._changed.wait_for(is_gone)


def _write(table: BinaryIO, path: Path, most_mb: int) -> None:
    size = 0
    with path.open("wb") as file:
        while data := table.read(_STEP):
            size += len(data)
            if size > most_mb * 2**20:
                raise TooManyError(f"The table is too large: {most_mb} MB are read at most.")
            file.write(data)


def new_job(form: AskedJob, model: ServedModel) -> Job:
    """The job that a form asks for.

    Args:
        form: with the table's name and the user's words.
        model: that it names.

    Raises:
        UserError: when the name is not that of a table, or the conditions are not the model's.
    """
    name = form.file.filename or ""
    return Job(
        id=secrets.token_hex(8),
        table=clipped(name, _LONGEST_NAME),
        suffix=_suffix_of(name),
        model=model.id,
        model_name=model.name,
        folder=str(model.folder),
        digest=bundle_files(model.folder).digest,
        keep=form.keep,
        by=form.by,
        top=form.top or None,
        with_guesses=form.with_guesses,
        inside_only=form.inside_only,
        conditions=_conditions(form.conditions, model),
        fragments=form.fragments,
        smiles_column=form.smiles_column or None,
        id_column=form.id_column or None,
        created=time.time(),
    )


def _conditions(text: str, model: ServedModel) -> dict[str, float | str]:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise UserError('`conditions` is no JSON such as {"temperature": 298}.')
    pairs = ((name, str(value)) for name, value in given.items())
    return named_values(model.info.conditions, pairs, model.name)


def _suffix_of(name: str) -> str:
    suffix = Path(name.replace("\\", "/")).suffix.lower()
    if suffix not in SUFFIXES:
        raise UserError(
            f"{clipped(name)!r} is no table by its name, which should end in {either(SUFFIXES)}."
        )
    return suffix
