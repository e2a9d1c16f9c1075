"""Looking after the runs that Slurm carries out, from the machine where the run table is.

It submits them, asks Slurm for them now and then, and takes what their workers say of them
(`places.py`) into the run table.
"""

import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Annotated

from pydantic import BaseModel, StringConstraints, ValidationError

from ..base.errors import UserError
from ..base.workspace import subfolder, write_atomic
from ..cluster.queue import (
    WAITING,
    WORKING,
    Job,
    SilentError,
    cancel,
    cancel_all,
    job_of_name,
    jobs_of_user,
    other_nodes,
)
from ..cluster.settings import Cluster, checked_cluster
from . import folder as files
from . import store
from .exit_reasons import had_no_disk, note_end, stop_reason, stop_requested
from .own_files import demand_own_files
from .places import Told, read_told
from .records import ALIVE, Run

_SECONDS_BETWEEN = 5.0
"""Of two questions to Slurm, whose controller serves everybody."""
_GRACE_SECONDS = 20.0
"""How long a run may take to end by itself before its job is cancelled."""
_LATE_SECONDS = 10.0
"""By which a network file system may show what a worker wrote later than Slurm its end."""
_MOST_TRIES = 2
_GO_ON = "Resume it to go on from its last checkpoint."
_ENDED = ("stopped", "failed", "done")
_TRIED_AGAIN = {"FAILED", "NODE_FAIL", "BOOT_FAIL", "COMPLETED"}
"""Ends that another node may spare a run whose worker has not said how it ended."""


NodeName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,255}$")]
"""Of a node; it becomes a word of a script."""


class Submission(BaseModel):
    """What Slurm was given: the content of `slurm.json`, which only the supervisor writes.

    Attributes:
        tries: how often a job of the run was submitted without success.
        without: nodes that it is not to run on again.
    """

    tries: int = 0
    without: list[NodeName] = []


class SlurmRuns:
    """The runs of a workspace that are carried out by Slurm."""

    def __init__(self) -> None:
        self._asked = -_SECONDS_BETWEEN
        self._since: dict[tuple[str, str], float] = {}
        self._stale: dict[str, Told] = {}

    def look_after(self, runs: Sequence[Run]) -> None:
        """Do for living runs what there is to do now.

        Raises:
            UserError: when Slurm does not answer; it is asked again later.
        """
        for run in runs:
            if not run.job:
                _submit(run)
            else:
                _take_over(run)
        asked = [run for run in store.select() if run.alive and run.job and run.place == "slurm"]
        if not asked or time.monotonic() - self._asked < _SECONDS_BETWEEN:
            return
        self._asked = time.monotonic()
        known = jobs_of_user()
        for run in asked:
            self._follow(run, known)

    def _follow(self, run: Run, known: Mapping[str, Job]) -> None:
        """Compare a run with its job."""
        job = known.get(run.job)
        if job is not None and job.name != job_name(run):
            job = None  # another one, which has got its number
        if job is None or job.ended:
            if self._lasts("gone", run, _LATE_SECONDS):
                self._gone(run, job)
            return
        self._since.pop(("gone", run.job), None)
        if run.state == "stopping":
            self._end(run, job)
        elif job.state in WAITING:
            tasks = [each for each in known.values() if each.name == tasks_name(run)]
            if any(not each.ended for each in tasks):
                _note_tasks(run, tasks)
            else:
                self._note_waiting(run, job)
        else:
            self._note_working(run, job)

    def _note_waiting(self, run: Run, job: Job) -> None:
        """Say why a run waits, and that it works no more if it did."""
        why = f"Slurm's job {run.job} waits. {job.why_it_waits}."
        if run.state == "queued":
            if run.reason != why and not (run.spent and run.reason.endswith(why)):
                store.update(run.id, only_from=("queued",), reason=why)
        elif told := read_told(run):
            self._stale[run.id] = told
            again = "Slurm has taken its node, and queued it again: it goes on from there."
            _queue_again(run, f"{again} {why}")
        elif run.reason != (words := f"Its folds and members are fitted. {why}"):
            store.update(run.id, only_from=("running",), reason=words)

    def _note_working(self, run: Run, job: Job) -> None:
        """Note that a run works, as soon as its worker says so."""
        told = read_told(run)
        stale = self._stale.get(run.id)
        if told is None or (stale is not None and told.since == stale.since):
            words = f"Slurm's job {run.job} begins on the node {job.node}."
            if run.state == "queued" and run.reason != words:
                store.update(run.id, only_from=("queued",), reason=words)
            return
        words = f"Slurm's job {run.job} works on the node {told.node}."
        began = {"started": run.started or told.started, "since": told.since}
        if run.state == "queued" and told.state == "running":
            store.update(run.id, only_from=("queued",), state="running", reason=words, **began)
        elif run.reason != words:
            store.update(run.id, only_from=("running",), reason=words)

    def _end(self, run: Run, job: Job) -> None:
        """End the job of a run that is to stop: at once where it waits, else after a while."""
        if job.state in WAITING:
            cancel(run.job, job_name(run))
            cancel_all(tasks_name(run))
            ended = {"state": "stopped", "reason": stop_reason(run), "finished": time.time()}
            store.update(run.id, only_from=ALIVE, **ended)
        elif self._lasts("stopping", run, _GRACE_SECONDS):
            cancel(run.job, job_name(run))

    def _gone(self, run: Run, job: Job | None) -> None:
        """Decide what becomes of a run whose job has ended, and whose worker did not say how."""
        if _take_over(run):
            return
        how = job.how_it_ended if job else "Slurm knows it no more"
        where = f" on the node {job.node}" if job and job.node else ""
        words = f"Slurm's job {run.job} ended{where} ({how})"
        again = job is not None and job.state in _TRIED_AGAIN | {"PREEMPTED"}
        if again and not stop_requested(run) and not had_no_disk(run):
            assert job is not None
            submission = read_submission(run)
            if job.state != "PREEMPTED":
                submission.tries += 1
                submission.without = sorted({*submission.without, job.node} - {""})
            if submission.tries < _MOST_TRIES:
                _write_submission(run, submission)
                _queue_again(run, f"{words}; it is tried again.", job="")
                return
        note_end(run, words=f"{words}: the log may tell why. {_GO_ON}")

    def _lasts(self, what: str, run: Run, seconds: float) -> bool:
        """Whether something has been so of a run's job for so long."""
        now = time.monotonic()
        return now - self._since.setdefault((what, run.job), now) >= seconds


def job_name(run: Run) -> str:
    """The name of a run's jobs, by which they are known from others."""
    return f"polygin-{run.id}"


def tasks_name(run: Run) -> str:
    """The name of the jobs that a run's pieces are divided over."""
    return f"{job_name(run)}-tasks"


def forget_submissions(run: Run) -> None:
    """Remove what earlier jobs of a run have left, so that it is tried anew."""
    for name in (files.SUBMISSION, files.NODE):
        (run.folder / name).unlink(missing_ok=True)
    shutil.rmtree(subfolder("slurm") / run.id, ignore_errors=True)


def read_submission(run: Run) -> Submission:
    """What Slurm was given for a run so far."""
    try:
        return Submission.model_validate_json(files.content(run, files.SUBMISSION))
    except ValidationError:
        return Submission()


def _write_submission(run: Run, submission: Submission) -> None:
    write_atomic(run.folder / files.SUBMISSION, submission.model_dump_json())


def _submit(run: Run) -> None:
    """Give a waiting run to Slurm."""
    name = job_name(run)
    try:
        demand_own_files(run)
        cluster = checked_cluster().cluster
        # It may have been submitted by a supervisor that was killed before it could say so.
        job = job_of_name(name, jobs_of_user()) or _submitted(run, cluster)
    except SilentError as error:
        store.update(run.id, only_from=("queued",), reason=f"{error} It is asked again.")
        return
    except UserError as error:
        ended = {"state": "failed", "reason": str(error), "finished": time.time()}
        store.update(run.id, only_from=("queued",), **ended)
        return
    reason = f"Slurm's job {job} waits."
    if not store.update(run.id, only_from=("queued",), job=job, reason=reason):
        cancel(job, name)
        cancel_all(tasks_name(run))


def _submitted(run: Run, cluster: Cluster) -> str:
    """Submit a run's job, and before it those that its pieces are divided over; returns its id."""
    # Here: where no run is carried out by Slurm, nothing of it is loaded.
    from ..cluster.submission import python_words, submit

    without = read_submission(run).without
    if without and not other_nodes(cluster.partition, without):
        without = []
    words = python_words(cluster, "runs.node", run.id, str(run.folder.parents[1]))
    folder, after, name = subfolder("slurm") / run.id, "", tasks_name(run)
    before = (("prepare", 1), ("task", cluster.tasks)) if cluster.tasks > 1 else ()
    if before:
        cancel_all(name)
    try:
        for what, tasks in before:
            own = folder / what
            after = submit(
                [*words, what], name, cluster, own, without=without, after=after, tasks=tasks
            )
        return submit(
            words, job_name(run), cluster, folder / "worker", without=without, after=after
        )
    except UserError:
        # Nobody waits for what they would fit.
        if after:
            with suppress(UserError):
                cancel_all(name)
        raise


def _note_tasks(run: Run, tasks: Sequence[Job]) -> None:
    """Say how far the jobs are that a run's pieces are divided over."""
    ended = sum(each.ended for each in tasks)
    working = sum(each.state in WORKING for each in tasks)
    why = next((each.why_it_waits for each in tasks if each.state in WAITING), "")
    words = f"Of {len(tasks)} jobs of Slurm's {ended} have ended and {working} work"
    reason = f"{words}. {why}." if why else f"{words}."
    if run.state == "queued" and working:
        began = {"started": run.started or time.time(), "since": time.time()}
        store.update(run.id, only_from=("queued",), state="running", reason=reason, **began)
    elif run.reason != reason:
        store.update(run.id, only_from=("queued", "running"), reason=reason)


def _take_over(run: Run) -> bool:
    """Take into the run table what a run's worker says; returns whether the run has ended."""
    told = read_told(run)
    if told is None:
        return False
    if told.state not in _ENDED:
        if run.state == "running" and (told.stage, told.progress) != (run.stage, run.progress):
            store.update(run.id, stage=told.stage, progress=told.progress)
        return False
    told_of = told.model_dump(exclude={"job", "node", "started", "since"})
    times = {"started": run.started or told.started, "since": run.since or told.since}
    store.update(run.id, only_from=ALIVE, **told_of, **times)
    shutil.rmtree(subfolder("slurm") / run.id, ignore_errors=True)
    return True


def _queue_again(run: Run, reason: str, **changes: object) -> None:
    store.update(
        run.id,
        only_from=ALIVE,
        state="queued",
        reason=reason,
        stage="",
        spent=run.seconds or 0.0,
        since=None,
        **changes,
    )
