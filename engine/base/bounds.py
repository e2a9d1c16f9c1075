"""Labels of which only a bound is known: `> 300` where a measurement ended."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np


class Bounds(NamedTuple):
    """Between what the labels lie that are known by a bound alone; N rows with K properties.

    Attributes:
        lower: shape `(N, K)`, NaN where there is none.
        upper: the same.
    """

    lower: np.ndarray
    upper: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """Where there is a bound; shape `(N, K)`, bool."""
        return np.isfinite(self.lower) | np.isfinite(self.upper)

    def changed(self, change: Callable[[np.ndarray], np.ndarray]) -> "Bounds":
        """Both arrays changed alike, by a function that keeps the order of numbers."""
        return Bounds(change(self.lower), change(self.upper))

    def of(self, rows: np.ndarray, columns: Sequence[int]) -> "Bounds":
        """Those of some rows and properties."""
        return self.changed(lambda values: values[rows][:, columns])

    def nearest(self, predicted: np.ndarray) -> np.ndarray:
        """The value within the bounds that is nearest to a prediction; both of one shape."""
        return np.fmin(np.fmax(predicted, self.lower), self.upper)


def no_bounds(shape: tuple[int, int]) -> Bounds:
    """Bounds of which none is known."""
    return Bounds(np.full(shape, np.nan), np.full(shape, np.nan))


def or_none(bounds: Bounds) -> Bounds | None:
    """The bounds; None where none is known, so that nothing is done about them."""
    return bounds if bounds.known.any() else None
