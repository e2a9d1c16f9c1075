"""Specifications: how they are read, how likely they are met, and which units none beats."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from engine.base.errors import UserError
from engine.inference.conformal import fit_interval
from engine.inference.probability import ErrorDistribution, probability_between
from engine.inference.specification import (
    Requirement,
    pareto_front,
    probabilities,
    read_specification,
)
from engine.settings.properties import property_for

PROPERTIES = [property_for(name) for name in ("Tg", "Density", "Tc", "FFV")]


def within(name: str, low: float, high: float) -> Requirement:
    """Between two ends, which meet it too."""
    return Requirement(name=name, low=low, high=high, low_meets=True, high_meets=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tg > 150", [Requirement(name="Tg", low=150)]),
        ("tg>=150 °C", [Requirement(name="Tg", low=150, low_meets=True)]),
        ("150 < Tg", [Requirement(name="Tg", low=150)]),
        ("300 > Tg ≥ 150", [Requirement(name="Tg", low=150, high=300, low_meets=True)]),
        ("Tg > 423.15 K", [Requirement(name="Tg", low=150)]),
        ("Tg between −20 and 40", [within("Tg", -20, 40)]),
        (
            "1,1 < Density <= 1.3",
            [Requirement(name="Density", low=1.1, high=1.3, high_meets=True)],
        ),
        ("density ≤ 1200 kg/m3", [Requirement(name="Density", high=1.2, high_meets=True)]),
        ("glass transition temperature > 0", [Requirement(name="Tg", low=0)]),
        ("Tg 100-150", [within("Tg", 100, 150)]),
        ("Tg -20 to -5 °C", [within("Tg", -20, -5)]),
        ("thermal > 0.2", [Requirement(name="Tc", low=0.2)]),
        (
            "Tg>=150 and Density is under 1.3 & Tc at least 0.2",
            [
                Requirement(name="Tg", low=150, low_meets=True),
                Requirement(name="Density", high=1.3),
                Requirement(name="Tc", low=0.2, low_meets=True),
            ],
        ),
        ("lowest Density", [Requirement(name="Density", direction="low")]),
        ("maximise Tc", [Requirement(name="Tc", direction="high")]),
        ("thermal conductivity as high as possible", [Requirement(name="Tc", direction="high")]),
        ("Tg > 1234567.8", [Requirement(name="Tg", low=1234567.8)]),
        ("FFV low", [Requirement(name="FFV", direction="low")]),
        (
            "Tg>150,Density<1.2; Tg as low as possible\nTg<300",
            [
                Requirement(name="Tg", low=150, high=300, direction="low"),
                Requirement(name="Density", high=1.2),
            ],
        ),
        ("", []),
    ],
)
def test_requirements_are_read_as_people_write_them(text, expected) -> None:
    assert read_specification(text, PROPERTIES) == expected
    again = ", ".join(
        each.words(next(p.unit for p in PROPERTIES if p.name == each.name)) for each in expected
    )
    assert read_specification(again, PROPERTIES) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Tg 150", "no requirement that can be read"),
        ("Rg > 5", "predicts no 'Rg', but Tg, Density, Tc and FFV"),
        ("Tg > 150 g", "no unit of Tg, which is given in °C"),
        ("Tg > 150, Tg > 160", "given twice"),
        ("Tg > 160, Tg < 150", "give the lower end first"),
        ("1.3 < Density < 1.1", "give the lower end first"),
        ("Density > 1e999", "too large"),
        ("Tg > 1,200", "without the comma"),
        ("Density > 1,100 kg/m3", "without the comma"),
        ("FFV > 0.1 unitless", "no unit of FFV"),
        ("x" * 3000, "too long"),
        ("x" * 500, "too long"),
    ],
)
def test_what_is_no_specification_gets_a_sentence(text, words) -> None:
    with pytest.raises(UserError, match=words):
        read_specification(text, PROPERTIES)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(["Tg", "Density", "<", ">", "≤", "between", "and", "1", "-2,5", " ", ";"])
        | st.text(max_size=4),
        max_size=12,
    )
)
def test_any_text_is_read_or_refused(parts) -> None:
    try:
        read = read_specification("".join(parts), PROPERTIES)
    except UserError:
        return
    assert all(each.has_ends or each.direction for each in read)


def test_probabilities_are_those_of_the_errors_they_come_from() -> None:
    """Of errors that are normal, each probability is the normal one."""
    errors = np.random.default_rng(0).normal(0.0, 3.0, 20_000)
    interval = fit_interval(np.abs(errors), np.ones(len(errors)))
    assert interval is not None
    values, half = np.full(5, 10.0), np.full(5, interval.quantile)
    for low, high in [(-np.inf, 10), (10, np.inf), (12, np.inf), (4, 13), (-np.inf, 1)]:
        expected = norm.cdf((high - 10) / 3) - norm.cdf((low - 10) / 3)
        found = probability_between(interval, values, half, low, high)
        assert found == pytest.approx(expected, abs=0.01)


def test_the_interval_holds_the_share_that_it_says() -> None:
    residuals = np.random.default_rng(1).exponential(2.0, 500)
    interval = fit_interval(residuals, np.random.default_rng(2).uniform(1, 3, 500))
    assert interval is not None
    spread = np.array([0.5, 2.0, 4.0])
    half = interval.half_width(spread)
    for percent in (50, 75, 90, 95):
        reach = interval.half_width(spread, percent / 100)
        found = [
            probability_between(interval, np.zeros(1), half[n : n + 1], -reach[n], reach[n])[0]
            for n in range(3)
        ]
        assert found == pytest.approx([percent / 100] * 3, abs=1e-9)


def test_probability_grows_with_the_ends_and_is_missing_where_an_interval_is() -> None:
    interval = fit_interval(np.random.default_rng(3).exponential(1.0, 60), np.ones(60))
    distribution = ErrorDistribution.of(interval)
    below = distribution.below(np.linspace(-9, 9, 400))
    assert (np.diff(below) >= 0).all()
    # Of 60 residuals, none says that an error is less likely than one in 61.
    assert below[[0, -1]] == pytest.approx([0.5 / 61, 1 - 0.5 / 61])
    assert distribution.below(np.array([-np.inf, np.inf])).tolist() == [0, 1]
    values, half = np.array([1.0, np.nan, 1.0]), np.array([1.0, 1.0, np.nan])
    assert np.isfinite(probability_between(interval, values, half, 0.0)).tolist() == [1, 0, 0]
    assert np.isnan(probability_between(None, values, half, 0.0)).all()


def test_all_requirements_together_are_the_product() -> None:
    interval = fit_interval(np.random.default_rng(3).exponential(1.0, 60), np.ones(60))
    named = {each.name: each for each in PROPERTIES}
    wanted = read_specification("Tg > 1, Density < 2, Tc as high as possible", PROPERTIES)
    values = {"Tg": np.array([0.0, 2.0]), "Density": np.array([1.0, 3.0])}
    halves = {name: np.ones(2) for name in values}
    found = probabilities(wanted, named, {"Tg": interval, "Density": interval}, values, halves)
    assert [*found.by_property] == ["Tg", "Density"]
    assert found.of_all == pytest.approx(found.by_property["Tg"] * found.by_property["Density"])


@pytest.mark.parametrize("seed", range(5))
def test_the_front_is_that_of_comparing_all_with_all(seed) -> None:
    random = np.random.default_rng(seed)
    values = {"Tg": random.integers(0, 9, 60) * 1.0, "Density": random.integers(0, 9, 60) * 1.0}
    values["Tg"][3] = np.nan
    of_all = random.integers(0, 4, 60) / 4
    wanted = [
        Requirement(name="Tg", direction="high"),
        Requirement(name="Density", direction="low"),
    ]
    points = np.column_stack([values["Tg"], -values["Density"], of_all])
    expected = [
        bool(np.isfinite(point).all())
        and not any((other >= point).all() and (other > point).any() for other in points)
        for point in points
    ]
    assert pareto_front(wanted, values, of_all).tolist() == expected
    pairs = itertools.combinations(np.flatnonzero(expected), 2)
    assert not any((points[a] > points[b]).all() for a, b in pairs)
