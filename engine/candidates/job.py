"""Predicting a long list in a process of its own, which outlives the page that asked for it."""

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout
from pydantic import BaseModel, ValidationError

from ..base.errors import UserError
from ..base.workspace import lock
from ..runs.process import spawn
from .lists import folder
from .store import CandidateList

State = Literal["", "starting", "working", "done", "stopped", "failed", "cut off"]

_JOB, _STOP = "job", "stop job"
_SECONDS_TO_START = 60.0


class Job(BaseModel):
    """What is known of a list's process.

    Attributes:
        state: empty before the first one; `cut off` where it ended without a word.
        model: the bundle's folder.
        given: the conditions at which it predicts, by name.
        doing: what it is at: reading the model, predicting, or rating how hard units are to make.
        done, total: how many candidates it has done that with, and how many it has to.
        since: when it began with that, in seconds since 1970, and `done_before` how many were done
            then.
        words: why it failed.
        told: when it said something last, in seconds since 1970.
    """

    state: State = ""
    model: str = ""
    given: dict[str, float | str] = {}
    done: int = 0
    total: int = 0
    doing: str = ""
    words: str = ""
    done_before: int = 0
    since: float = 0.0
    told: float = 0.0

    @property
    def at_work(self) -> bool:
        """Whether it goes on by itself."""
        return self.state in ("starting", "working")

    @property
    def seconds_left(self) -> float | None:
        """How long what it is at may take; None where nothing tells."""
        own, seconds = self.done - self.done_before, self.told - self.since
        return seconds / own * (self.total - self.done) if own > 0 and self.total else None


def start_job(list_: CandidateList, model: Path, given: dict[str, float | str]) -> None:
    """Let a process predict what waits on a list, unless one is at it.

    Args:
        list_: the list.
        model: the bundle's folder.
        given: the conditions at which it predicts, by name.
    """
    if job_of(list_).at_work:
        return
    list_.set(_STOP, "")
    now = time.time()
    job = Job(state="starting", model=str(model), given=given, since=now, told=now)
    write_job(list_, job)
    spawn(f"{__package__}.worker", [list_.id], folder() / "predicting.log")


def stop_job(list_: CandidateList) -> None:
    """Ask a list's process to end; what it has predicted stays, and it can be started again."""
    list_.set(_STOP, "yes")


def is_to_stop(list_: CandidateList) -> bool:
    """Whether a list's process was asked to end, or the list is gone."""
    try:
        return bool(list_.setting(_STOP))
    except UserError:
        return True


def job_of(list_: CandidateList) -> Job:
    """What is known of a list's process, the latest one."""
    try:
        job = Job.model_validate_json(list_.setting(_JOB) or "{}")
    except (ValidationError, ValueError):
        return Job()
    if job.at_work and not _is_alive(list_, job):
        return job.model_copy(update={"state": "cut off"})
    return job


def write_job(list_: CandidateList, job: Job) -> None:
    """Note how far a list's process is."""
    list_.set(_JOB, json.dumps(job.model_dump() | {"told": time.time()}))


def job_lock(list_: CandidateList) -> FileLock:
    """Held by a list's process as long as it is at work."""
    return lock(folder() / f"{list_.id}.lock")


def predicting_lock() -> FileLock:
    """Held by the one process that predicts a list now: two would only take each other's cores."""
    return lock(folder() / "predicting.lock")


def _is_alive(list_: CandidateList, job: Job) -> bool:
    """Whether the process is there, or may still be on its way."""
    with suppress(Timeout):
        held = job_lock(list_)
        held.acquire(timeout=0)
        held.release()
        return job.state == "starting" and time.time() < job.told + _SECONDS_TO_START
    return True
