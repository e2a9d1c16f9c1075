"""Figures of error, for out-of-fold predictions and for scoring."""

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error


def figures(
    labels: np.ndarray,
    predictions: np.ndarray,
    names: Sequence[str],
    ranges: Mapping[str, tuple[float, float]],
) -> dict:
    """MAE, RMSE, R² and n of each property, and both forms of the weighted MAE.

    Args:
        labels: shape `(N, K)`, each column in its property's unit, NaN where missing.
        predictions: shape `(N, K)`, in the same units; cells without a number are not scored.
        names: the K properties.
        ranges: least and greatest label of each property in the **training** table.

    Returns:
        `{"wmae", "wmae_row", "mae", "rmse", "r2", "n"}`; the last four by property. A property
        without scored labels has n = 0 and None elsewhere; the weighted forms leave it out.
    """
    scored = np.isfinite(labels) & np.isfinite(predictions)
    result: dict = {"wmae": None, "wmae_row": None, "mae": {}, "rmse": {}, "r2": {}, "n": {}}
    for column, name in enumerate(names):
        rows = scored[:, column]
        truth, guess = labels[rows, column], predictions[rows, column]
        count = int(rows.sum())
        result["n"][name] = count
        result["mae"][name] = float(mean_absolute_error(truth, guess)) if count else None
        result["rmse"][name] = float(root_mean_squared_error(truth, guess)) if count else None
        result["r2"][name] = float(r2_score(truth, guess)) if count > 1 else None
    counted = [name for name in names if result["n"][name]]
    if counted:
        result["wmae"] = _wmae(result, counted, ranges)
        result["wmae_row"] = _wmae_row(labels, predictions, scored, names, counted, ranges)
    return result


def label_ranges(labels: np.ndarray, names: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Least and greatest label of each property; shape of `labels` is `(N, K)`."""
    return {
        name: (float(np.nanmin(labels[:, i])), float(np.nanmax(labels[:, i])))
        for i, name in enumerate(names)
    }


def _span(ranges: Mapping[str, tuple[float, float]], name: str) -> float:
    low, high = ranges[name]
    return max(high - low, 1e-12)


def _wmae(result: dict, counted: Sequence[str], ranges: Mapping[str, tuple[float, float]]) -> float:
    """As the leaderboard computes it: Σ √(1/n)·(MAE/range) ÷ Σ √(1/n)."""
    weights = {name: result["n"][name] ** -0.5 for name in counted}
    total = sum(weights[name] * result["mae"][name] / _span(ranges, name) for name in counted)
    return total / sum(weights.values())


def _wmae_row(
    labels: np.ndarray,
    predictions: np.ndarray,
    scored: np.ndarray,
    names: Sequence[str],
    counted: Sequence[str],
    ranges: Mapping[str, tuple[float, float]],
) -> float:
    """As the competition's overview prints it: the mean over labelled rows of Σ w·|error|."""
    counts = scored.sum(axis=0)
    share = sum(counts[names.index(name)] ** -0.5 for name in counted)
    weights = np.zeros(len(names))
    for name in counted:
        i = names.index(name)
        weights[i] = len(counted) * counts[i] ** -0.5 / share / _span(ranges, name)
    errors = np.where(scored, np.abs(labels - predictions), 0.0) @ weights
    return float(errors[scored.any(axis=1)].mean())
