"""`torchrun` on two machines that share a folder: two network namespaces, and TCP between them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from engine.base.packed import pack
from engine.chem.graphs import graph
from engine.models.member import NetworkMemberConfig
from engine.settings.devices import DeviceSettings
from engine.settings.networks import NetworkConfig
from engine.settings.training import TrainingConfig
from engine.training.context import TrainContext
from engine.training.distributed import write_task
from engine.training.networks import NetworkTask, network_jobs
from engine.training.parallel import fit_networks
from tests.conftest import ROOT
from tests.training.conftest import LABELS, UNITS

MACHINES = {"polygin-one": "10.231.77.1", "polygin-two": "10.231.77.2"}
"""Names of namespaces, and the addresses in them."""
PORT, SECONDS = 29517, 240


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


@pytest.fixture
def machines() -> Iterator[None]:
    """Two namespaces, each with one end of a cable; nothing else is reached from there."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces are made by root, with iproute2")
    with ExitStack() as stack:
        for name in MACHINES:
            try:
                _ip("netns", "add", name)
            except subprocess.CalledProcessError as error:
                pytest.skip(f"this kernel makes no network namespaces: {error.stderr.strip()}")
            stack.callback(_ip, "netns", "delete", name)
        one, two = MACHINES
        _ip("link", "add", "cable", "netns", one, "type", "veth", "peer", "cable", "netns", two)
        for name, address in MACHINES.items():
            _ip("-n", name, "address", "add", f"{address}/24", "dev", "cable")
            for device in ("lo", "cable"):
                _ip("-n", name, "link", "set", device, "up")
        yield


@pytest.mark.slow
def test_two_machines_end_as_one(machines: None, tmp_path: Path) -> None:
    task = NetworkTask(
        pack([graph(smiles) for smiles in UNITS]),
        LABELS,
        np.arange(len(UNITS)) % 2,
        NetworkMemberConfig(
            network=NetworkConfig(layers=2, width=12, dropout=0.0),
            training=TrainingConfig(epochs=4, batch=8, learning_rate=1e-2),
        ),
    )
    jobs, use = network_jobs("polygin", [0, 1], task.config, seed=3), DeviceSettings()
    shared, alone = tmp_path / "shared", tmp_path / "alone"
    shared.mkdir()
    alone.mkdir()
    write_task(shared, task, jobs, use)
    with ExitStack() as stack:
        processes = []
        for rank, name in enumerate(MACHINES):
            words = ["ip", "netns", "exec", name, sys.executable, "-m", "torch.distributed.run"]
            words += ["--nnodes", "2", "--nproc_per_node", "1", "--node_rank", str(rank)]
            words += ["--master_addr", MACHINES["polygin-one"], "--master_port", str(PORT)]
            process = subprocess.Popen(
                [*words, "-m", "engine.training.distributed", str(shared)],
                cwd=ROOT,
                env={**os.environ, "GLOO_SOCKET_IFNAME": "cable", "OMP_NUM_THREADS": "1"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            stack.callback(process.kill)
            processes.append(process)
        for process in processes:
            said, _ = process.communicate(timeout=SECONDS)
            assert process.returncode == 0, said
    expected = fit_networks(task, jobs, TrainContext(alone, use=DeviceSettings(parallel="none")))
    for job in jobs:
        together = np.load(shared / f"{job.piece}-predicted.npy")
        # Sums in another order differ from the seventh digit on, and more with each step.
        own = expected[task.folds == job.fold]
        np.testing.assert_allclose(together, own, rtol=2e-2, atol=2e-2)
