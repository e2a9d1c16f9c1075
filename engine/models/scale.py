"""The scale on which the networks learn."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation of each property's labels, to learn on even terms."""

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, labels: np.ndarray) -> "Scale":
        """Taken from labels of shape `(N, K)`; a property without labels gets 0 and 1."""
        known = np.isfinite(labels)
        counts = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, labels, 0).sum(axis=0) / counts
        variance = np.where(known, (labels - mean) ** 2, 0).sum(axis=0) / counts
        return cls(mean, np.sqrt(np.where(variance > 0, variance, 1.0)))

    def apply(self, labels: np.ndarray) -> np.ndarray:
        """Standardise."""
        return (labels - self.mean) / self.deviation

    def undo(self, values: np.ndarray) -> np.ndarray:
        """Back to units."""
        return values * self.deviation + self.mean
