"""What becomes of runs that Slurm carries out, without a Slurm; `tests/slurm` tries a real one."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from filelock import Timeout

from engine.base.errors import UserError
from engine.base.hardware import detect
from engine.base.workspace import home
from engine.cluster import submission
from engine.cluster.queue import Job, SilentError
from engine.cluster.settings import FILE, NodeReport, read_cluster, remember_checked
from engine.features.cache import FeatureCache
from engine.runs import changes_of, control, find_run, places, slurm_runs, store
from engine.runs.places import OnNode, demand_ours
from engine.runs.reporting import StoppedError
from engine.runs.slurm_runs import SlurmRuns, job_name, read_submission
from tests.runs.conftest import inserted

Look = Callable[..., None]


@pytest.fixture
def cancelled(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The jobs that were cancelled; nothing else of Slurm is there."""
    jobs: list[str] = []
    monkeypatch.setattr(slurm_runs, "cancel", lambda job, name: jobs.append(job))
    monkeypatch.setattr(slurm_runs, "cancel_all", lambda name: jobs.append(f"all of {name}"))
    for name in ("_LATE_SECONDS", "_GRACE_SECONDS", "_SECONDS_BETWEEN"):
        monkeypatch.setattr(slurm_runs, name, 0.0)
    monkeypatch.setattr(control.process, "supervisor_at_work", lambda: True)
    yield jobs
    # No supervisor is there that would end what a test leaves.
    for run in store.select():
        store.update(run.id, state="stopped")


@pytest.fixture
def look(cancelled: list[str], monkeypatch: pytest.MonkeyPatch) -> Look:
    """Look after all runs once, while Slurm shows these jobs."""
    runs = SlurmRuns()

    def once(**jobs: Job) -> None:
        known = {name.removeprefix("job"): job for name, job in jobs.items()}
        monkeypatch.setattr(slurm_runs, "jobs_of_user", lambda: known)
        runs.look_after([run for run in store.select() if run.alive and run.place == "slurm"])

    return once


def job(state: str, reason: str = "None", name: str = "polygin-a", node: str = "one") -> Job:
    return Job(state, reason, node, name)


def test_a_run_follows_its_job_and_what_its_worker_says(look: Look, workspace: Path) -> None:
    run = inserted("a", "queued", place="slurm", job="7")
    look(job7=job("PENDING", "Priority"))
    assert find_run("a").reason == (
        "Slurm's job 7 waits. Priority: other jobs are to start before it."
    )
    look(job7=job("RUNNING"))
    assert find_run("a").state == "queued"
    place = OnNode(run, "7", "one")
    assert place.change(only_from=("queued",), state="running", started=5.0, since=5.0)
    look(job7=job("RUNNING"))
    assert (find_run("a").state, find_run("a").started) == ("running", 5.0)
    look(job7=job("PENDING", "BeginTime"))
    assert find_run("a").state == "queued"
    assert "Slurm has taken its node" in find_run("a").reason
    look(job7=job("RUNNING"))
    assert find_run("a").state == "queued", "what the worker before said is taken for news"
    place = OnNode(run, "7", "two")
    place.change(state="running", started=9.0, since=9.0)
    look(job7=job("RUNNING"))
    place.change(state="done", reason="", finished=12.0, progress=1.0)
    look(job7=job("COMPLETED"))
    states = [change.state for change in changes_of("a")]
    assert states == ["queued", "running", "queued", "running", "done"]
    assert find_run("a").started == 5.0


def test_what_another_job_says_is_not_taken_over(look: Look, workspace: Path) -> None:
    run = inserted("a", "queued", place="slurm", job="8")
    OnNode(run, "7", "one").change(state="done", finished=1.0)
    look(job8=job("RUNNING"))
    assert find_run("a").state == "queued"


@pytest.mark.parametrize("spoiled", ["", "{", "[]", json.dumps({"job": "8", "state": "odd"})])
def test_what_is_damaged_says_nothing(look: Look, workspace: Path, spoiled: str) -> None:
    run = inserted("a", "queued", place="slurm", job="8")
    (run.folder / "node.json").write_text(spoiled)
    look(job8=job("RUNNING"))
    assert find_run("a").state == "queued"


def test_a_job_of_another_name_is_nobodys(
    look: Look, cancelled: list[str], workspace: Path
) -> None:
    inserted("a", "stopping", place="slurm", job="7")
    look(job7=job("RUNNING", name="somebody-elses"))
    assert cancelled == []
    assert find_run("a").state == "interrupted"
    assert "Slurm knows it no more" in find_run("a").reason


@pytest.mark.parametrize(
    ("state", "again"),
    [("FAILED", True), ("NODE_FAIL", True), ("OUT_OF_MEMORY", False), ("CANCELLED", False)],
)
def test_what_a_node_may_be_to_blame_for_is_tried_once_more(
    look: Look, workspace: Path, state: str, again: bool
) -> None:
    inserted("a", "running", place="slurm", job="7")
    look(job7=job(state))
    run = find_run("a")
    assert (run.state, run.job) == (("queued", "") if again else ("interrupted", "7"))
    assert f"on the node one ({state}" in run.reason
    if again:
        store.update("a", job="8", state="running")
        look(job8=job(state))
        assert find_run("a").state == "interrupted"


def test_a_preempted_job_that_slurm_does_not_queue_again_is_submitted_again(
    look: Look, workspace: Path
) -> None:
    inserted("a", "running", place="slurm", job="7")
    for number in (8, 9, 10):
        look(**{f"job{number - 1}": job("PREEMPTED")})
        assert (find_run("a").state, find_run("a").job) == ("queued", "")
        store.update("a", job=str(number), state="running")


def test_a_full_disk_is_not_tried_again(look: Look, workspace: Path) -> None:
    run = inserted("a", "running", place="slurm", job="7")
    (run.folder / "last-words").write_bytes(b"the disk is full")
    look(job7=job("FAILED"))
    assert find_run("a").state == "interrupted"
    assert "disk is full" in find_run("a").reason


def test_a_run_that_is_to_stop_loses_its_job(
    look: Look, cancelled: list[str], workspace: Path
) -> None:
    run = inserted("a", "running", place="slurm", job="7")
    control.stop_run(run, wait=False)
    with pytest.raises(StoppedError):
        OnNode(run, "7", "one").told_to_end()
    look(job7=job("RUNNING"))
    assert cancelled == ["7"]
    look(job7=job("CANCELLED"))
    assert find_run("a").state == "stopped"


def test_a_worker_that_is_preempted_works_until_it_is_killed(
    cancelled: list[str], workspace: Path
) -> None:
    run = inserted("a", "running", place="slurm", job="7")
    OnNode(run, "7", "one").told_to_end()


def test_a_workspace_from_elsewhere_submits_nothing(look: Look, workspace: Path) -> None:
    inserted("a", "queued", place="slurm")
    (home() / FILE).write_text(
        "partition: low\ntime: 1 h\ncpus: 1\nmemory: 1 GB\nsetup:\n  - touch /tmp/was-here\n"
    )
    look()
    assert find_run("a").state == "failed"
    assert "not checked yet" in find_run("a").reason


def test_a_job_that_was_submitted_and_not_noted_is_found_again(
    look: Look, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = inserted("a", "queued", place="slurm")
    _describe(workspace, monkeypatch)
    look(job9=job("PENDING", "Priority", job_name(run)))
    assert find_run("a").job == "9"


def _describe(workspace: Path, monkeypatch: pytest.MonkeyPatch, more: str = "") -> None:
    """Describe a cluster in the workspace, as its user has checked it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(workspace / "state"))
    (home() / FILE).write_text("partition: low\ntime: 8 h\ncpus: 2\nmemory: 1 GB\n" + more)
    node = NodeReport(node="one", python="3", executable="", versions={}, hardware=detect())
    remember_checked(read_cluster(), node)


class _Submitted(NamedTuple):
    """What Slurm was given."""

    what: str
    name: str
    without: Sequence[str]
    after: str
    tasks: int


@pytest.fixture
def submitted(look: Look, monkeypatch: pytest.MonkeyPatch) -> list[_Submitted]:
    """The jobs that are submitted, which get the numbers 1, 2 and so on."""
    given: list[_Submitted] = []

    def submit(words, name, cluster, folder, *, without=(), after="", tasks=1) -> str:
        given.append(_Submitted(words[-1], name, without, after, tasks))
        return str(len(given))

    monkeypatch.setattr(submission, "submit", submit)
    # Slurm shows none of them yet.
    monkeypatch.setattr(slurm_runs, "_LATE_SECONDS", 3600.0)
    return given


def test_pieces_are_divided_over_jobs_for_which_the_runs_own_one_waits(
    look: Look,
    cancelled: list[str],
    submitted: list[_Submitted],
    workspace: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = inserted("a", "queued", place="slurm")
    _describe(workspace, monkeypatch, "tasks: 4\n")
    look()
    assert [(each.what, each.after, each.tasks) for each in submitted] == [
        ("prepare", "", 1),
        ("task", "1", 4),
        (str(workspace), "2", 1),
    ]
    assert find_run("a").job == "3"
    tasks = {f"job2_{n}": job("RUNNING", name=f"{job_name(run)}-tasks") for n in range(3)}
    look(job3=job("PENDING", "Dependency"), **tasks, job2_3=job("COMPLETED", name="other"))
    assert find_run("a").state == "running"
    assert find_run("a").reason == "Of 3 jobs of Slurm's 0 have ended and 3 work."
    ended = {name: each._replace(state="COMPLETED") for name, each in tasks.items()}
    look(job3=job("PENDING", "Priority"), **ended)
    assert find_run("a").reason.startswith("Its folds and members are fitted. Slurm's job 3 waits.")
    cancelled.clear()
    control.stop_run(run, wait=False)
    look(job3=job("PENDING", "Priority"), **ended)
    assert cancelled == ["3", f"all of {job_name(run)}-tasks"]
    assert find_run("a").state == "stopped"


def test_jobs_for_a_run_that_is_refused_are_taken_back(
    look: Look,
    cancelled: list[str],
    submitted: list[_Submitted],
    workspace: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inserted("a", "queued", place="slurm")
    _describe(workspace, monkeypatch, "tasks: 4\n")
    taken = submission.submit

    def refuse(words, *given, **more) -> str:
        if len(submitted) == 2:
            raise UserError("Slurm refuses the job.")
        return taken(words, *given, **more)

    monkeypatch.setattr(submission, "submit", refuse)
    look()
    assert find_run("a").state == "failed"
    assert cancelled == ["all of polygin-a-tasks"] * 2


def test_a_node_that_failed_is_left_out_where_there_are_others(
    look: Look,
    submitted: list[_Submitted],
    workspace: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _describe(workspace, monkeypatch)
    monkeypatch.setattr(slurm_runs, "_LATE_SECONDS", 0.0)
    for run_id, others, without in (("a", ["two"], ["one"]), ("b", [], [])):
        inserted(run_id, "running", place="slurm", job="7")
        monkeypatch.setattr(slurm_runs, "other_nodes", lambda *_, others=others: others)
        look(job7=job("NODE_FAIL", name=f"polygin-{run_id}"))
        look()
        assert [*submitted[-1].without] == without
        store.update(run_id, state="stopped")


def test_a_run_that_is_stopped_while_it_is_submitted_loses_its_job(
    look: Look,
    cancelled: list[str],
    submitted: list[_Submitted],
    workspace: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inserted("a", "queued", place="slurm")
    _describe(workspace, monkeypatch)
    taken = submission.submit

    def slow(*given, **more) -> str:
        store.update("a", state="stopped")
        return taken(*given, **more)

    monkeypatch.setattr(submission, "submit", slow)
    look()
    assert cancelled == ["1", "all of polygin-a-tasks"]
    assert find_run("a").state == "stopped"


def test_a_slurm_that_is_silent_when_a_run_is_submitted_is_asked_again(
    look: Look,
    submitted: list[_Submitted],
    workspace: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inserted("a", "queued", place="slurm")
    _describe(workspace, monkeypatch)

    def silent() -> dict[str, Job]:
        raise SilentError("Slurm's squeue has not answered for 30 s.")

    runs = SlurmRuns()
    with monkeypatch.context() as patched:
        patched.setattr(slurm_runs, "jobs_of_user", silent)
        runs.look_after(store.select())
    assert find_run("a").state == "queued"
    assert find_run("a").reason.endswith("It is asked again.")
    look()
    assert find_run("a").job == "1"


def test_a_run_is_given_time_to_end_by_itself(
    look: Look, cancelled: list[str], workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inserted("a", "stopping", place="slurm", job="7")
    monkeypatch.setattr(slurm_runs, "_GRACE_SECONDS", 3600.0)
    look(job7=job("RUNNING"))
    assert cancelled == []
    monkeypatch.setattr(slurm_runs, "_GRACE_SECONDS", 0.0)
    look(job7=job("RUNNING"))
    assert cancelled == ["7"]


def test_a_job_that_the_run_has_given_up_does_nothing(workspace: Path) -> None:
    run = inserted("a", "queued", place="slurm", job="8")
    with pytest.raises(UserError, match="has another job now, 8"):
        demand_ours(run, "7")
    demand_ours(run, "8")
    store.update("a", state="stopped")


def test_a_worker_of_a_run_that_is_to_stop_does_not_begin(look: Look, workspace: Path) -> None:
    run = inserted("a", "queued", place="slurm", job="7")
    place = OnNode(run, "7", "one")
    assert place.take()
    control.stop_run(run, wait=False)
    (run.folder / "stop").touch()
    assert not place.take()
    assert not place.change(state="running")


def test_one_worker_on_a_node_works_at_a_time(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = inserted("a", "running", place="slurm", job="7")
    monkeypatch.setattr(places, "_LOCK_SECONDS", 0.05)
    other = OnNode(run, "7", "two").alone()
    with OnNode(run, "7", "one").alone(), pytest.raises(Timeout):
        other.__enter__()
    store.update("a", state="stopped")


def test_a_slurm_that_does_not_answer_ends_nothing(
    look: Look, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inserted("a", "running", place="slurm", job="7")

    def silent() -> dict[str, Job]:
        raise UserError("Slurm does not answer.")

    runs = SlurmRuns()
    monkeypatch.setattr(slurm_runs, "jobs_of_user", silent)
    with pytest.raises(UserError):
        runs.look_after(store.select())
    assert find_run("a").state == "running"


def test_no_sqlite_is_opened_on_a_node(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYGIN_NODE", "one")
    with FeatureCache("graphs", "1") as cache:
        cache.write({"*CC*": b"bytes"})
        assert cache.read(["*CC*"]) == {}
    assert not [*(home() / "cache").iterdir()]


def test_no_line_of_a_workspace_becomes_a_line_of_a_script(workspace: Path) -> None:
    run = inserted("a", "stopped", place="slurm")
    for name, without in {"one": ["one"], "one\ntouch /tmp/was-here": []}.items():
        (run.folder / "slurm.json").write_text(json.dumps({"tries": 1, "without": [name]}))
        assert read_submission(run).without == without
