"""A fit that ended anywhere goes on from its checkpoints and ends with the same bits."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.base.errors import UserError
from engine.features.compute import compute_features
from engine.settings.devices import DeviceSettings
from engine.settings.presets import PRESETS, Preset
from engine.training.checkpoints import Checkpoints, State
from engine.training.context import TrainContext
from engine.training.ensemble import Ensemble, TrainingData, fit_ensemble
from engine.training.optimiser import FlatAdamW
from tests.training.conftest import (
    LABELS,
    UNITS,
    EndedError,
    Told,
    with_settings,
    without_descriptor_members,
)

pytestmark = pytest.mark.usefixtures("every_epoch_kept")
EPOCHS, FOLDS, SEEDS = 4, 2, 2
PRESET = PRESETS["smoke"].model_copy(
    update={
        "members": {
            "lightgbm": {"rounds": 5, "learning_rate": 0.1, "leaves": 4},
            "polygin": {
                "network": {"layers": 2, "width": 12, "dropout": 0.1},
                "training": {"epochs": EPOCHS, "batch": 8, "learning_rate": 1e-2, "seeds": SEEDS},
            },
        }
    }
)


@pytest.fixture(scope="module")
def data() -> TrainingData:
    features = compute_features(UNITS)
    folds = np.arange(len(UNITS)) % FOLDS
    return TrainingData(features, LABELS, folds, [f"p{k}" for k in range(LABELS.shape[1])])


AVERAGED = with_settings(
    PRESET, "polygin", training={"averaged_share": 0.75, "schedule": "flat", "seeds": 1}
)


def _fit(
    data: TrainingData, folder: Path, told: Told, preset: Preset = PRESET, **use: object
) -> Ensemble:
    (folder / "bundle").mkdir(parents=True, exist_ok=True)
    settings = DeviceSettings(**{"parallel": "none", **use})
    context = TrainContext(folder / "bundle", told, settings, folder / "checkpoints")
    return fit_ensemble(data, preset, 0, context)


def _same(one: Ensemble, other: Ensemble) -> bool:
    return one.out_of_fold.tobytes() == other.out_of_fold.tobytes() and (
        one.blended.tobytes() == other.blended.tobytes()
    )


@pytest.mark.parametrize("use", [{}, {"step_in_backward": True}, {"preset": AVERAGED}])
def test_an_end_at_any_moment_costs_nothing(data, tmp_path: Path, use: dict) -> None:
    told = Told()
    whole = _fit(data, tmp_path / "whole", told, **use)
    # A fit in many pieces: it ends after 1 call, is resumed, ends after 2 more, and so on.
    folder, ends = tmp_path / "pieces", 0
    while True:
        ends += 1
        again = Told(ends_after=ends)
        try:
            resumed = _fit(data, folder, again, **use)
            break
        except EndedError:
            continue
    assert ends > 3
    assert _same(whole, resumed)
    for path in (tmp_path / "whole" / "bundle").iterdir():
        assert path.read_bytes() == (folder / "bundle" / path.name).read_bytes(), path.name


def test_what_is_finished_is_never_trained_again(data, tmp_path: Path) -> None:
    first = Told()
    whole = _fit(data, tmp_path, first)
    again = Told()
    assert _same(whole, _fit(data, tmp_path, again))
    assert again.epochs == []
    assert again.steps == 0
    assert again.skipped == first.steps
    assert not list((tmp_path / "checkpoints").glob("*.state-*"))


@pytest.mark.slow
def test_processes_go_on_with_the_same_bits(data, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("engine.training.parallel.usable_cores", lambda: 2)
    whole = _fit(data, tmp_path / "whole", Told(), parallel="folds")
    with pytest.raises(EndedError):
        _fit(data, tmp_path / "pieces", Told(ends_after=15), parallel="folds")
    assert _same(whole, _fit(data, tmp_path / "pieces", Told(), parallel="folds"))


def test_a_damaged_checkpoint_falls_back_to_the_one_before(data, tmp_path: Path) -> None:
    whole = _fit(data, tmp_path / "whole", Told())
    for damage in ("cut", "changed", "emptied"):
        folder = tmp_path / damage
        with pytest.raises(EndedError):
            _fit(data, folder, Told(ends_after=14))
        states = sorted((folder / "checkpoints").glob("polygin-*.state-*"))
        assert len(states) == 2
        content = states[-1].read_bytes()
        middle = len(content) // 2
        changed = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        states[-1].write_bytes(
            {"cut": content[:middle], "changed": changed, "emptied": b""}[damage]
        )
        assert _same(whole, _fit(data, folder, Told()))


def test_a_full_disk_ends_no_training(data, tmp_path: Path, monkeypatch) -> None:
    def full(self: Checkpoints, *_: object) -> None:
        raise OSError(28, "No space left on device")

    whole = _fit(data, tmp_path / "whole", Told())
    monkeypatch.setattr(Checkpoints, "save", full)
    told = Told()
    assert _same(whole, _fit(data, tmp_path / "full", told))
    assert sum("No checkpoint" in line for line in told.lines) == FOLDS * SEEDS


@pytest.mark.parametrize("parallel", ["none", pytest.param("folds", marks=pytest.mark.slow)])
def test_a_loss_that_is_no_number_leaves_its_member_out(
    data, tmp_path: Path, parallel: str, monkeypatch
) -> None:
    monkeypatch.setattr("engine.training.parallel.usable_cores", lambda: 2)
    wild = with_settings(PRESET, "polygin", training={"learning_rate": float("inf")})
    told = Told()
    ensemble = _fit(data, tmp_path, told, wild, parallel=parallel)
    assert ensemble.members == ("lightgbm",)
    (remark,) = ensemble.remarks
    assert "PolyGIN was left out" in remark
    assert "learning rate" in remark
    assert remark in told.lines
    assert np.isfinite(ensemble.blended[np.isfinite(LABELS)]).all()
    alone = without_descriptor_members(wild)
    with pytest.raises(UserError, match="learning rate"):
        _fit(data, tmp_path / "alone", Told(), alone, parallel=parallel)


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    assert checkpoints.latest("a") is None
    for number in range(1, 5):
        checkpoints.save("a", number, State({"x": np.array(number)}, {"n": number}))
    assert len(list(tmp_path.glob("a.state-*"))) == 2
    state = checkpoints.latest("a")
    assert (int(state.arrays["x"]), state.values) == (4, {"n": 4})
    checkpoints.finish("a", np.eye(2), why="done")
    assert checkpoints.latest("a") is None
    done = checkpoints.finished("a")
    assert np.array_equal(done.arrays["result"], np.eye(2))
    assert done.values == {"why": "done"}
    assert checkpoints.finished("b") is None


def test_history_is_what_was_reported(data, tmp_path: Path) -> None:
    told = Told()
    _fit(data, tmp_path, told)
    kept = Checkpoints(tmp_path / "checkpoints").finished("polygin-000").values["history"]
    assert [row["epoch"] for row in kept] == list(range(1, EPOCHS + 1))
    assert kept[-1]["train_loss"] == told.epochs[EPOCHS - 1]["train_loss"]
    json.dumps(kept)


def test_the_gradient_norm_is_the_mean_before_clipping(data, tmp_path: Path, monkeypatch) -> None:
    clip, norms, step = 1e-3, [], FlatAdamW.step

    def measured(self: FlatAdamW, scaler: torch.amp.GradScaler) -> None:
        norms.append(float(self.gradient.norm()))
        step(self, scaler)
        assert float(self.gradient.norm()) == pytest.approx(clip, rel=0.01)

    monkeypatch.setattr(FlatAdamW, "step", measured)
    clipped = with_settings(PRESET, "polygin", training={"clip": clip})
    told = Told()
    _fit(data, tmp_path / "a", told, clipped)
    assert len(told.epochs) < len(norms)
    means = np.reshape(norms, (len(told.epochs), -1)).mean(axis=1)
    assert [row["gradient_norm"] for row in told.epochs] == pytest.approx(means.tolist())
    told = Told()
    _fit(data, tmp_path / "b", told, step_in_backward=True)
    assert all(row["gradient_norm"] is None for row in told.epochs)


def test_what_other_software_or_another_preset_kept_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints = Checkpoints(tmp_path)
    assert not checkpoints.keep_only_for(preset="{}")
    checkpoints.finish("lightgbm-0-000", np.ones(3))
    assert not checkpoints.keep_only_for(preset="{}")
    assert checkpoints.finished("lightgbm-0-000")
    assert checkpoints.keep_only_for(preset='{"rounds": 9}')
    assert not checkpoints.finished("lightgbm-0-000")
    checkpoints.finish("lightgbm-0-000", np.ones(3))
    monkeypatch.setattr("engine.training.checkpoints.package_versions", lambda: {"torch": "0"})
    assert checkpoints.keep_only_for(preset='{"rounds": 9}')
    assert not checkpoints.finished("lightgbm-0-000")
