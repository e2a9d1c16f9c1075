"""Boosted symmetric trees, as CatBoost grows them, as plain arrays; see `forest.py`.

All splits of one level of such a tree ask the same, so the answers are the digits of the leaf's
number, and no split refers to another.
"""

from typing import ClassVar

import numpy as np

from .split_tests import ARRAYS, SplitTests, added_up, demand_few_trees, in_parts

_MOST_LEVELS = 16


class SymmetricForest:
    """T symmetric trees whose sum predicts, added up in their order as CatBoost does."""

    names: ClassVar[frozenset[str]] = frozenset({*ARRAYS, "levels", "leaf"})

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        """Keep the arrays of a forest, and prove that they are one.

        Args:
            arrays: those of `ARRAYS`, one split for each level, of all trees one after another, the
                level that says the lowest binary digit of a leaf's number first: 0 is left;
                `levels`, how many each tree has, int32 `(T,)`; and `leaf`, what the leaves add,
                float64, 2 to the power of its levels for each tree.

        Raises:
            ValueError: when arrays do not match, or a number is out of range.
        """
        if {*arrays} != self.names:
            raise ValueError("These are not the arrays of symmetric trees.")
        levels, leaf = arrays["levels"], arrays["leaf"]
        if levels.dtype != np.int32 or levels.ndim != 1 or not len(levels):
            raise ValueError("The numbers of levels are damaged.")
        demand_few_trees(levels)
        if levels.min() < 0 or levels.max() > _MOST_LEVELS:
            raise ValueError(f"A tree has no levels, or more than {_MOST_LEVELS}.")
        if arrays["split"].shape != (levels.sum(dtype=np.int64),):
            raise ValueError("The splits do not match the numbers of levels.")
        leaves = 2 ** levels.astype(np.int64)
        if leaf.dtype != np.float64 or leaf.shape != (leaves.sum(),):
            raise ValueError("The leaves do not match the numbers of levels.")
        if not np.isfinite(leaf).all():
            raise ValueError("A leaf is no number.")
        self.arrays = arrays
        self._tests = SplitTests({name: arrays[name] for name in ARRAYS})
        self._first_leaf = np.cumsum([0, *leaves])[:-1, None]
        self._questions = _of_levels(levels, self._tests.question)

    @property
    def width(self) -> int:
        """How many descriptors a row must have at least."""
        return self._tests.width

    def predict(self, descriptors: np.ndarray) -> np.ndarray:
        """From `(N, D)`, float32, NaN where one is missing, to `(N,)`."""
        return in_parts(self._sums, descriptors, len(self._tests.question))

    def _sums(self, columns: np.ndarray) -> np.ndarray:
        """The sums of n rows whose descriptors are `columns`, shape `(D, n)`."""
        right = (~self._tests.goes_left(columns)).astype(np.uint16)
        leaves = np.zeros((len(self._first_leaf), columns.shape[1]), dtype=np.uint16)
        for level, (trees, questions) in enumerate(self._questions):
            leaves[trees] |= right[questions] << np.uint16(level)
        return added_up(self.arrays["leaf"][self._first_leaf + leaves])


def _of_levels(levels: np.ndarray, question: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each level, the trees that have it, and what they ask there."""
    first = np.cumsum([0, *levels])[:-1]
    having = [np.flatnonzero(levels > level) for level in range(levels.max())]
    return [(trees, question[first[trees] + level]) for level, trees in enumerate(having)]
