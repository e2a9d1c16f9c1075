"""Whether descriptors of compositions are averaged by mole or by weight fraction: nested folds say.

A glass transition of a copolymer goes with weight fractions (Fox, Bull. Am. Phys. Soc. 1 (1956)
123), levels of electrons go with moles. Each fold's choice is made without the rows of that fold.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, get_args

import numpy as np

from ..base.hardware import usable_cores
from ..base.packed import Features
from ..base.vocabulary import Basis
from ..models.boosting import BoostingConfig
from ..models.lightgbm import LightGBM

STAGE = "fractions"
"""The name of the stage."""

_JUDGE = BoostingConfig(rounds=100, learning_rate=0.1)
_LEAST_FOLDS = 3
"""Of fewer, nothing is left to learn from when two are held out."""
_LEAST_LABELS = 40
_LEAST_GAIN = 0.01
"""By which share weight fractions must lower the error, or else moles it is."""


class Bases(NamedTuple):
    """What descriptors are averaged by: for each of the K properties, in models of all rows.

    Attributes:
        of_all: K of them.
        of_folds: by held-out fold, K of them for the models that do not see it.
    """

    of_all: Sequence[Basis]
    of_folds: Mapping[int, Sequence[Basis]]

    def of(self, fold: int | None, column: int) -> Basis:
        """That of a property's model that does not see this fold, or sees all rows."""
        return self.of_all[column] if fold is None else self.of_folds[fold][column]


class _Judged(NamedTuple):
    """Squared errors `(len(bases),)` of a property and how many labels they are summed over."""

    squared: np.ndarray
    labels: int


def _all_by_mole(folds: Sequence[int], properties: int) -> Bases:
    """The bases of K properties where nothing is chosen."""
    moles: Sequence[Basis] = ["mole"] * properties
    return Bases(moles, dict.fromkeys(folds, moles))


def judgements(folds: int, properties: int) -> int:
    """How many steps `chosen_bases` takes, with so many folds that are held out."""
    return folds * properties if folds >= _LEAST_FOLDS else 0


def chosen_bases(
    features: Features, labels: np.ndarray, folds: np.ndarray, seed: int, step: Callable[[], None]
) -> Bases:
    """Choose for each property and held-out fold, and for the models of all rows.

    Each two folds that follow each other are held out at once, and a small LightGBM predicts them
    from the others: what it errs by in one of the two counts for the models that do not see the
    other.

    Args:
        features: of N rows, some of them compositions.
        labels: shape `(N, K)`, on the scales, NaN where missing.
        folds: shape `(N,)`, int; -1 where rows are never held out.
        seed: of the judging models.
        step: called `judgements` times.
    """
    held_out, count = sorted({*folds[folds >= 0].tolist()}), labels.shape[1]
    if not judgements(len(held_out), count):
        return _all_by_mole(held_out, count)
    pairs = list(zip(held_out, held_out[1:] + held_out[:1], strict=True))
    jobs = [(column, pair) for column in range(count) for pair in pairs]

    def judged(job: tuple[int, tuple[int, int]]) -> dict[int, _Judged]:
        column, pair = job
        return _judged(features, labels[:, column], folds, pair, seed)

    of_folds: dict[int, list[list[_Judged]]] = {
        fold: [[] for _ in range(count)] for fold in held_out
    }
    with ThreadPoolExecutor(usable_cores()) as pool:
        for (column, _), found in zip(jobs, pool.map(judged, jobs), strict=True):
            for fold, each in found.items():
                of_folds[fold][column].append(each)
            step()
    return Bases(
        [_best([each for fold in held_out for each in of_folds[fold][k]]) for k in range(count)],
        {fold: [_best(found) for found in own] for fold, own in of_folds.items()},
    )


def _judged(
    features: Features, labels: np.ndarray, folds: np.ndarray, pair: tuple[int, int], seed: int
) -> dict[int, _Judged]:
    """What each basis errs by in a property where two folds are held out; by the *other* fold."""
    labelled = np.isfinite(labels)
    learned = labelled & ~np.isin(folds, pair)
    asked = [labelled & (folds == fold) for fold in pair]
    if learned.sum() < _LEAST_LABELS or not all(rows.any() for rows in asked):
        return {}
    squared = np.empty((2, len(get_args(Basis))))
    for number, basis in enumerate(get_args(Basis)):
        descriptors = features.averaged(basis)
        model = LightGBM.fit(descriptors[learned], labels[learned], _JUDGE, seed)
        for place, rows in enumerate(asked):
            errors = model.predict(descriptors[rows]) - labels[rows]
            squared[place, number] = (errors**2).sum()
    return {
        other: _Judged(squared[place], int(asked[place].sum()))
        for place, other in enumerate(reversed(pair))
    }


def _best(found: Sequence[_Judged]) -> Basis:
    """Of all that was judged, the basis of the least root-mean-square error."""
    if not found:
        return "mole"
    total = sum(each.labels for each in found)
    mole, weight = np.sqrt(sum(each.squared for each in found) / total)
    return "weight" if weight < (1 - _LEAST_GAIN) * mole else "mole"
