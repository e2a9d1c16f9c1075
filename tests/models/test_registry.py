"""A member is its own file and a line of the registry: all else asks the registry."""

from pathlib import Path
from typing import Self

import numpy as np
import pytest
from pydantic import BaseModel, ConfigDict

from engine.base.errors import UserError
from engine.base.manifest import ProvenFiles
from engine.features.compute import compute_features
from engine.models.member import DescriptorMember
from engine.models.members import MEMBERS, configs_of, is_network, resolved, title_of
from engine.models.store import load_member
from engine.settings.presets import PRESETS, Preset
from engine.training.context import TrainContext
from engine.training.ensemble import TrainingData, fit_ensemble
from tests.training.conftest import LABELS, UNITS


class MeanConfig(BaseModel):
    """Where the mean is moved to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    offset: float = 0.5


class Mean(DescriptorMember):
    """The mean of the labels and an offset."""

    name, title, colour, Config = "mean", "Mean", "#000000", MeanConfig

    def __init__(self, value: float) -> None:
        self.value = value

    @classmethod
    def fit(cls, descriptors: np.ndarray, labels: np.ndarray, config: MeanConfig, seed: int):
        return cls(float(labels.mean()) + config.offset)

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        return cls(float(content))

    def to_bytes(self) -> bytes:
        return str(self.value).encode()

    def takes(self, width: int, columns: int) -> bool:
        return columns == 1

    def predict(self, descriptors: np.ndarray) -> np.ndarray:
        return np.full(len(descriptors), self.value)


def _preset(**members: dict) -> Preset:
    return Preset(name="mine", title="Mine", summary="", members=members)


def test_a_new_member_is_trained_stored_and_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MEMBERS, "mean", Mean)
    folds, features = np.arange(len(UNITS)) % 2, compute_features(UNITS)
    data = TrainingData(features, LABELS, folds, ["carbons", "sulfur"])
    fitted = fit_ensemble(data, _preset(mean={"offset": 2.0}), 0, TrainContext(tmp_path))
    assert fitted.members == ("mean",)
    held_in = LABELS[(folds == 1) & np.isfinite(LABELS[:, 0]), 0]
    np.testing.assert_allclose(fitted.out_of_fold[0, folds == 0, 0], held_in.mean() + 2)
    member = load_member(ProvenFiles.unproven(tmp_path), "mean", ["carbons", "sulfur"], None)
    np.testing.assert_allclose(
        member.predict(features, threads=1)[0], np.nanmean(LABELS, axis=0) + 2
    )


def test_every_member_names_itself_and_no_two_look_alike() -> None:
    assert {name: member.name for name, member in MEMBERS.items()} == {
        name: name for name in MEMBERS
    }
    columns = {"blend", "row", "id", "smiles", "fold", "property", "label"}
    assert all(name.isidentifier() and name not in columns for name in MEMBERS)
    assert len({member.title for member in MEMBERS.values()}) == len(MEMBERS)
    assert len({member.colour for member in MEMBERS.values()}) == len(MEMBERS)
    assert is_network("polygin")
    assert not is_network("lightgbm")
    assert title_of("one of a later version") == "one of a later version"


@pytest.mark.parametrize("name", PRESETS)
def test_a_resolved_preset_says_every_setting(name: str) -> None:
    full = resolved(PRESETS[name])
    assert configs_of(full) == configs_of(PRESETS[name])
    for member, values in full.members.items():
        assert set(values) == set(MEMBERS[member].Config.model_fields)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"forest": {}}, "a member 'forest', which this version does not know"),
        ({"lightgbm": {"round": 3}}, "members.lightgbm.round: Extra inputs"),
        ({"polygin": {"network": {"layers": "x"}}}, "members.polygin.network.layers: Input should"),
        ({"polygin": {"network": {"layer": 9}}}, "members.polygin.network.layer: Extra inputs"),
        ({"polygin": {"training": {"epoch": 3}}}, "members.polygin.training.epoch: Extra inputs"),
        ({"polygin": {"network": {"width": 0}}}, "network.width: Input should be greater"),
        ({"polygin": {"network": {"attention": 3}}}, "network: attention: 3 heads do not divide"),
        (
            {"polygin": {"network": {"pooling": []}}},
            "network.pooling: Tuple should have at least 1",
        ),
        (
            {"polygin": {"network": {"kind": "gcn"}}},
            "pooling: a network of kind gcn has no virtual",
        ),
        ({"polygin": {"network": {"atom_fields": ["mass"]}}}, "atom_fields: there is no 'mass'"),
        ({"polygin": {"training": {"batch": 0}}}, "training.batch: Input should be greater"),
        ({"polygin": {"training": {"seeds": 0}}}, "training.seeds: Input should be greater"),
        (
            {"polygin": {"training": {"betas": [0.9, 1.0]}}},
            "training.betas.1: Input should be less",
        ),
        ({"gaussian_process": {"points": 0}}, "gaussian_process.points: Input should be greater"),
    ],
)
def test_a_preset_that_cannot_be_is_told(members: dict, words: str) -> None:
    with pytest.raises(UserError, match=words):
        configs_of(_preset(**members))


@pytest.mark.parametrize(
    ("blend", "words"),
    [
        ({"lightgbm": 0.5, "xgboost": 0.4}, "its weights are 0.5, 0.4"),
        ({"lightgbm": 1.5, "xgboost": -0.5}, "its weights are 1.5, -0.5"),
        ({"lightgbm": 0.5, "polygin": 0.5}, "it has lightgbm, polygin"),
        ({"lightgbm": float("nan"), "xgboost": 1.0}, "its weights are nan, 1.0"),
    ],
)
def test_weights_that_are_no_weights_of_the_members_are_told(blend: dict, words: str) -> None:
    preset = _preset(lightgbm={}, xgboost={}).model_copy(update={"blend": blend})
    with pytest.raises(UserError, match=words):
        configs_of(preset)
