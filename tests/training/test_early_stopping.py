"""Early stopping, schedules, and what presets fall back to."""

import numpy as np
import pytest
import torch
from torch import nn

from engine.settings.devices import DeviceSettings
from engine.settings.presets import PRESETS
from engine.settings.training import TrainingConfig
from engine.training.blend import fixed_blend
from engine.training.early_stopping import EarlyStopping, inner_split
from engine.training.optimiser import rate_factor


def test_the_inner_split_is_of_the_training_rows_alone() -> None:
    rows, units = np.flatnonzero(np.arange(200) % 5 != 2), np.arange(200)
    learned, aside = inner_split(rows, units, 0.1, seed=4)
    assert len(aside) == 16
    assert sorted([*learned, *aside]) == rows.tolist()
    for one, other in zip(inner_split(rows, units, 0.1, seed=4), (learned, aside), strict=True):
        assert np.array_equal(one, other)
    assert not np.array_equal(inner_split(rows, units, 0.1, seed=5)[1], aside)


def test_the_inner_split_keeps_the_rows_of_a_unit_together() -> None:
    units = np.random.default_rng(0).integers(40, size=200)
    learned, aside = inner_split(np.arange(200), units, 0.1, seed=4)
    assert not {*units[learned]} & {*units[aside]}
    assert 20 <= len(aside) < 20 + np.bincount(units).max()


def test_it_stops_after_so_many_epochs_and_gives_the_best_weights_back() -> None:
    network = nn.Linear(1, 1, bias=False)
    stopping = EarlyStopping(patience=2)
    for value, loss in enumerate([3.0, 1.0, 2.0, float("nan")]):
        assert not stopping.over
        nn.init.constant_(network.weight, value)
        stopping.note(loss, network)
    assert stopping.over
    again = EarlyStopping(patience=2)
    again.restore(*stopping.state())
    assert again.over
    again.load_best(network)
    assert network.weight.item() == 1


def test_one_cycle_is_pytorchs() -> None:
    settings = TrainingConfig(schedule="onecycle", warm_share=0.1)
    weight = nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.SGD([weight], lr=1.0)
    plain = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=1.0, total_steps=60, pct_start=0.1, cycle_momentum=False
    )
    for step in range(60):
        assert rate_factor(settings, step, 60) == pytest.approx(plain.get_last_lr()[0], abs=1e-9)
        optimiser.step()
        if step < 59:
            plain.step()


def test_fixed_weights_are_shared_by_the_members_there_are() -> None:
    members = np.arange(12.0).reshape(2, 3, 2)
    fixed = {"lightgbm": 0.2, "polygin": 0.8}
    blended, weights = fixed_blend(members, ["lightgbm", "polygin"], ["Tg", "FFV"], fixed)
    np.testing.assert_allclose(blended, 0.2 * members[0] + 0.8 * members[1])
    assert weights["FFV"] == pytest.approx(fixed)
    alone, weights = fixed_blend(members[:1], ["lightgbm"], ["Tg", "FFV"], fixed)
    np.testing.assert_allclose(alone, members[0])
    assert weights["Tg"] == {"lightgbm": 1.0}


@pytest.mark.parametrize(
    ("cards", "parallel", "precision", "told"),
    [(0, "auto", "auto", 2), (1, "auto", "fp16", 1), (2, "dp", "fp16", 0)],
)
def test_a_preset_says_what_it_falls_back_to(
    cards: int, parallel: str, precision: str, told: int
) -> None:
    use, lines = PRESETS["t4x2"].devices_for(DeviceSettings(), cards)
    assert (use.parallel, use.precision, len(lines)) == (parallel, precision, told)
    chosen = DeviceSettings(parallel="none", precision="bf16")
    assert PRESETS["t4x2"].devices_for(chosen, cards) == (chosen, [])


@pytest.mark.parametrize("name", ["smoke", "cpu", "gpu", "standard"])
def test_other_presets_wish_for_nothing(name: str) -> None:
    assert PRESETS[name].devices_for(DeviceSettings(), 0) == (DeviceSettings(), [])


def test_fixed_weights_add_up() -> None:
    for preset in PRESETS.values():
        if preset.blend:
            assert set(preset.blend) == set(preset.members)
            assert sum(preset.blend.values()) == pytest.approx(1)
