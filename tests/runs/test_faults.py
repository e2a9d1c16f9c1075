"""What may happen to a run, and that nothing of it is lost; `docs/reliability.md` counts trials."""

import errno
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from engine.errors import DiskFullError, UserError
from engine.runs import (
    Run,
    changes_of,
    find_run,
    list_runs,
    move_up,
    process,
    read_log,
    read_metrics,
    read_report,
    resume_run,
    start_run,
    stop_run,
    store,
    worker,
)
from engine.runs.endings import (
    leave_last_words,
    make_room_for_last_words,
    note_end,
    words_of,
)
from engine.runs.metrics import mend_metrics
from engine.runs.reporting import StoppedError
from engine.runs.supervisor import Supervisor
from engine.table import Table, load_table
from engine.workspace import home
from tests.conftest import TEXTBOOK, wait_for
from tests.runs.conftest import LONG, SHORT, processes_of, started, until, until_stage


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _supervisors(workspace: Path) -> list[psutil.Process]:
    return [
        one for one in processes_of(str(workspace)) if "engine.runs.supervisor" in one.cmdline()
    ]


def _copy_of_slice(folder: Path) -> Path:
    """The table of the run `trained`, as a file."""
    path = folder / "textbook-slice.csv"
    lines = TEXTBOOK.read_text(encoding="utf-8").splitlines(keepends=True)[:71]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def _out_of_fold(run: Run) -> bytes:
    return (run.folder / "oof.parquet").read_bytes()


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
    def fail(job: object) -> None:
        raise error

    monkeypatch.setattr(worker, "_carry_out", fail)
    monkeypatch.setattr(worker._Job, "read", lambda run: None)
    monkeypatch.setattr(worker.signal, "signal", lambda *_: None)
    run = Run(id="ends", name="ends", state="queued", created=time.time())
    run.folder.mkdir(parents=True)
    store.insert(run)
    assert worker.main("ends") == code
    (known,) = store.select()
    assert (known.state, known.stage) == (state, "")
    assert words in known.reason
    assert [change.state for change in changes_of("ends")] == ["queued", "running", state]


def _is_whole(run: Run, reference: Run, out_of_fold: bytes, rows: int) -> None:
    """Done, with the same bits, and with every row of its metrics once."""
    assert run.state == "done", f"{run.reason}\n{read_log(run)}"
    assert _out_of_fold(run) == out_of_fold
    assert run.figures == reference.figures
    metrics = read_metrics(run)
    assert len(metrics) == rows
    assert not metrics.duplicated(["fold", "seed", "epoch"]).any()


@pytest.fixture
def reference(trained_home: Path) -> tuple[Run, bytes, int]:
    """The run `trained`, which nothing happened to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYGIN_HOME", str(trained_home))
        run = find_run("trained")
        return run, _out_of_fold(run), len(read_metrics(run))


def _killed_often(table: Table, kills: int, seed: int) -> tuple[Run, list[str]]:
    """A run that is killed so often at random moments, resumed each time, and then left alone."""
    moments = random.Random(seed)
    run, stages = start_run(table, SHORT), []
    while len(stages) < kills:
        until(lambda: list_runs()[0].state != "queued", 60, "never began")
        time.sleep(moments.uniform(0.0, 9.0))
        run = find_run(run.id)
        stage = run.stage or "Start"
        if run.alive and run.pid:
            _kill(run.pid)
        run = wait_for(run, 30)
        if run.state == "done":
            break
        assert run.state == "interrupted", run.reason
        stages.append(stage)
        run = resume_run(run)
    return wait_for(run), stages


def test_a_killed_worker_costs_nothing(
    slice_of_textbook: Table, reference, record_property
) -> None:
    run, stages = _killed_often(slice_of_textbook, kills=1, seed=0)
    assert stages
    record_property("trials", len(stages))
    _is_whole(run, *reference)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 10))
def test_killed_again_and_again_costs_nothing(
    slice_of_textbook: Table, reference, seed: int, record_property
) -> None:
    run, stages = _killed_often(slice_of_textbook, kills=4, seed=seed)
    record_property("trials", len(stages))
    record_property("stages", " ".join(stages))
    _is_whole(run, *reference)


@pytest.mark.slow
def test_a_kill_in_each_stage_costs_nothing(
    slice_of_textbook: Table, reference, record_property
) -> None:
    order = ["Features", "LightGBM", "XGBoost", "CatBoost", "PolyGIN", "Blend and bundle"]
    run, stages = start_run(slice_of_textbook, SHORT), []
    for wanted in range(len(order)):
        deadline = time.monotonic() + 120
        # Some stages take a tenth of a second and are over before anybody sees them.
        while (run := find_run(run.id)).alive and run.stage not in order[wanted:]:
            assert time.monotonic() < deadline, f"never came to {order[wanted]}"
            time.sleep(0.005)
        stage = run.stage
        if run.alive and run.pid:
            _kill(run.pid)
        run = wait_for(run, 30)
        if run.state == "done":
            break
        stages.append(stage.split()[0])
        run = resume_run(run)
    assert {"Features", "XGBoost", "CatBoost", "PolyGIN"} <= {*stages}
    record_property("trials", len(stages))
    record_property("stages", " ".join(stages))
    _is_whole(wait_for(run), *reference)


def test_a_killed_supervisor_is_replaced(
    slice_of_textbook: Table, reference, workspace: Path
) -> None:
    run = started(slice_of_textbook, SHORT, "LightGBM")
    (first,) = _supervisors(workspace)
    first.kill()
    first.wait()
    assert find_run(run.id).state == "running"
    until(lambda: _supervisors(workspace), 10, "nobody looks after the run")
    assert find_run(run.id).pid == run.pid
    _is_whole(wait_for(run), *reference)


def test_everything_killed_at_once_can_be_resumed(
    slice_of_textbook: Table, reference, workspace: Path
) -> None:
    script = (
        "import sys, time\n"
        "from engine.runs import start_run\n"
        "from engine.table import load_table\n"
        "from tests.runs.conftest import SHORT\n"
        "start_run(load_table(sys.argv[1]), SHORT)\n"
        "time.sleep(600)\n"
    )
    table = _copy_of_slice(workspace.parent)
    server = subprocess.Popen([sys.executable, "-c", script, str(table)])
    until(list_runs, 60, "never started")
    run = until_stage(find_run("short"), "PolyGIN")
    for one in [*processes_of(str(workspace)), psutil.Process(server.pid)]:
        _kill(one.pid)
    server.wait()
    until(lambda: find_run(run.id).state == "interrupted", 10, "dead, and not said")
    _is_whole(wait_for(resume_run(find_run(run.id))), *reference)


def test_supervisors_race_and_the_table_changes(reference, workspace: Path) -> None:
    workspace.mkdir(exist_ok=True)
    table = _copy_of_slice(workspace.parent)
    for _ in range(3):
        process.spawn(["engine.runs.supervisor"], home() / "supervisor.log")
    run = start_run(load_table(table), SHORT)
    table.write_text("SMILES,Tg\n*CC*,1\n")
    until(lambda: len(_supervisors(workspace)) == 1, 20, "not one supervisor")
    run = wait_for(run)
    _is_whole(run, *reference)
    assert read_log(run).count("textbook-slice.csv: 70 rows") == 1
    assert [change.state for change in changes_of(run.id)] == ["queued", "running", "done"]


@pytest.fixture
def at_a_terminal():
    """Ctrl-C is heard, also where the tests themselves run in the background with `&`."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_in_the_terminal_stops_the_run(workspace: Path, at_a_terminal) -> None:
    command = [sys.executable, "-m", "engine", "train", str(TEXTBOOK), "--preset", "cpu"]
    terminal = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    until(list_runs, 60, "never started")
    run = until_stage(list_runs()[0], "LightGBM")
    terminal.send_signal(signal.SIGINT)
    said, _ = terminal.communicate(timeout=60)
    assert terminal.returncode == 1
    assert "Run stopped." in said
    assert find_run(run.id).state == "stopped"


def test_after_a_reboot_no_stranger_is_touched(slice_of_textbook: Table, workspace: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        known = psutil.Process(stranger.pid)
        for name, row in {
            "rebooted": {"pid_started": known.create_time(), "boot_id": "another start"},
            "reused": {"pid_started": known.create_time() - 500, "boot_id": process.boot_id()},
        }.items():
            run = Run(
                id=name, name=name, state="running", created=time.time(), pid=stranger.pid, **row
            )
            run.folder.mkdir(parents=True)
            store.insert(run)
            assert find_run(name).state == "interrupted"
            assert stop_run(find_run(name)).state == "interrupted"
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.slow  # each kind of file has a shorter test of its own
def test_damaged_files_cost_nothing(slice_of_textbook: Table, reference, workspace: Path) -> None:
    run = started(slice_of_textbook, SHORT, "PolyGIN")
    until(lambda: list(run.folder.glob("checkpoints/polygin-*.done*")), 60, "no network finished")
    _kill(run.pid)
    run = wait_for(run)
    assert run.state == "interrupted"
    for cut in sorted(run.folder.glob("checkpoints/*.safetensors"))[::3]:
        cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    with open(run.folder / "metrics.jsonl", "a") as file:
        file.write('{"member": "polygin", "fold": 0, "ep')
    for cached in (workspace / "cache").glob("*.sqlite"):
        cached.write_bytes(b"this is no database" * 100)
    (workspace / "polygin.db").write_bytes(b"nor is this" * 1000)
    _is_whole(wait_for(resume_run(find_run(run.id))), *reference)
    assert list(workspace.glob("polygin-damaged-*.db"))


def test_a_lost_run_table_is_made_anew(trained: Run) -> None:
    before, changes = list_runs(), changes_of(trained.id)
    (home() / "polygin.db").write_bytes(b"\0" * 100_000)
    assert list_runs() == before
    assert changes_of(trained.id) == changes
    with sqlite3.connect(home() / "polygin.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A workspace on a disk of 24 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except OSError:
        pytest.skip("no mount command here")
    if done.returncode:
        pytest.skip("mounting a small disk needs to be root")
    monkeypatch.setenv("POLYGIN_HOME", str(folder))
    (folder / "limits.yaml").write_text("free_disk_gb: 0\n")
    yield folder
    for one in processes_of(str(folder)):
        one.kill()
    subprocess.run(["umount", "-l", str(folder)], check=False)


@pytest.mark.slow
def test_a_full_disk_is_said_and_survived(
    slice_of_textbook: Table, reference, small_disk: Path
) -> None:
    run = started(slice_of_textbook, SHORT, "PolyGIN")
    until(lambda: len(read_metrics(run)) > 20, 60, "no epochs")
    with open(small_disk / "ballast", "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    until(lambda: process.worker_of(find_run(run.id)) is None, 60, "goes on without a disk")
    (small_disk / "ballast").unlink()
    run = wait_for(run, 30)
    assert run.state in ("failed", "interrupted")
    assert "disk is full" in run.reason
    _is_whole(wait_for(resume_run(run)), *reference)


def test_a_full_disk_is_told_also_when_nobody_heard_the_exit_code(workspace: Path) -> None:
    run = Run(id="full", name="full", state="running", created=time.time())
    run.folder.mkdir(parents=True)
    store.insert(run)
    make_room_for_last_words(run)
    before = (run.folder / "last-words").stat().st_size
    leave_last_words(run)
    assert (run.folder / "last-words").stat().st_size == before > 0
    note_end(run)
    assert "disk is full" in store.select("full")[0].reason
    make_room_for_last_words(run)
    store.update("full", state="running")
    note_end(run)
    assert "without a word" in store.select("full")[0].reason


def test_a_worker_has_ended_only_when_its_exit_code_is_there(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(id="full", name="full", state="running", created=time.time(), **process.identity())
    run.folder.mkdir(parents=True)
    store.insert(run)
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
    run = Run(id="late", name="late", state=state, created=time.time(), pid=1, boot_id="another")
    run.folder.mkdir(parents=True)
    store.insert(run)
    assert worker.main("late") == 0
    assert store.select("late")[0] == run


@pytest.mark.parametrize("where", ["at work", "at its end"])
def test_a_disk_that_is_full_for_the_log_too_is_told(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    run = Run(id="full", name="full", state="queued", created=time.time())
    run.folder.mkdir(parents=True)
    store.insert(run)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def full_at_the_end(run_id: str, **changes: object) -> bool:
        if changes.get("state") == "done":
            raise DiskFullError
        return update(run_id, **changes)

    update = store.update
    if where == "at its end":
        monkeypatch.setattr(store, "update", full_at_the_end)
    monkeypatch.setattr(worker, "_carry_out", full if where == "at work" else lambda _: ({}, []))
    monkeypatch.setattr(worker._Job, "read", lambda _: None)
    monkeypatch.setattr(worker.signal, "signal", lambda *_: None)
    monkeypatch.setattr("builtins.print", full)
    monkeypatch.setattr(worker.traceback, "print_exc", full)
    assert worker.main(run.id) == process.DISK_FULL
    assert "disk is full" in store.select("full")[0].reason


def test_a_clock_set_back_loses_no_row(workspace: Path) -> None:
    run = Run(id="clock", name="clock", state="running", created=time.time(), since=1e12)
    run.folder.mkdir(parents=True)
    assert run.seconds == 0
    history = [
        {"time": 1e9 - 3600 * epoch, "fold": 0, "seed": 0, "epoch": epoch, "val_mae": [1.0]}
        for epoch in range(1, 6)
    ]
    mend_metrics(run, ["Tg"], [history])
    assert sorted(read_metrics(run)["epoch"]) == [1, 2, 3, 4, 5]


def test_no_room_is_said_before_anything_is_written(
    slice_of_textbook: Table, workspace: Path
) -> None:
    workspace.mkdir(exist_ok=True)
    limits = workspace / "limits.yaml"
    limits.write_text("free_disk_gb: 1000000\n")
    with pytest.raises(UserError, match="GB of disk are free"):
        start_run(slice_of_textbook, SHORT)
    limits.write_text("queue: 3\n")
    with pytest.raises(UserError, match="queue_length"):
        start_run(slice_of_textbook, SHORT)
    assert list_runs() == []


def test_the_queue_keeps_its_order(slice_of_textbook: Table, monkeypatch) -> None:
    monkeypatch.setattr(process, "ensure_supervisor", lambda: None)
    runs = [start_run(slice_of_textbook, SHORT.model_copy(update={"name": name})) for name in "abc"]
    move_up(runs[2])
    waiting = sorted(store.select(), key=lambda run: run.position)
    assert [run.name for run in waiting] == ["a", "c", "b"]
    assert stop_run(runs[0], wait=False).state == "stopped"
    for run in runs[1:]:
        stop_run(run)


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


def test_a_run_that_works_is_not_resumed(trained: Run) -> None:
    with pytest.raises(UserError, match="is done"):
        resume_run(trained)


def test_the_end_of_a_worker_is_told_in_words() -> None:
    assert "killed from outside" in words_of(-signal.SIGKILL)
    assert "signal 11" in words_of(-11)
    assert "exit code 3" in words_of(3)
    assert "disk is full" in words_of(process.DISK_FULL)
    assert "without a word" in words_of(None)


def test_a_done_run_keeps_no_checkpoints(trained: Run) -> None:
    assert not (trained.folder / "checkpoints").exists()
    assert json.loads((trained.folder / "run.json").read_text())["run"]["state"] == "done"
    assert read_report(trained)["remarks"] == []
