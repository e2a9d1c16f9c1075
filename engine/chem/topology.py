"""Topological indices of a capped unit, equal to RDKit's but several times as fast.

RDKit enumerates the paths of the Chi and Kappa indices once for each index, and computes Balaban's
and Bertz's indices atom by atom in Python.
"""

from collections import defaultdict

import numpy as np
from rdkit.Chem import rdMolDescriptors

from .capped import OUTER_ELECTRONS, Capped, rdkit_values
from .skeleton import AROMATIC, Skeleton

NAMES = (
    *("Chi0", "Chi1"),
    *(f"Chi{order}n" for order in range(5)),
    *(f"Chi{order}v" for order in range(5)),
    *("Kappa2", "Kappa3", "Phi"),
    *("BalabanJ", "BertzCT"),
)

_NEIGHBOURS = 100  # of an atom, by which Bertz's index tells it from others


def topology(unit: Capped) -> np.ndarray:
    """The indices in the order of `NAMES`, from RDKit where the shortcuts might not hold."""
    atoms = unit.atoms
    valence = (OUTER_ELECTRONS[atoms.numbers] - atoms.hydrogens).astype(np.float64)
    small_ring = min(map(len, atoms.rings), default=5) < 5
    if not unit.plain or small_ring or len(atoms.ends) == 0 or valence.min() < 0:
        return rdkit_values(NAMES, unit.mol)
    # From the third row of the periodic table on, inner electrons count too (Kier and Hall).
    inner = np.where(atoms.numbers > 10, atoms.numbers - OUTER_ELECTRONS[atoms.numbers] - 1, 1)
    weights = np.stack([atoms.degrees, valence, valence / inner, np.ones(len(valence))])
    roots = np.divide(1, np.sqrt(weights), out=np.zeros_like(weights), where=weights > 0)
    sums = _path_sums(atoms, roots)
    return np.array(
        [
            *sums[:2, 0],
            *sums[:, 1],
            *sums[:, 2],
            *_kappa(unit, *sums[2:4, 3]),
            _balaban(unit),
            _bertz(unit),
        ]
    )


def _path_sums(atoms: Skeleton, weights: np.ndarray) -> np.ndarray:
    """The sum, over the paths of 0 to 4 bonds, of the product of the weights along the path.

    Without rings of three or four atoms, these are the walks that never turn straight back.

    Args:
        weights: shape `(K, V)`, K weights of each atom.

    Returns:
        Shape `(5, K)`.
    """
    tail = np.concatenate([atoms.ends[:, 0], atoms.ends[:, 1]])
    head = np.concatenate([atoms.ends[:, 1], atoms.ends[:, 0]])
    walks = weights[:, tail] * weights[:, head]
    sums = [weights.sum(axis=1), walks.sum(axis=1) / 2]
    half = len(tail) // 2
    places = (head + weights.shape[1] * np.arange(len(weights))[:, None]).ravel()
    for _ in range(3):
        back = np.concatenate([walks[:, half:], walks[:, :half]], axis=1)
        arrived = np.bincount(places, walks.ravel(), weights.size).reshape(weights.shape)
        walks = weights[:, head] * (arrived[:, tail] - back)
        sums.append(walks.sum(axis=1) / 2)
    return np.stack(sums)


def _kappa(unit: Capped, paths_of_2: float, paths_of_3: float) -> tuple[float, float, float]:
    """Kier's second and third shape index, and his flexibility index."""
    alpha = rdMolDescriptors.CalcHallKierAlpha(unit.mol)
    count = len(unit.atoms.numbers)
    size = count + alpha
    second = _ratio((size - 1) * (size - 2) ** 2, (paths_of_2 + alpha) ** 2)
    third = (size - (1 if count % 2 else 2)) * (size - 3) ** 2
    flexibility = rdMolDescriptors.CalcKappa1(unit.mol) * second / count
    return second, _ratio(third, (paths_of_3 + alpha) ** 2), flexibility


def _ratio(above: float, below: float) -> float:
    return above / below if below else 0.0


def _balaban(unit: Capped) -> float:
    """Balaban's averaged distance sum connectivity (Chem. Phys. Lett. 89, 399, 1982)."""
    ends = unit.atoms.ends
    sums = unit.weighted_distances.sum(axis=0)
    loops = len(ends) - len(sums) + 1
    if loops == -1:
        return 0.0
    return len(ends) / (loops + 1) * float((1 / np.sqrt(sums[ends].prod(axis=1))).sum())


def _bertz(unit: Capped) -> float:
    """Bertz's complexity of bonds and of elements (J. Am. Chem. Soc. 103, 3599, 1981)."""
    atoms = unit.atoms
    kinds = _atom_kinds(unit.weighted_distances)
    neighbours: list[list[tuple[int, float]]] = [[] for _ in kinds]
    connections: defaultdict[tuple[int, ...], float] = defaultdict(float)
    orders = np.where(atoms.kinds == AROMATIC, 1.5, atoms.kinds).tolist()
    for (first, second), order in zip(atoms.ends.tolist(), orders, strict=True):
        begin, end = kinds[first], kinds[second]
        neighbours[first].append((end, order))
        neighbours[second].append((begin, order))
        if order > 1:
            pair = (begin, end) if begin < end else (end, begin)
            connections[pair] += order * (order - 1) / 2
    for middle, bonded in zip(kinds, neighbours, strict=True):
        for i, (end, order) in enumerate(bonded):
            for other, other_order in bonded[:i]:
                triple = (end, middle, other) if end < other else (other, middle, end)
                connections[triple] += order * other_order
    counts = np.array(list(connections.values()) or [1.0])
    elements = np.bincount(atoms.numbers)
    total = counts.sum()
    return len(kinds) * _entropy(elements) + total * (_entropy(counts) + np.log2(total))


def _atom_kinds(distances: np.ndarray) -> list[int]:
    """A number for each atom, the same for atoms with the same distances to their neighbours."""
    # RDKit compares distances in units of 1/10,000 too, so that rounding does not matter.
    rows = np.rint(np.sort(distances, axis=1)[:, :_NEIGHBOURS] * 1e4).astype(np.int64)
    numbers: dict[bytes, int] = {}
    return [numbers.setdefault(row.tobytes(), len(numbers)) for row in rows]


def _entropy(counts: np.ndarray) -> float:
    """Shannon's entropy in bits of how often each of several things occurs."""
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log2(shares)).sum())
