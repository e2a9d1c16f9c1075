"""What the tests of runs share."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from engine.runs import (
    Run,
    RunConfig,
    find_run,
    list_runs,
    read_log,
    read_metrics,
    start_run,
    stop_run,
    store,
)
from engine.runs.records import State
from engine.table import Table, load_table
from tests.conftest import SLICE, TEXTBOOK

LONG = RunConfig(name="long", preset="cpu", folds="random:5")
SHORT = RunConfig(name="short", preset="smoke", folds="random:3")
"""The settings of the run `trained`."""


@pytest.fixture(scope="session")
def textbook() -> Table:
    return load_table(TEXTBOOK)


@pytest.fixture(autouse=True)
def nothing_left(workspace) -> Iterator[None]:
    """After each test no process of its workspace is left; that is tested here too."""
    yield
    for run in list_runs():
        if run.alive:
            stop_run(run)
    until(lambda: not processes_of(str(workspace)), 30, "processes are left")


def processes_of(home: str) -> list[psutil.Process]:
    """Every process of the engine that works in a workspace."""
    found = []
    for process in psutil.process_iter():
        try:
            mine = process.environ().get("POLYGIN_HOME") == home
            # Helpers of the process that runs the tests, which live as long as that: Python's own,
            # and the child that reads tables.
            words = " ".join(process.cmdline())
            reader = "spawn_main" in words and process.ppid() == os.getpid()
            helper = reader or "multiprocessing.resource_tracker" in words
            if mine and not helper and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def until(condition: Callable[[], object], seconds: float, otherwise: str) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.2)


def until_stage(run: Run, stage: str, seconds: float = 120) -> Run:
    """Wait until a run has come to a stage."""

    def there() -> bool:
        known = find_run(run.id)
        assert known.alive, f"{known.state}: {known.reason}\n{read_log(known)}"
        return known.stage == stage

    until(there, seconds, f"never came to {stage}")
    return find_run(run.id)


def started(table: Table, config: RunConfig, stage: str) -> Run:
    """A run that has come to a stage."""
    return until_stage(start_run(table, config), stage)


def kill(pid: int) -> None:
    """End a process that may be gone already."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def supervisors(workspace: Path) -> list[psutil.Process]:
    """Every supervisor of a workspace."""
    return [
        one for one in processes_of(str(workspace)) if "engine.runs.supervisor" in one.cmdline()
    ]


def copy_of_slice(folder: Path) -> Path:
    """The table of the run `trained`, as a file."""
    path = folder / "textbook-slice.csv"
    path.write_text(SLICE, encoding="utf-8")
    return path


def inserted(run_id: str, state: State, **more: object) -> Run:
    """A run with a folder and a row in the run table, and no process."""
    run = Run(**{"id": run_id, "name": run_id, "state": state, "created": time.time(), **more})
    run.folder.mkdir(parents=True)
    store.insert(run)
    return run


def out_of_fold_file(run: Run) -> bytes:
    """The bytes of a run's out-of-fold file."""
    return (run.folder / "oof.parquet").read_bytes()


def is_whole(run: Run, reference: Run, out_of_fold: bytes, rows: int) -> None:
    """Done, with the same bits, and with every row of its metrics once."""
    assert run.state == "done", f"{run.reason}\n{read_log(run)}"
    assert out_of_fold_file(run) == out_of_fold
    assert run.figures == reference.figures
    metrics = read_metrics(run)
    assert len(metrics) == rows
    assert not metrics.duplicated(["fold", "seed", "epoch"]).any()


@pytest.fixture
def run(workspace: Path) -> Run:
    """A run of which there is no more than its folder."""
    made = Run(id="bare", name="bare", state="running", created=0.0)
    made.folder.mkdir(parents=True)
    return made


@pytest.fixture
def changeable(trained_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The run `trained` in a workspace of the test's own, which may be spoiled."""
    until(lambda: not processes_of(str(trained_home)), 30, "still written to")
    copy = tmp_path / "copy"
    shutil.copytree(trained_home, copy)
    monkeypatch.setenv("POLYGIN_HOME", str(copy))
    return find_run("trained")


@pytest.fixture
def reference(trained_home: Path) -> tuple[Run, bytes, int]:
    """The run `trained`, which nothing happened to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYGIN_HOME", str(trained_home))
        run = find_run("trained")
        return run, out_of_fold_file(run), len(read_metrics(run))
