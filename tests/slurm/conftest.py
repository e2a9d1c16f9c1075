"""A Slurm of the tests' own, with two nodes that are both this machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.base.hardware import detect
from engine.base.versions import package_versions
from engine.base.workspace import home
from engine.cluster.settings import FILE, NodeReport, read_cluster, remember_checked
from tests.slurm import cluster as slurm


@pytest.fixture(scope="session")
def _cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[slurm.Cluster]:
    if reason := slurm.missing():
        pytest.skip(reason)
    with slurm.started(tmp_path_factory.mktemp("slurm"), ("one", "two")) as cluster:
        yield cluster


@pytest.fixture
def cluster(_cluster: slurm.Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[slurm.Cluster]:
    """That Slurm, to which all commands of the test lead; without jobs before and after it."""
    for name, value in _cluster.environment.items():
        monkeypatch.setenv(name, value)
    yield _cluster
    _cluster.cancel_all()
    for node in _cluster.nodes:
        if "DOWN" in _cluster.ask("scontrol", "show", "node", node):
            _cluster.set_node(node, "resume")
    _cluster.wait_until_idle()


@pytest.fixture
def described(cluster: slurm.Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A workspace with that cluster, which its user has checked."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    describe()


def describe(more: str = "") -> None:
    """Describe the cluster in the workspace, as its user has checked it."""
    text = f"partition: {slurm.LOW}\ntime: 30 min\ncpus: 2\nmemory: 1 GB\n"
    (home() / FILE).write_text(text + more)
    versions, hardware = package_versions(), detect()
    remember_checked(
        read_cluster(),
        NodeReport(node="one", python="", executable="", versions=versions, hardware=hardware),
    )
