"""Weights averaged over the last epochs, in place of the last ones."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from engine.base.errors import UserError
from engine.features.compute import compute_features
from engine.models.members import configs_of, network_configs
from engine.settings.presets import PRESETS
from engine.settings.training import TrainingConfig
from engine.training.averaging import WeightAverage
from engine.training.context import TrainContext
from engine.training.networks import NetworkFitter, NetworkJob, NetworkTask
from engine.training.optimiser import rate_factor
from tests.training.conftest import LABELS, UNITS, with_settings


def test_the_mean_of_the_last_epochs_is_taken() -> None:
    layer, average = nn.BatchNorm1d(1), WeightAverage(epochs=5, share=0.6)
    for epoch, value in enumerate((100.0, 50.0, 1.0, 2.0, 6.0), start=1):
        nn.init.constant_(layer.weight, value)
        layer.running_var.fill_(10 * value)
        layer.num_batches_tracked.fill_(epoch)
        average.note(epoch, layer)
    average.load_into(layer)
    assert layer.weight.item() == pytest.approx(3)
    assert layer.running_var.item() == pytest.approx(30)
    assert layer.num_batches_tracked.item() == 5


@pytest.mark.parametrize(("share", "taken"), [(0.01, [3]), (1.0, [1, 2, 3])])
def test_at_least_the_last_epoch_is_taken(share: float, taken: list[int]) -> None:
    layer, average = nn.Linear(1, 1), WeightAverage(3, share)
    for epoch in (1, 2, 3):
        nn.init.constant_(layer.weight, float(epoch))
        average.note(epoch, layer)
    average.load_into(layer)
    assert layer.weight.item() == pytest.approx(np.mean(taken))


def test_a_network_ends_with_the_mean_of_its_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = with_settings(
        PRESETS["smoke"],
        "polygin",
        network={"layers": 2, "width": 12},
        training={"epochs": 4, "batch": 8, "averaged_share": 0.5, "schedule": "flat"},
    )
    seen: list[dict[str, torch.Tensor]] = []

    class Watched(WeightAverage):
        def note(self, epoch: int, network: nn.Module) -> None:
            super().note(epoch, network)
            seen.append({name: value.clone() for name, value in network.state_dict().items()})

    monkeypatch.setattr("engine.training.trainer.WeightAverage", Watched)
    ended = []
    monkeypatch.setattr(
        "engine.training.networks.save_network", lambda *given: ended.append(given[3])
    )
    folds = np.arange(len(UNITS)) % 2
    task = NetworkTask(
        compute_features(UNITS).graphs, LABELS, folds, network_configs(small)["polygin"]
    )
    NetworkFitter(task, TrainContext(tmp_path)).fit(NetworkJob("polygin", 0, 0, 0))
    assert len(seen) == 4
    for name, value in ended[0].state_dict().items():
        if value.is_floating_point():
            torch.testing.assert_close(value, (seen[2][name] + seen[3][name]) / 2)


def test_a_flat_schedule_rises_and_stays() -> None:
    flat = TrainingConfig(schedule="flat", warm_share=0.25)
    rates = [rate_factor(flat, step, 8) for step in range(8)]
    assert rates == [0.5, 1, 1, 1, 1, 1, 1, 1]


def test_best_weights_and_averaged_ones_exclude_each_other() -> None:
    both = with_settings(
        PRESETS["smoke"], "polygin", training={"averaged_share": 0.5, "patience": 3}
    )
    with pytest.raises(UserError, match="either the best weights are taken"):
        configs_of(both)
