"""The applicability domain: how near a repeat unit lies to those a model was trained on."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict
from safetensors import SafetensorError
from safetensors.numpy import load, save_file

from ..base.errors import UserError
from ..base.manifest import ProvenFiles
from ..base.workspace import replacing
from .seen import Seen, seen_by_property

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from ..chem.fingerprints import Fingerprints

FILE = "domain.safetensors"
NEIGHBOURS = 5
PERCENTILE = 95
_KIND = "ECFP4 counts, 2048"
_CHUNK = 256
# This many distances at a time take about 100 MB.
_MOST_DISTANCES = 4_000_000
_SAME = 1e-9
"""Distance below which two units have the same fingerprint."""

_MOST_MEASURED = 10_000
_MOST_CELLS = 20_000_000
# Greater than any count, so that a bit and a count together make one number.
_COUNTS = 256


class DomainInfo(BaseModel):
    """What `bundle.json` says about the domain.

    Attributes:
        kind: the kind of the fingerprints.
        neighbours: how many training units a distance is the mean over.
        thresholds: by property, the distance beyond which a unit is outside; a property with fewer
            than two labels has none.
        seen: by property, what its training units are made of: a unit that has anything else is
            outside however near it lies; empty in a bundle that does not say.
    """

    model_config = ConfigDict(allow_inf_nan=False)

    kind: str = _KIND
    neighbours: int = NEIGHBOURS
    thresholds: dict[str, float]
    seen: dict[str, Seen] = {}


class Domain:
    """The fingerprints of N training units, and which of K properties each of them is labelled for.

    A unit's distance for a property is its mean distance to the five nearest training units with a
    label of that property: Harmeling et al., Neurocomputing 69 (2006) 1608,
    doi:10.1016/j.neucom.2005.05.015; for molecules: Klingspohn et al., J. Cheminform. 9 (2017) 44,
    doi:10.1186/s13321-017-0230-2. Distances are RDKit's Tanimoto distances of counts,
    1 − Σ min / Σ max. The rule is that of scikit-fingerprints' `KNNADChecker`, which needs a pickle
    to be stored and takes seconds to load.
    """

    def __init__(self, fingerprints: "Fingerprints", labelled: np.ndarray) -> None:
        """Keep the fingerprints.

        Args:
            fingerprints: of the N units.
            labelled: shape `(N, K)`, bool.
        """
        self._fingerprints = fingerprints
        self._labelled = labelled

    @classmethod
    def of(cls, smiles: Sequence[str], labels: np.ndarray) -> "Domain":
        """The domain of a training table.

        A repeat unit that the table holds several times counts once: it would be its own nearest
        neighbours.

        Args:
            smiles: of N rows, parsable and canonical, so that equal units are recognised.
            labels: shape `(N, K)`, NaN where missing; no value is kept, only which are present.
        """
        from ..chem.fingerprints import count_fingerprints

        place = {unit: number for number, unit in enumerate(dict.fromkeys(smiles))}
        labelled = np.zeros((len(place), labels.shape[1]), dtype=bool)
        np.logical_or.at(labelled, [place[unit] for unit in smiles], np.isfinite(labels))
        return cls(count_fingerprints(list(place)), labelled)

    def save(self, folder: Path) -> None:
        """Write the fingerprints into a bundle's folder: no structures, no labels, no row order."""
        # Sorted by content, so that no row reveals its place in the table.
        order = sorted(range(len(self._labelled)), key=self._sort_key)
        parts = [slice(*self._fingerprints.starts[row : row + 2]) for row in order]
        sizes = [part.stop - part.start for part in parts]
        arrays = {
            "starts": np.cumsum([0, *sizes], dtype=np.int64),
            "bits": np.concatenate([self._fingerprints.bits[part] for part in parts]),
            "counts": np.concatenate([self._fingerprints.counts[part] for part in parts]),
            "labelled": self._labelled[order].astype(np.uint8),
        }
        with replacing(folder / FILE) as temporary:
            save_file(arrays, temporary)

    @classmethod
    def load(cls, files: ProvenFiles, info: DomainInfo, properties: int) -> "Domain":
        """Read what `save` wrote.

        Args:
            files: the bundle's.
            info: what the bundle says of its domain.
            properties: K.

        Raises:
            UserError: when the file is missing, damaged, or of another kind.
        """
        from ..chem.fingerprints import SIZE, Fingerprints

        if info.kind != _KIND or info.neighbours != NEIGHBOURS:
            raise UserError(
                f"{files.folder} compares repeat units by {info.kind!r}, this version by "
                f"{_KIND!r}; train the model anew, or update PolyGIN Studio."
            )
        content = files.read(FILE)
        try:
            arrays = load(content)
            fingerprints = Fingerprints(*(arrays[name] for name in Fingerprints._fields))
            labelled = arrays["labelled"].astype(bool)
            _check(fingerprints, labelled, SIZE, properties)
        except (SafetensorError, KeyError, ValueError) as error:
            path = files.folder / FILE
            raise UserError(f"{path} is damaged; copy the model's folder again.") from error
        return cls(fingerprints, labelled)

    def thresholds(self) -> np.ndarray:
        """The distance beyond which a unit is outside each property's domain.

        It is the 95th percentile of the training units' own distances, where no unit counts as its
        own neighbour; of more than 10,000 labelled units, 10,000 spread evenly are measured.

        Returns:
            Shape `(K,)`; NaN for a property with fewer than two labels.
        """
        thresholds = np.full(self._labelled.shape[1], np.nan)
        for k, labelled in enumerate(self._labelled.T):
            rows = np.flatnonzero(labelled)
            if len(rows) < 2:
                continue
            measured = np.linspace(0, len(rows) - 1, min(len(rows), _MOST_MEASURED)).astype(int)
            distances = []
            for places in self._chunks(measured):
                to_all = self._to_all(self._fingerprints, rows[places])
                distances.append(_mean_of_nearest(_without_own(to_all[:, rows], places)))
            thresholds[k] = np.percentile(np.concatenate(distances), PERCENTILE)
        return thresholds

    def distances(self, smiles: Sequence[str]) -> np.ndarray:
        """How far repeat units lie from the training units of each property.

        Args:
            smiles: U parsable repeat units.

        Returns:
            Shape `(U, K)`, 0 to 1; NaN for a property without a label.
        """
        distances = np.full((len(smiles), self._labelled.shape[1]), np.nan)
        for rows, to_all in self._compared(smiles):
            for k, labelled in enumerate(self._labelled.T):
                if labelled.any():
                    distances[rows, k] = _mean_of_nearest(to_all[:, labelled])
        return distances

    def neighbours(
        self, count: int, progress: Callable[[int, int], None] | None = None
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """The training units that are nearest to each other training unit, for each property.

        Some units at a time are compared with all others, so memory grows with N, not with N².

        Args:
            count: how many neighbours of each unit.
            progress: told how many of the N units are done.

        Returns:
            For each of the K properties, with L labelled units in the order of the N: which of
            these L are nearest to each, shape `(L, count)`, int, the nearest first; and their
            distances, the same shape. Where there are fewer than `count` others, both have fewer
            columns.
        """
        total = len(self._labelled)
        labelled = [np.flatnonzero(column) for column in self._labelled.T]
        found: list[list[tuple[np.ndarray, np.ndarray]]] = [[] for _ in labelled]
        for rows in self._chunks(np.arange(total)):
            to_all = self._to_all(self._fingerprints, rows)
            for k, units in enumerate(labelled):
                own = np.flatnonzero(self._labelled[rows, k])
                if len(own):
                    among = to_all[np.ix_(own, units)]
                    among[np.arange(len(own)), np.searchsorted(units, rows[own])] = np.inf
                    found[k].append(_nearest(among, min(count, len(units) - 1)))
            if progress:
                progress(int(rows[-1]) + 1, total)
        return [_joined(parts) for parts in found]

    def holds(self, smiles: Sequence[str]) -> np.ndarray:
        """Whether repeat units are among the training units of each property.

        Different units of equal fingerprints, of which there are few, are taken for one.

        Args:
            smiles: U parsable repeat units.

        Returns:
            Shape `(U, K)`, bool.
        """
        held = np.zeros((len(smiles), self._labelled.shape[1]), dtype=bool)
        for rows, to_all in self._compared(smiles):
            same = to_all < _SAME
            held[rows] = (same.astype(np.int64) @ self._labelled.astype(np.int64)) > 0
        return held

    def similarities(
        self, smiles: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> np.ndarray:
        """How similar repeat units are to the most similar training unit of each property.

        Args:
            smiles: U parsable repeat units.
            progress: told how many of them are done.

        Returns:
            Shape `(U, K)`, RDKit's Tanimoto similarity of counts, 0 to 1; NaN for a property
            without a label.
        """
        similar = np.full((len(smiles), self._labelled.shape[1]), np.nan)
        for rows, to_all in self._compared(smiles):
            for k, labelled in enumerate(self._labelled.T):
                if labelled.any():
                    similar[rows, k] = 1 - to_all[:, labelled].min(axis=1)
            if progress:
                progress(int(rows[-1]) + 1, len(smiles))
        return similar

    def _compared(self, smiles: Sequence[str]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Some units at a time: their places, and their distances to the N training units."""
        from ..chem.fingerprints import count_fingerprints

        fingerprints = count_fingerprints(smiles)
        for rows in self._chunks(np.arange(len(smiles))):
            yield rows, self._to_all(fingerprints, rows)

    def _chunks(self, rows: np.ndarray) -> list[np.ndarray]:
        """The rows in parts: the more training units there are, the smaller the parts."""
        size = max(1, min(_CHUNK, _MOST_DISTANCES // len(self._labelled)))
        return [rows[start : start + size] for start in range(0, len(rows), size)]

    def _sort_key(self, row: int) -> tuple[bytes, ...]:
        part = slice(*self._fingerprints.starts[row : row + 2])
        arrays = (self._fingerprints.bits[part], self._fingerprints.counts[part])
        return tuple(array.tobytes() for array in (*arrays, self._labelled[row]))

    def _to_all(self, fingerprints: "Fingerprints", rows: np.ndarray) -> np.ndarray:
        """Tanimoto distances of R rows of some fingerprints to all N training units; `(R, N)`."""
        columns, training_sums, training = self._unary
        cells, row_of_cell = _cells(fingerprints, rows)
        place = np.minimum(np.searchsorted(columns, cells), len(columns) - 1)
        in_training = columns[place] == cells
        query = np.zeros((len(columns), len(rows)), dtype=np.float32)
        query[place[in_training], row_of_cell[in_training]] = 1
        minima = (training @ query).T.astype(float)
        query_sums = np.bincount(row_of_cell, minlength=len(rows))
        return 1 - minima / np.maximum(query_sums[:, None] + training_sums - minima, 1)

    @cached_property
    def _unary(self) -> "tuple[np.ndarray, np.ndarray, csr_array]":
        """A bit counted n times as n columns: the sum of minima is then a product of matrices.

        Returns:
            The C columns that any training unit has, the N sums of counts, the `(N, C)` matrix.
        """
        from scipy.sparse import csr_array

        cells, row_of_cell = _cells(self._fingerprints, np.arange(len(self._labelled)))
        columns, place = np.unique(cells, return_inverse=True)
        shape = (len(self._labelled), len(columns))
        ones = np.ones(len(cells), dtype=np.float32)
        matrix = csr_array((ones, (row_of_cell, place)), shape=shape)
        return columns, np.bincount(row_of_cell, minlength=shape[0]), matrix


def write_domain(
    folder: Path, smiles: Sequence[str], labels: np.ndarray, names: Sequence[str]
) -> DomainInfo:
    """Make the domain of a training table and write it into a bundle's folder.

    Args:
        folder: the bundle's.
        smiles: N parsable repeat units.
        labels: shape `(N, K)`, NaN where missing.
        names: the K properties.
    """
    domain = Domain.of(smiles, labels)
    thresholds = zip(names, domain.thresholds().tolist(), strict=True)
    domain.save(folder)
    return DomainInfo(
        thresholds={name: threshold for name, threshold in thresholds if np.isfinite(threshold)},
        seen=seen_in_table(smiles, labels, names),
    )


def seen_in_table(
    smiles: Sequence[str], labels: np.ndarray, names: Sequence[str]
) -> dict[str, Seen]:
    """What the training units of each property are made of; arguments as for `write_domain`."""
    from ..chem.inventory import inventory

    return seen_by_property([inventory(text) for text in smiles], np.isfinite(labels), names)


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


def _without_own(distances: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Distances `(R, N)` without that of each row to itself; shape `(R, N − 1)`.

    Args:
        distances: shape `(R, N)`.
        own: shape `(R,)`: the column in which each row meets itself.
    """
    others = np.ones(distances.shape, dtype=bool)
    others[np.arange(len(own)), own] = False
    return distances[others].reshape(len(own), -1)


def _nearest(distances: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The columns of each row's `count` least distances, the least first, and these distances."""
    some = np.argpartition(distances, max(count - 1, 0), axis=1)[:, :count]
    values = np.take_along_axis(distances, some, axis=1)
    order = np.argsort(values, axis=1, kind="stable")
    return np.take_along_axis(some, order, axis=1), np.take_along_axis(values, order, axis=1)


def _joined(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """The columns and the distances of all parts, one below the other; empty without any part."""
    if not parts:
        return np.empty((0, 0), dtype=int), np.empty((0, 0))
    which, distances = zip(*parts, strict=True)
    return np.concatenate(which), np.concatenate(distances)


def _mean_of_nearest(distances: np.ndarray) -> np.ndarray:
    """The mean distance to each row's nearest neighbours; shape `(R, N)` becomes `(R,)`."""
    count = min(NEIGHBOURS, distances.shape[1])
    return np.partition(distances, count - 1, axis=1)[:, :count].mean(axis=1)


def _check(fingerprints: "Fingerprints", labelled: np.ndarray, size: int, properties: int) -> None:
    """Raise ValueError when a bundle's arrays do not fit together."""
    starts, bits, counts = fingerprints
    fits = (
        labelled.ndim == 2
        and bits.ndim == counts.ndim == 1
        and labelled.shape[1] == properties
        and starts.shape == (len(labelled) + 1,)
        and starts.dtype == np.int64
        and starts[0] == 0
        and starts[-1] == len(bits) == len(counts) > 0
        and (np.diff(starts) >= 0).all()
        and bits.dtype == np.uint16
        and bits.max() < size
        and counts.dtype == np.uint8
        and counts.min() > 0
        # Compared in unary: so many cells.
        and counts.sum(dtype=np.int64) <= _MOST_CELLS
    )
    if not fits:
        raise ValueError("the arrays do not fit together")
