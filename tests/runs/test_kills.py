"""Workers, supervisors and everything killed, and Ctrl-C: nothing of a run is lost."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from engine.runs import Run, find_run, list_runs, read_metrics, resume_run, start_run
from engine.table import Table
from tests.conftest import TEXTBOOK, wait_for
from tests.runs.conftest import (
    SHORT,
    copy_of_slice,
    is_whole,
    kill,
    processes_of,
    started,
    supervisors,
    until,
    until_stage,
)


def _killed_often(table: Table, kills: int, seed: int, longest: float) -> tuple[Run, list[str]]:
    """A run that is killed so often at random moments, resumed each time, and then left alone.

    Args:
        table: what it learns from.
        kills: fewer where it is done before.
        seed: of the moments.
        longest: how long it may work before the next kill, in seconds.

    Returns:
        The run, and at which stage each kill met it.
    """
    moments = random.Random(seed)
    run, stages = start_run(table, SHORT), []
    while len(stages) < kills:
        until(lambda: list_runs()[0].state != "queued", 60, "never began")
        time.sleep(moments.uniform(0.0, longest))
        run = find_run(run.id)
        stage = run.stage or "Start"
        if run.alive and run.pid:
            kill(run.pid)
        run = wait_for(run, 30)
        if run.state == "done":
            break
        assert run.state == "interrupted", run.reason
        stages.append(stage)
        run = resume_run(run)
    return wait_for(run), stages


@pytest.mark.slow
def test_a_killed_worker_costs_nothing(slice_of_textbook: Table, reference) -> None:
    run = started(slice_of_textbook, SHORT, "PolyGIN")
    until(lambda: len(read_metrics(run)) > 20, 60, "no epochs")
    kill(run.pid)
    run = wait_for(run, 30)
    assert run.state == "interrupted", run.reason
    is_whole(wait_for(resume_run(run)), *reference)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 10))
def test_killed_again_and_again_costs_nothing(
    slice_of_textbook: Table, reference, seed: int, record_property
) -> None:
    # The first kill comes before the run can be done, however fast the machine is.
    longest = reference[0].seconds / 2
    run, stages = _killed_often(slice_of_textbook, kills=4, seed=seed, longest=longest)
    assert stages, "never killed"
    record_property("trials", len(stages))
    record_property("stages", " ".join(stages))
    is_whole(run, *reference)


@pytest.mark.slow
def test_a_kill_in_each_stage_costs_nothing(
    slice_of_textbook: Table, reference, record_property
) -> None:
    trees = ["LightGBM", "XGBoost", "CatBoost"]
    order = ["Features", *trees, "Gaussian process", "PolyGIN", "Blend and bundle"]
    run, stages = start_run(slice_of_textbook, SHORT), []
    for wanted in range(len(order)):
        deadline = time.monotonic() + 120
        # Some stages take a tenth of a second and are over before anybody sees them.
        while (run := find_run(run.id)).alive and run.stage not in order[wanted:]:
            assert time.monotonic() < deadline, f"never came to {order[wanted]}"
            time.sleep(0.005)
        stage = run.stage
        if run.alive and run.pid:
            kill(run.pid)
        run = wait_for(run, 30)
        if run.state == "done":
            break
        stages.append(stage.split()[0])
        run = resume_run(run)
    assert {"Features", "XGBoost", "CatBoost", "PolyGIN"} <= {*stages}
    record_property("trials", len(stages))
    record_property("stages", " ".join(stages))
    is_whole(wait_for(run), *reference)


def test_a_killed_supervisor_is_replaced(
    slice_of_textbook: Table, reference, workspace: Path
) -> None:
    run = started(slice_of_textbook, SHORT, "LightGBM")
    (first,) = supervisors(workspace)
    first.kill()
    first.wait()
    assert find_run(run.id).state == "running"
    until(lambda: supervisors(workspace), 10, "nobody looks after the run")
    assert find_run(run.id).pid == run.pid
    is_whole(wait_for(run), *reference)


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
    table = copy_of_slice(workspace.parent)
    server = subprocess.Popen([sys.executable, "-c", script, str(table)])
    until(list_runs, 60, "never started")
    run = until_stage(find_run("short"), "PolyGIN")
    for one in [*processes_of(str(workspace)), psutil.Process(server.pid)]:
        kill(one.pid)
    server.wait()
    until(lambda: find_run(run.id).state == "interrupted", 10, "dead, and not said")
    is_whole(wait_for(resume_run(find_run(run.id))), *reference)


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
