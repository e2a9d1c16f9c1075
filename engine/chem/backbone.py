"""Descriptors of a repeat unit's backbone and side chains.

The backbone is the shortest path between the attachment points with every ring that the path
touches; all other heavy atoms are side chain. In a unit with fewer than two attachment points, the
longest path is used instead, so that every row has a number in every column.
"""

import numpy as np
from rdkit import Chem

from .skeleton import DOUBLE, SINGLE, Skeleton

NAMES = (
    "backbone_path_atoms",
    "backbone_atoms",
    "backbone_fraction",
    "backbone_rings",
    "backbone_aromatic_fraction",
    "backbone_hetero_fraction",
    "backbone_rotatable_bonds",
    "backbone_rotatable_fraction",
    "backbone_double_bonds",
    "backbone_carbonyls",
    "backbone_mass_per_path_atom",
    "backbone_quaternary",
    "ring_para_links",
    "ring_meta_links",
    "ring_ortho_links",
    "side_chains",
    "side_chain_atoms",
    "side_chain_largest",
    "side_chain_depth",
    "side_chain_rings",
    "side_chain_rotatable_bonds",
    "side_chain_hetero_fraction",
    "mass_per_atom",
    "rotatable_per_atom",
)

_FAR = 1e6  # RDKit writes 1e8 between the fragments of a salt: no path joins them
_MOST_BONDS = 6  # RDKit numbers whole bond orders from 1 to 6, and other kinds of bonds above


def backbone_descriptors(mol: Chem.Mol, atoms: Skeleton, distances: np.ndarray) -> np.ndarray:
    """The backbone descriptors of one repeat unit.

    Args:
        mol: a parsed repeat unit of V atoms, `*` kept as atoms.
        atoms: its atoms and bonds.
        distances: shape `(V, V)`, bonds on the shortest path between two atoms.

    Returns:
        Shape `(len(NAMES),)`, float64; lengths in atoms, masses in g/mol.
    """
    ends = atoms.numbers == 0
    path = _path(mol, np.flatnonzero(ends), distances)
    in_path = _mask(path, len(ends))
    on_path = [int(in_path[ring].sum()) for ring in atoms.rings]
    backbone = in_path.copy()
    for ring, shared in zip(atoms.rings, on_path, strict=True):
        backbone[ring] |= shared > 1
    backbone &= ~ends
    side = ~backbone & ~ends
    chains = _chain_sizes(atoms.ends[side[atoms.ends].all(axis=1)], side)
    links = [_ring_link(ring, shared) for ring, shared in zip(atoms.rings, on_path, strict=True)]
    heavy = max(int((~ends).sum()), 1)
    spine = max(int((in_path & ~ends).sum()), 1)
    # Single bonds outside rings, with other bonds at both of their ends.
    rotatable = (
        (atoms.kinds == SINGLE) & ~atoms.ringed & (atoms.degrees[atoms.ends].min(axis=1) > 1)
    )
    along = in_path[atoms.ends].all(axis=1)
    turning = int((rotatable & along).sum())
    hetero = atoms.numbers != 6
    hetero &= atoms.numbers > 1
    mass = float((atoms.masses + 1.008 * atoms.hydrogens).sum())
    values = (
        spine,
        backbone.sum(),
        backbone.sum() / heavy,
        sum(shared > 1 for shared in on_path),
        _share(atoms.aromatic, backbone),
        _share(hetero, backbone),
        turning,
        turning / spine,
        (along & (atoms.kinds >= DOUBLE) & (atoms.kinds <= _MOST_BONDS)).sum(),
        (_carbonyls(atoms) & in_path).sum(),
        mass / spine,
        (in_path & (atoms.degrees == 4)).sum(),
        links.count(3),
        links.count(2),
        links.count(1),
        len(chains),
        side.sum(),
        max(chains, default=0),
        _depth(distances, backbone, side),
        sum(shared <= 1 for shared in on_path),
        (rotatable & ~backbone[atoms.ends].all(axis=1)).sum(),
        _share(hetero, side),
        mass / heavy,
        rotatable.sum() / heavy,
    )
    return np.array(values, dtype=np.float64)


def _path(mol: Chem.Mol, ends: np.ndarray, distances: np.ndarray) -> list[int]:
    """The atoms on the shortest path between the attachment points that lie farthest apart."""
    candidates = ends if len(ends) >= 2 else np.arange(len(distances))
    part = distances[np.ix_(candidates, candidates)]
    start, stop = np.unravel_index(np.where(part < _FAR, part, -1).argmax(), part.shape)
    first, last = int(candidates[start]), int(candidates[stop])
    return [first] if first == last else list(Chem.GetShortestPath(mol, first, last))


def _mask(indices: list[int] | np.ndarray, size: int) -> np.ndarray:
    mask = np.zeros(size, dtype=bool)
    mask[indices] = True
    return mask


def _carbonyls(atoms: Skeleton) -> np.ndarray:
    """Shape `(V,)`: whether an atom is a carbon with a double bond to oxygen."""
    double = atoms.ends[atoms.kinds == DOUBLE]
    pairs = np.concatenate([double, double[:, ::-1]])
    carbons = pairs[(atoms.numbers[pairs] == (6, 8)).all(axis=1), 0]
    return _mask(carbons, len(atoms.numbers))


def _share(kind: np.ndarray, group: np.ndarray) -> float:
    """The share of a group's atoms that are of a kind; both are masks."""
    count = group.sum()
    return (kind & group).sum() / count if count else 0.0


def _chain_sizes(bonds: np.ndarray, side: np.ndarray) -> list[int]:
    """The sizes of the connected pieces of the side chains' atoms."""
    pieces = {atom: {atom} for atom in np.flatnonzero(side).tolist()}
    for first, second in bonds.tolist():
        piece, other = pieces[first], pieces[second]
        if piece is not other:
            piece |= other
            pieces.update(dict.fromkeys(other, piece))
    return [len(chain) for chain in {id(chain): chain for chain in pieces.values()}.values()]


def _depth(distances: np.ndarray, backbone: np.ndarray, side: np.ndarray) -> float:
    """Bonds from the backbone to the side-chain atom farthest from it."""
    if not backbone.any() or not side.any():
        return 0.0
    nearest = distances[side][:, backbone].min(axis=1)
    return float(nearest[nearest < _FAR].max(initial=0))


def _ring_link(ring: list[int], on_path: int) -> int:
    """Bonds between the two places where the path enters and leaves a six-membered ring.

    1 is ortho, 2 meta, 3 para; 0 for other rings and for rings beside the path.
    """
    return on_path - 1 if len(ring) == 6 and on_path > 1 else 0
