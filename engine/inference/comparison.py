"""How unlike repeat units are: Tanimoto distances of count fingerprints, many at a time."""

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from ..chem.fingerprints import Fingerprints

NEIGHBOURS = 5
"""How many nearest training units a distance is the mean over."""

PERCENTILE = 95
"""The share of training units, in percent, whose distances lie within the threshold."""

MOST_MEASURED = 10_000
"""Of more units than this, as many that are spread evenly are measured."""

_CHUNK = 256
# This many distances at a time take about 100 MB.
_MOST_DISTANCES = 4_000_000
# Greater than any count, so that a bit and a count together make one number.
_COUNTS = 256


class Comparison:
    """N units that other units, or each other, are compared with.

    Distances are RDKit's Tanimoto distances of counts, 1 − Σ min / Σ max.
    """

    def __init__(self, fingerprints: "Fingerprints") -> None:
        """Keep the fingerprints of the N units."""
        self._fingerprints = fingerprints
        self._count = len(fingerprints.starts) - 1

    def chunks(self, rows: np.ndarray) -> list[np.ndarray]:
        """Rows in parts: the more units they are compared with, the smaller the parts."""
        size = max(1, min(_CHUNK, _MOST_DISTANCES // self._count))
        return [rows[start : start + size] for start in range(0, len(rows), size)]

    def to_all(self, fingerprints: "Fingerprints", rows: np.ndarray) -> np.ndarray:
        """Distances of R rows of some fingerprints to all N units; shape `(R, N)`."""
        columns, sums, units = self._unary
        cells, row_of_cell = _cells(fingerprints, rows)
        place = np.minimum(np.searchsorted(columns, cells), len(columns) - 1)
        known = columns[place] == cells
        query = np.zeros((len(columns), len(rows)), dtype=np.float32)
        query[place[known], row_of_cell[known]] = 1
        minima = (units @ query).T.astype(float)
        query_sums = np.bincount(row_of_cell, minlength=len(rows))
        return 1 - minima / np.maximum(query_sums[:, None] + sums - minima, 1)

    def of_own(self, rows: np.ndarray) -> np.ndarray:
        """Distances of R of the N units to all N; shape `(R, N)`."""
        return self.to_all(self._fingerprints, rows)

    @cached_property
    def _unary(self) -> "tuple[np.ndarray, np.ndarray, csr_array]":
        """A bit counted n times as n columns: the sum of minima is then a product of matrices.

        Returns:
            The C columns that any unit has, the N sums of counts, the `(N, C)` matrix.
        """
        from scipy.sparse import csr_array

        cells, row_of_cell = _cells(self._fingerprints, np.arange(self._count))
        columns, place = np.unique(cells, return_inverse=True)
        shape = (self._count, len(columns))
        ones = np.ones(len(cells), dtype=np.float32)
        matrix = csr_array((ones, (row_of_cell, place)), shape=shape)
        return columns, np.bincount(row_of_cell, minlength=shape[0]), matrix


def mean_of_nearest(distances: np.ndarray) -> np.ndarray:
    """The mean distance to each row's nearest neighbours; shape `(R, N)` becomes `(R,)`."""
    count = min(NEIGHBOURS, distances.shape[1])
    return np.partition(distances, count - 1, axis=1)[:, :count].mean(axis=1)


def without_own(distances: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Distances `(R, N)` without that of each row to itself; shape `(R, N − 1)`.

    Args:
        distances: shape `(R, N)`.
        own: shape `(R,)`: the column in which each row meets itself.
    """
    others = np.ones(distances.shape, dtype=bool)
    others[np.arange(len(own)), own] = False
    return distances[others].reshape(len(own), -1)


def evenly(rows: np.ndarray) -> np.ndarray:
    """All of some rows, or `MOST_MEASURED` of them that are spread evenly."""
    places = np.linspace(0, len(rows) - 1, min(len(rows), MOST_MEASURED)).astype(int)
    return rows[places]


def _cells(fingerprints: "Fingerprints", rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Some fingerprints in unary: a bit counted n times is n cells.

    Returns:
        Each cell's number, made of the bit and of 0 … n − 1; and which of `rows` it belongs to.
    """
    starts = fingerprints.starts[rows]
    sizes = np.diff(fingerprints.starts)[rows]
    row_of_entry = np.repeat(np.arange(len(rows)), sizes)
    entries = np.arange(sizes.sum()) + (starts - np.cumsum(sizes) + sizes)[row_of_entry]
    counts = fingerprints.counts[entries].astype(np.int64)
    level = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    cells = np.repeat(fingerprints.bits[entries].astype(np.int64) * _COUNTS, counts) + level
    return cells, np.repeat(row_of_entry, counts)
