"""The atoms and bonds of a molecule as arrays, read once for all descriptors."""

from typing import NamedTuple

import numpy as np
from rdkit import Chem

from .smiles import atoms_of, bonds_of

SINGLE = int(Chem.BondType.SINGLE)
DOUBLE = int(Chem.BondType.DOUBLE)
TRIPLE = int(Chem.BondType.TRIPLE)
AROMATIC = int(Chem.BondType.AROMATIC)
_AROMATIC_ORDER = 1.5


class Skeleton(NamedTuple):
    """A molecule of V atoms and E bonds."""

    numbers: np.ndarray
    """V: atomic numbers, 0 for `*`."""
    hydrogens: np.ndarray
    """V: hydrogens on each atom."""
    masses: np.ndarray
    """V: atomic masses in g/mol, without hydrogens."""
    aromatic: np.ndarray
    """V: whether the atom is aromatic."""
    degrees: np.ndarray
    """V: bonds to atoms of the skeleton."""
    ends: np.ndarray
    """E x 2: the atoms that each bond joins."""
    kinds: np.ndarray
    """E: bond types by RDKit's numbers."""
    ringed: np.ndarray
    """E: whether the bond is in a ring."""
    rings: list[list[int]]
    """The atoms of each smallest ring."""


def skeleton(mol: Chem.Mol) -> Skeleton:
    """Read a molecule."""
    atoms = atoms_of(mol)
    rings = [list(ring) for ring in mol.GetRingInfo().AtomRings()]
    ends, kinds = _bonds(mol)
    in_ring = np.zeros((len(atoms), len(atoms)), dtype=bool)
    for ring in rings:
        turned = [*ring[1:], ring[0]]
        in_ring[ring, turned] = in_ring[turned, ring] = True
    return Skeleton(
        numbers=np.array([atom.GetAtomicNum() for atom in atoms]),
        hydrogens=np.array([atom.GetTotalNumHs() for atom in atoms]),
        masses=np.array([atom.GetMass() for atom in atoms]),
        aromatic=np.array([atom.GetIsAromatic() for atom in atoms]),
        degrees=np.bincount(ends.ravel(), minlength=len(atoms)),
        ends=ends,
        kinds=kinds,
        ringed=in_ring[ends[:, 0], ends[:, 1]],
        rings=rings,
    )


def has_usual_bonds(mol: Chem.Mol) -> bool:
    """Whether the order of each bond tells its type: not so with dative and unspecified bonds."""
    orders = _orders(mol)
    return bool((orders == orders.T).all()) and np.count_nonzero(orders) == 2 * mol.GetNumBonds()


def _orders(mol: Chem.Mol) -> np.ndarray:
    """V x V: bond orders; 0 one way for dative bonds, both ways for unspecified ones."""
    # The prefix keeps RDKit from mistaking this matrix for its own of ones and zeros.
    return Chem.GetAdjacencyMatrix(mol, useBO=True, prefix="Orders")


def _bonds(mol: Chem.Mol) -> tuple[np.ndarray, np.ndarray]:
    """Each bond's two atoms and its type."""
    if has_usual_bonds(mol):
        # The matrix takes one call; reading bond after bond takes three for each.
        orders = _orders(mol)
        first, second = np.nonzero(np.triu(orders))
        order = orders[first, second]
        kinds = np.where(order == _AROMATIC_ORDER, AROMATIC, order).astype(np.int64)
        return np.stack([first, second], axis=1), kinds
    bonds = bonds_of(mol)
    ends = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in bonds]
    types = [int(bond.GetBondType()) for bond in bonds]
    return np.array(ends, dtype=np.int64).reshape(-1, 2), np.array(types, dtype=np.int64)
