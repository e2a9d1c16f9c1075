"""Figures of error, checked against numbers worked out by hand."""

import numpy as np
import pytest

from engine.settings.metrics import figures, headline, headline_words, label_ranges

NAMES = ["Tg", "FFV"]
RANGES = {"Tg": (0.0, 100.0), "FFV": (0.3, 0.5)}
NAN = np.nan


def test_both_weighted_forms() -> None:
    labels = np.array([[10.0, 0.4], [20.0, NAN], [30.0, NAN], [40.0, NAN]])
    predictions = np.array([[12.0, 0.42], [22.0, 1.0], [34.0, 1.0], [40.0, 1.0]])
    result = figures(labels, predictions, NAMES, RANGES)
    # Tg: n = 4, MAE 2, scaled .02, weight 1/2. FFV: n = 1, MAE .02, scaled .1, weight 1.
    assert result["n"] == {"Tg": 4, "FFV": 1}
    assert result["mae"]["Tg"] == pytest.approx(2)
    assert result["wmae"] == pytest.approx((0.5 * 0.02 + 1 * 0.1) / 1.5)
    # By row: w = K·√(1/n)/Σ√(1/n)/range: Tg 2·.5/1.5/100, FFV 2·1/1.5/.2.
    tg, ffv = 2 * 0.5 / 1.5 / 100, 2 / 1.5 / 0.2
    rows = [tg * 2 + ffv * 0.02, tg * 2, tg * 4, 0]
    assert result["wmae_row"] == pytest.approx(np.mean(rows))


def test_a_property_without_labels_is_left_out() -> None:
    labels = np.array([[10.0, NAN], [20.0, NAN]])
    result = figures(labels, labels + 1, NAMES, RANGES)
    assert result["n"]["FFV"] == 0
    assert result["mae"]["FFV"] is None
    assert result["wmae"] == pytest.approx(0.01)


def test_nothing_to_score_gives_no_number() -> None:
    empty = np.full((3, 2), NAN)
    assert figures(empty, empty, NAMES, RANGES)["wmae"] is None


def test_a_property_whose_labels_are_all_equal_weighs_nothing() -> None:
    labels = np.array([[10.0, 0.4], [20.0, 0.4], [NAN, 0.4]])
    ranges = {"Tg": (0.0, 100.0), "FFV": (0.4, 0.4)}
    result = figures(labels, labels + np.array([1.0, 0.001]), NAMES, ranges)
    assert result["wmae"] == result["wmae_row"] == pytest.approx(0.01)
    assert result["mae"]["FFV"] == pytest.approx(0.001)
    alone = figures(labels[:, 1:], labels[:, 1:] + 0.001, ["FFV"], ranges)
    assert alone["wmae"] is alone["wmae_row"] is None


def test_ranges_come_from_the_labels() -> None:
    labels = np.array([[10.0, NAN], [NAN, 0.3], [-5.0, 0.4]])
    assert label_ranges(labels, NAMES) == {"Tg": (-5.0, 10.0), "FFV": (0.3, 0.4)}


def test_the_headline_is_the_weighted_error_for_the_competitions_properties_alone():
    r2 = {"Tg": 0.5, "Strength": 0.7}
    other = {"mae": dict.fromkeys(r2, 1.0), "r2": r2, "wmae": 0.05}
    assert headline(other) == ("mean R²", pytest.approx(0.6))
    assert headline_words(other) == "mean R² 0.600"
    names = ("Tg", "FFV", "Tc", "Density", "Rg")
    theirs = {**other, "mae": dict.fromkeys(names, 1.0)}
    assert headline_words(theirs) == "wMAE 0.0500"
    assert headline_words({**theirs, "wmae": None}) == ""
