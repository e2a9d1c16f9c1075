"""The error of guessing the mean: `python -m bench.accuracy.training_mean`.

Each label is guessed by the mean of the labels in the other folds. Any model has to beat that.
"""

import time

import numpy as np

from bench.accuracy.results import save
from bench.out_of_fold import FOLDS, competition, long_form


def guess(labels: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """The mean of the other folds' labels, for each row; shapes `(N, K)`, `(N,)`, `(N, K)`."""
    guessed = np.full(labels.shape, np.nan)
    for fold in np.unique(folds):
        guessed[folds == fold] = np.nanmean(labels[folds != fold], axis=0)
    return guessed


def main() -> None:
    """Guess on both sets of folds."""
    for which in FOLDS:
        table, folds = competition(which)
        began = time.perf_counter()
        guessed = guess(table.labels, folds)
        about = {
            "command": "python -m bench.accuracy.training_mean",
            "seconds": time.perf_counter() - began,
        }
        predicted = long_form(table, folds, guessed)
        print(save("training mean", which, about, predicted))


if __name__ == "__main__":
    main()
