"""Listing, finding and stopping runs."""

import time

from engine.errors import UserError
from engine.runs import folder as files
from engine.runs import process, store
from engine.runs.records import ALIVE, Run

_LAUNCH_SECONDS = 30.0
"""How long a fresh worker may take until it signs the run table."""
_GRACE_SECONDS = 10.0


def list_runs() -> list[Run]:
    """All runs, newest first, with their true states."""
    return [_reconciled(run) for run in store.select()]


def find_run(run: str) -> Run:
    """The run of that id, or the newest of that name.

    Raises:
        UserError: when there is none.
    """
    for known in list_runs():
        if run in (known.id, known.name):
            return known
    raise UserError(f"There is no run {run!r}; `python -m engine runs` lists them.")


def stop_run(run: Run, wait: bool = True) -> Run:
    """Ask a run to stop; end its process when it does not answer.

    Args:
        run: which one.
        wait: whether to wait until it has ended, and end it by force after a grace period.

    Returns:
        The run as it is afterwards.
    """
    if store.update(run.id, only_from=("queued", "running"), state="stopping"):
        (run.folder / files.STOP).touch()
    if not wait:
        return find_run(run.id)
    deadline = time.monotonic() + _GRACE_SECONDS
    while time.monotonic() < deadline and process.worker_of(find_run(run.id)):
        time.sleep(0.2)
    worker = process.worker_of(find_run(run.id))
    if worker:
        process.end(worker, _GRACE_SECONDS)
    store.update(
        run.id, only_from=ALIVE, state="stopped", reason="Stopped on request.", finished=time.time()
    )
    return find_run(run.id)


def _reconciled(run: Run) -> Run:
    """The run; one whose process is gone without a word becomes interrupted."""
    starting = run.pid is None and time.time() - run.created < _LAUNCH_SECONDS
    if not run.alive or starting or process.worker_of(run):
        return run
    state, reason = "interrupted", "Its process ended without a word: the log may tell why."
    if (run.folder / files.STOP).exists():
        state, reason = "stopped", "Stopped on request."
    store.update(run.id, only_from=ALIVE, state=state, reason=reason, finished=time.time())
    return store.select(run.id)[0]
