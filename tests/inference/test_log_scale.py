"""A model of labels over many decades: learned in decades, answering in the unit."""

import numpy as np
import pytest

from engine.api import Model
from engine.inference.predict import Predictor
from engine.inference.scoring import score
from engine.runs.making import make_bundle
from engine.table import Table, load_table
from engine.training.context import TrainContext
from tests.two_sources import QUICK, request

UNITS = [f"*{'C' * n}{'O' * o}{'C' * m}*" for n in range(1, 9) for o in (0, 1) for m in range(1, 8)]


def permeabilities() -> Table:
    """Made up from a formula with noise: ten decades, more oxygen and length less permeable."""
    noise = np.random.default_rng(0).normal(0, 0.2, len(UNITS))
    powers = [2 - 0.6 * unit.count("C") - 2 * unit.count("O") for unit in UNITS]
    rows = [f"{u},{10 ** (p + e):g}" for u, p, e in zip(UNITS, powers, noise, strict=True)]
    return load_table("\n".join(["SMILES,permeability (barrer)", *rows]).encode(), "mine.csv")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory):
    home = tmp_path_factory.mktemp("log")
    table = permeabilities()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYGIN_HOME", str(home))
        asked = request(table, "random:3")
        made = make_bundle(asked, TrainContext(home / "bundle"))
    return home / "bundle", made


def test_errors_are_in_decades_and_predictions_in_the_unit(made):
    folder, result = made
    assert folder.exists()
    assert QUICK.name == result.info.preset
    blend = result.info.figures["blend"]
    assert blend["r2"]["permeability"] > 0.5
    assert blend["mae"]["permeability"] < 1
    assert result.ensemble.blended.max() > 1e3 * result.ensemble.blended.min() > 0
    low, high = result.info.ranges["permeability"]
    assert low == permeabilities().labels.min()
    assert high == permeabilities().labels.max()


def test_no_interval_is_negative(made):
    folder, _result = made
    predictor = Predictor(folder)
    predicted = predictor.predict(["*CC*", "*CCCCCCCCOCCC*", "*c1ccccc1*"])
    uncertainty = predictor.uncertainty(predicted)
    low, high = (frame["permeability"].to_numpy() for frame in (uncertainty.low, uncertainty.high))
    blend = predicted.blend["permeability"].to_numpy()
    assert (low > 0).all()
    assert (low < blend).all()
    assert (blend < high).all()
    # As far to either side, in decades.
    np.testing.assert_allclose(np.log10(high / blend), np.log10(blend / low))


def test_the_blend_is_made_in_decades(made):
    folder, result = made
    predicted = Predictor(folder).predict(["*CC*"])
    weights = result.info.blend["permeability"]
    logs = [np.log10(predicted.members[name].iloc[0, 0]) for name in weights]
    expected = 10 ** np.dot(list(weights.values()), logs)
    assert predicted.blend.iloc[0, 0] == pytest.approx(expected)


def test_a_score_is_in_decades_too(made):
    predictor = Predictor(made[0])
    result = score(predictor, permeabilities())
    assert 0 < result["mae"]["permeability"] < 1
    assert abs(result["bias"]["permeability"]) <= result["mae"]["permeability"]


def test_python_answers_in_the_unit(made):
    model = Model(made[0])
    assert model.units["permeability"] == "barrer"
    assert model.predict_interval(["*CC*"]).iloc[0, 0] > 0
