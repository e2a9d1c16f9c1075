"""The processes of runs, workers and their supervisor: starting, knowing again, ending."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from ..base.errors import UserError
from ..base.plain_files import oddity
from ..base.workspace import PACKAGE, home, lock
from .records import Run

_summoned: dict[Path, subprocess.Popen] = {}
"""The supervisor that this process has started last, by workspace."""

DISK_FULL = 28
"""Exit code of a worker that could not even write down that the disk is full."""


def launch(run: Run) -> subprocess.Popen:
    """Start the worker of a run, so that it outlives whoever starts it."""
    return spawn(f"{__package__}.worker", [run.id], run.folder / "run.log")


def spawn(module: str, words: list[str], log: Path) -> subprocess.Popen:
    """Start a module as a process in a session of its own.

    Args:
        module: its name, as it is imported here.
        words: its arguments.
        log: what it says is added to this file.

    Raises:
        UserError: when something else lies in the log's place.
    """
    if oddities := oddity(log):
        raise UserError(f"{log} {oddities}, where a log should be: remove it.")
    # A file, not a pipe: a pipe would hang the process once its reader is gone.
    with open(log, "ab") as file:
        return subprocess.Popen(
            [sys.executable, "-m", module, *words],
            cwd=PACKAGE.parent,
            env={**os.environ, "POLYGIN_HOME": str(home())},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def ensure_supervisor() -> None:
    """Start the workspace's supervisor unless one is at work."""
    if supervisor_at_work():
        return
    # One that was started a moment ago may not hold its lock yet: no second one is started.
    summoned = _summoned.get(home())
    if summoned is None or summoned.poll() is not None:
        _summoned[home()] = spawn(f"{__package__}.supervisor", [], home() / "supervisor.log")


def supervisor_at_work() -> bool:
    """Whether the workspace has a supervisor now."""
    held = supervisor_lock()
    try:
        held.acquire(timeout=0)
    except Timeout:
        return True
    held.release()
    return False


def supervisor_lock() -> FileLock:
    """Held by the workspace's supervisor as long as it is at work."""
    return lock(home() / "supervisor.lock")


def device_lock() -> FileLock:
    """Held by whoever uses the workspace's device; one at a time."""
    return lock(home() / "device.lock")


def identity() -> dict[str, object]:
    """What tells this process from any other, also from one that gets its number later."""
    return {
        "pid": os.getpid(),
        "pid_started": psutil.Process().create_time(),
        "boot_id": boot_id(),
    }


def boot_id() -> str:
    """What tells this start of the machine from any other."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return str(int(psutil.boot_time()))


def worker_of(run: Run) -> psutil.Process | None:
    """The live worker process of a run, or None; never a stranger with the same number."""
    if run.pid is None or run.boot_id != boot_id():
        return None
    try:
        process = psutil.Process(run.pid)
        same = abs(process.create_time() - (run.pid_started or 0)) < 1
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None


def end(process: psutil.Process, grace: float) -> None:
    """Terminate a worker and its children, and kill what is left after `grace` seconds.

    Args:
        process: a worker, which leads a group of its own.
        grace: seconds.
    """
    family = _family(process)
    for member in family:
        _quietly(member.terminate)
    psutil.wait_procs(family, timeout=grace)
    left = {*family, *_family(process)}
    for member in left:
        _quietly(member.kill)
    psutil.wait_procs(left, timeout=grace)


def _family(process: psutil.Process) -> list[psutil.Process]:
    """A worker, what it started, and what it once started and that lost its parent."""
    try:
        family = {process, *process.children(recursive=True)}
    except psutil.NoSuchProcess:
        family = set()
    if hasattr(os, "getpgid"):
        for other in psutil.process_iter():
            with suppress(OSError, psutil.Error):
                if os.getpgid(other.pid) == process.pid:
                    family.add(other)
    return list(family)


def _quietly(act: Callable[[], object]) -> None:
    try:
        act()
    except psutil.NoSuchProcess:
        return
