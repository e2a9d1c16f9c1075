"""Descriptors of a repeat unit's backbone and side chains.

The backbone is the shortest path between the attachment points with every ring that the path
touches; all other heavy atoms are side chain. A unit with one attachment point, or with none,
takes its longest path instead, so that every row has a number in every column.
"""

from collections.abc import Callable

import numpy as np
from rdkit import Chem

from engine.chem.smiles import atoms_of, bonds_of

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


def backbone_descriptors(mol: Chem.Mol) -> np.ndarray:
    """The backbone descriptors of one repeat unit.

    Args:
        mol: a parsed repeat unit, `*` kept as atoms.

    Returns:
        Shape `(len(NAMES),)`, float64; lengths in atoms, masses in g/mol.
    """
    atoms, bonds = atoms_of(mol), bonds_of(mol)
    ends, path = _path(mol, atoms)
    rings = [set(ring) for ring in mol.GetRingInfo().AtomRings()]
    in_path = set(path)
    backbone = in_path.union(*(ring for ring in rings if len(ring & in_path) > 1)) - ends
    side = [i for i in range(len(atoms)) if i not in backbone and i not in ends]
    chains = _components(atoms, side)
    links = [_ring_link(ring, path) for ring in rings]
    heavy = max(len(backbone) + len(side), 1)
    spine = max(len(in_path - ends), 1)
    rotatable = [bond for bond in bonds if _rotates(bond)]
    turning = sum(_inside(bond, in_path) for bond in rotatable)
    mass = sum(atom.GetMass() + 1.008 * atom.GetTotalNumHs() for atom in atoms)
    values = (
        spine,
        len(backbone),
        len(backbone) / heavy,
        sum(len(ring & in_path) > 1 for ring in rings),
        _share(atoms, backbone, lambda atom: atom.GetIsAromatic()),
        _share(atoms, backbone, _is_hetero),
        turning,
        turning / spine,
        sum(_inside(bond, in_path) and bond.GetBondTypeAsDouble() >= 2 for bond in bonds),
        sum(_is_carbonyl(atoms[i]) for i in in_path),
        mass / spine,
        sum(atoms[i].GetDegree() == 4 for i in in_path),
        links.count(3),
        links.count(2),
        links.count(1),
        len(chains),
        len(side),
        max((len(chain) for chain in chains), default=0),
        _depth(mol, backbone, side),
        sum(len(ring & in_path) <= 1 for ring in rings),
        sum(not _inside(bond, backbone) for bond in rotatable),
        _share(atoms, side, _is_hetero),
        mass / heavy,
        len(rotatable) / heavy,
    )
    return np.array(values, dtype=np.float64)


def _path(mol: Chem.Mol, atoms: list[Chem.Atom]) -> tuple[set[int], list[int]]:
    """The attachment points, and the shortest path between the two that lie farthest apart."""
    ends = [i for i, atom in enumerate(atoms) if atom.GetAtomicNum() == 0]
    distances = Chem.GetDistanceMatrix(mol)
    # Fragments of a salt are infinitely far apart (RDKit writes 1e8): no path joins them.
    reachable = np.where(distances < 1e6, distances, -1)
    among = ends if len(ends) >= 2 else list(range(len(atoms)))
    part = reachable[np.ix_(among, among)]
    start, stop = np.unravel_index(part.argmax(), part.shape)
    first, last = among[start], among[stop]
    path = [first] if first == last else list(Chem.GetShortestPath(mol, first, last))
    return set(ends), path


def _is_hetero(atom: Chem.Atom) -> bool:
    return atom.GetAtomicNum() not in (0, 1, 6)


def _is_carbonyl(atom: Chem.Atom) -> bool:
    return atom.GetAtomicNum() == 6 and any(
        bond.GetBondType() == Chem.BondType.DOUBLE and bond.GetOtherAtom(atom).GetAtomicNum() == 8
        for bond in atom.GetBonds()
    )


def _inside(bond: Chem.Bond, atoms: set[int]) -> bool:
    return bond.GetBeginAtomIdx() in atoms and bond.GetEndAtomIdx() in atoms


def _rotates(bond: Chem.Bond) -> bool:
    """A single bond outside rings whose two ends both go on."""
    return (
        bond.GetBondType() == Chem.BondType.SINGLE
        and not bond.IsInRing()
        and min(bond.GetBeginAtom().GetDegree(), bond.GetEndAtom().GetDegree()) > 1
    )


def _share(
    atoms: list[Chem.Atom], among: set[int] | list[int], test: Callable[[Chem.Atom], bool]
) -> float:
    return sum(test(atoms[i]) for i in among) / len(among) if among else 0.0


def _components(atoms: list[Chem.Atom], among: list[int]) -> list[set[int]]:
    """The connected pieces that a set of atoms falls into."""
    left, pieces = set(among), []
    while left:
        piece, front = set(), [left.pop()]
        while front:
            index = front.pop()
            piece.add(index)
            near = {other.GetIdx() for other in atoms[index].GetNeighbors()} & left
            left -= near
            front.extend(near)
        pieces.append(piece)
    return pieces


def _depth(mol: Chem.Mol, backbone: set[int], side: list[int]) -> float:
    """Bonds from the backbone to the side-chain atom farthest from it."""
    if not backbone or not side:
        return 0.0
    distances = Chem.GetDistanceMatrix(mol)[np.ix_(side, sorted(backbone))].min(axis=1)
    return float(distances[distances < 1e6].max(initial=0))


def _ring_link(ring: set[int], path: list[int]) -> int:
    """Bonds between the two places where the path enters and leaves a six-membered ring.

    1 is ortho, 2 meta, 3 para; 0 for other rings and for rings beside the path.
    """
    inside = [i for i in path if i in ring]
    if len(ring) != 6 or len(inside) < 2:
        return 0
    return len(inside) - 1
