"""Listing, finding, stopping, resuming and keeping order among runs."""

import time

from ..base.errors import DiskFullError, UserError
from ..base.limits import check_room
from ..base.sqlite_files import disk_is_full
from ..base.workspace import COMMAND, home
from ..cluster.settings import checked_cluster
from . import folder as files
from . import process, store
from .exit_reasons import note_end, stop_reason, words_of
from .own_files import ask_to_stop, demand_own_files
from .records import RESUMABLE, Run, Where, checked_name, in_line
from .slurm_runs import forget_submissions
from .trash import size_of, throw_away

_STOP_SECONDS = 60.0
"""How long to wait for a run that was asked to stop; its supervisor uses force long before."""


def list_runs() -> list[Run]:
    """All runs, newest first, with their true states."""
    return _with_true_states(store.select())


def find_run(run: str) -> Run:
    """The run of that id, or the newest of that name.

    Raises:
        UserError: when there is none.
    """
    # By its id first: a page that watches a run among hundreds asks every second.
    for known in _with_true_states(store.select(run)) or list_runs():
        if run in (known.id, known.name):
            return known
    raise UserError(f"There is no run {run!r}; `{COMMAND} runs` lists them.")


def stop_run(run: Run, wait: bool = True) -> Run:
    """Ask a run to stop; its supervisor ends it by force when it does not answer.

    Args:
        run: which one.
        wait: whether to wait until it has ended.

    Returns:
        The run as it is afterwards.
    """
    if run.alive:
        ask_to_stop(run)
    # A run that waits has nothing to end: it is stopped at once.
    if (
        run.pid is None
        and not run.job
        and store.update(
            run.id,
            only_from=("queued",),
            state="stopped",
            reason=stop_reason(run),
            finished=time.time(),
        )
    ):
        return find_run(run.id)
    store.update(run.id, only_from=("queued", "running"), state="stopping")
    deadline = time.monotonic() + (_STOP_SECONDS if wait else 0)
    while time.monotonic() < deadline and (find_run(run.id).alive or process.worker_of(run)):
        time.sleep(0.1)
    return find_run(run.id)


def resume_run(run: Run, on: Where | None = None) -> Run:
    """Let a run that ended before it was done go on from its checkpoints.

    Args:
        run: which one.
        on: where it goes on; by default where it was.

    Raises:
        UserError: when it works or is done, or something in its folder is no file of its own.
    """
    if (on or run.place) == "slurm":
        checked_cluster()
    if run.state not in RESUMABLE:
        raise UserError(
            f"Run {run.name!r} is {run.state}: only a run that was stopped, was interrupted or "
            "has failed can be resumed."
        )
    check_room(len(in_line(store.select())))
    demand_own_files(run)
    (run.folder / files.STOP).unlink(missing_ok=True)
    forget_submissions(run)
    store.update(
        run.id,
        only_from=RESUMABLE,
        state="queued",
        reason="",
        spent=run.seconds or 0.0,
        since=None,
        finished=None,
        pid=None,
        pid_started=None,
        boot_id=None,
        place=on or run.place,
        job="",
        position=time.time(),
    )
    process.ensure_supervisor()
    return find_run(run.id)


def move_up(run: Run) -> None:
    """Let a waiting run change places with the one that waits before it."""
    waiting = in_line(store.select())
    places = {one.id: place for place, one in enumerate(waiting)}
    place = places.get(run.id, 0)
    if place:
        waiting[place - 1], waiting[place] = waiting[place], waiting[place - 1]
        for number, one in enumerate(waiting):
            store.update(one.id, only_from=("queued",), position=float(number))


def rename_run(run: Run, name: str) -> None:
    """Give a run another name.

    Raises:
        UserError: when the name is empty or too long.
    """
    store.update(run.id, name=checked_name(name))


def note_run(run: Run, note: str) -> None:
    """Keep a note with a run."""
    store.update(run.id, note=note.strip()[:2000])


def archive_run(run: Run, archived: bool = True) -> None:
    """Hide an ended run from the list, or show it again.

    Raises:
        UserError: when it waits or works.
    """
    _demand_ended(run, "put away")
    store.update(run.id, archived=archived)


def delete_run(run: Run) -> None:
    """Delete a run; its files lie in the trash for some days, from which it can be restored.

    Raises:
        UserError: when it waits or works, or its files cannot be moved.
    """
    _demand_ended(run, "deleted")
    forget_submissions(run)
    throw_away(run)
    store.remove(run.id)


def disk_use(run: Run) -> int:
    """The bytes that a run's files take."""
    return size_of(run.folder)


def _demand_ended(run: Run, what: str) -> None:
    # As it is now: a page may have drawn it before somebody resumed it elsewhere.
    for known in store.select(run.id):
        if known.alive:
            raise UserError(f"Run {known.name!r} is {known.state}: stop it before it is {what}.")


def _with_true_states(runs: list[Run]) -> list[Run]:
    try:
        left_alone = any(run.alive for run in runs) and not process.supervisor_at_work()
    except UserError as error:
        # Its lock is damaged: what works goes on, and what waits says why it does.
        waiting = {"reason": str(error)}
        return [run.model_copy(update=waiting) if run.state == "queued" else run for run in runs]
    if left_alone:
        runs = [_reconciled(run) for run in runs]
        if any(run.alive for run in runs):
            process.ensure_supervisor()
    if any(run.alive for run in runs) and disk_is_full(home()):
        runs = [_without_disk(run) for run in runs]
    return runs


def _without_disk(run: Run) -> Run:
    """The run as it is while nothing can be written down: one without a worker does not go on."""
    if not run.alive or run.place == "slurm" or process.worker_of(run):
        return run
    reason = words_of(process.DISK_FULL)
    if run.state == "queued":
        return run.model_copy(update={"reason": str(DiskFullError())})
    return run.model_copy(update={"state": "interrupted", "reason": reason, "stage": ""})


def _reconciled(run: Run) -> Run:
    """The run; one whose process is gone without a word becomes interrupted."""
    waits = run.place == "slurm" or (run.state == "queued" and run.pid is None)
    if not run.alive or waits or process.worker_of(run):
        return run
    try:
        note_end(run)
    except DiskFullError:
        # Shown as it is, though it can be written down only later.
        reason = words_of(process.DISK_FULL)
        return run.model_copy(update={"state": "interrupted", "reason": reason, "stage": ""})
    return store.select(run.id)[0]
