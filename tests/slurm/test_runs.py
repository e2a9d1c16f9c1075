"""Runs that Slurm carries out end as those of this machine do, whatever happens on the way."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from engine.base.errors import UserError
from engine.base.workspace import home
from engine.cluster.settings import FILE
from engine.runs import (
    Run,
    RunConfig,
    changes_of,
    find_run,
    read_log,
    resume_run,
    start_run,
    stop_run,
)
from engine.runs.records import Where
from engine.table import Table
from tests.conftest import wait_for
from tests.runs.conftest import SHORT, out_of_fold_file, until
from tests.slurm.cluster import HIGH, Cluster
from tests.slurm.conftest import describe

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("described")]

LONGER = RunConfig(name="longer", preset="smoke", folds="random:12")
"""Long enough to be interrupted on an idle machine, too."""


@pytest.fixture(scope="module")
def of_longer(tmp_path_factory: pytest.TempPathFactory, slice_of_textbook: Table) -> bytes:
    """The out-of-fold file of the longer run, carried out here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYGIN_HOME", str(tmp_path_factory.mktemp("longer")))
        run = wait_for(start_run(slice_of_textbook, LONGER), 900)
        assert run.state == "done", f"{run.reason}\n{read_log(run)}"
        return out_of_fold_file(run)


def working(run: Run, seconds: float = 120) -> Run:
    """Wait until Slurm has let a run begin, and it has something to lose."""

    def there() -> bool:
        known = find_run(run.id)
        assert known.alive, f"{known.state}: {known.reason}\n{read_log(known)}"
        return known.state == "running" and any((run.folder / "checkpoints").glob("*.safetensors"))

    until(there, seconds, "does not begin")
    return find_run(run.id)


def done(run: Run) -> Run:
    """The run at its end, which is a good one."""
    ended = wait_for(run, 900)
    assert ended.state == "done", f"{ended.reason}\n{read_log(ended)}"
    return ended


def states(run: Run) -> list[str]:
    return [change.state for change in changes_of(run.id)]


def test_a_run_ends_with_the_same_bits(slice_of_textbook: Table, trained_home: Path) -> None:
    run = done(start_run(slice_of_textbook, SHORT, on="slurm"))
    (local,) = (trained_home / "runs").iterdir()
    assert out_of_fold_file(run) == (local / "oof.parquet").read_bytes()
    assert states(run) == ["queued", "running", "done"]
    assert any("works on the node one" in change.reason for change in changes_of(run.id))
    assert "Slurm's job" in read_log(run)
    assert run.seconds < 240
    assert not (home() / "slurm" / run.id).exists()
    assert not [*(home() / "cache").glob("*.sqlite")], "a node has opened SQLite"


def test_a_preempted_run_goes_on(
    slice_of_textbook: Table, cluster: Cluster, of_longer: bytes
) -> None:
    run = working(start_run(slice_of_textbook, LONGER, on="slurm"))
    node = cluster.ask("squeue", "-h", f"-j{run.job}", "-o%N")
    for name in cluster.nodes:
        cluster.submit(HIGH, "sleep 8", f"--nodelist={name}")
    until(lambda: find_run(run.id).state == "queued", 60, f"is not preempted on {node}")
    assert f"job {run.job} waits" in find_run(run.id).reason
    ended = done(run)
    assert states(run) == ["queued", "running", "queued", "running", "done"]
    assert "queued again 1 times" in read_log(ended)
    assert out_of_fold_file(ended) == of_longer


def test_a_node_is_set_down_in_mid_run(
    slice_of_textbook: Table, cluster: Cluster, of_longer: bytes
) -> None:
    run = working(start_run(slice_of_textbook, LONGER, on="slurm"))
    node = cluster.ask("squeue", "-h", f"-j{run.job}", "-o%N")
    cluster.set_node(node, "down")
    ended = done(run)
    (other,) = {*cluster.nodes} - {node}
    assert f"on the node {other}" in read_log(ended)
    assert out_of_fold_file(ended) == of_longer


@pytest.mark.parametrize("on", ["slurm", "here"])
def test_a_run_is_stopped_and_goes_on(
    slice_of_textbook: Table, cluster: Cluster, of_longer: bytes, on: Where
) -> None:
    run = stop_run(working(start_run(slice_of_textbook, LONGER, on="slurm")))
    assert run.state == "stopped"
    assert "kept" in run.reason
    until(lambda: cluster.state(run.job) != "RUNNING", 10, "its job goes on")
    again = done(resume_run(run, on))
    assert again.place == on
    assert out_of_fold_file(again) == of_longer


def test_a_worker_that_is_killed_is_tried_once_elsewhere(
    slice_of_textbook: Table, cluster: Cluster, of_longer: bytes
) -> None:
    run = working(start_run(slice_of_textbook, LONGER, on="slurm"))
    node = cluster.ask("squeue", "-h", f"-j{run.job}", "-o%N")
    kill_worker(run)
    until(lambda: find_run(run.id).job not in ("", run.job), 60, "is not submitted again")
    ended = done(run)
    (other,) = {*cluster.nodes} - {node}
    assert f"on the node {other}" in read_log(ended)
    assert any("it is tried again" in change.reason for change in changes_of(run.id))
    assert out_of_fold_file(ended) == of_longer


def test_a_worker_that_is_killed_twice_is_not_tried_again(
    slice_of_textbook: Table, cluster: Cluster
) -> None:
    run = working(start_run(slice_of_textbook, LONGER, on="slurm"))
    kill_worker(run)
    until(lambda: find_run(run.id).job not in ("", run.job), 60, "is not submitted again")
    kill_worker(working(find_run(run.id)))
    ended = wait_for(run, 900)
    assert ended.state == "interrupted"
    assert "(FAILED)" in ended.reason
    assert "Resume it" in ended.reason


def test_a_waiting_run_says_why_and_is_stopped_at_once(
    slice_of_textbook: Table, cluster: Cluster
) -> None:
    for name in cluster.nodes:
        cluster.submit(HIGH, "sleep 600", f"--nodelist={name}")
    run = start_run(slice_of_textbook, SHORT, on="slurm")
    until(lambda: "no node is free" in find_run(run.id).reason, 40, find_run(run.id).reason)
    run = stop_run(find_run(run.id))
    assert run.state == "stopped"
    until(lambda: cluster.state(run.job) == "CANCELLED", 10, "its job waits on")


def test_a_cluster_that_was_not_checked_carries_nothing_out(slice_of_textbook: Table) -> None:
    text = (home() / FILE).read_text()
    (home() / FILE).write_text(text + "setup:\n  - touch /tmp/polygin-was-here\n")
    with pytest.raises(UserError, match="not checked yet"):
        start_run(slice_of_textbook, SHORT, on="slurm")


def kill_worker(run: Run) -> None:
    """Kill the processes of a run's worker, as the system does when memory runs out."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if "engine.runs.node" in process.cmdline() and run.id in process.cmdline():
                os.kill(process.pid, signal.SIGKILL)


def test_a_run_whose_time_is_up_goes_on(
    slice_of_textbook: Table, cluster: Cluster, of_longer: bytes
) -> None:
    run = working(start_run(slice_of_textbook, LONGER, on="slurm"))
    # As Slurm does before the time limit.
    cluster.ask("scancel", "--signal=USR2", run.job)
    until(lambda: find_run(run.id).state == "queued", 60, "is not queued again")
    ended = done(run)
    assert ended.job == run.job
    assert out_of_fold_file(ended) == of_longer


def test_folds_and_members_are_divided_over_jobs(
    slice_of_textbook: Table, cluster: Cluster, of_longer: bytes
) -> None:
    describe("tasks: 3\n")
    run = start_run(slice_of_textbook, LONGER, on="slurm")
    until(lambda: "Of 4 jobs of Slurm's" in find_run(run.id).reason, 120, "is not divided")
    ended = done(run)
    assert states(run) == ["queued", "running", "done"]
    assert out_of_fold_file(ended) == of_longer


def test_a_divided_run_is_stopped_and_goes_on(
    slice_of_textbook: Table, cluster: Cluster, of_longer: bytes
) -> None:
    describe("tasks: 2\n")
    run = stop_run(working(start_run(slice_of_textbook, LONGER, on="slurm")))
    assert run.state == "stopped"
    until(lambda: not cluster.ask("squeue", "--noheader"), 30, "its jobs go on")
    assert out_of_fold_file(done(resume_run(run))) == of_longer
