"""What a second source adds, and that one of noise takes nothing away: a planted test."""

from pathlib import Path

import numpy as np
import pytest

from engine.features.compute import compute_features
from engine.inference.source_effects import source_effect
from engine.runs.making import BundleRequest, make_bundle
from engine.settings.presets import Preset
from engine.settings.properties import property_for
from engine.settings.sources import Source
from engine.table import load_table
from engine.training.context import TrainContext
from tests.conftest import TEXTBOOK

SLOPE, OFFSET, NOISE = 1.6, 70.0, 4.0
QUICK = Preset(
    name="quick",
    title="Quick",
    summary="",
    members={
        "lightgbm": {"rounds": 40, "leaves": 8},
        "gaussian_process": {"steps": 15},
        "coregionalised_process": {"steps": 25},
        "polygin": {"network": {"layers": 2, "width": 16}, "training": {"epochs": 6}},
    },
)


@pytest.fixture(scope="module")
def units() -> list[str]:
    return sorted({*load_table(TEXTBOOK).canonical})


@pytest.fixture(scope="module")
def planted(units) -> dict[str, np.ndarray]:
    """Labels of each source, NaN where it has none, shape `(N,)` each; `truth` has all."""
    random = np.random.default_rng(5)
    descriptors = compute_features(units).descriptors.astype(float)
    names = np.nan_to_num(descriptors[:, -1024:])
    # A formula of the repeat unit: some substructures count, and saturate.
    chosen = np.argsort(-names.std(axis=0))[:25]
    truth = 100 + 60 * np.tanh(names[:, chosen] @ random.normal(0, 0.25, 25))
    order = random.permutation(len(units))
    few, half, others, noisy = order[:70], order[:35], order[70:], order[30:120]

    def labels(rows: np.ndarray, values: np.ndarray) -> np.ndarray:
        column = np.full(len(units), np.nan)
        column[rows] = values[rows]
        return column

    shifted = SLOPE * truth + OFFSET + random.normal(0, NOISE, len(units))
    return {
        "truth": truth,
        "one": labels(few, truth + random.normal(0, 2, len(units))),
        "two": labels(np.concatenate([half, others]), shifted),
        "noise": labels(noisy, random.normal(100, 50, len(units))),
    }


@pytest.fixture(scope="module")
def made(units, planted, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What was made of one, two and three sources."""
    result = {}
    for sources in (["one"], ["one", "two"], ["one", "two", "noise"]):
        plain = property_for("strength")
        request = BundleRequest(
            name="planted",
            table="planted.csv",
            canonical=units,
            labels=np.column_stack([planted[source] for source in sources]),
            properties=[plain.of_source(source, source == "one") for source in sources],
            preset=QUICK,
            given_folds=np.arange(len(units)) % 5,
            sources=[Source(name=source) for source in sources],
        )
        folder: Path = tmp_path_factory.mktemp("planted") / "bundle"
        result[len(sources)] = make_bundle(request, TrainContext(folder))
    return result


def test_the_answer_is_better_with_a_second_source(planted, made) -> None:
    alone, together = (made[count].ensemble.blended[:, 0] for count in (1, 2))
    effect = source_effect("strength", "two", planted["one"], alone, together)
    assert effect is not None
    assert effect.helps, effect.sentence
    (reported,) = (one for one in made[2].info.source_effects if one.name == "strength")
    assert reported.source == "two"
    assert reported.helps


def test_the_offset_is_recovered(units, planted, made) -> None:
    blended = made[2].ensemble.blended
    slope, offset = np.polyfit(blended[:, 0], blended[:, 1], 1)
    assert slope == pytest.approx(SLOPE, rel=0.15)
    middle = planted["truth"].mean()
    assert offset + slope * middle == pytest.approx(SLOPE * middle + OFFSET, abs=6)


def test_a_source_of_noise_changes_nothing(planted, made) -> None:
    for k, source in enumerate(("one", "two")):
        labelled = np.isfinite(planted[source])
        before, after = (
            np.abs(made[count].ensemble.blended[labelled, k] - planted[source][labelled]).mean()
            for count in (2, 3)
        )
        assert after < 1.01 * before
    about = {(one.name, one.source): one for one in made[3].info.source_effects}
    assert not about["strength", "noise"].helps


def test_each_source_is_left_out_in_turn(made) -> None:
    named = {(one.name, one.source) for one in made[3].info.source_effects}
    first, second, third = "strength", "strength (two)", "strength (noise)"
    assert named == {
        *((first, "two"), (first, "noise"), (second, "one")),
        *((second, "noise"), (third, "one"), (third, "two")),
    }
