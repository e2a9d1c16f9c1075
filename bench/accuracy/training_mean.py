"""The error of predicting the mean: `python -m bench.accuracy.training_mean`.

Each label is predicted as the mean of the labels in the other folds. Any model has to beat that.
"""

import time

import numpy as np

from bench.accuracy.results import save
from bench.out_of_fold import FOLDS, load_competition, long_form


def predict_mean(labels: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """The mean of the other folds' labels for each row.

    Args:
        labels: shape `(N, K)`, NaN where missing.
        folds: shape `(N,)`.

    Returns:
        Shape `(N, K)`.
    """
    predicted = np.full(labels.shape, np.nan)
    for fold in np.unique(folds):
        predicted[folds == fold] = np.nanmean(labels[folds != fold], axis=0)
    return predicted


def main() -> None:
    """Predict on both sets of folds."""
    for folds_name in FOLDS:
        table, folds = load_competition(folds_name)
        started = time.perf_counter()
        predicted = predict_mean(table.labels, folds)
        about = {
            "command": "python -m bench.accuracy.training_mean",
            "seconds": time.perf_counter() - started,
        }
        print(save("training mean", folds_name, about, long_form(table, folds, predicted)))


if __name__ == "__main__":
    main()
