"""What the members learn on: features, labels and folds, all as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.features import Features


@dataclass(frozen=True)
class TrainingData:
    """N repeat units with K properties.

    Attributes:
        features: of the N repeat units.
        labels: shape `(N, K)`, float64 in each property's unit, NaN where missing.
        folds: shape `(N,)`, int; the fold that holds each row out. Rows of fold −1 are never held
            out: all learn from them, and none is predicted.
        names: the K properties.
    """

    features: Features
    labels: np.ndarray
    folds: np.ndarray
    names: Sequence[str]

    @property
    def fold_numbers(self) -> list[int]:
        """The folds that are held out, in order."""
        return sorted(int(fold) for fold in np.unique(self.folds) if fold >= 0)
