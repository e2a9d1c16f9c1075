"""`cluster check`, on a Slurm of the tests' own: what works, and a sentence for what does not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.base.errors import UserError
from engine.base.hardware import detect
from engine.base.workspace import home
from engine.cluster.queue import Job, partitions
from engine.cluster.settings import (
    FILE,
    Cluster,
    NodeReport,
    checked_cluster,
    read_cluster,
    remember_checked,
)
from engine.cluster.submission import refusal
from tests.conftest import ROOT
from tests.slurm import cluster as slurm

GOOD = "partition: low\ntime: 10 min\ncpus: 2\nmemory: 1 GB\n"
ASKED = Cluster.model_validate({"partition": "low", "time": "1 h", "cpus": 2, "memory": "1 GB"})


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What this user has checked is remembered in the test's own folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def describe(text: str) -> None:
    """Write the workspace's cluster.yaml."""
    (home() / FILE).write_text(text)


def check(*before: str, patience: float = 60) -> subprocess.CompletedProcess[str]:
    """Run the command; words said before it go to a shell with mounts of its own."""
    command = f"{sys.executable} -m engine cluster check --patience {patience}"
    alone = ("unshare", "--mount") if before else ()
    return subprocess.run(
        [*alone, "bash", "-c", " && ".join([*before, command])],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_cluster_that_works_is_said_to(cluster: slurm.Cluster) -> None:
    describe(GOOD)
    with pytest.raises(UserError, match="was not checked yet"):
        checked_cluster()
    done = check()
    assert done.returncode == 0, done.stderr
    assert "The cluster works" in done.stdout
    assert "2 CPU cores" in done.stdout
    assert checked_cluster().node.hardware.cores == 2
    assert not [*(home() / "slurm").iterdir()]
    describe(GOOD + "setup:\n  - echo other\n")
    with pytest.raises(UserError, match="was changed since"):
        checked_cluster()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "before", "said"),
    [
        (GOOD.replace("low", "fast"), (), "no partition 'fast': high and low are there"),
        (GOOD.replace("cpus: 2", "cpus: 99"), (), "would never start the job. PartitionConfig"),
        (GOOD + "python: /none/python\n", (), "no such program as /none/python"),
        (GOOD + "setup:\n  - export PYTHONHOME=/none\n", (), "lacks the Python package encodings"),
        # Only the shell that runs the command sees this folder, as with a disk of one machine.
        (
            GOOD,
            (
                "mount --make-rprivate /",
                "cp $POLYGIN_HOME/cluster.yaml /tmp/described-$$",
                "mount -t tmpfs none $POLYGIN_HOME",
                "mv /tmp/described-$$ $POLYGIN_HOME/cluster.yaml",
            ),
            "cannot see the workspace",
        ),
    ],
)
def test_what_is_wrong_is_said(
    cluster: slurm.Cluster, text: str, before: tuple[str, ...], said: str
) -> None:
    describe(text)
    done = check(*before)
    assert done.returncode == 1
    assert said in done.stderr, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_job_that_waits_says_why(cluster: slurm.Cluster) -> None:
    describe(GOOD)
    for node in cluster.nodes:
        cluster.submit(slurm.HIGH, "sleep 600", f"--nodelist={node}")
    done = check(patience=8)
    assert done.returncode == 1
    assert "no node is free" in done.stdout + done.stderr
    assert "was taken back" in done.stderr
    assert "polygin" not in cluster.ask("squeue", "--noheader", "--format=%j")


def test_no_controller_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "sinfo: error: resolve_ctls_from_dns_srv: res_nsearch error: Unknown host"
    command = tmp_path / "sinfo"
    command.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(UserError, match="No Slurm answers on this machine: sinfo is here"):
        partitions()


def test_without_a_description_it_is_said_how_to_write_one() -> None:
    with pytest.raises(UserError, match=r"cluster\.yaml is missing\. Write it"):
        checked_cluster()


def test_what_was_checked_is_what_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    describe(GOOD)
    read = read_cluster()
    describe(GOOD + "setup:\n  - echo other\n")
    remember_checked(
        read, NodeReport(node="", python="", executable="", versions={}, hardware=detect())
    )
    with pytest.raises(UserError, match="was changed since"):
        checked_cluster()
    describe("# a remark\n" + GOOD)
    assert checked_cluster().cluster == read


def test_no_slurm_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.path.dirname(sys.executable))
    describe(GOOD)
    words = [sys.executable, "-m", "engine", "cluster", "check"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "There is no sinfo on this machine" in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("partition: low\ntime: 2:00:00\ncpus: 2\nmemory: 1 GB", "time: write it as 90 min"),
        ("partition: low\ntime: 2 h\ncpus: 2\nmemory: 16", "memory: write it with its unit"),
        ("partition: low\ntime: 2 h\ncpus: none\nmemory: 1 GB", "cpus: write a whole number"),
        ("partition: 'a b'\ntime: 2 h\ncpus: 2\nmemory: 1 GB", "partition: "),
        ("time: 2 h\ncpus: 2\nmemory: 1 GB", "partition: it is missing"),
        (GOOD + "setup: module load cuda", "setup: write a list of lines"),
        (GOOD + "nodes: 3", "nodes: there is no such setting"),
        ("- partition", "cannot be read as YAML"),
        ("12", "cannot be read as YAML"),
        (GOOD.replace("cpus: 2", "cpus: true"), "cpus: True is neither"),
        (GOOD.replace("10 min", "999999999999 d"), "time: "),
        ("a: &b c", "holds an alias"),
        ("partition: low\nwalltime: 2 h\ncpus: 2", "walltime: there is no such setting"),
        ("partition: low\n\ttime: 2 h", "YAML: line 2: "),
        (GOOD + "gpus: a100:2", "gpus: write their number alone, and their kind as gpu_type: a100"),
    ],
)
def test_a_mistake_in_the_description_is_a_sentence(text: str, said: str) -> None:
    describe(text)
    with pytest.raises(UserError, match=said):
        read_cluster()


def test_times_and_memory_are_read_with_their_units() -> None:
    for said, minutes in {
        "90 min": 90,
        "8 h": 480,
        "1 d 12 h": 2160,
        "1-12:00:00": 2160,
        "0:00:30": 1,
    }.items():
        read = Cluster.model_validate(ASKED.model_dump() | {"time": said, "memory": "1.5 GB"})
        assert (read.time, read.memory) == (minutes, 1536)
    for said in ("16G", "16 GB", "16GiB"):
        given = ASKED.model_dump() | {"time": "1 h", "memory": said}
        assert Cluster.model_validate(given).memory == 16 * 1024


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("sbatch: error: invalid partition specified: low", "There is no partition 'low'"),
        (
            "sbatch: error: Batch job submission failed: Invalid account or account/partition "
            "combination specified",
            "refuses the account",
        ),
        ("sbatch: error: Batch job submission failed: Requested time limit is invalid", "time"),
        ("sbatch: error: something else", "Slurm refuses the job: sbatch: error: something else"),
        ("", "Slurm refuses the job: nothing"),
    ],
)
def test_a_refusal_is_a_sentence(said: str, sentence: str) -> None:
    assert sentence in refusal(said, ASKED)


def test_why_a_job_waits_is_said_in_words() -> None:
    def why(reason: str) -> str:
        return Job("PENDING", reason, "", "name").why_it_waits

    assert why("(Priority)") == "Priority: other jobs are to start before it"
    assert why("ReqNodeNotAvail, UnavailableNodes:one").startswith("ReqNodeNotAvail: a node that")
    assert why("AssocGrpCpuLimit") == (
        "AssocGrpCpuLimit: a limit of the account or of the qos is reached"
    )
    assert why("Unheard") == "Unheard"
