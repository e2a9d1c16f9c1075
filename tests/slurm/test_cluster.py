"""The Slurm of the tests requeues jobs that are preempted, and those of a node that is set down."""

import pytest

from tests.runs.conftest import until
from tests.slurm.cluster import HIGH, LOW, Cluster

pytestmark = pytest.mark.slow


def test_a_job_is_preempted_and_queued_again(cluster: Cluster) -> None:
    first, second = (
        cluster.submit(LOW, "sleep 600", "--requeue", f"--nodelist={node}")
        for node in cluster.nodes
    )
    until(lambda: cluster.state(second) == "RUNNING", 30, "does not start")
    urgent = cluster.submit(HIGH, "sleep 1", f"--nodelist={cluster.nodes[0]}")
    until(lambda: cluster.state(first) == "PENDING", 30, "is not preempted")
    until(lambda: cluster.state(urgent) == "COMPLETED", 30, "does not take its place")
    until(lambda: cluster.state(first) == "RUNNING", 60, "does not come back")
    assert cluster.state(second) == "RUNNING"


def test_a_job_moves_from_a_node_that_is_set_down(cluster: Cluster) -> None:
    job = cluster.submit(LOW, "sleep 600", "--requeue")
    until(lambda: cluster.state(job) == "RUNNING", 30, "does not start")
    node = cluster.ask("squeue", "-h", f"-j{job}", "-o%N")
    cluster.set_node(node, "down")
    until(lambda: cluster.ask("squeue", "-h", f"-j{job}", "-o%N") not in ("", node), 60, "stays")
