"""The training loop."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.base.packed import pack
from engine.chem.graphs import graph
from engine.models.batching import DeviceGraphs
from engine.models.member import NetworkMemberConfig
from engine.models.network_prediction import Scale, predict_network
from engine.models.polygin import PolyGIN
from engine.settings.devices import DeviceSettings
from engine.settings.networks import NetworkConfig
from engine.settings.training import TrainingConfig
from engine.training.context import TrainContext
from engine.training.loop import NetworkRows, train_network
from engine.training.network_checkpoints import NetworkCheckpointer
from engine.training.reporter import Reporter
from engine.training.trainer import label_weights, weighted_error
from tests.training.conftest import Told, build_polygin

CPU = torch.device("cpu")
NETWORK = NetworkConfig(layers=2, width=24, dropout=0.0)
UNITS = [f"*{'C' * n}{hetero}{'C' * m}*" for n in range(1, 7) for m in range(6) for hetero in "OS"]


@pytest.fixture(scope="module")
def graphs() -> DeviceGraphs:
    return DeviceGraphs(pack([graph(smiles) for smiles in UNITS]), CPU)


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    """How many carbons (some missing), and whether there is sulfur."""
    values = np.array([[smiles.count("C"), 10.0 * ("S" in smiles)] for smiles in UNITS])
    values[::3, 0] = np.nan
    return values


def _train(
    graphs: DeviceGraphs,
    labels: np.ndarray,
    training: TrainingConfig,
    context: TrainContext,
    seed: int = 0,
) -> np.ndarray:
    """Train on all rows but the first eight; returns predictions of all."""
    rows = np.arange(len(UNITS))
    network, scale = train_network(
        NetworkRows(graphs, labels, rows[8:], rows[:8]),
        PolyGIN,
        NetworkMemberConfig(network=NETWORK, training=training),
        seed,
        context,
        NetworkCheckpointer(context, "polygin-000", {}),
    )
    return predict_network(network, scale, graphs, rows, CPU)


def _training(epochs: int) -> TrainingConfig:
    return TrainingConfig(epochs=epochs, batch=16, learning_rate=1e-2)


def test_it_learns_and_tells(graphs: DeviceGraphs, labels: np.ndarray) -> None:
    reporter = Told()
    predicted = _train(graphs, labels, _training(30), TrainContext(Path(), reporter))
    told = reporter.epochs
    assert np.nanmean(np.abs(predicted - labels), axis=0).max() < 1.0
    assert [row["epoch"] for row in told] == list(range(1, 31))
    assert told[-1]["train_loss"] < told[0]["train_loss"] / 2
    assert told[-1]["learning_rate"] < told[5]["learning_rate"]
    for measure in ("graphs_per_second", "train_seconds", "validation_seconds"):
        assert told[-1][measure] > 0
    held_out = np.nanmean(np.abs(predicted[:8] - labels[:8]), axis=0)
    np.testing.assert_allclose(told[-1]["val_mae"], held_out, rtol=1e-4)


def test_the_same_seed_gives_the_same_network(graphs: DeviceGraphs, labels: np.ndarray) -> None:
    one, other, third = (
        _train(graphs, labels, _training(3), TrainContext(Path()), seed) for seed in (7, 7, 8)
    )
    np.testing.assert_array_equal(one, other)
    assert not np.array_equal(one, third)


@pytest.fixture
def arithmetic() -> Iterator[None]:
    """What PyTorch keeps for the whole process is as before after the test."""
    yield
    torch.use_deterministic_algorithms(False)


@pytest.mark.parametrize("deterministic", [True, False])
def test_kernels_are_deterministic_where_it_is_asked_for(
    graphs: DeviceGraphs, labels: np.ndarray, arithmetic: None, deterministic: bool
) -> None:
    seen: list[bool] = []

    class Watching(Reporter):
        def measured(self, row: dict) -> None:
            seen.append(torch.are_deterministic_algorithms_enabled())

    torch.use_deterministic_algorithms(not deterministic)
    use = DeviceSettings(deterministic=deterministic)
    _train(graphs, labels, TrainingConfig(epochs=1), TrainContext(Path(), Watching(), use))
    assert seen == [deterministic]


def test_a_prediction_that_is_too_large_for_memory_is_made_in_smaller_parts(
    graphs: DeviceGraphs, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = build_polygin(NETWORK).eval()
    scale, rows = Scale.of(np.eye(2)), np.arange(20)
    expected = predict_network(network, scale, graphs, rows, CPU)
    forward, limit = type(network).forward, 10

    def limited(network, batch) -> torch.Tensor:
        if batch.size > limit:
            raise RuntimeError("CUDA error: out of memory")
        return forward(network, batch)

    monkeypatch.setattr(type(network), "forward", limited)
    found = predict_network(network, scale, graphs, rows, CPU)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    limit = 0
    with pytest.raises(MemoryError):
        predict_network(network, scale, graphs, rows, CPU)


def test_missing_labels_weigh_nothing() -> None:
    predicted = torch.tensor([[1.0, 5.0], [2.0, 7.0]], requires_grad=True)
    truth = torch.tensor([[0.0, torch.nan], [4.0, 6.0]])
    error = weighted_error(predicted, truth, torch.tensor([1.0, 2.0]))
    assert error.item() == pytest.approx(1 + 2 + 2 * 1)
    error.backward()
    assert predicted.grad[0, 1] == 0
    assert torch.isfinite(predicted.grad).all()


def test_properties_of_few_labels_weigh_more() -> None:
    labels = np.full((16, 2), np.nan)
    labels[:, 0], labels[:4, 1] = 1.0, 1.0
    assert label_weights(labels).tolist() == [1.0, 2.0]


def test_scale_there_and_back() -> None:
    values = np.array([[1.0, 5.0], [3.0, np.nan], [5.0, 5.0]])
    scale = Scale.of(values)
    np.testing.assert_allclose(scale.undo(scale.apply(values)), values)
    assert scale.deviation[1] == 1


def test_a_source_of_many_labels_a_row_does_not_drown_out_the_others() -> None:
    labels = np.full((6, 5), np.nan)
    labels[:3, 0] = 1.0
    labels[3:, 1:] = 1.0
    weights = label_weights(labels, ["one", "two", "two", "two", "two"])
    np.testing.assert_allclose(weights, [1, 0.5, 0.5, 0.5, 0.5])
    assert label_weights(labels, ["one"] * 5).tolist() == label_weights(labels).tolist()
