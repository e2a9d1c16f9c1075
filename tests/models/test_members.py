"""Members are the same after they were written and read."""

import gzip
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.base.errors import UserError
from engine.base.manifest import ProvenFiles
from engine.base.packed import Features, pack
from engine.base.vocabulary import DESCRIPTOR_GROUPS
from engine.chem.graphs import graph
from engine.models import room, store
from engine.models.batching import DeviceGraphs
from engine.models.boosting import BoostingConfig
from engine.models.members import MEMBERS, DescriptorMember, SourcesMember
from engine.models.network_prediction import Scale
from engine.models.projected_process import GaussianProcessConfig
from engine.models.store import (
    load_descriptor_model,
    load_networks,
    save_descriptor_model,
    save_network,
)
from engine.settings.networks import NetworkConfig
from tests.training.conftest import build_polygin

CONFIGS = {
    **dict.fromkeys(
        ("lightgbm", "xgboost", "catboost"),
        BoostingConfig(rounds=60, learning_rate=0.1, depth=3, leaves=8),
    ),
    "gaussian_process": GaussianProcessConfig(),
}
ON_DESCRIPTORS = {
    name: member
    for name, member in MEMBERS.items()
    if issubclass(member, DescriptorMember) and not issubclass(member, SourcesMember)
}
WIDTH = sum(DESCRIPTOR_GROUPS.values())


def _descriptors(rows: int) -> np.ndarray:
    """Numbers that are a little like descriptors: some unknown, Morgan counts mostly 0."""
    random = np.random.default_rng(0)
    values = random.normal(size=(rows, WIDTH)).astype(np.float32)
    values[::7, 3] = np.nan
    values[:, -DESCRIPTOR_GROUPS["morgan"] :] = random.poisson(0.1, (rows, 1024))
    return values


@pytest.mark.parametrize("member", ON_DESCRIPTORS)
def test_descriptor_models_learn_and_survive_the_disk(member: str, tmp_path: Path) -> None:
    descriptors = _descriptors(200)
    labels = 100 + 10 * descriptors[:, DESCRIPTOR_GROUPS["rdkit_2d"]]
    model = ON_DESCRIPTORS[member].fit(descriptors, labels, CONFIGS[member], seed=1)
    predicted = model.predict(descriptors)
    assert np.abs(predicted - labels).mean() < 3
    # A folder of its own: the workspace lies beside it.
    folder = tmp_path / "bundle"
    folder.mkdir()
    save_descriptor_model(folder, member, 0, model)
    again = load_descriptor_model(ProvenFiles.unproven(folder), member, 0, room.Room(1))
    np.testing.assert_allclose(again.predict(descriptors), predicted, rtol=1e-6)
    width = descriptors.shape[1]
    assert again.takes(width, 1)
    assert not again.takes(DESCRIPTOR_GROUPS["rdkit_2d"], 1)
    assert not again.takes(width, 2)


@pytest.mark.parametrize("member", ON_DESCRIPTORS)
def test_labels_that_are_all_equal_are_learned(member: str, tmp_path: Path) -> None:
    descriptors = _descriptors(40)
    model = ON_DESCRIPTORS[member].fit(descriptors, np.full(40, 7.5), CONFIGS[member], seed=1)
    save_descriptor_model(tmp_path, member, 0, model)
    for one in (
        model,
        load_descriptor_model(ProvenFiles.unproven(tmp_path), member, 0, room.Room(1)),
    ):
        np.testing.assert_allclose(one.predict(descriptors), 7.5, rtol=1e-5)


def test_a_damaged_model_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, files = tmp_path / "lightgbm-000.safetensors.gz", ProvenFiles.unproven(tmp_path)
    with pytest.raises(UserError, match="is missing"):
        load_descriptor_model(files, "lightgbm", 0, room.Room(1))
    whole = gzip.compress(bytes(10_000))
    for content in (b"not compressed", whole[:-12], whole[:20] + b"\0" + whole[21:]):
        path.write_bytes(content)
        with pytest.raises(UserError, match="cannot be read"):
            load_descriptor_model(files, "lightgbm", 0, room.Room(1))
    path.write_bytes(whole)
    with pytest.raises(UserError, match="holds no such model"):
        load_descriptor_model(files, "lightgbm", 0, room.Room(1))
    monkeypatch.setattr(room, "_MOST_MODEL_BYTES", 5_000)
    with pytest.raises(UserError, match="too large"):
        load_descriptor_model(files, "lightgbm", 0, room.Room(1))


def test_members_share_the_room_of_their_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    descriptors = _descriptors(40)
    model = ON_DESCRIPTORS["lightgbm"].fit(descriptors, descriptors[:, 0], CONFIGS["lightgbm"], 1)
    for column in range(2):
        save_descriptor_model(tmp_path, "lightgbm", column, model)
    scale = Scale(np.zeros(2), np.ones(2))
    save_network(tmp_path, "polygin", 0, build_polygin(NetworkConfig(layers=2, width=16)), scale)
    networks = (tmp_path / "polygin-000.safetensors").stat().st_size
    files, properties = ProvenFiles.unproven(tmp_path), ["Tg", "Density"]

    def load_both(size: int) -> None:
        monkeypatch.setattr(room, "_ROOM", size)
        left = room.Room(2)
        store.load_member(files, "lightgbm", properties, None, room=left)
        config = NetworkConfig(layers=2, width=16)
        store.load_member(files, "polygin", properties, config, 1, room=left)

    monkeypatch.setattr(room, "_ROOM_OF_PROPERTY", 0)
    trees = 2 * len(model.to_bytes())
    load_both(trees + networks)
    for size, too_large in ((trees + networks - 1, "polygin-000"), (trees - 1, "lightgbm-001")):
        with pytest.raises(UserError, match=f"{too_large}.* too (large|much)"):
            load_both(size)


def test_a_model_sees_the_means_that_it_learned_from(tmp_path: Path) -> None:
    by_mole = _descriptors(40)
    features = Features(pack([graph("*CC*")] * 40), by_mole, by_mole[::-1].copy())
    model = ON_DESCRIPTORS["lightgbm"].fit(by_mole, by_mole[:, 0], CONFIGS["lightgbm"], 1)
    for column in range(2):
        save_descriptor_model(tmp_path, "lightgbm", column, model)
    fitted = store.load_member(
        ProvenFiles.unproven(tmp_path), "lightgbm", ["Tg", "EA"], None, bases=["weight", "mole"]
    )
    expected = np.stack([model.predict(by_mole)[::-1], model.predict(by_mole)], axis=1)
    np.testing.assert_array_equal(fitted.predict(features, 1), expected)


@pytest.mark.parametrize("member", ON_DESCRIPTORS)
def test_descriptor_models_of_one_seed_are_equal(member: str) -> None:
    descriptors = _descriptors(80)
    kind, labels = ON_DESCRIPTORS[member], descriptors[:, 0]
    models = [kind.fit(descriptors, labels, CONFIGS[member], 5) for _ in range(2)]
    np.testing.assert_array_equal(*(model.predict(descriptors) for model in models))


def test_networks_survive_the_disk(tmp_path: Path) -> None:
    config = NetworkConfig(layers=2, width=16)
    graphs = DeviceGraphs(pack([graph("*CC(*)C"), graph("*CO*")]), torch.device("cpu"))
    batch = graphs.batch(np.array([0, 1]))
    networks = [build_polygin(config) for _ in range(2)]
    for number, network in enumerate(networks):
        network(batch)
        scale = Scale(np.array([1.0, 2.0]), np.array([0.5, 3.0]))
        save_network(tmp_path, "polygin", number, network.eval(), scale)
    loaded = load_networks(ProvenFiles.unproven(tmp_path), "polygin", config, 2, 2)
    assert len(loaded) == 2
    for (network, scale), original in zip(loaded, networks, strict=True):
        # Half precision on disk: three digits of every weight.
        torch.testing.assert_close(network(batch), original(batch), rtol=2e-2, atol=5e-3)
        assert scale.deviation.tolist() == [0.5, 3.0]


@pytest.mark.parametrize("damage", ["gone", "first gone", "cut", "of another network"])
def test_damaged_networks_are_told(damage: str, tmp_path: Path) -> None:
    config, scale = NetworkConfig(layers=2, width=16), Scale(np.zeros(2), np.ones(2))
    other = NetworkConfig(layers=3, width=16) if damage == "of another network" else config
    for number in range(2):
        save_network(tmp_path, "polygin", number, build_polygin(other), scale)
    first, second = sorted(tmp_path.glob("polygin-*"))
    if damage == "cut":
        second.write_bytes(second.read_bytes()[:1000])
    if damage in ("gone", "first gone"):
        first.unlink()
    if damage == "gone":
        second.unlink()
    with pytest.raises(UserError, match="is missing" if "gone" in damage else "cannot be read"):
        load_networks(ProvenFiles.unproven(tmp_path), "polygin", config, 2, 2)


def test_a_bundle_that_says_how_many_networks_it_has_may_lack_none(tmp_path: Path) -> None:
    config, scale = NetworkConfig(layers=2, width=16), Scale(np.zeros(2), np.ones(2))
    for number in range(2):
        save_network(tmp_path, "polygin", number, build_polygin(config), scale)
    files = ProvenFiles.unproven(tmp_path)
    assert len(load_networks(files, "polygin", config, 2, 2)) == 2
    max(tmp_path.glob("polygin-*")).unlink()
    with pytest.raises(UserError, match="is missing"):
        load_networks(files, "polygin", config, 2, 2)
