"""Per-property blend weights from out-of-fold predictions."""

from collections.abc import Sequence
from functools import cache
from itertools import combinations

import numpy as np

_STEPS = 10
_PRIOR_LABELS = 200
"""Labels that equal weights count for: with as many measured ones, both weigh the same
(docs/experiments.md, "Blend weights shrunk towards equal ones")."""


def fit_weights(labels: np.ndarray, members: np.ndarray) -> np.ndarray:
    """Weights of the members for one property, between the best and equal ones.

    The best weights are those of least absolute error on a grid of tenths. The fewer labels there
    are, the closer the result is to equal weights.

    Args:
        labels: shape `(N,)`.
        members: shape `(M, N)`, out-of-fold predictions of M members.

    Returns:
        Shape `(M,)`, not negative, of sum 1; equal when no row has both a label and every
        prediction.
    """
    equal = np.full(len(members), 1 / len(members))
    scored = np.isfinite(labels) & np.isfinite(members).all(axis=0)
    if not scored.any():
        return equal
    grid = _simplex(len(members))
    errors = [np.abs(weights @ members[:, scored] - labels[scored]).mean() for weights in grid]
    trust = scored.sum() / (scored.sum() + _PRIOR_LABELS)
    return (1 - trust) * equal + trust * grid[int(np.argmin(errors))]


def nested_blend(labels: np.ndarray, members: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Blend each fold with weights fitted on the other folds, so that its error is unbiased.

    Args:
        labels: shape `(N, K)`.
        members: shape `(M, N, K)`, out-of-fold predictions.
        folds: shape `(N,)`.

    Returns:
        Shape `(N, K)`.
    """
    blended = np.full(labels.shape, np.nan)
    for fold in np.unique(folds):
        held_out = folds == fold
        for k in range(labels.shape[1]):
            weights = fit_weights(labels[~held_out, k], members[:, ~held_out, k])
            blended[held_out, k] = weights @ members[:, held_out, k]
    return blended


def blend_weights(
    labels: np.ndarray, members: np.ndarray, member_names: Sequence[str], names: Sequence[str]
) -> dict[str, dict[str, float]]:
    """The weights for the bundle, from all folds: `{property: {member: weight}}`."""
    return {
        name: dict(
            zip(member_names, fit_weights(labels[:, k], members[:, :, k]).tolist(), strict=True)
        )
        for k, name in enumerate(names)
    }


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
    weights = given / given.sum() if given.sum() > 0 else np.full(len(given), 1 / len(given))
    by_member = dict(zip(member_names, weights.tolist(), strict=True))
    return np.tensordot(weights, members, axes=1), {name: dict(by_member) for name in names}


@cache
def _simplex(size: int) -> np.ndarray:
    """All weights in tenths that sum to one; shape `(choices, size)`."""
    bars = combinations(range(_STEPS + size - 1), size - 1)
    rows = [np.diff([-1, *places, _STEPS + size - 1]) - 1 for places in bars]
    return np.array(rows) / _STEPS
