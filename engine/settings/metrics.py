"""Figures of error, for out-of-fold predictions and for scoring."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from .properties import is_competition

WMAE, MEAN_R2 = "wMAE", "mean R²"

HEADLINES = {WMAE: ".4f", MEAN_R2: ".3f"}
"""The figures that `headline` may choose, and how they are written."""


def figures(
    labels: np.ndarray,
    predictions: np.ndarray,
    names: Sequence[str],
    ranges: Mapping[str, tuple[float, float]],
    weighed: Collection[str] | None = None,
) -> dict:
    """MAE, RMSE, R² and n of each property, and both forms of the weighted MAE.

    Args:
        labels: shape `(N, K)`, each column in its property's unit, NaN where missing.
        predictions: shape `(N, K)`, in the same units; cells without a number are not scored.
        names: the K properties.
        ranges: least and greatest label of each property in the **training** table.
        weighed: the properties that the weighted forms are about; all by default.

    Returns:
        `{"wmae", "wmae_row", "mae", "rmse", "r2", "n"}`; the last four by property. A property
        without scored labels has n = 0 and None elsewhere. The weighted forms leave it out, as they
        do one whose training labels are all equal: its errors have no range to be measured by.
    """
    # Here: it takes most of a second, and pages that only show figures need none of it.
    from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

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
    counts = scored.sum(axis=0)
    weighs = [name for name in names if result["n"][name] and (weighed is None or name in weighed)]
    spans = [np.ptp(ranges[name]) if name in weighs else 0.0 for name in names]
    weights = property_weights(counts, np.array(spans))
    if weights.any():
        errors = np.where(scored, np.abs(labels - predictions), 0.0)
        result["wmae"] = float(errors.sum(axis=0) / np.maximum(counts, 1) @ weights)
        by_row = errors[scored[:, weights > 0].any(axis=1)] @ weights
        result["wmae_row"] = float((weights > 0).sum() * by_row.mean())
    return result


def mean_r2(r2: Mapping[str, float | None]) -> float | None:
    """The mean R² of the properties that have one; None where none has."""
    known = [value for value in r2.values() if value is not None]
    return float(np.mean(known)) if known else None


def headline(blend: Mapping) -> tuple[str, float | None]:
    """The one figure that stands for a run: its name and its value, without a unit.

    The weighted error was made for the competition's properties; for others it is the mean R².

    Args:
        blend: the blend's figures, as `figures` gives them.
    """
    if is_competition(blend["mae"]):
        return WMAE, blend["wmae"]
    return MEAN_R2, mean_r2(blend["r2"])


def headline_words(blend: Mapping) -> str:
    """The same as people read it, such as `mean R² 0.812`; empty where there is no value."""
    name, value = headline(blend)
    return "" if value is None else f"{name} {value:{HEADLINES[name]}}"


def label_ranges(labels: np.ndarray, names: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Least and greatest label of each property; shape of `labels` is `(N, K)`."""
    return {
        name: (float(np.nanmin(labels[:, i])), float(np.nanmax(labels[:, i])))
        for i, name in enumerate(names)
    }


def property_weights(counts: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """What an absolute error of each property weighs: √(1/n) ÷ Σ √(1/n) ÷ range.

    The sum of weight · MAE is `wmae`, as the leaderboard computes it; K times the mean over
    labelled rows of the sum of weight · error is `wmae_row`, as the overview prints it, K being the
    number of properties that weigh anything.

    Args:
        counts: scored labels of each property, shape `(K,)`.
        spans: greatest less least label in the training table, shape `(K,)`, in units.

    Returns:
        Shape `(K,)`, per unit; 0 for a property without scored labels, or without a range.
    """
    weighs = (counts > 0) & (spans > 0)
    roots = np.where(weighs, np.maximum(counts, 1) ** -0.5, 0.0)
    return roots / np.where(weighs, max(roots.sum(), 1e-300) * spans, 1.0)
