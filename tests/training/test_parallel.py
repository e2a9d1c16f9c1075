"""Several devices, or processes of a CPU, give the networks that one would have given."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.base.errors import UserError
from engine.base.manifest import ProvenFiles
from engine.base.packed import pack
from engine.chem.graphs import graph
from engine.models.device import Precision
from engine.models.member import NetworkMemberConfig
from engine.models.store import load_networks
from engine.settings.devices import DeviceSettings
from engine.settings.networks import NetworkConfig
from engine.settings.training import TrainingConfig
from engine.training import distributed, parallel
from engine.training.context import TrainContext
from engine.training.data_parallel import DataParallelForward
from engine.training.networks import NetworkTask, network_jobs
from engine.training.parallel import fit_networks, plan
from tests.training.conftest import LABELS, UNITS, EndedError, Told

NETWORK = NetworkConfig(layers=2, width=12, dropout=0.0)
TRAINING = TrainingConfig(epochs=4, batch=8, learning_rate=1e-2)


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many this machine has."""
    monkeypatch.setattr(parallel, "usable_cores", lambda: 2)


def _fit(
    folder: Path,
    told: Told,
    mode: str,
    training: TrainingConfig = TRAINING,
    precision: str = "auto",
) -> np.ndarray:
    folder = folder / mode / "bundle"
    folder.mkdir(parents=True)
    graphs = pack([graph(smiles) for smiles in UNITS])
    use = DeviceSettings(parallel=mode, precision=precision)
    config = NetworkMemberConfig(network=NETWORK, training=training)
    task = NetworkTask(graphs, LABELS, np.arange(len(UNITS)) % 2, config)
    jobs = network_jobs("polygin", [0, 1], config, seed=3)
    return fit_networks(task, jobs, TrainContext(folder, told, use))


def _weights(folder: Path) -> list[torch.Tensor]:
    networks = load_networks(
        ProvenFiles.unproven(folder / "bundle"), "polygin", NETWORK, 2, LABELS.shape[1]
    )
    return [weight for network, _ in networks for weight in network.parameters()]


def _losses(told: Told) -> list[float]:
    rows = sorted(told.epochs, key=lambda row: (row["fold"], row["epoch"]))
    return [row["train_loss"] for row in rows]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> tuple[np.ndarray, Told, Path]:
    """What one process gives, on one thread as the processes of `folds` have."""
    folder, told, threads = tmp_path_factory.mktemp("alone"), Told(), torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parallel, "usable_cores", lambda: 1)
        try:
            return _fit(folder, told, "none"), told, folder / "none"
        finally:
            torch.set_num_threads(threads)


def test_folds_in_processes_give_the_same_bits(alone: tuple, tmp_path: Path) -> None:
    told = Told()
    predicted = _fit(tmp_path, told, "folds")
    np.testing.assert_array_equal(predicted, alone[0])
    assert _losses(told) == _losses(alone[1])
    for one, other in zip(_weights(tmp_path / "folds"), _weights(alone[2]), strict=True):
        assert torch.equal(one, other)


def test_ddp_over_two_processes_gives_the_same_losses(alone: tuple, tmp_path: Path) -> None:
    told = Told()
    predicted = _fit(tmp_path, told, "ddp")
    # Sums in another order: the differences start at the seventh digit and grow step by step.
    first_epochs = [row["train_loss"] for row in told.epochs if row["epoch"] == 1]
    expected = [row["train_loss"] for row in alone[1].epochs if row["epoch"] == 1]
    np.testing.assert_allclose(first_epochs, expected, rtol=1e-5)
    np.testing.assert_allclose(_losses(told), _losses(alone[1]), rtol=5e-3)
    np.testing.assert_allclose(predicted, alone[0], rtol=2e-2, atol=2e-2)


def test_ddp_demands_equal_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    def other_process_has_more(values: torch.Tensor, operation: object) -> None:
        values += operation == distributed.dist.ReduceOp.MAX

    monkeypatch.setattr(distributed.dist, "all_reduce", other_process_has_more)
    with pytest.raises(RuntimeError, match="different weights"):
        distributed._demand_equal(np.zeros((2, 2)), torch.device("cpu"))


def test_a_stopped_fit_leaves_no_process(tmp_path: Path) -> None:
    before = _spawned()
    with pytest.raises(EndedError):
        _fit(tmp_path, Told(ends_after=3), "folds", TRAINING.model_copy(update={"epochs": 500}))
    assert not _spawned() - before


def _spawned() -> set[int]:
    """The worker processes that this one has; drawings keep one for other tests."""
    import psutil

    numbers = set()
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # ended meanwhile
            if "spawn_main" in " ".join(child.cmdline()):
                numbers.add(child.pid)
    return numbers


def test_a_failing_process_is_told(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="a training process failed"):
        _fit(tmp_path, Told(), "folds", TRAINING.model_copy(update={"learning_rate": -1.0}))


def test_what_is_to_be_mended_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="fp16 needs a CUDA device"):
        _fit(tmp_path, Told(), "folds", precision="fp16")


@pytest.mark.parametrize(
    ("asked", "cards", "passes", "mode", "count"),
    [
        ("auto", 0, 100, "none", 1),
        ("auto", 0, 10**7, "folds", 2),
        ("none", 4, 10**7, "none", 1),
        ("auto", 1, 10**7, "none", 1),
        ("auto", 4, 100, "folds", 4),
        ("folds", 8, 100, "folds", 5),
        ("dp", 0, 10**7, "none", 1),
        ("dp", 1, 10**7, "none", 1),
        ("dp", 2, 10**7, "dp", 2),
        ("ddp", 0, 10**7, "ddp", 2),
        ("ddp", 3, 10**7, "ddp", 3),
    ],
)
def test_the_plan(
    monkeypatch: pytest.MonkeyPatch, asked: str, cards: int, passes: int, mode: str, count: int
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cards)
    chosen = plan(DeviceSettings(parallel=asked), jobs=5, graph_passes=passes)
    assert (chosen.mode, len(chosen.devices)) == (mode, count)
    assert chosen.devices[0] == ("cuda:0" if cards else "cpu")
    assert chosen.where


def test_data_parallel_predicts_what_the_network_predicts(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a stand-in for PyG's class, which needs CUDA: it batches as that does on one device."""
    import torch_geometric.nn
    from torch_geometric.data import Batch

    from engine.models.batching import DeviceGraphs
    from engine.models.gin import GIN

    class OneDevice:
        def __init__(self, network: GIN) -> None:
            self._network = network

        def __call__(self, graphs: list) -> torch.Tensor:
            return self._network(Batch.from_data_list(graphs))

    monkeypatch.setattr(torch_geometric.nn, "DataParallel", OneDevice)
    packed = pack([graph(smiles) for smiles in UNITS])
    torch.manual_seed(0)
    network = GIN(NETWORK, 2).eval()
    rows = np.array([3, 0, 7])
    expected = network(DeviceGraphs(packed, torch.device("cpu")).batch(rows))
    torch.testing.assert_close(DataParallelForward(network, packed)(rows), expected)
    # Autocast is a thread's own: the replicas must enter it themselves.
    rounded = DataParallelForward(network, packed, precision=Precision(torch.bfloat16, False))(rows)
    torch.testing.assert_close(rounded.float(), expected, rtol=0.1, atol=0.1)
    assert not torch.equal(rounded.float(), expected)
