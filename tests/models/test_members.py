"""Members are the same after they were written and read."""

import gzip
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.chem.graphs import graph
from engine.errors import UserError
from engine.models import store
from engine.models.batching import DeviceGraphs
from engine.models.polygin import PolyGIN
from engine.models.scale import Scale
from engine.models.settings import PolyGINShape, TreeSettings
from engine.models.store import load_booster, load_networks, save_booster, save_network
from engine.models.trees import LIBRARIES
from engine.packed import pack

SETTINGS = TreeSettings(rounds=60, learning_rate=0.1, depth=3, leaves=8)


@pytest.mark.parametrize("library", LIBRARIES)
def test_boosters_learn_and_survive_the_disk(library: str, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    descriptors = random.normal(size=(200, 12)).astype(np.float32)
    descriptors[::7, 3] = np.nan
    labels = 100 + 10 * descriptors[:, 0]
    booster = LIBRARIES[library].fit(descriptors, labels, SETTINGS, seed=1)
    predicted = booster.predict(descriptors)
    assert np.abs(predicted - labels).mean() < 3
    save_booster(tmp_path, library, 0, booster)
    again = load_booster(tmp_path, library, 0)
    np.testing.assert_allclose(again.predict(descriptors), predicted, rtol=1e-6)
    (path,) = tmp_path.iterdir()
    path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
    path.unlink()
    older = load_booster(tmp_path, library, 0)
    np.testing.assert_array_equal(older.predict(descriptors), again.predict(descriptors))


@pytest.mark.parametrize("library", LIBRARIES)
def test_labels_that_are_all_equal_are_learned(library: str, tmp_path: Path) -> None:
    descriptors = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    booster = LIBRARIES[library].fit(descriptors, np.full(40, 7.5), SETTINGS, seed=1)
    save_booster(tmp_path, library, 0, booster)
    for one in (booster, load_booster(tmp_path, library, 0)):
        np.testing.assert_allclose(one.predict(descriptors), 7.5, rtol=1e-5)


def test_a_damaged_booster_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lightgbm-000.txt.gz"
    with pytest.raises(UserError, match="cannot be read"):
        load_booster(tmp_path, "lightgbm", 0)
    whole = gzip.compress(bytes(10_000))
    for content in (b"not compressed", whole[:-12], whole[:20] + b"\0" + whole[21:]):
        path.write_bytes(content)
        with pytest.raises(UserError, match="cannot be read"):
            load_booster(tmp_path, "lightgbm", 0)
    path.write_bytes(whole)
    monkeypatch.setattr(store, "_MOST_BYTES", 5_000)
    with pytest.raises(UserError, match="too large"):
        load_booster(tmp_path, "lightgbm", 0)


@pytest.mark.parametrize("library", LIBRARIES)
def test_boosters_of_one_seed_are_equal(library: str) -> None:
    random = np.random.default_rng(0)
    descriptors = random.normal(size=(80, 12)).astype(np.float32)
    fits = [LIBRARIES[library].fit(descriptors, descriptors[:, 0], SETTINGS, 5) for _ in range(2)]
    np.testing.assert_array_equal(*(booster.predict(descriptors) for booster in fits))


def test_networks_survive_the_disk(tmp_path: Path) -> None:
    shape = PolyGINShape(layers=2, width=16)
    graphs = DeviceGraphs(pack([graph("*CC(*)C"), graph("*CO*")]), torch.device("cpu"))
    batch = graphs.batch(np.array([0, 1]))
    networks = [PolyGIN(shape, 2) for _ in range(2)]
    for number, network in enumerate(networks):
        network(batch)
        scale = Scale(np.array([1.0, 2.0]), np.array([0.5, 3.0]))
        save_network(tmp_path, number, network.eval(), scale)
    loaded = load_networks(tmp_path, shape)
    assert len(loaded) == 2
    for (network, scale), original in zip(loaded, networks, strict=True):
        # Half precision on disk: three digits of every weight.
        torch.testing.assert_close(network(batch), original(batch), rtol=2e-2, atol=5e-3)
        assert scale.deviation.tolist() == [0.5, 3.0]
