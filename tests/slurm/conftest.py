"""A Slurm of the tests' own, with two nodes that are both this machine."""

from collections.abc import Iterator

import pytest

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
