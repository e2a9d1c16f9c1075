"""How much figures of error would vary with other rows: percentile bootstrap over rows."""

from collections.abc import Callable

import numpy as np
from scipy.stats import bootstrap

from engine.settings.metrics import property_weights

RESAMPLES = 2000
_BATCH = 50

Figure = Callable[[np.ndarray], np.ndarray]
"""From absolute errors, shape `(..., N, K)`, to a figure of shape `(...)`."""


def wmae(labels: np.ndarray) -> Figure:
    """The leaderboard's wMAE as a function of errors; `labels` give the weights and ranges.

    Args:
        labels: shape `(N, K)`, NaN where missing.
    """
    weights = _weights(labels)
    return lambda errors: np.nanmean(errors, axis=-2) @ weights


def wmae_row(labels: np.ndarray) -> Figure:
    """Likewise the form of wMAE that is a mean over labelled rows."""
    weights = labels.shape[1] * _weights(labels)

    def figure(errors: np.ndarray) -> np.ndarray:
        rows = np.where(np.isfinite(errors), errors, 0.0) @ weights
        labelled = np.isfinite(errors).any(axis=-1)
        return (rows * labelled).sum(axis=-1) / labelled.sum(axis=-1)

    return figure


def _weights(labels: np.ndarray) -> np.ndarray:
    spans = np.nanmax(labels, axis=0) - np.nanmin(labels, axis=0)
    return property_weights(np.isfinite(labels).sum(axis=0), spans)


def interval(errors: np.ndarray, figure: Figure, seed: int = 0) -> tuple[float, float]:
    """The 95 % interval of a figure.

    Args:
        errors: absolute errors, shape `(N, K)`, NaN where there is no label; or, for a difference,
            those of two systems, shape `(2, N, K)`: the interval is then that of the first's figure
            minus the second's, with the same rows drawn for both.
        figure: from `wmae` or `wmae_row`.
        seed: of the draws.
    """

    def figure_of_rows(rows: np.ndarray, axis: int = -1) -> np.ndarray:
        values = figure(np.take(errors, rows.astype(int), axis=-2))
        return values[0] - values[1] if errors.ndim == 3 else values

    result = bootstrap(
        (np.arange(errors.shape[-2]),),
        figure_of_rows,
        n_resamples=RESAMPLES,
        batch=_BATCH,
        vectorized=True,
        method="percentile",
        rng=seed,
    )
    return float(result.confidence_interval.low), float(result.confidence_interval.high)
