"""The process that starts waiting runs and looks after them: `python -m engine.runs.supervisor`.

One for each workspace, whoever needs it first starts it, and it ends when there is nothing to do.
It belongs to no web server and no terminal; runs outlive it, and the next one takes them over.
"""

import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress

from filelock import Timeout

from ..base.errors import UserError
from ..base.limits import limits
from . import folder as files
from . import process, store
from .exit_reasons import note_end
from .own_files import demand_own_files
from .records import Run, in_line
from .sampling import Sampler
from .slurm_runs import SlurmRuns

_TICK = 0.5
_IDLE_SECONDS = 3.0
_SIGN_SECONDS = 60.0
"""How long a worker may take from its start until it signs the run table."""
_GRACE_SECONDS = 10.0
"""How long a run may take to end by itself when it is asked to, and again when it is told to."""


def main() -> int:
    """Look after the runs until none is left; at once when another supervisor does."""
    lock = process.supervisor_lock()
    try:
        # Longer than it takes to look whether there is a supervisor.
        lock.acquire(timeout=2)
    except Timeout:
        return 0
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    try:
        Supervisor().work()
    except SystemExit:
        return 0
    finally:
        lock.release()
    # A run may have been queued while this supervisor decided to end.
    if any(run.alive for run in store.select()):
        process.ensure_supervisor()
    return 0


class Supervisor:
    """Starts, watches and ends the workers of a workspace."""

    def __init__(self) -> None:
        self._launched: dict[str, tuple[subprocess.Popen, float]] = {}
        self._told: dict[str, float] = {}
        self._sampler = Sampler()
        self._slurm = SlurmRuns()

    def work(self) -> None:
        """Until nothing has been left to do for a moment."""
        _tidy()
        idle_since = time.monotonic()
        while time.monotonic() - idle_since < _IDLE_SECONDS:
            try:
                busy = self._look_around()
            except (UserError, OSError, sqlite3.Error) as error:
                # Nothing can be written, because the disk is full or the run table held: try
                # again later.
                with suppress(OSError):
                    print(error, flush=True)
                busy = True
            if busy:
                idle_since = time.monotonic()
            time.sleep(_TICK)
        _tidy()

    def _look_around(self) -> bool:
        """Do what there is to do now; returns whether any run waits or works."""
        alive = [run for run in store.select() if run.alive]
        here = [run for run in alive if run.place == "here"]
        for run in here:
            self.look_after(run)
        self._reap({run.id for run in here})
        self.start_next([run for run in store.select() if run.alive and run.place == "here"])
        self._look_at_slurm([run for run in alive if run.place == "slurm"])
        self._sampler.sample([(run, own) for run in here if (own := process.worker_of(run))])
        return bool(alive)

    def _look_at_slurm(self, runs: list[Run]) -> None:
        try:
            self._slurm.look_after(runs)
        except UserError as error:
            # It may answer later: what it carries out goes on.
            with suppress(OSError):
                print(error, flush=True)

    def _reap(self, alive: set[str]) -> None:
        """Take the exit codes of workers whose runs are over."""
        for run_id in set(self._launched) - alive:
            if self._launched[run_id][0].poll() is not None:
                del self._launched[run_id]

    def look_after(self, run: Run) -> None:
        """Note when a run's worker is gone, and end one that does not stop."""
        self._forget_old_start(run)
        worker = process.worker_of(run)
        if worker is None:
            begun = run.state != "queued" or run.pid is not None or run.id in self._launched
            if begun and not self._is_starting(run) and not self._is_ending(run):
                self._note_end(run, self._returned(run))
        elif run.state == "stopping":
            self._end_when_deaf(run)
        else:
            self._told.pop(run.id, None)

    def start_next(self, alive: list[Run]) -> None:
        """Start waiting runs, the first in line first, as many as may work at once."""
        # A run whose worker has signed it is not started again, even if it waits for the device.
        waiting = [run for run in in_line(alive) if run.pid is None and not self._is_starting(run)]
        room = _runs_at_once() - (len(alive) - len(waiting))
        for run in waiting[: max(room, 0)]:
            try:
                demand_own_files(run)
                self._launched[run.id] = (process.launch(run), time.time())
            except UserError as error:
                ended = {"state": "failed", "reason": str(error), "finished": time.time()}
                store.update(run.id, only_from=("queued",), **ended)

    def _is_starting(self, run: Run) -> bool:
        """Whether its worker was started but has not signed the run table yet."""
        if run.id not in self._launched or run.pid is not None:
            return False
        started, since = self._launched[run.id]
        return started.poll() is None and time.time() - since < _SIGN_SECONDS

    def _is_ending(self, run: Run) -> bool:
        """Whether its worker is gone but for threads; only with them comes its exit code."""
        signed = run.id in self._launched and run.pid is not None
        return signed and self._returned(run) is None

    def _forget_old_start(self, run: Run) -> None:
        """Forget the worker of a run that was resumed since."""
        if run.id in self._launched and run.state == "queued" and run.pid is None:
            queued = [change.time for change in store.changes_of(run.id)]
            if queued and queued[-1] > self._launched[run.id][1]:
                self._launched.pop(run.id)[0].poll()

    def _returned(self, run: Run) -> int | None:
        """The exit code of a worker that this supervisor started and that has ended."""
        if run.id not in self._launched:
            return None
        return self._launched[run.id][0].poll()

    def _note_end(self, run: Run, returned: int | None) -> None:
        """Write down how a run ended whose worker is gone and did not say."""
        note_end(run, returned)
        self._launched.pop(run.id, None)
        self._told.pop(run.id, None)

    def _end_when_deaf(self, run: Run) -> None:
        asked = self._told.setdefault(run.id, time.monotonic())
        if time.monotonic() - asked > _GRACE_SECONDS:
            worker = process.worker_of(run)
            if worker:
                process.end(worker, _GRACE_SECONDS)


def _tidy() -> None:
    """Remove the checkpoints of runs that are done, whose workers were killed before they did."""
    with suppress(UserError):
        for run in store.select():
            if run.state == "done" and process.worker_of(run) is None:
                shutil.rmtree(run.folder / files.CHECKPOINTS, ignore_errors=True)


def _runs_at_once() -> int:
    try:
        return limits().runs_at_once
    except UserError as error:
        print(error, flush=True)
        return 1


def _leave(*_: object) -> None:
    raise SystemExit


if __name__ == "__main__":
    sys.exit(main())
