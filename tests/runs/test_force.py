"""Workers that do not end when they are told to are ended by force, with all they started."""

import subprocess
import time
from collections.abc import Iterator

import psutil
import pytest

from engine.runs import process, store, supervisor
from engine.runs.supervisor import Supervisor
from tests.runs.conftest import inserted, until

DEAF = "trap '' TERM; sleep 60 & echo $!; (sleep 60 & echo $!); echo ready; wait"
"""It does not hear SIGTERM, nor does its child, nor another one that has lost its parent."""


@pytest.fixture
def deaf(workspace) -> Iterator[list[psutil.Process]]:
    """A worker in a session of its own, as workers are, and the two that it started."""
    worker = subprocess.Popen(
        ["sh", "-c", DEAF], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    child, orphan, _ = (worker.stdout.readline() for _ in range(3))
    family = [psutil.Process(int(pid)) for pid in (worker.pid, child, orphan)]
    yield family
    for one in family:
        if at_work(one):
            one.kill()
    worker.communicate()


def at_work(one: psutil.Process) -> bool:
    """Whether a process is there; one that only waits for its exit code to be taken is not."""
    try:
        return one.is_running() and one.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_deaf_worker_is_ended_with_all_it_started(deaf: list[psutil.Process]) -> None:
    assert all(map(at_work, deaf))
    process.end(deaf[0], grace=0.3)
    until(lambda: not any(map(at_work, deaf)), 5, "not ended")


def test_a_worker_that_does_not_stop_is_ended_after_a_while(
    deaf: list[psutil.Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "_GRACE_SECONDS", 0.3)
    run = inserted(
        "deaf",
        "stopping",
        pid=deaf[0].pid,
        pid_started=deaf[0].create_time(),
        boot_id=process.boot_id(),
    )
    (run.folder / "stop-requested").touch()
    looking = Supervisor()
    looking.look_after(run)
    assert all(map(at_work, deaf)), "not asked to stop first"
    time.sleep(0.4)
    looking.look_after(run)
    until(lambda: not any(map(at_work, deaf)), 5, "not ended")
    looking.look_after(run)
    assert store.select("deaf")[0].state == "stopped"
