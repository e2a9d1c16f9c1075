"""The order of candidates, and what they are narrowed to."""

import numpy as np
import pytest

from engine.candidates.answers import UNSEEN, Answers
from engine.candidates.ranking import HARDNESS, PROBABILITY, View, ranked
from engine.inference.conformal import fit_interval
from engine.inference.specification import read_specification
from engine.settings.properties import property_for

PROPERTIES = [property_for("Tg"), property_for("Density")]
IDS = [1, 2, 3, 5, 8]
"""3 has no repeat unit."""


@pytest.fixture
def answers() -> Answers:
    interval = fit_interval(np.random.default_rng(0).exponential(5, 80), np.ones(80))
    assert interval is not None
    values = np.array([[100.0, 1.0], [150.0, 1.2], [999.0, 0.9], [120.0, 1.1]])
    domains = np.full(values.shape, "inside", dtype=object)
    domains[2, 0], domains[3, 1] = UNSEEN, "outside"
    half = np.full(values.shape, interval.quantile)
    return Answers(
        PROPERTIES,
        {"Tg": interval, "Density": interval},
        np.array([1, 2, 5, 8]),
        *(values, values - half, values + half, half, domains),
    )


def _ranked(answers, view: View, text: str = "Tg > 110") -> list[int]:
    wanted = read_specification(text, PROPERTIES)
    return ranked(IDS, answers, wanted, view, {1: 2.5, 2: 9.0, 8: 1.0}, problems=[3])


def test_guesses_rank_behind_unless_asked_for(answers) -> None:
    assert _ranked(answers, View()) == IDS
    assert _ranked(answers, View("Tg")) == [2, 8, 1, 3, 5]
    assert _ranked(answers, View("Tg", guesses=True)) == [5, 2, 8, 1, 3]
    assert _ranked(answers, View("Tg", descending=False)) == [1, 8, 2, 3, 5]
    assert _ranked(answers, View("Density")) == [2, 8, 1, 5, 3]
    assert _ranked(answers, View(PROBABILITY)) == [2, 8, 1, 3, 5]
    assert _ranked(answers, View(HARDNESS, descending=False)) == [8, 1, 2, 3, 5]


def test_candidates_are_narrowed(answers) -> None:
    likely = ("likely to meet the specification",)
    assert _ranked(answers, View(only=likely)) == [2, 8]
    assert _ranked(answers, View(only=likely, guesses=True)) == [2, 5, 8]
    assert _ranked(answers, View(only=("Pareto front",)), "Tg high, Density low") == [1, 2, 8]
    assert _ranked(answers, View(only=("inside the domain",))) == [1, 2, 8]
    assert _ranked(answers, View(only=("inside the domain",)), "Density < 2") == [1, 2, 5]
    assert _ranked(answers, View(only=("a problem",))) == [3]
    assert _ranked(answers, View("Tg", only=("inside the domain", "Pareto front"))) == [2]


def test_without_answers_all_stay_in_their_order() -> None:
    assert _ranked(None, View("Tg")) == IDS
    assert _ranked(None, View(only=("Pareto front",))) == []
    assert _ranked(None, View(only=("a problem",))) == [3]
