"""What boosted trees of any kind share: what their splits ask, and how their leaves add up."""

from collections.abc import Callable, Sized

import numpy as np

ARRAYS = {"split": np.int32, "threshold": np.float32, "missing_left": np.uint8}
"""The arrays that say what S splits ask, each of shape `(S,)`: which descriptor they look at, the
greatest value that goes left, and whether a row without that descriptor does."""

_CELLS = 2**21
"""What is kept of so many rows at a time stays near the processor: rows × numbers of each row."""

MOST_TREES = 2**17


def demand_few_trees(trees: Sized) -> None:
    """Refuse more trees than any model has: one of a single leaf takes little of a file, and much
    more in memory.

    Args:
        trees: anything that has one entry for each of them.

    Raises:
        ValueError: when they are too many.
    """
    if len(trees) > MOST_TREES:
        raise ValueError(f"There are {len(trees):,} trees, more than {MOST_TREES:,}.")


def at_most(thresholds: np.ndarray) -> np.ndarray:
    """The greatest float32 values that are not above `(S,)` thresholds.

    Descriptors are float32: they are at most the one exactly when they are at most the other.
    """
    rounded = thresholds.astype(np.float32)
    below = np.nextafter(rounded, np.float32(-np.inf))
    return np.where(rounded.astype(np.float64) > thresholds, below, rounded)


def in_parts(
    sums: Callable[[np.ndarray], np.ndarray], descriptors: np.ndarray, numbers: int
) -> np.ndarray:
    """The sums of all rows, computed for some rows at a time.

    Args:
        sums: from the columns of n rows, `(D, n)`, to their sums, `(n,)`.
        descriptors: of all rows, `(N, D)`.
        numbers: how many are kept of each row meanwhile.
    """
    step = max(_CELLS // max(numbers, 1), 16)
    parts = [
        sums(np.ascontiguousarray(descriptors[start : start + step].T))
        # At least one part, also of no rows: it has the right type.
        for start in range(0, max(len(descriptors), 1), step)
    ]
    return np.concatenate(parts)


def added_up(values: np.ndarray) -> np.ndarray:
    """What T trees add for n rows, `(T, n)`, added up in the order of the trees; `(n,)`."""
    # One after another: numpy's `sum` adds in another order, and so gives other bits.
    return np.add.accumulate(values, axis=0)[-1]


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
