"""Bundles of former versions predict what they did.

`bundle_of_drawn_units` was made at 86493e5, the last version whose models all took units as drawn:
LightGBM, a Gaussian process and two small networks on Tg of the first 70 polymers of the textbook.
"""

from pathlib import Path

import pytest

from engine.inference.predict import Predictor

BUNDLE = Path(__file__).parent / "bundle_of_drawn_units"
PREDICTED = {
    "*CC*": -16.57043603909591,
    "*CCCC*": -33.1842913629105,
    "*CC(*)c1ccccc1": 89.32919277060917,
    "*Nc1ccc(*)cc1": 67.06895560933819,
    "*OCCOC(=O)c1ccc(cc1)C(*)=O": 33.32978985199766,
}
"""Tg in °C, as that version predicted it."""


def test_units_are_taken_as_drawn_and_predicted_as_before() -> None:
    predictor = Predictor(BUNDLE)
    assert not predictor.deviation()
    values = predictor.predict(list(PREDICTED)).blend.iloc[:, 0]
    assert values.tolist() == pytest.approx([*PREDICTED.values()], rel=1e-6)
