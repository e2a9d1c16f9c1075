"""Where a worker works: how it takes its run, whom it tells what becomes of it, what it may use.

Here it writes the run table itself. On a node of a cluster nothing but files is shared, and SQLite
is at home on one machine: there the worker writes a file that only it writes, and the supervisor,
where the run table is, takes over what stands in it (`slurm_runs.py`).
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Annotated, Any, Protocol

from filelock import Timeout
from pydantic import BaseModel, Field, ValidationError, field_validator

from ..base.errors import UserError
from ..base.limits import limits
from ..base.workspace import lock, write_atomic
from ..inference.bundle import are_figures
from . import folder as files
from . import process, store
from .exit_reasons import stop_requested
from .records import Finite, JobId, Run, State, Time
from .reporting import StoppedError

_LOCK_SECONDS = 180.0
"""After which a network file system has let go of what a failed node held."""
_SECONDS_BETWEEN = 2.0


class Place(Protocol):
    """Where a worker works on a run.

    Attributes:
        run: as it was when the worker began.
    """

    run: Run

    def alone(self) -> AbstractContextManager[None]:
        """Keep other workers of the run out.

        Raises:
            Timeout: when another one works.
        """

    def take(self) -> bool:
        """Take the run; False when it was stopped, or is another worker's."""

    def read(self) -> Run:
        """The run as it is now."""

    def change(self, only_from: tuple[State, ...] | None = None, **changes: Any) -> bool:
        """Change columns of the run's row, see `engine.runs.store.update`."""

    def device(self) -> AbstractContextManager[None]:
        """Hold the device that the run trains on."""

    def told_to_end(self, *_: object) -> None:
        """Hear SIGTERM."""


class Here:
    """This machine, whose supervisor started the worker; see `Place`."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @contextmanager
    def alone(self) -> Iterator[None]:
        # Two supervisors in succession may each start a worker.
        with lock(self.run.folder / files.LOCK).acquire(timeout=0):
            yield

    def take(self) -> bool:
        return store.update(self.run.id, only_from=("queued",), **process.identity())

    def read(self) -> Run:
        return store.select(self.run.id)[0]

    def change(self, only_from: tuple[State, ...] | None = None, **changes: Any) -> bool:
        return store.update(self.run.id, only_from=only_from, **changes)

    @contextmanager
    def device(self) -> Iterator[None]:
        """Hold the workspace's device, unless several runs may work at once."""
        if limits().runs_at_once > 1:
            yield
            return
        device = process.device_lock()
        while not device.is_locked:
            try:
                device.acquire(timeout=1)
            except Timeout:
                if stop_requested(self.run):
                    raise StoppedError from None
        try:
            yield
        finally:
            device.release()

    def told_to_end(self, *_: object) -> None:
        raise StoppedError


class Told(BaseModel):
    """What a worker on a node says of its run: the content of `node.json`.

    Attributes:
        job: Slurm's id of the job that it works in.
        node: where.
        state and what follows: of `Run`.
    """

    job: JobId
    node: Annotated[str, Field(max_length=255)]
    state: State = "queued"
    reason: str = ""
    stage: str = ""
    progress: Annotated[float, Field(ge=0, le=1)] = 0.0
    started: Time | None = None
    since: Finite | None = None
    finished: Time | None = None
    figures: dict | None = None

    @field_validator("figures", mode="before")
    @classmethod
    def _of_figures(cls, value: Any) -> Any:
        return value if are_figures(value) else None


def read_told(run: Run) -> Told | None:
    """What the worker of a run's present job has said; None where it has said nothing."""
    try:
        told = Told.model_validate_json(files.content(run, files.NODE))
    except ValidationError:
        return None
    return told if told.job == run.job else None


class OnNode:
    """A node of a cluster, in a job of Slurm's; see `Place`."""

    def __init__(self, run: Run, job: str, node: str) -> None:
        self.run, self._told = run, Told(job=job, node=node)
        self._written = 0.0

    @contextmanager
    def alone(self) -> Iterator[None]:
        held = lock(self.run.folder / files.LOCK)
        try:
            # A node that is set down may work on for a moment, and a failed one still holds it.
            held.acquire(timeout=_LOCK_SECONDS)
        except (NotImplementedError, OSError) as error:
            if isinstance(error, Timeout):
                raise
            # The file system knows no locks; Slurm starts a job once.
        try:
            yield
        finally:
            held.release()

    def take(self) -> bool:
        return not stop_requested(self.run)

    def read(self) -> Run:
        return self.run.model_copy(update=self._told.model_dump(exclude={"job", "node"}))

    def change(self, only_from: tuple[State, ...] | None = None, **changes: Any) -> bool:
        if changes.get("state") == "running" and stop_requested(self.run):
            return False
        self._told = self._told.model_copy(update=changes)
        now = time.monotonic()
        if "state" in changes or now - self._written > _SECONDS_BETWEEN:
            self._written = now
            write_atomic(self.run.folder / files.NODE, self._told.model_dump_json())
        return True

    @contextmanager
    def device(self) -> Iterator[None]:
        """Slurm has given the job its devices."""
        yield

    def told_to_end(self, *_: object) -> None:
        """Slurm tells it when another job takes its place: it works until it is killed.

        What it has done until then is kept in its checkpoints, and Slurm queues it again.
        """
        if stop_requested(self.run):
            raise StoppedError


def demand_ours(run: Run, job: str) -> None:
    """Refuse to work in a job that the run has given up.

    Raises:
        UserError: when it has another job now.
    """
    if run.job and run.job != job:
        raise UserError(f"Run {run.id} has another job now, {run.job}: nothing is done in {job}.")
