"""Mole or weight fractions: what nested folds choose, and what they must not see."""

import numpy as np
import pytest

from engine.base.packed import Features
from engine.chem.repeat_unit import canonical_unit
from engine.features.compositions import with_composition_columns
from engine.features.compute import compute_features
from engine.training.bases import chosen_bases, judgements

UNITS = ["*CC*", "*CCO*", "*CC(*)c1ccccc1", "*CC(*)Br", "*C(F)(F)C(*)(F)F", "*CC(*)C(=O)OCCCC"]
FOLDS = np.arange(150) % 5


@pytest.fixture(scope="module")
def features() -> Features:
    """Of 150 compositions of units of very different weights."""
    random, texts = np.random.default_rng(0), []
    for _ in FOLDS:
        one, other = random.choice(UNITS, 2, replace=False)
        texts.append(canonical_unit(f"{one}|{other}|{random.uniform(0.1, 0.9):.4f}"))
    return with_composition_columns(compute_features(texts, canonical_units=True), texts)


@pytest.fixture(scope="module")
def labels(features: Features) -> np.ndarray:
    """A property that goes with weight fractions, and one that goes with moles."""
    assert features.by_weight is not None
    apart = np.abs(features.by_weight - features.descriptors) / (features.descriptors.std(0) + 1)
    column = int(np.nan_to_num(apart).mean(axis=0).argmax())
    both = np.stack([features.by_weight[:, column], features.descriptors[:, column]], axis=1)
    return both.astype(float)


def test_each_property_gets_the_fractions_that_it_goes_with(
    features: Features, labels: np.ndarray
) -> None:
    steps: list[int] = []
    bases = chosen_bases(features, labels, FOLDS, 0, lambda: steps.append(1))
    assert bases.of_all == ["weight", "mole"]
    assert [bases.of_folds[fold] for fold in range(5)] == [["weight", "mole"]] * 5
    assert bases.of(None, 0) == bases.of(3, 0) == "weight"
    assert len(steps) == judgements(5, 2)


def test_a_fold_has_no_say_in_what_its_own_models_see(
    features: Features, labels: np.ndarray
) -> None:
    others = labels[:, :1].copy()
    others[FOLDS == 0, 0] = 1000 * labels[FOLDS == 0, 1]
    bases = chosen_bases(features, others, FOLDS, 0, lambda: None)
    assert bases.of_folds[0] == ["weight"]
    assert bases.of_all == ["mole"]


def test_where_nothing_can_be_judged_it_is_moles(features: Features, labels: np.ndarray) -> None:
    few = labels.copy()
    few[20:] = np.nan
    assert chosen_bases(features, few, FOLDS, 0, lambda: None).of_all == ["mole", "mole"]
    assert chosen_bases(features, labels, FOLDS % 2, 0, lambda: None).of_all == ["mole", "mole"]
    assert judgements(2, 7) == 0
