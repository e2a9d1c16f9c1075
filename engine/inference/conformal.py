"""Conformal intervals of the blend, from out-of-fold predictions."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

LEVEL = 0.9
"""The share of new repeat units whose labels should lie within their intervals."""

COVERAGES = tuple(range(50, 100, 5))
"""What intervals can be asked for, in percent."""

_STEPS = 10
_PRIOR_LABELS = 100


class Interval(BaseModel):
    """How wide the interval of one property is.

    It reaches `quantile × (1 − share + share × spread / typical)` to either side of the blend,
    where the spread is the standard deviation of the members' predictions for the repeat unit.

    Attributes:
        level: the share of labels that should lie within the interval.
        quantile: half the width for a repeat unit of typical spread, on the property's scale.
        quantiles: the same for other shares, by the share in percent: those of `COVERAGES` that
            the labels were enough for; empty in a bundle from before there were any.
        share: the share of the half width that is proportional to the spread, 0 to 1.
        typical: the median spread of the repeat units it was calibrated on, on the same scale.
        labels: how many labels it was calibrated on.
        coverage: the share of labels that lay within intervals calibrated on the other folds; None
            where those folds had too few labels.
        width: the mean width of those intervals, on the same scale.
    """

    model_config = ConfigDict(allow_inf_nan=False)

    level: float = Field(default=LEVEL, gt=0, lt=1)
    quantile: float = Field(ge=0)
    quantiles: dict[Annotated[int, Field(gt=0, lt=100)], Annotated[float, Field(ge=0)]] = {}
    share: float = Field(ge=0, lt=1)
    typical: float = Field(ge=0)
    labels: int = Field(ge=0)
    coverage: float | None = None
    width: float | None = None

    def half_width(self, spread: np.ndarray, coverage: float = LEVEL) -> np.ndarray:
        """How far the interval reaches to either side of the blend.

        Args:
            spread: shape `(N,)`, on the property's scale.
            coverage: the share of labels that should lie within it.

        Returns:
            Shape `(N,)`, on the same scale; NaN where the labels were too few for the coverage.
        """
        quantile = self.quantile
        if coverage != self.level:
            quantile = self.quantiles.get(round(100 * coverage), np.nan)
        return quantile * _difficulty(spread, self.share, self.typical)


def member_spread(members: np.ndarray) -> np.ndarray:
    """The standard deviation of M members' predictions; `(M, N, K)` becomes `(N, K)`.

    Members that have no model of a property, and so predict NaN in all rows, do not count there.
    """
    there = has_model(members)
    if there.all():
        return np.std(members, axis=0)
    spread = np.full(members.shape[1:], np.nan)
    for k, own in enumerate(there.T):
        if own.any():
            spread[:, k] = np.std(members[own, :, k], axis=0)
    return spread


def of_weight(
    predicted: np.ndarray, members: Sequence[str], weights: Mapping[str, Mapping[str, float]]
) -> np.ndarray:
    """Predictions `(M, N, K)` of M members, NaN of those without a weight in a property's blend.

    What has no weight says nothing of the spread.

    Args:
        predicted: shape `(M, N, K)`.
        members: their names.
        weights: of the K properties, by the member's name.
    """
    kept = np.array([[member in own for own in weights.values()] for member in members])
    return predicted if kept.all() else np.where(kept[:, None], predicted, np.nan)


def has_model(members: np.ndarray) -> np.ndarray:
    """Whether M members predict a property at all; `(M, N, …)` becomes `(M, …)`, bool."""
    return np.isfinite(members).any(axis=1)


def fit_interval(residuals: np.ndarray, spread: np.ndarray) -> Interval | None:
    """Calibrate the interval of one property on residuals that are exchangeable with new ones.

    Split conformal prediction with normalised scores |label − blend| / difficulty: Papadopoulos,
    Vovk and Gammerman, J. Artif. Intell. Res. 40 (2011) 815, doi:10.1613/jair.3198; Lei et al.,
    J. Am. Stat. Assoc. 113 (2018) 1094, doi:10.1080/01621459.2017.1307116. The spread of an
    ensemble as difficulty: Boström et al., Ann. Math. Artif. Intell. 81 (2017) 125,
    doi:10.1007/s10472-017-9539-9.

    The share of the difficulty that is proportional to the spread gives the least interval score
    (Gneiting and Raftery, J. Am. Stat. Assoc. 102 (2007) 359, doi:10.1198/016214506000001437) on a
    grid of tenths; it is then shrunk towards a constant width, as if 100 more labels favoured one.

    Args:
        residuals: shape `(N,)`, |label − blend| out-of-fold, on the property's scale.
        spread: shape `(N,)`, of the members' out-of-fold predictions, on the same scale.

    Returns:
        The interval without coverage and width; None when the labels are too few for the level:
        90 % takes nine.
    """
    count = len(residuals)
    if _rank(count) > count:
        return None
    median_spread = float(np.median(spread))
    shares = np.arange(_STEPS) / _STEPS if median_spread > 0 else np.zeros(1)
    costs = [_interval_score(residuals, spread, share, median_spread) for share in shares]
    share = float(shares[int(np.argmin(costs))]) * count / (count + _PRIOR_LABELS)
    scores = residuals / _difficulty(spread, share, median_spread)
    return Interval(
        quantile=_quantile(scores),
        quantiles={
            percent: _quantile(scores, percent / 100)
            for percent in COVERAGES
            if _rank(count, percent / 100) <= count
        },
        share=share,
        typical=median_spread,
        labels=count,
    )


def held_out_half_widths(
    residuals: np.ndarray, spread: np.ndarray, folds: np.ndarray
) -> np.ndarray:
    """Half the width of each row's interval, calibrated on the residuals of the other folds alone.

    Args:
        residuals: shape `(N,)`, out-of-fold, on the property's scale.
        spread: shape `(N,)`, on the same scale.
        folds: shape `(N,)`.

    Returns:
        Shape `(N,)`, in the same unit; NaN where the other folds have too few labels.
    """
    half_widths = np.full(len(residuals), np.nan)
    for fold in np.unique(folds):
        held_out = folds == fold
        interval = fit_interval(residuals[~held_out], spread[~held_out])
        if interval:
            half_widths[held_out] = interval.half_width(spread[held_out])
    return half_widths


def calibrate(
    labels: np.ndarray,
    members: np.ndarray,
    blended: np.ndarray,
    folds: np.ndarray,
    names: Sequence[str],
) -> dict[str, Interval]:
    """The interval of each property from the residuals of all folds, with its held-out coverage.

    Pooling the folds' residuals is cross-conformal prediction: Vovk, Ann. Math. Artif. Intell. 74
    (2015) 9, doi:10.1007/s10472-013-9368-4.

    Args:
        labels: shape `(N, K)`, each column on its property's scale, NaN where missing.
        members: shape `(M, N, K)`, out-of-fold predictions.
        blended: shape `(N, K)`, blended with weights fitted on the other folds.
        folds: shape `(N,)`.
        names: the K properties.

    Returns:
        The intervals by property; a property with too few labels has none.
    """
    spreads = member_spread(members)
    intervals = {}
    for k, name in enumerate(names):
        rows = np.isfinite(labels[:, k]) & np.isfinite(blended[:, k]) & np.isfinite(spreads[:, k])
        residuals = np.abs(labels[rows, k] - blended[rows, k])
        spread = spreads[rows, k]
        interval = fit_interval(residuals, spread)
        if interval:
            half_widths = held_out_half_widths(residuals, spread, folds[rows])
            measured = _coverage_and_width(residuals, half_widths)
            intervals[name] = interval.model_copy(update=measured)
    return intervals


def _coverage_and_width(residuals: np.ndarray, half_widths: np.ndarray) -> dict[str, float | None]:
    """`coverage` and mean `width` of the intervals there are; None without any."""
    rows = np.isfinite(half_widths)
    if not rows.any():
        return {"coverage": None, "width": None}
    covered = residuals[rows] <= half_widths[rows]
    return {"coverage": float(covered.mean()), "width": float(2 * half_widths[rows].mean())}


def _difficulty(spread: np.ndarray, share: float, median_spread: float) -> np.ndarray:
    """1 for a row of median spread; never 0, since the share is below 1."""
    return 1 - share + (share * spread / median_spread if share else np.zeros(len(spread)))


def _rank(count: int, coverage: float = LEVEL) -> int:
    """Which of the sorted scores bounds a new score with the probability `coverage`."""
    # Rounded first: as a float, 0.9 × 10 could come out a little above nine.
    return int(np.ceil(np.round((count + 1) * coverage, 9)))


def _quantile(scores: np.ndarray, coverage: float = LEVEL) -> float:
    return float(np.sort(scores)[_rank(len(scores), coverage) - 1])


def _interval_score(
    residuals: np.ndarray, spread: np.ndarray, share: float, median_spread: float
) -> float:
    """The mean width plus 2 / (1 − level) times the mean distance of labels outside."""
    difficulty = _difficulty(spread, share, median_spread)
    half_widths = _quantile(residuals / difficulty) * difficulty
    outside = np.maximum(residuals - half_widths, 0)
    return float(np.mean(2 * half_widths + 2 / (1 - LEVEL) * outside))
