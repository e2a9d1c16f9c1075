"""What a command shows while Slurm carries it out; `tests/slurm` does so on a real one."""

import codecs
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.base.errors import UserError
from engine.base.hardware import detect
from engine.cluster import submission
from engine.cluster.queue import Job, SilentError
from engine.cluster.settings import Checked, Cluster, NodeReport
from engine.commands import on_cluster

ASKED = {"partition": "low", "time": "1 h", "cpus": 2, "memory": "1 GB", "tasks": 3}


@pytest.fixture
def given(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """What Slurm is given: whether helpers, their words, what has to have begun, and how many."""
    jobs: list[tuple] = []

    def submit(words, name, cluster, folder, *, beside="", tasks=1) -> str:
        jobs.append((name.endswith("-helpers"), "--join" in words, beside, tasks))
        return "7"

    node = NodeReport(node="one", python="", executable="", versions={}, hardware=detect())
    checked = Checked(Cluster.model_validate(ASKED), node)
    monkeypatch.setattr(on_cluster, "checked_cluster", lambda: checked)
    monkeypatch.setattr(submission, "submit", submit)
    for name in ("_SECONDS_BETWEEN", "_LATE_SECONDS"):
        monkeypatch.setattr(on_cluster, name, 0.0)
    return jobs


@pytest.fixture
def cancelled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is cancelled."""
    names: list[str] = []
    monkeypatch.setattr(on_cluster, "cancel", lambda job, name: names.append(job))
    monkeypatch.setattr(on_cluster, "cancel_all", lambda name: names.append(name.split("-")[-1]))
    return names


def _answers(monkeypatch: pytest.MonkeyPatch, *states: str) -> None:
    """Let Slurm answer so, one time after the other; an empty state is silence."""
    said: Iterator[str] = iter(states)

    def jobs() -> dict[str, Job]:
        if state := next(said):
            return {} if state == "forgotten" else {"7": Job(state, "Priority", "one", "other")}
        raise SilentError("Slurm's squeue has not answered for 30 s.")

    monkeypatch.setattr(on_cluster, "jobs_of_user", jobs)


def test_helpers_begin_with_the_job_and_end_with_it(
    given: list[tuple],
    cancelled: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _answers(monkeypatch, "RUNNING", "PENDING", "", "RUNNING", "COMPLETED")
    words = ["screen", "-o", "out.csv"]
    assert on_cluster.carry_out_on_slurm(words, tmp_path, ["screen", "--join", *words[1:]]) == 0
    assert given == [(False, False, "", 1), (True, True, "7", 2)]
    assert cancelled == ["helpers"]
    said = capsys.readouterr().err
    assert "waits. Priority: other jobs are to start before it." in said
    assert "has not answered for 30 s. It is asked again; the job goes on." in said


@pytest.mark.parametrize(
    ("state", "words"),
    [("TIMEOUT", "it took longer than"), ("forgotten", "Slurm knows it no more")],
)
def test_a_job_that_ended_otherwise_is_said_to(
    given: list[tuple],
    cancelled: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    state: str,
    words: str,
) -> None:
    _answers(monkeypatch, "RUNNING", state)
    with pytest.raises(UserError, match=words):
        on_cluster.carry_out_on_slurm(["pretrain"], tmp_path)
    assert (len(given), cancelled) == (1, [])


def test_ctrl_c_cancels_all(
    given: list[tuple], cancelled: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pressed() -> dict[str, Job]:
        if given:
            raise KeyboardInterrupt
        return {}

    monkeypatch.setattr(on_cluster, "jobs_of_user", pressed)
    with pytest.raises(KeyboardInterrupt):
        on_cluster.carry_out_on_slurm(["screen"], tmp_path, ["screen", "--join"])
    assert cancelled == ["7", "helpers"]


def test_a_character_that_is_cut_is_shown_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, decoder = tmp_path / "log", codecs.getincrementaldecoder("utf-8")("replace")
    whole = "Σ".encode()
    log.write_bytes(whole[:1])
    shown = on_cluster._print_from(log, 0, decoder)
    log.write_bytes(whole)
    on_cluster._print_from(log, shown, decoder)
    assert capsys.readouterr().err == "Σ"
