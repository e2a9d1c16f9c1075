"""What the tests of runs share."""

import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from engine.runs import Run, RunConfig, find_run, list_runs, read_log, start_run, stop_run
from engine.table import Table, load_table
from tests.conftest import TEXTBOOK

LONG = RunConfig(name="long", preset="cpu", folds="random:5")
SHORT = RunConfig(name="short", preset="smoke", folds="random:3")
"""The settings of the run `trained`."""


@pytest.fixture(scope="session")
def textbook() -> Table:
    return load_table(TEXTBOOK)


@pytest.fixture(scope="session")
def slice_of_textbook() -> Table:
    """The table of the run `trained`."""
    rows = TEXTBOOK.read_text(encoding="utf-8").splitlines(keepends=True)
    return load_table("".join(rows[:71]).encode(), "textbook-slice.csv")


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
            if mine and process.status() != psutil.STATUS_ZOMBIE:
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
