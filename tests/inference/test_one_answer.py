"""A model gives one answer for one polymer, however it is drawn."""

import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.base.errors import UserError
from engine.base.packed import Features
from engine.base.workspace import ASSETS
from engine.chem.smiles import without_stereo
from engine.features.compute import UniqueUnits, chunk_features, compute_features
from engine.inference.predict import Predictor
from engine.inference.predictions import Predictions
from engine.inference.streaming import predict_stream
from engine.runs import Run
from tests.bundles import copied, redescribe
from tests.conftest import TEXTBOOK
from tests.drawings import drawings_of

SAME = ["*OCC*", "*COC*", "*CCO*", "*CCOCCO*"]


def test_drawings_of_textbook_polymers_get_one_answer(predictor: Predictor) -> None:
    _demand_one_answer_each(predictor, pd.read_csv(TEXTBOOK)["SMILES"])


def test_drawings_of_real_units_get_one_answer(predictor: Predictor, real_train: Path) -> None:
    units = pd.read_csv(real_train)["SMILES"]
    _demand_one_answer_each(predictor, units.sample(500, random_state=1))


def test_one_at_a_time_they_get_one_answer_too(predictor: Predictor) -> None:
    values = [predictor.predict([smiles]).blend.to_numpy() for smiles in SAME]
    assert all((each == values[0]).all() for each in values)


def test_their_intervals_and_domain_are_one_too(predictor: Predictor) -> None:
    columns = predictor.uncertainty(predictor.predict(SAME)).columns()
    assert (columns.nunique() == 1).all()
    similar = predictor.similarities(SAME)
    assert similar is not None
    assert (similar == similar[0]).all()
    seen = predictor.seen(["*CC(*)c1ccccc1", "*C(C*)c1ccccc1", "*CC(c1ccccc1)CC(*)c1ccccc1"])
    assert seen is not None
    assert (seen == seen[0]).all()
    assert seen.any()


def test_many_chunks_get_the_same(predictor: Predictor) -> None:
    chunks = [[smiles] for smiles in SAME]
    values = [each.blend.to_numpy() for each in predict_stream(predictor, chunks)]
    assert all((each == values[0]).all() for each in values)


@pytest.mark.parametrize("model", ["shipped", "trained"])
def test_alone_and_in_lists_of_any_length_bits_are_one(model: str, trained: Run) -> None:
    predictor = Predictor(ASSETS / "model" if model == "shipped" else trained.bundle)
    units = pd.read_csv(TEXTBOOK)["SMILES"].tolist()[:140]
    whole = predictor.predict(units)

    def demand_same(part: Predictions, start: int) -> None:
        for name, frame in part.members.items():
            expected = whole.members[name].iloc[start : start + len(frame)]
            assert np.array_equal(frame, expected, equal_nan=True), (name, len(frame), start)

    for size, starts in ((1, 20), (2, 20), (3, 40), (5, 40), (13, 130), (131, 131)):
        for start in range(0, starts, size):
            demand_same(predictor.predict(units[start : start + size]), start)
    taken = UniqueUnits.of(units, canonical_units=True)
    features = compute_features(taken.canonical, canonical_units=True)
    for threads in (1, 2):
        demand_same(predictor.predict_features(units, taken, features, threads), 0)


def test_a_bundle_of_drawn_units_takes_them_as_they_are(trained: Run, tmp_path: Path) -> None:
    folder = copied(trained.bundle, tmp_path / "drawn")
    redescribe(folder, {"canonical_units": False})
    assert Predictor(folder).predict(SAME).blend.nunique().min() > 1


def test_units_of_another_version_are_refused(trained: Run, tmp_path: Path) -> None:
    folder = copied(trained.bundle, tmp_path / "other")
    versions = Predictor(folder).info.versions
    redescribe(folder, {"versions": versions | {"repeat_units": "0"}})
    with pytest.raises(UserError, match="whose repeat units differ; train it anew"):
        Predictor(folder)


def _demand_one_answer_each(predictor: Predictor, units: pd.Series) -> None:
    """Some lists of the same polymers, each drawn at random, get the same bits."""
    chance = random.Random(0)
    several = [
        [flat, *drawings]
        for flat in map(without_stereo, units)
        if (drawings := [*drawings_of(flat, chance)])
    ]
    assert len(several) > 0.9 * len(units)
    lists = [[chance.choice(drawings) for drawings in several] for _ in range(3)]
    first, of_first = _predicted(predictor, [drawings[0] for drawings in several])
    assert not first.problems
    for drawn in lists:
        again, features = _predicted(predictor, drawn)
        assert again.units == first.units
        for name, frame in first.members.items():
            assert np.array_equal(again.members[name], frame, equal_nan=True)
        assert again.blend.equals(first.blend)
        for name, array in of_first.arrays().items():
            assert np.array_equal(features.arrays()[name], array, equal_nan=True)


def _predicted(predictor: Predictor, smiles: list[str]) -> tuple[Predictions, Features]:
    """Predictions of units that can be read, and the features, which were made for them."""
    units, features = chunk_features(smiles, store=False, canonical_units=True)
    assert features is not None
    return predictor.predict_features(smiles, units, features), features
