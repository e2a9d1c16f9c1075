"""Blend weights and folds."""

import numpy as np
import pytest

from engine.base.errors import UserError
from engine.table.folds import split_folds
from engine.training.blend import blend_weights, fit_weights, fixed_blend, nested_blend


def test_a_member_that_is_plainly_worse_has_no_say(random: np.random.Generator) -> None:
    labels = random.normal(size=50)
    good, bad = labels + 0.1 * random.normal(size=50), random.normal(size=50)
    np.testing.assert_array_equal(fit_weights(labels, np.stack([good, bad])), [1.0, 0.0])


def test_few_labels_leave_weights_nearer_to_equal_ones(random: np.random.Generator) -> None:
    grid = np.linspace(0, 1, 11)
    fitted, least = [], []
    for _ in range(40):
        labels = random.normal(size=20)
        members = np.stack([labels + size * random.normal(size=20) for size in (0.4, 0.5)])
        errors = [np.abs(w * members[0] + (1 - w) * members[1] - labels).mean() for w in grid]
        fitted.append(fit_weights(labels, members)[0])
        least.append(grid[np.argmin(errors)])
    assert np.abs(np.array(fitted) - 0.5).mean() < 0.9 * np.abs(np.array(least) - 0.5).mean()


def test_no_labels_give_equal_weights() -> None:
    weights = fit_weights(np.full(5, np.nan), np.zeros((4, 5)))
    np.testing.assert_allclose(weights, 0.25)


def test_a_fold_is_blended_without_looking_at_its_own_labels(random: np.random.Generator) -> None:
    labels = random.normal(size=(60, 1))
    members = np.stack([labels + random.normal(size=labels.shape) for _ in range(3)])
    folds = np.arange(60) % 3
    before = nested_blend(labels, members, folds)
    changed = labels.copy()
    changed[folds == 1] = 1000.0
    after = nested_blend(changed, members, folds)
    np.testing.assert_array_equal(before[folds == 1], after[folds == 1])
    assert np.isfinite(before).all()


def test_weights_have_names(random: np.random.Generator) -> None:
    labels = random.normal(size=(30, 2))
    weights = blend_weights(labels, np.stack([labels, -labels]), ["a", "b"], ["Tg", "FFV"])
    assert weights == {"Tg": {"a": 1.0}, "FFV": {"a": 1.0}}


def test_folds_keep_groups_whole_and_balance_properties() -> None:
    labels = np.full((300, 2), np.nan)
    labels[:, 0] = 1.0
    labels[:50, 1] = 1.0
    groups = np.arange(300) // 2
    folds = split_folds(labels, groups, 5, seed=0)
    assert all(len(set(folds[groups == group])) == 1 for group in set(groups))
    assert np.bincount(folds).tolist() == pytest.approx([60] * 5, abs=6)
    assert np.bincount(folds[:50], minlength=5).tolist() == pytest.approx([10] * 5, abs=4)
    np.testing.assert_array_equal(folds, split_folds(labels, groups, 5, seed=0))
    assert not np.array_equal(folds, split_folds(labels, groups, 5, seed=1))


def test_folds_are_made_where_no_set_of_labels_is_there_often(random: np.random.Generator) -> None:
    labels = np.where(random.random((30, 6)) < 0.5, np.nan, 1.0)
    folds = split_folds(labels, np.arange(30), 5, seed=0)
    assert np.bincount(folds).tolist() == [6] * 5


def test_fewer_groups_than_folds_are_refused() -> None:
    with pytest.raises(UserError, match="3 folds cannot be made of 2 groups"):
        split_folds(np.ones((20, 1)), np.arange(20) // 10, 3, seed=0)


def test_models_of_all_sources_are_weighed_against_those_of_one() -> None:
    random = np.random.default_rng(0)
    labels = random.normal(size=400)
    alone = labels + random.normal(0, 0.5, (2, 400))
    for error, harmed in ((0.1, False), (3.0, True)):
        members = np.vstack([alone, labels + random.normal(0, error, (2, 400))])
        weights = fit_weights(labels, members, np.array([False, False, True, True]))
        assert weights.sum() == pytest.approx(1)
        assert (weights[2:].sum() < 0.2) == harmed
        assert (weights[:2].sum() < 0.2) != harmed


def test_a_member_without_a_model_of_a_property_has_no_weight_there() -> None:
    random = np.random.default_rng(0)
    labels = random.normal(size=(60, 2))
    members = np.stack([labels + random.normal(0, 0.2, (60, 2)) for _ in range(3)])
    members[1, :, 1] = np.nan
    of_all = np.array([[False, False], [True, False], [True, False]])
    weights = blend_weights(labels, members, ["a", "b", "c"], ["x", "y"], of_all)
    assert {*weights["x"]} == {"a", "b", "c"}
    assert {*weights["y"]} == {"a", "c"}
    blended = nested_blend(labels, members, np.arange(60) % 3, of_all)
    assert np.isfinite(blended).all()
    fixed, by_name = fixed_blend(members, ["a", "b", "c"], ["x", "y"], {"a": 0.2, "b": 0.8})
    assert by_name == {"x": {"a": 0.2, "b": 0.8, "c": 0.0}, "y": {"a": 1.0, "c": 0.0}}
    np.testing.assert_array_equal(fixed[:, 1], members[0, :, 1])
