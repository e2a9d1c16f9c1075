"""One supervisor, one worker for each run, in order; and what is said when a worker ends."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from engine.base.errors import DiskFullError, UserError
from engine.base.workspace import home
from engine.runs import (
    Run,
    changes_of,
    find_run,
    move_up,
    process,
    read_log,
    read_report,
    resume_run,
    start_run,
    stop_run,
    store,
    worker,
)
from engine.runs.exit_reasons import words_of
from engine.runs.reporting import StoppedError
from engine.runs.supervisor import Supervisor
from engine.table import Table, load_table
from tests.conftest import wait_for
from tests.runs.conftest import (
    LONG,
    SHORT,
    copy_of_slice,
    inserted,
    is_whole,
    started,
    supervisors,
    until,
    until_stage,
)


@pytest.mark.parametrize(
    ("error", "state", "words", "code"),
    [
        (MemoryError("9 GB"), "failed", "Out of memory", 1),
        (OSError(28, "No space left on device"), "failed", "disk is full", process.DISK_FULL),
        (DiskFullError(), "failed", "disk is full", process.DISK_FULL),
        (UserError("Mend the table."), "failed", "Mend the table.", 1),
        (ValueError("odd"), "failed", "Unexpected ValueError: odd", 1),
        (StoppedError(), "stopped", "Stopped on request", 1),
    ],
)
def test_what_ends_a_worker_is_told(
    workspace: Path, monkeypatch, error: Exception, state: str, words: str, code: int
) -> None:
    def fail(job: object, place: object) -> None:
        raise error

    monkeypatch.setattr(worker, "_carry_out", fail)
    monkeypatch.setattr(worker._Job, "read", lambda run: None)
    monkeypatch.setattr(worker.signal, "signal", lambda *_: None)
    inserted("ends", "queued")
    assert worker.main("ends") == code
    (known,) = store.select()
    assert (known.state, known.stage) == (state, "")
    assert words in known.reason
    assert [change.state for change in changes_of("ends")] == ["queued", "running", state]


@pytest.mark.slow
def test_supervisors_race_and_the_table_changes(reference, workspace: Path) -> None:
    workspace.mkdir(exist_ok=True)
    table = copy_of_slice(workspace.parent)
    for _ in range(3):
        process.spawn("engine.runs.supervisor", [], home() / "supervisor.log")
    run = start_run(load_table(table), SHORT)
    table.write_text("SMILES,Tg\n*CC*,1\n")
    until(lambda: len(supervisors(workspace)) == 1, 20, "not one supervisor")
    run = wait_for(run)
    is_whole(run, *reference)
    assert read_log(run).count("textbook-slice.csv: 70 rows") == 1
    assert [change.state for change in changes_of(run.id)] == ["queued", "running", "done"]


def test_after_a_reboot_no_stranger_is_touched(slice_of_textbook: Table, workspace: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        known = psutil.Process(stranger.pid)
        for name, row in {
            "rebooted": {"pid_started": known.create_time(), "boot_id": "another start"},
            "reused": {"pid_started": known.create_time() - 500, "boot_id": process.boot_id()},
        }.items():
            inserted(name, "running", pid=stranger.pid, **row)
            assert find_run(name).state == "interrupted"
            assert stop_run(find_run(name)).state == "interrupted"
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_worker_has_ended_only_when_its_exit_code_is_there(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = inserted("full", "running", **process.identity())
    code = f"import sys; sys.stdin.read(); sys.exit({process.DISK_FULL})"
    ending = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    supervisor = Supervisor()
    supervisor._launched[run.id] = (ending, time.time())
    # A process counts as gone when its first thread is; the others, and the code, come later.
    monkeypatch.setattr(process, "worker_of", lambda _: None)
    supervisor.look_after(run)
    assert store.select("full")[0].state == "running"
    ending.communicate()
    supervisor.look_after(run)
    assert "disk is full" in store.select("full")[0].reason


def test_no_second_worker_is_started_beside_one_that_has_signed(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launched = []
    monkeypatch.setattr(process, "launch", launched.append)
    now = time.time()
    signed = Run(id="signed", name="signed", state="queued", created=now, **process.identity())
    waiting = Run(id="waiting", name="waiting", state="queued", created=now + 1)
    supervisor = Supervisor()
    supervisor.start_next([waiting, signed])
    assert launched == []
    supervisor.start_next([waiting])
    assert launched == [waiting]


@pytest.mark.parametrize("state", ["running", "stopping", "stopped", "interrupted"])
def test_a_worker_that_comes_late_changes_nothing(workspace: Path, state: str) -> None:
    run = inserted("late", state, pid=1, boot_id="another")
    assert worker.main("late") == 0
    assert store.select("late")[0] == run


def test_the_queue_keeps_its_order(slice_of_textbook: Table, monkeypatch) -> None:
    monkeypatch.setattr(process, "ensure_supervisor", lambda: None)
    runs = [start_run(slice_of_textbook, SHORT.model_copy(update={"name": name})) for name in "abc"]
    move_up(runs[2])
    waiting = sorted(store.select(), key=lambda run: run.position)
    assert [run.name for run in waiting] == ["a", "c", "b"]
    assert stop_run(runs[0], wait=False).state == "stopped"
    for run in runs[1:]:
        stop_run(run)


@pytest.mark.slow
def test_a_resumed_run_counts_its_own_time_only(slice_of_textbook: Table) -> None:
    run = started(slice_of_textbook, LONG, "LightGBM")
    stopped = stop_run(run)
    assert stopped.state == "stopped"
    assert "kept" in stopped.reason
    worked = stopped.seconds
    time.sleep(2)
    again = until_stage(resume_run(stopped), "LightGBM")
    assert again.spent == pytest.approx(worked)
    assert again.seconds < worked + time.time() - again.since + 1
    assert "LightGBM" in read_log(again)


@pytest.mark.parametrize("state", ["running", "done"])
def test_a_run_that_works_is_not_resumed(workspace: Path, state: str) -> None:
    run = inserted("works", state)
    with pytest.raises(UserError, match=f"'works' is {state}"):
        resume_run(run)
    assert store.select("works") == [run]


def test_the_end_of_a_worker_is_told_in_words() -> None:
    assert "killed from outside" in words_of(-signal.SIGKILL)
    assert "signal 11" in words_of(-11)
    assert "exit code 3" in words_of(3)
    assert "disk is full" in words_of(process.DISK_FULL)
    assert "without a word" in words_of(None)


def test_a_done_run_keeps_no_checkpoints(trained: Run) -> None:
    # They are removed a moment after the run is recorded as done.
    until(lambda: not (trained.folder / "checkpoints").exists(), 10, "checkpoints are left")
    assert json.loads((trained.folder / "run.json").read_text())["run"]["state"] == "done"
    assert read_report(trained)["remarks"] == []
