"""Per-property blend weights from out-of-fold predictions."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import combinations

import numpy as np

from ..inference.conformal import has_model

_STEPS = 10
_BAGS = 50
"""Draws of the labels whose best weights are averaged."""
_MOST_COMPARED = 20_000
"""Labels that weights are compared by: every other one, or every third, of more."""
_TOLERATED = 0.5
"""Standard errors by which weights may err more than the best ones."""

_CHOICES_AT_ONCE = 256
"""Choices of weights whose errors are kept at once: 40 MB."""

_Rule = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def fit_weights(
    labels: np.ndarray, members: np.ndarray, of_all: np.ndarray | None = None
) -> np.ndarray:
    """Weights of the members for one property.

    They are the mean of the weights that are best in draws of the labels with replacement (bagging:
    Breiman, Machine Learning 24 (1996) 123, doi:10.1007/BF00058655), so that what few labels cannot
    decide is shared. Where some members learned from all sources of the property, they are weighed
    among each other, as the others are, and then one blend against the other: if the added sources
    harm, the one without them gets most of the weight. There, weights are as equal as the errors
    allow (`_most_equal`; why two rules: docs/experiments.md, "Blend weights, bagged").

    Args:
        labels: shape `(N,)`.
        members: shape `(M, N)`, out-of-fold predictions of M members; all NaN for a member that has
            no model of the property.
        of_all: shape `(M,)`, bool: which members learned from several sources; none by default.

    Returns:
        Shape `(M,)`, not negative, of sum 1; 0 for a member that has no model. Equal when no row
        has both a label and every prediction.
    """
    of_all = np.zeros(len(members), dtype=bool) if of_all is None else of_all
    present = has_model(members)
    if present.any() and not present.all():
        weights = np.zeros(len(members))
        weights[present] = fit_weights(labels, members[present], of_all[present])
        return weights
    if not of_all.any():
        return _chosen(_bagged, labels, members)
    if of_all.all():
        return _chosen(_most_equal, labels, members)
    halves = [(which, _chosen(_most_equal, labels, members[which])) for which in (~of_all, of_all)]
    blends = np.stack([weights @ members[which] for which, weights in halves])
    weights = np.empty(len(members))
    for (which, own), part in zip(halves, _chosen(_most_equal, labels, blends), strict=True):
        weights[which] = part * own
    return weights


def _chosen(rule: _Rule, labels: np.ndarray, members: np.ndarray) -> np.ndarray:
    """The weights that a rule chooses on a grid of tenths; arguments and shape as `fit_weights`."""
    scored = np.flatnonzero(np.isfinite(labels) & np.isfinite(members).all(axis=0))
    if not len(scored):
        return np.full(len(members), 1 / len(members))
    scored = scored[:: len(scored) // _MOST_COMPARED + 1]
    return rule(_simplex(len(members)), members[:, scored], labels[scored])


def _errors(grid: np.ndarray, members: np.ndarray, labels: np.ndarray) -> Iterator[np.ndarray]:
    """Absolute errors of some choices of weights after others; shape `(choices, labels)` each."""
    for start in range(0, len(grid), _CHOICES_AT_ONCE):
        yield np.abs(grid[start : start + _CHOICES_AT_ONCE] @ members - labels)


def _bagged(grid: np.ndarray, members: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The mean of the weights of least error in draws of the labels.

    Args:
        grid: weights to choose from, shape `(choices, M)`.
        members: their predictions, shape `(M, labels)`.
        labels: all there, shape `(labels,)`.
    """
    often = np.full(len(labels), 1 / len(labels))
    times = np.random.default_rng(0).multinomial(len(labels), often, size=_BAGS)  # bags × labels
    sums = [errors @ times.T for errors in _errors(grid, members, labels)]
    return grid[np.argmin(np.concatenate(sums), axis=0)].mean(axis=0)


def _most_equal(grid: np.ndarray, members: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Weights that are as equal as the errors allow; arguments as of `_bagged`.

    Of all weights that err no more than the best ones by more than half a standard error, those
    nearest to equal ones: few labels decide little, but what is plain they decide (after the rule
    of one standard error: Breiman et al., Classification and Regression Trees, Wadsworth 1984,
    section 3.4.3; docs/experiments.md, "Weights of members that learned all sources").
    """
    # The errors of the best choice are kept as they are: computed alone, their last digits differ.
    of_parts = (part[np.argmin(part.mean(axis=1))] for part in _errors(grid, members, labels))
    best = min(of_parts, key=np.mean)
    as_good = []
    for part in _errors(grid, members, labels):
        more = part - best
        as_good.append(more.mean(axis=1) <= _TOLERATED * more.std(axis=1) / len(labels) ** 0.5)
    near = grid[np.concatenate(as_good)]
    return near[int(np.argmin(((near - 1 / grid.shape[1]) ** 2).sum(axis=1)))]


def _kept_weights(
    labels: np.ndarray, members: np.ndarray, of_all: np.ndarray | None, least: float
) -> np.ndarray:
    """As `fit_weights`; those below `least` are set to 0, the others scaled up to a sum of 1."""
    weights = fit_weights(labels, members, of_all)
    kept = np.where(weights < least, 0.0, weights)
    return kept / kept.sum() if least and kept.any() else weights


def nested_blend(
    labels: np.ndarray,
    members: np.ndarray,
    folds: np.ndarray,
    of_all: np.ndarray | None = None,
    least: float = 0.0,
) -> np.ndarray:
    """Blend each fold with weights fitted on the other folds, so that its error is unbiased.

    Args:
        labels: shape `(N, K)`.
        members: shape `(M, N, K)`, out-of-fold predictions.
        folds: shape `(N,)`.
        of_all: shape `(M, K)`, bool: the members that learned a property from several sources.
        least: smaller weights count as none.

    Returns:
        Shape `(N, K)`.
    """
    blended, there = np.full(labels.shape, np.nan), has_model(members)
    for fold in np.unique(folds):
        held_out = folds == fold
        for k, present in enumerate(there.T):
            of_column = None if of_all is None else of_all[:, k]
            weights = _kept_weights(
                labels[~held_out, k], members[:, ~held_out, k], of_column, least
            )
            predicted = members[:, held_out, k]
            if not present.all():
                weights, predicted = weights[present], predicted[present]
            blended[held_out, k] = weights @ predicted
    return blended


def blend_weights(
    labels: np.ndarray,
    members: np.ndarray,
    member_names: Sequence[str],
    names: Sequence[str],
    of_all: np.ndarray | None = None,
    least: float = 0.0,
) -> dict[str, dict[str, float]]:
    """The weights for the bundle, from all folds: `{property: {member: weight}}`.

    A member that has no model of a property, or a weight below `least`, has none there. The other
    arguments are those of `nested_blend`.
    """
    weights = {}
    for k, name in enumerate(names):
        of_column = None if of_all is None else of_all[:, k]
        fitted = _kept_weights(labels[:, k], members[:, :, k], of_column, least)
        by_member = zip(member_names, fitted.tolist(), strict=True)
        weights[name] = {member: weight for member, weight in by_member if weight > 0}
    return weights


def fixed_blend(
    members: np.ndarray,
    member_names: Sequence[str],
    names: Sequence[str],
    fixed: dict[str, float],
) -> tuple[np.ndarray, dict[str, dict[str, float]]]:
    """Blend with given weights.

    Args:
        members: shape `(M, N, K)`, out-of-fold predictions.
        member_names: of the M members.
        names: of the K properties.
        fixed: the weight of each member; where members are absent, the others are scaled up to a
            sum of 1.

    Returns:
        The blend, shape `(N, K)`, and the weights: `{property: {member: weight}}`.
    """
    given = np.array([fixed.get(name, 0.0) for name in member_names])
    there = has_model(members).T  # K × M
    by_property = np.where(there, given, 0.0)
    empty = by_property.sum(axis=1) == 0
    by_property[empty] = np.where(there[empty].any(axis=1)[:, None], there[empty], 1.0)
    by_property /= by_property.sum(axis=1, keepdims=True)
    if there.all():
        blended = np.tensordot(by_property[0], members, axes=1)
    else:
        blended = np.einsum("km,mnk->nk", by_property, np.where(there.T[:, None], members, 0.0))
    return blended, {
        name: {
            member: float(by_property[k, m]) for m, member in enumerate(member_names) if there[k, m]
        }
        for k, name in enumerate(names)
    }


@cache
def _simplex(size: int) -> np.ndarray:
    """All weights in tenths that sum to one; shape `(choices, size)`."""
    bars = combinations(range(_STEPS + size - 1), size - 1)
    rows = [np.diff([-1, *places, _STEPS + size - 1]) - 1 for places in bars]
    return np.array(rows) / _STEPS
