"""What the splits of boosted trees ask of a row, each question once."""

import numpy as np

ARRAYS = {"split": np.int32, "threshold": np.float32, "missing_left": np.uint8}
"""The arrays that say what S splits ask, each of shape `(S,)`: which descriptor they look at, the
greatest value that goes left, and whether a row without that descriptor does."""


def at_most(thresholds: np.ndarray) -> np.ndarray:
    """The greatest float32 values that are not above `(S,)` thresholds.

    Descriptors are float32: they are at most the one exactly when they are at most the other.
    """
    rounded = thresholds.astype(np.float32)
    below = np.nextafter(rounded, np.float32(-np.inf))
    return np.where(rounded.astype(np.float64) > thresholds, below, rounded)


class SplitTests:
    """The questions of S splits, of which many ask the same."""

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        """Find the Q different questions.

        Args:
            arrays: those of `ARRAYS`.

        Raises:
            ValueError: when types, sizes or numbers are out of range.
        """
        split, threshold, missing_left = (arrays[name] for name in ARRAYS)
        for name, kind in ARRAYS.items():
            if arrays[name].dtype != kind or arrays[name].shape != (len(split),):
                raise ValueError(f"The array {name} does not match the number of splits.")
        if len(split) and (split.min() < 0 or missing_left.max() > 1 or np.isnan(threshold).any()):
            raise ValueError("A split asks for what does not exist.")
        asked = (
            (split.astype(np.uint64) << np.uint64(33))
            | (threshold.view(np.uint32).astype(np.uint64) << np.uint64(1))
            | missing_left
        )
        _, chosen, self.question = np.unique(asked, return_index=True, return_inverse=True)
        self._split = split[chosen]
        self._threshold = threshold[chosen, None]
        self._missing_left = missing_left[chosen, None].astype(bool)

    @property
    def width(self) -> int:
        """How many descriptors a row must have at least."""
        return int(self._split.max()) + 1 if len(self._split) else 0

    def goes_left(self, columns: np.ndarray) -> np.ndarray:
        """The answers to the Q questions; `question` says which of them each split asks.

        Args:
            columns: the descriptors of n rows, float32 `(D, n)`, NaN where one is missing.

        Returns:
            Shape `(Q, n)`, bool.
        """
        values = columns[self._split]
        left = values <= self._threshold
        missing = np.isnan(values)
        if missing.any():
            left |= missing & self._missing_left
        return left
