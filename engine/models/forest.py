"""Boosted trees as plain arrays: one file, and one way to predict, whatever library grew them.

The libraries read their own files in C++, where a damaged one ends the process, and take seconds to
import. Arrays are proven before they are used, and predict the same numbers to the last bit.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, Self

import numpy as np

from .split_tests import ARRAYS, SplitTests, added_up, demand_few_trees, in_parts

_MOST_LEVELS = 4096


class Tree(NamedTuple):
    """One tree of S splits and S + 1 leaves; a tree of one leaf adds a constant.

    Attributes:
        split, threshold, missing_left: what the splits ask, see `ARRAYS`.
        children: left and right of each split, int32 `(S, 2)`: the number of a split, or −1 − the
            number of a leaf. The first split is the root.
        leaf: what each leaf adds, in the precision that sums are made in, `(S + 1,)`.
    """

    split: np.ndarray
    threshold: np.ndarray
    missing_left: np.ndarray
    children: np.ndarray
    leaf: np.ndarray

    @classmethod
    def constant(cls, value: np.ndarray) -> Self:
        """A tree that adds the same to every row; `value` has shape `(1,)`."""
        split, threshold, missing_left = (np.empty(0, dtype=kind) for kind in ARRAYS.values())
        return cls(split, threshold, missing_left, np.empty((0, 2), dtype=np.int32), value)


class Forest:
    """T trees whose sum predicts, added up in their order as the libraries do."""

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        """Keep the arrays of a forest, and prove that they are one.

        Args:
            arrays: those of `Tree`, of all trees one after another, and `splits`, the number of
                splits of each tree, int32 `(T,)`.

        Raises:
            ValueError: when they are not those of trees: with a circle, a reference or a number
                that is out of range, or arrays that do not match.
        """
        if {*arrays} != {*Tree._fields, "splits"}:
            raise ValueError("These are not the arrays of a forest.")
        self.arrays = arrays
        splits = _proven_counts(arrays["splits"])
        _demand_sizes(arrays, int(splits.sum()), len(splits))
        self._tests = SplitTests({name: arrays[name] for name in ARRAYS})
        self._first_leaf = np.cumsum([0, *(splits + 1)])
        below, roots = _places(arrays["children"], splits, self._first_leaf)
        self._arrange(_levels(below, roots), below, roots)
        # A leaf's number within its tree: few bytes, since this is what rows carry upwards.
        kind = np.min_scalar_type(int(splits.max()))
        numbers = np.arange(self._first_leaf[-1]) - np.repeat(self._first_leaf[:-1], splits + 1)
        self._numbers = numbers.astype(kind)[:, None]

    @classmethod
    def of(cls, trees: Sequence[Tree]) -> Self:
        """Join trees, of which there is at least one."""
        arrays = {
            name: np.concatenate([getattr(tree, name) for tree in trees]) for name in Tree._fields
        }
        splits = np.array([len(tree.split) for tree in trees], dtype=np.int32)
        return cls({**arrays, "splits": splits})

    @property
    def width(self) -> int:
        """How many descriptors a row must have at least."""
        return self._tests.width

    def predict(self, descriptors: np.ndarray) -> np.ndarray:
        """From `(N, D)`, float32, NaN where one is missing, to `(N,)`, in the leaves' precision."""
        return in_parts(self._sums, descriptors, len(self._below) + len(self._numbers))

    def _arrange(self, levels: list[np.ndarray], below: np.ndarray, roots: np.ndarray) -> None:
        """Number the splits from the lowest level up, so that each level lies together."""
        upwards = levels[::-1]
        order = np.concatenate([*upwards, np.empty(0, dtype=np.int64)]).astype(np.int64)
        place = np.arange(len(below) + self._first_leaf[-1])
        place[order] = np.arange(len(below))
        self._roots, self._below = place[roots], place[below[order]]
        self._questions = self._tests.question[order]
        ends = np.cumsum([0, *map(len, upwards)])
        self._levels = [slice(*pair) for pair in pairwise(ends)]

    def _sums(self, columns: np.ndarray) -> np.ndarray:
        """The sums of n rows whose descriptors are `columns`, shape `(D, n)`."""
        left, splits = self._tests.goes_left(columns), len(self._below)
        # Which leaf a row would end in, seen from each leaf and split: from the leaves upwards.
        ends = np.empty((splits + len(self._numbers), columns.shape[1]), self._numbers.dtype)
        ends[splits:] = self._numbers
        for level in self._levels:
            first, second = self._below[level].T
            ends[level] = np.where(left[self._questions[level]], ends[first], ends[second])
        leaves = self._first_leaf[:-1, None] + ends[self._roots]
        return added_up(self.arrays["leaf"][leaves])


def _proven_counts(splits: np.ndarray) -> np.ndarray:
    """The trees' numbers of splits, as int64."""
    if splits.dtype != np.int32 or splits.ndim != 1 or not len(splits) or splits.min() < 0:
        raise ValueError("The numbers of splits are damaged.")
    demand_few_trees(splits)
    return splits.astype(np.int64)


def _demand_sizes(arrays: dict[str, np.ndarray], count: int, trees: int) -> None:
    """Refuse arrays that do not match so many splits and trees, and leaves that are no numbers."""
    children, leaf = arrays["children"], arrays["leaf"]
    if children.dtype != np.int32 or children.shape != (count, 2):
        raise ValueError("The children do not match the numbers of splits.")
    if arrays["split"].shape != (count,):
        raise ValueError("The splits do not match their numbers.")
    # Each tree has one leaf more than splits.
    if leaf.dtype not in (np.float32, np.float64) or leaf.shape != (count + trees,):
        raise ValueError("The leaves do not match the numbers of splits.")
    if not np.isfinite(leaf).all():
        raise ValueError("A leaf is no number.")


def _places(
    children: np.ndarray, splits: np.ndarray, first_leaf: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What lies below each split, and the roots; as places, of all splits and then of all leaves.

    Raises:
        ValueError: when a split refers to another tree, or a place is referred to twice or never.
    """
    count, trees = len(children), np.arange(len(splits))
    first_split = np.cumsum([0, *splits])[:-1]
    tree = np.repeat(trees, splits)
    to_leaf = count + first_leaf[tree][:, None] - 1 - children.astype(np.int64)
    below = np.where(children >= 0, first_split[tree][:, None] + children, to_leaf)
    roots = np.where(splits > 0, first_split, count + first_leaf[:-1])
    tree_of_place = np.concatenate([tree, np.repeat(trees, splits + 1)])
    if count and (below.min() < 0 or below.max() >= len(tree_of_place)):
        raise ValueError("A tree refers to a place that does not exist.")
    if (tree_of_place[below] != tree[:, None]).any():
        raise ValueError("A tree refers to another one.")
    times = np.bincount(np.concatenate([below.ravel(), roots]), minlength=len(tree_of_place))
    if (times != 1).any():
        raise ValueError("A tree refers to a place twice, or never.")
    return below, roots


def _levels(below: np.ndarray, roots: np.ndarray) -> list[np.ndarray]:
    """The splits of each level, from the roots down.

    Raises:
        ValueError: when splits are not reached from a root, or only by very many levels.
    """
    levels, now = [], roots[roots < len(below)]
    while len(now):
        levels.append(now)
        if len(levels) > _MOST_LEVELS:
            raise ValueError(f"A tree is deeper than {_MOST_LEVELS} splits.")
        now = below[now].ravel()
        now = now[now < len(below)]
    if sum(map(len, levels)) != len(below):
        raise ValueError("A tree has a circle.")
    return levels
