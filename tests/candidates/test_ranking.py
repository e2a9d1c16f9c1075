"""The order of candidates, and what they are narrowed to."""

from dataclasses import replace

import numpy as np
import pytest

from engine.candidates.answers import NEGLIGIBLE, Answers
from engine.candidates.ranking import Order, View, ranked
from engine.inference.conformal import fit_interval
from engine.inference.specification import read_specification
from engine.inference.uncertainty import GUESS
from engine.runs.known_labels import KnownLabel
from engine.settings.properties import property_for

PROPERTIES = [property_for("Tg"), property_for("Density")]
IDS = [1, 2, 3, 5, 8]
"""3 has no repeat unit."""
OTHERS = {Order.HARDNESS: {1: 2.5, 2: 9.0, 8: 1.0}, Order.OWN: {3: 7.0, 2: 30.0}}


@pytest.fixture
def answers() -> Answers:
    interval = fit_interval(np.random.default_rng(0).exponential(5, 80), np.ones(80))
    assert interval is not None
    values = np.array([[100.0, 1.0], [150.0, 1.2], [999.0, 0.9], [120.0, 1.1]])
    domains = np.full(values.shape, "inside", dtype=object)
    domains[2, 0], domains[3, 1] = GUESS, "outside"
    half = np.full(values.shape, interval.quantile)
    return Answers(
        PROPERTIES,
        {"Tg": interval, "Density": interval},
        np.array([1, 2, 5, 8]),
        *(values, values - half, values + half, half, domains),
    )


def _ranked(answers, view: View, text: str = "Tg > 110") -> list[int]:
    wanted = read_specification(text, PROPERTIES)
    return ranked(IDS, answers, wanted, view, OTHERS, problems=[3])


def test_guesses_rank_behind_unless_asked_for(answers) -> None:
    assert _ranked(answers, View()) == IDS
    assert _ranked(answers, View("Tg")) == [2, 8, 1, 3, 5]
    assert _ranked(answers, View("Tg", guesses=True)) == [5, 2, 8, 1, 3]
    assert _ranked(answers, View("Tg", descending=False)) == [1, 8, 2, 3, 5]
    assert _ranked(answers, View("Density")) == [2, 8, 1, 5, 3]
    assert _ranked(answers, View(Order.PROBABILITY)) == [2, 8, 1, 3, 5]
    assert _ranked(answers, View(Order.HARDNESS, descending=False)) == [8, 1, 2, 3, 5]
    assert _ranked(answers, View(Order.OWN)) == [2, 3, 1, 5, 8], "also what has no repeat unit"


def test_candidates_are_narrowed(answers) -> None:
    likely = ("likely to meet the specification",)
    assert _ranked(answers, View(only=likely)) == [2, 8]
    assert _ranked(answers, View(only=likely, guesses=True)) == [2, 5, 8]
    assert _ranked(answers, View(only=("Pareto front",)), "Tg high, Density low") == [1, 2, 8]
    assert _ranked(answers, View(only=("inside the domain",))) == [1, 2, 8]
    assert _ranked(answers, View(only=("inside the domain",)), "Density < 2") == [1, 2, 5]
    assert _ranked(answers, View(only=("inside the domain",)), "") == [1, 2], "of all properties"
    assert _ranked(answers, View(only=("a problem",))) == [3]
    assert _ranked(answers, View("Tg", only=("inside the domain", "Pareto front"))) == [2]


def test_what_misses_an_end_or_is_a_guess_is_not_on_the_front(answers) -> None:
    interval = fit_interval(np.random.default_rng(0).exponential(5, 400), np.ones(400))
    sharp = replace(answers, intervals={"Tg": interval}, half_widths=np.full((4, 2), 1e-3))
    both = read_specification("Tg < 130, Density high", PROPERTIES)
    assert answers.front(both)[1], "it may meet 130 °C"
    assert sharp.probabilities(both).of_all[1] < NEGLIGIBLE
    assert sharp.front(both).tolist() == [False, False, False, True]
    ends = read_specification("Tg > 300", PROPERTIES)
    assert not sharp.front(ends).any(), "the one above is a guess"


def test_without_answers_all_stay_in_their_order() -> None:
    assert _ranked(None, View("Tg")) == IDS
    assert _ranked(None, View(Order.OWN)) == [2, 3, 1, 5, 8]
    assert _ranked(None, View(only=("Pareto front",))) == []
    assert _ranked(None, View(only=("a problem",))) == [3]


def _label(value: float, reference: str = "Mark 2009") -> KnownLabel:
    return KnownLabel(value, reference)


@pytest.fixture
def measured(answers) -> Answers:
    """Of 1 and 5 a measured value stands before the prediction; of 8 two, one of them twice."""
    return replace(
        answers,
        measured={
            1: {"Tg": [_label(170)]},
            5: {"Tg": [_label(90)]},
            8: {"Tg": [_label(105), _label(115), _label(115, "copied"), _label(111)]},
        },
    )


def test_measured_values_rank_in_place_of_predictions_also_where_these_are_guesses(
    measured,
) -> None:
    np.testing.assert_array_equal(measured.column("Tg"), [170, 150, 90, 105])
    np.testing.assert_array_equal(measured.predicted[:, 0], [100, 150, 999, 120])
    np.testing.assert_array_equal(measured.ends[0][[0, 3], 0], [170, 105])
    np.testing.assert_array_equal(measured.ends[1][[0, 3], 0], [170, 115])
    assert _ranked(measured, View("Tg")) == [1, 2, 8, 5, 3]
    assert _ranked(measured, View("Tg", descending=False)) == [5, 8, 2, 1, 3]
    assert _ranked(measured, View(only=("inside the domain",))) == IDS[:2] + IDS[3:]
    front = measured.front(read_specification("Tg high, Density low", PROPERTIES))
    assert front.tolist() == [True, False, True, False]


def test_a_property_may_have_any_name(answers) -> None:
    for order in Order:
        for name in (order.value, order.name, order.name.lower()):
            named = answers.properties[0].model_copy(update={"name": name})
            renamed = replace(answers, properties=[named, answers.properties[1]])
            assert _ranked(renamed, View(name), "Density < 2") == [2, 8, 1, 3, 5]


def test_a_measured_value_meets_a_requirement_or_does_not(answers, measured) -> None:
    wanted = read_specification("110 < Tg ≤ 170, Density < 1.15", PROPERTIES)
    before, after = (each.probabilities(wanted) for each in (answers, measured))
    tg, density = after.by_property["Tg"], after.by_property["Density"]
    assert tg[[0, 2]].tolist() == [1, 0]
    assert tg[1] == before.by_property["Tg"][1]
    assert tg[3] == pytest.approx(2 / 3), "of 105, 115 and 111 two meet it"
    np.testing.assert_array_equal(density, before.by_property["Density"])
    np.testing.assert_allclose(after.of_all, tg * density)
    assert _ranked(measured, View(Order.PROBABILITY), "110 < Tg ≤ 170")[0] == 1
    below = measured.probabilities(read_specification("110 < Tg < 170", PROPERTIES))
    assert below.of_all[0] == 0, "170 is not below 170"
    without = replace(measured, intervals={}, half_widths=np.full((4, 2), np.nan))
    told = without.probabilities(read_specification("Tg > 110", PROPERTIES)).of_all
    np.testing.assert_array_equal(told, [1, np.nan, 0, 2 / 3])
