"""The applicability domain: how near a repeat unit lies to those a model was trained on."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from ..base.errors import UserError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from ..chem.fingerprints import Fingerprints

FILE = "domain.safetensors"
NEIGHBOURS = 5
PERCENTILE = 95
_KIND = "ECFP4 counts, 2048"
_CHUNK = 256
# So many distances at once take about 100 MB.
_CELLS = 4_000_000
_MOST_MEASURED = 10_000
# Above any count, so that a bit and a count together are one number.
_COUNTS = 256


class DomainInfo(BaseModel):
    """What `bundle.json` tells about the domain.

    Attributes:
        kind: of the fingerprints.
        neighbours: how many training units a distance is the mean of.
        thresholds: by property, the distance beyond which a unit is outside; a property with fewer
            than two labels has none.
    """

    kind: str = _KIND
    neighbours: int = NEIGHBOURS
    thresholds: dict[str, float]


class Domain:
    """The fingerprints of N training units, and which of them each of K properties labels.

    A unit's distance to a property is the mean distance to the five nearest training units with a
    label of it: Harmeling et al., Neurocomputing 69 (2006) 1608, doi:10.1016/j.neucom.2005.05.015;
    for molecules: Klingspohn et al., J. Cheminform. 9 (2017) 44, doi:10.1186/s13321-017-0230-2.
    Distances are RDKit's Tanimoto distances of counts, 1 − Σ min / Σ max. Given these, the rule is
    that of scikit-fingerprints' `KNNADChecker`, which needs pickle to be kept and seconds to load.
    """

    def __init__(self, prints: "Fingerprints", labelled: np.ndarray) -> None:
        """Keep the fingerprints.

        Args:
            prints: of the N units.
            labelled: shape `(N, K)`, bool.
        """
        self._prints = prints
        self._labelled = labelled

    @classmethod
    def of(cls, smiles: Sequence[str], labels: np.ndarray) -> "Domain":
        """The domain of a training table.

        A repeat unit that the table holds several times counts once: it would be its own nearest
        neighbours.

        Args:
            smiles: of N rows, parsable; the canonical ones, so that equal units are known as such.
            labels: shape `(N, K)`, NaN where missing; only which are there is kept.
        """
        from ..chem.fingerprints import count_fingerprints

        place = {unit: number for number, unit in enumerate(dict.fromkeys(smiles))}
        labelled = np.zeros((len(place), labels.shape[1]), dtype=bool)
        np.logical_or.at(labelled, [place[unit] for unit in smiles], np.isfinite(labels))
        return cls(count_fingerprints(list(place)), labelled)

    def save(self, folder: Path) -> None:
        """Write the fingerprints into a bundle's folder; no structure, no label, no order."""
        # Sorted by what is kept, so that no row tells its place in the table.
        order = sorted(range(len(self._labelled)), key=self._key)
        parts = [slice(*self._prints.starts[row : row + 2]) for row in order]
        sizes = [part.stop - part.start for part in parts]
        save_file(
            {
                "starts": np.cumsum([0, *sizes], dtype=np.int64),
                "bits": np.concatenate([self._prints.bits[part] for part in parts]),
                "counts": np.concatenate([self._prints.counts[part] for part in parts]),
                "labelled": self._labelled[order].astype(np.uint8),
            },
            folder / FILE,
        )

    @classmethod
    def load(cls, folder: Path, info: DomainInfo, properties: int) -> "Domain":
        """Read what `save` wrote.

        Raises:
            UserError: when the file is missing, damaged, or of another kind.
        """
        from ..chem.fingerprints import SIZE, Fingerprints

        path = folder / FILE
        if info.kind != _KIND or info.neighbours != NEIGHBOURS:
            raise UserError(
                f"{folder} knows its training units by {info.kind!r}, this version by {_KIND!r}; "
                "train the model anew, or update PolyGIN Studio."
            )
        if not path.is_file():
            raise UserError(f"{folder} lacks {FILE}; copy the whole folder of the model again.")
        try:
            arrays = load_file(path)
            prints = Fingerprints(*(arrays[name] for name in Fingerprints._fields))
            labelled = arrays["labelled"].astype(bool)
            _check(prints, labelled, SIZE, properties)
        except (SafetensorError, KeyError, ValueError) as error:
            raise UserError(f"{path} is damaged; copy the model's folder again.") from error
        return cls(prints, labelled)

    def thresholds(self) -> np.ndarray:
        """The distance beyond which a unit is outside each property's domain.

        It is the 95th percentile of the training units' own distances, each left out of its own
        neighbours; of a table with more labels, 10,000 spread evenly over it are measured.

        Returns:
            Shape `(K,)`; NaN for a property with fewer than two labels.
        """
        found = np.full(self._labelled.shape[1], np.nan)
        for k, labelled in enumerate(self._labelled.T):
            rows = np.flatnonzero(labelled)
            if len(rows) < 2:
                continue
            places = np.linspace(0, len(rows) - 1, min(len(rows), _MOST_MEASURED)).astype(int)
            own = [
                _nearest(_without(self._to_all(self._prints, chunk)[:, rows], at))
                for at, chunk in ((part, rows[part]) for part in self._chunks(places))
            ]
            found[k] = np.percentile(np.concatenate(own), PERCENTILE)
        return found

    def distances(self, smiles: Sequence[str]) -> np.ndarray:
        """How far repeat units lie from the training units of each property.

        Args:
            smiles: U parsable repeat units.

        Returns:
            Shape `(U, K)`, 0 to 1; NaN for a property without a label.
        """
        from ..chem.fingerprints import count_fingerprints

        prints = count_fingerprints(smiles)
        found = np.full((len(smiles), self._labelled.shape[1]), np.nan)
        for chunk in self._chunks(np.arange(len(smiles))):
            to_all = self._to_all(prints, chunk)
            for k, labelled in enumerate(self._labelled.T):
                if labelled.any():
                    found[chunk, k] = _nearest(to_all[:, labelled])
        return found

    def _chunks(self, rows: np.ndarray) -> list[np.ndarray]:
        """Some rows at a time: few, where there are many training units."""
        size = max(1, min(_CHUNK, _CELLS // len(self._labelled)))
        return [rows[start : start + size] for start in range(0, len(rows), size)]

    def _key(self, row: int) -> tuple[bytes, ...]:
        part = slice(*self._prints.starts[row : row + 2])
        kept = (self._prints.bits[part], self._prints.counts[part], self._labelled[row])
        return tuple(array.tobytes() for array in kept)

    def _to_all(self, prints: "Fingerprints", rows: np.ndarray) -> np.ndarray:
        """Tanimoto distances of some rows to all N training units; shape `(R, N)`."""
        columns, totals, matrix = self._unary
        cells, owner = _cells(prints, rows)
        place = np.minimum(np.searchsorted(columns, cells), len(columns) - 1)
        known = columns[place] == cells
        asked = np.zeros((len(columns), len(rows)), dtype=np.float32)
        asked[place[known], owner[known]] = 1
        shared = (matrix @ asked).T.astype(float)
        own = np.bincount(owner, minlength=len(rows))
        return 1 - shared / np.maximum(own[:, None] + totals - shared, 1)

    @cached_property
    def _unary(self) -> "tuple[np.ndarray, np.ndarray, csr_array]":
        """A bit counted n times as n columns: the sum of minima is then a product of matrices.

        Returns:
            The C columns that any training unit has, the N sums of counts, the `(N, C)` matrix.
        """
        from scipy.sparse import csr_array

        cells, owner = _cells(self._prints, np.arange(len(self._labelled)))
        columns, place = np.unique(cells, return_inverse=True)
        shape = (len(self._labelled), len(columns))
        matrix = csr_array((np.ones(len(cells), dtype=np.float32), (owner, place)), shape=shape)
        return columns, np.bincount(owner, minlength=shape[0]), matrix


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
    return DomainInfo(thresholds={name: at for name, at in thresholds if np.isfinite(at)})


def _cells(prints: "Fingerprints", rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every (bit, 1 … count) of some rows as one number, and the place of its row among them."""
    sizes = np.diff(prints.starts)[rows]
    owner = np.repeat(np.arange(len(rows)), sizes)
    entries = np.arange(sizes.sum()) + (prints.starts[rows] - np.cumsum(sizes) + sizes)[owner]
    counts = prints.counts[entries].astype(np.int64)
    level = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    cells = np.repeat(prints.bits[entries].astype(np.int64) * _COUNTS, counts) + level
    return cells, np.repeat(owner, counts)


def _without(distances: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Distances `(R, N)` without that of each row to itself; shape `(R, N − 1)`."""
    others = np.ones(distances.shape, dtype=bool)
    others[np.arange(len(own)), own] = False
    return distances[others].reshape(len(own), -1)


def _nearest(distances: np.ndarray) -> np.ndarray:
    """The mean of the least distances of each row; shape `(R, N)` becomes `(R,)`."""
    count = min(NEIGHBOURS, distances.shape[1])
    return np.partition(distances, count - 1, axis=1)[:, :count].mean(axis=1)


def _check(prints: "Fingerprints", labelled: np.ndarray, size: int, properties: int) -> None:
    """Raise ValueError where a bundle's arrays would not fit together."""
    starts, bits, counts = prints
    fits = (
        labelled.ndim == 2
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
    )
    if not fits:
        raise ValueError("the arrays do not fit together")
