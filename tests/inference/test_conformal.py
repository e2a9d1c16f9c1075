"""Conformal intervals on data whose truth is known."""

import numpy as np
import pytest

from engine.inference.conformal import (
    LEVEL,
    Interval,
    calibrate,
    fit_interval,
    held_out_half_widths,
    member_spread,
)


def _rows(random: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Residuals that grow with the spread, and the spread."""
    spread = random.lognormal(0, 0.7, count)
    return np.abs(random.normal(0, spread)), spread


@pytest.mark.parametrize("count", [30, 300])
def test_new_rows_are_covered_as_often_as_said(random: np.random.Generator, count: int) -> None:
    covered = []
    for _ in range(300):
        interval = fit_interval(*_rows(random, count))
        residuals, spread = _rows(random, 200)
        covered.append(np.mean(residuals <= interval.half_width(spread)))
    assert np.mean(covered) == pytest.approx(LEVEL + 0.5 / (count + 1), abs=0.02)


def test_residuals_of_models_that_saw_their_rows_would_cover_too_little(
    random: np.random.Generator,
) -> None:
    residuals, spread = _rows(random, 400)
    interval = fit_interval(0.5 * residuals, spread)
    new, new_spread = _rows(random, 4000)
    assert np.mean(new <= interval.half_width(new_spread)) < LEVEL - 0.1


def test_hard_rows_are_covered_as_well_as_easy_ones(random: np.random.Generator) -> None:
    residuals, spread = _rows(random, 3000)
    interval = fit_interval(residuals, spread)
    same = fit_interval(residuals, np.zeros(3000))
    residuals, spread = _rows(random, 6000)
    hard = spread > np.quantile(spread, 0.8)
    assert np.mean(residuals[hard] <= interval.half_width(spread[hard])) > 0.82
    assert np.mean(residuals[hard] <= same.half_width(spread[hard])) < 0.74


def test_a_spread_without_information_is_ignored(random: np.random.Generator) -> None:
    spread = random.lognormal(0, 0.7, 2000)
    assert fit_interval(np.abs(random.normal(size=2000)), spread).share <= 0.1


def test_few_labels_make_nearly_one_width(random: np.random.Generator) -> None:
    assert fit_interval(*_rows(random, 2000)).share > 0.6
    assert fit_interval(*_rows(random, 12)).share < 0.1


@pytest.mark.parametrize(("count", "enough"), [(0, False), (8, False), (9, True)])
def test_ninety_per_cent_take_nine_labels(
    random: np.random.Generator, count: int, enough: bool
) -> None:
    residuals, spread = _rows(random, count)
    interval = fit_interval(residuals, spread)
    assert (interval is not None) == enough
    if interval:
        assert (residuals <= interval.half_width(spread)).all(), "the greatest of nine"


def test_members_that_agree_everywhere_give_one_width() -> None:
    interval = fit_interval(np.arange(1.0, 20), np.zeros(19))
    np.testing.assert_allclose(interval.half_width(np.array([0.0, 5.0])), 18)


def test_a_fold_is_measured_without_looking_at_its_own_labels(random: np.random.Generator) -> None:
    residuals, spread = _rows(random, 90)
    folds = np.arange(90) % 3
    before = held_out_half_widths(residuals, spread, folds)
    changed = np.where(folds == 1, 1000.0, residuals)
    after = held_out_half_widths(changed, spread, folds)
    np.testing.assert_array_equal(before[folds == 1], after[folds == 1])
    assert (after[folds == 0] > before[folds == 0]).all()


def test_the_coverage_is_that_of_held_out_folds(random: np.random.Generator) -> None:
    labels = random.normal(size=(60, 1))
    folds = np.arange(60) % 3
    # One fold is so much worse that no other fold prepares for it.
    error = np.where(folds == 0, 100.0, random.normal(size=60))[:, None]
    members = np.stack([labels + error - 0.1, labels + error + 0.1])
    interval = calibrate(labels, members, labels + error, folds, ["Tg"])["Tg"]
    assert interval.coverage < 0.7
    assert interval.half_width(np.array([0.1]))[0] >= 100
    assert interval.width > 0


def test_labels_that_are_missing_do_not_count(random: np.random.Generator) -> None:
    labels = random.normal(size=(60, 3))
    labels[::2, 0] = np.nan
    labels[8:, 1] = np.nan
    members = np.stack([labels + random.normal(size=labels.shape) for _ in range(3)])
    intervals = calibrate(labels, members, members.mean(axis=0), np.arange(60) % 5, ["a", "b", "c"])
    assert {name: interval.labels for name, interval in intervals.items()} == {"a": 30, "c": 60}


def test_spread_is_over_members() -> None:
    np.testing.assert_allclose(member_spread(np.array([[[1.0, 5]], [[3.0, 5]]])), [[1, 0]])


def test_an_interval_survives_its_file(random: np.random.Generator) -> None:
    interval = fit_interval(*_rows(random, 50)).model_copy(update={"coverage": 0.9, "width": 2.0})
    assert Interval.model_validate_json(interval.model_dump_json()) == interval
