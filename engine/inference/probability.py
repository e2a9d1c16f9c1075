"""How likely a property lies within given ends, by the errors that its intervals come from."""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from .conformal import Interval

_STEEPEST = 50.0
"""The most normal deviates that a half width beyond the last quantile counts for."""


class ErrorDistribution(NamedTuple):
    """How far labels lie from predictions, in half widths of their own intervals.

    The quantiles of the absolute residuals that intervals are made of say which share of labels
    lies within each distance. Between them, shares follow the normal distribution, and beyond the
    last one they go on as steeply, but not beyond what so many residuals can tell; as intervals do,
    it takes errors to either side for equally likely. As a predictive distribution: Vovk et al.,
    Mach. Learn. 108 (2019) 445, doi:10.1007/s10994-018-5755-8.

    Attributes:
        distances: shape `(Q,)`, from 0 on, in half widths of the interval of 90 %.
        steps: shape `(Q,)`, the normal deviate of the same share.
        least: the least probability of an error beyond any finite distance to one side.
    """

    distances: np.ndarray
    steps: np.ndarray
    least: float

    @classmethod
    def of(cls, interval: Interval) -> "ErrorDistribution | None":
        """The distribution of an interval's residuals; None where the interval has no width."""
        known = {percent / 100: value for percent, value in interval.quantiles.items()}
        known[interval.level] = interval.quantile
        shares = np.array([0.0, *sorted(known)])
        distances = np.array([0.0, *(known[share] for share in sorted(known))])
        if interval.quantile <= 0:
            return None
        distances = np.maximum.accumulate(distances) / interval.quantile
        steps = ndtri((1 + shares) / 2)
        # A share that is reached at no greater distance than the one before tells nothing more.
        rises = np.append(True, np.diff(distances) > 0)
        return cls(distances[rises], steps[rises], 0.5 / (interval.labels + 1))

    def below(self, distance: np.ndarray) -> np.ndarray:
        """The cumulative distribution: how likely a label lies below its prediction and a distance.

        Args:
            distance: of any shape, added to the prediction, in half widths of the interval.

        Returns:
            The same shape; 0.5 at distance 0, NaN where the distance is.
        """
        far = np.abs(distance)
        slope = (self.steps[-1] - self.steps[-2]) / (self.distances[-1] - self.distances[-2])
        beyond = self.steps[-1] + (far - self.distances[-1]) * min(slope, _STEEPEST)
        steps = np.interp(far, self.distances, self.steps)
        steps = np.where(far > self.distances[-1], beyond, steps)
        shares = np.clip(ndtr(np.sign(distance) * steps), self.least, 1 - self.least)
        return np.where(np.isinf(distance), distance > 0, shares)


def probability_between(
    interval: Interval | None,
    values: np.ndarray,
    half_widths: np.ndarray,
    low: float = -np.inf,
    high: float = np.inf,
) -> np.ndarray:
    """How likely N labels lie between two ends.

    Args:
        interval: of the property; None where it has none.
        values: shape `(N,)`, the predictions on the property's scale.
        half_widths: shape `(N,)`, half the width of each one's interval, on the same scale.
        low, high: the ends, on the same scale.

    Returns:
        Shape `(N,)`, 0 to 1; NaN where a row has no prediction or no interval.
    """
    distribution = ErrorDistribution.of(interval) if interval else None
    known = np.isfinite(values) & np.isfinite(half_widths)
    if distribution is None:
        return np.full(len(values), np.nan)
    likely = np.full(len(values), np.nan)
    at, half = values[known], np.maximum(half_widths[known], np.finfo(float).tiny)
    likely[known] = distribution.below((high - at) / half) - distribution.below((low - at) / half)
    return likely
