"""Fingerprints of repeat units, and clusters of like ones."""

from collections.abc import Sequence
from functools import lru_cache, reduce
from operator import or_
from typing import NamedTuple

import numpy as np
from rdkit import DataStructs
from rdkit.Chem import rdFingerprintGenerator
from rdkit.ML.Cluster import Butina

from .architectures import ARCHITECTURES
from .composition import is_composition, read
from .repeat_unit import canonical_unit
from .smiles import parse

SIZE = 2048
"""Numbers that a fingerprint is folded to."""

DISTANCE = 0.4
"""Tanimoto distance within which a unit joins a cluster's centre."""

_TENTHS = 10
_RADIUS = 2
_MOST = 255
_GENERATOR = rdFingerprintGenerator.GetMorganGenerator(radius=_RADIUS, fpSize=SIZE)


class Fingerprints(NamedTuple):
    """N count fingerprints in compressed rows: only the Z numbers above zero are stored.

    Attributes:
        starts: shape `(N + 1,)`, int64: where each row begins among the Z numbers.
        bits: shape `(Z,)`, uint16: the hashed atom environments, 0 to `SIZE` − 1.
        counts: shape `(Z,)`, uint8: how often each environment occurs, at most 255.
    """

    starts: np.ndarray
    bits: np.ndarray
    counts: np.ndarray


def count_fingerprints(smiles: Sequence[str], of_compositions: bool = False) -> Fingerprints:
    """Morgan fingerprints (ECFP4) with counts, folded to 2048, without stereochemistry.

    Rogers and Hahn, J. Chem. Inf. Model. 50 (2010) 742, doi:10.1021/ci100050t. `*` is hashed as an
    atom of its own, so that a fingerprint also shows where the unit joins the chain.

    Args:
        smiles: N parsable SMILES; the same unit has the same fingerprint however it is written.
        of_compositions: whether texts of compositions may be among them. Then counts are in tenths:
            a unit's environments count by its fraction, and an architecture adds to one of them.
            Tanimoto similarities of homopolymers stay what they are, up to 25 of an environment.
    """
    rows = [_tenths(text) if of_compositions else _counts(text) for text in smiles]
    return Fingerprints(
        np.cumsum([0, *map(len, rows)], dtype=np.int64),
        np.array([bit for row in rows for bit in row], dtype=np.uint16),
        np.array([min(n, _MOST) for row in rows for n in row.values()], dtype=np.uint8),
    )


def _counts(smiles: str) -> dict[int, int]:
    """The environments of a unit, with how often each occurs."""
    return dict(_GENERATOR.GetCountFingerprint(parse(smiles)).GetNonzeroElements())


def _tenths(text: str) -> dict[int, int]:
    """The environments of a homopolymer or a composition, in tenths; none is lost."""
    if not is_composition(text):
        return {bit: _TENTHS * count for bit, count in _counts(text).items()}
    composition = read(text)
    sums: dict[int, float] = {}
    for unit, fraction in zip(composition.units, composition.fractions, strict=True):
        for bit, count in _remembered_counts(unit).items():
            sums[bit] = sums.get(bit, 0.0) + _TENTHS * fraction * count
    if composition.architecture:
        bit = ARCHITECTURES.index(composition.architecture)
        sums[bit] = sums.get(bit, 0.0) + _TENTHS
    return {bit: max(round(value), 1) for bit, value in sums.items()}


_remembered_counts = lru_cache(maxsize=20_000)(_counts)
"""Of a table's compositions, whose units are few."""


def nearest_similar(smiles: Sequence[str], others: Sequence[str]) -> list[str | None]:
    """For each repeat unit the most similar of others, where one is within `DISTANCE`.

    Compositions are compared by the set of their units, whatever the fractions and architecture:
    an environment of any of the units is one of the composition.

    Args:
        smiles: N parsable SMILES, or texts of compositions.
        others: M of them.

    Returns:
        N of the others, None where all are farther.
    """
    prints = [_environments(text) for text in others]
    nearest: list[str | None] = []
    for text in smiles:
        own = _environments(text)
        similarity = np.array(DataStructs.BulkTanimotoSimilarity(own, prints))
        best = int(similarity.argmax()) if len(similarity) else -1
        is_near = best >= 0 and 1 - similarity[best] <= DISTANCE
        nearest.append(others[best] if is_near else None)
    return nearest


class Neighbours:
    """Repeat units that others are compared with, by what their polymers' chains are made of."""

    def __init__(self, smiles: Sequence[str]) -> None:
        """Take the fingerprints of N canonical repeat units, or compositions of them."""
        self._prints = [_counted(text) for text in smiles]

    def similarities(self, smiles: str) -> np.ndarray:
        """Tanimoto similarities of Morgan counts to one repeat unit, shape `(N,)`, 0 to 1.

        Both are those of canonical repeat units, so that it does not matter how they are drawn.
        A composition's units count by their fractions, as in `count_fingerprints`.
        """
        return np.array(DataStructs.BulkTanimotoSimilarity(_of_polymer(smiles), self._prints))


def _of_polymer(smiles: str) -> DataStructs.UIntSparseIntVect:
    return _counted(canonical_unit(smiles))


def _counted(canonical: str) -> DataStructs.UIntSparseIntVect:
    """Morgan counts in tenths: Tanimoto similarities of homopolymers are those of the counts."""
    counts = DataStructs.UIntSparseIntVect(SIZE)
    for bit, tenths in _tenths(canonical).items():
        counts[bit] = tenths
    return counts


def _environments(text: str) -> DataStructs.ExplicitBitVect:
    """Which atom environments a repeat unit holds, or any of the units of a composition."""
    units = read(text).units
    return reduce(or_, [_GENERATOR.GetFingerprint(parse(unit)) for unit in units])


def similarity_clusters(smiles: Sequence[str]) -> np.ndarray:
    """Butina clusters on Morgan fingerprints of radius 2 and 2048 bits.

    Butina, J. Chem. Inf. Comput. Sci. 39 (1999) 747, doi:10.1021/ci9803381. Compositions are
    compared by the set of their units, so that those of equal units are in one cluster.

    Args:
        smiles: N parsable SMILES, or texts of compositions; equal ones are always in one cluster.

    Returns:
        Shape `(N,)`, int: the cluster of each.
    """
    unique, position = np.unique(np.asarray(smiles, dtype=object), return_inverse=True)
    prints = [_environments(text) for text in unique]
    # One byte a pair: whether two units are too far apart is all that Butina asks of a distance.
    far = np.zeros((len(prints), len(prints)), dtype=bool)
    for i in range(1, len(prints)):
        similarity = np.array(DataStructs.BulkTanimotoSimilarity(prints[i], prints[:i]))
        far[i, :i] = far[:i, i] = 1 - similarity > DISTANCE
    clusters = Butina.ClusterData(far, len(prints), 0, isDistData=True, reordering=True)
    numbers = np.zeros(len(unique), dtype=int)
    for number, members in enumerate(clusters):
        numbers[list(members)] = number
    return numbers[position]
