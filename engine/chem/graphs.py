"""Repeat units as graphs of coded atoms and bonds; `*` stays an atom."""

import numpy as np
from rdkit import Chem

from engine.chem.smiles import atoms_of, bonds_of, parse
from engine.packed import Graph
from engine.vocabulary import ATOM_FIELDS, BOND_FIELDS

VERSION = 1
"""Raise it whenever a code changes: cached graphs are then made anew."""

_ATOM_TOP = np.array(list(ATOM_FIELDS.values())) - 1
_BOND_TOP = np.array(list(BOND_FIELDS.values())) - 1
_BOND_KINDS = {
    Chem.BondType.SINGLE: 0,
    Chem.BondType.DOUBLE: 1,
    Chem.BondType.TRIPLE: 2,
    Chem.BondType.AROMATIC: 3,
}
_CHIRALITY = {Chem.ChiralType.CHI_TETRAHEDRAL_CW: 1, Chem.ChiralType.CHI_TETRAHEDRAL_CCW: 2}
_STEREO = {
    Chem.BondStereo.STEREOZ: 1,
    Chem.BondStereo.STEREOCIS: 1,
    Chem.BondStereo.STEREOE: 2,
    Chem.BondStereo.STEREOTRANS: 2,
}


def graph(smiles: str) -> Graph:
    """The graph of one repeat unit.

    Raises:
        BadSmilesError: when it cannot be parsed.
    """
    mol = parse(smiles)
    atoms = np.array([_atom(atom) for atom in atoms_of(mol)])
    bonds = bonds_of(mol)
    ends = np.array([(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in bonds])
    codes = np.array([_bond(bond) for bond in bonds]).reshape(-1, len(BOND_FIELDS))
    return Graph(
        np.clip(atoms, 0, _ATOM_TOP).astype(np.uint8),
        ends.reshape(-1, 2).astype(np.uint16),
        np.clip(codes, 0, _BOND_TOP).astype(np.uint8),
    )


def _atom(atom: Chem.Atom) -> tuple[int, ...]:
    return (
        atom.GetAtomicNum(),
        atom.GetDegree(),
        atom.GetFormalCharge() + 3,
        int(atom.GetHybridization()),
        atom.GetTotalNumHs(),
        _CHIRALITY.get(atom.GetChiralTag(), 0),
        atom.GetIsAromatic(),
        atom.IsInRing(),
    )


def _bond(bond: Chem.Bond) -> tuple[int, ...]:
    return (
        _BOND_KINDS.get(bond.GetBondType(), 4),
        bond.GetIsConjugated(),
        bond.IsInRing(),
        _STEREO.get(bond.GetStereo(), 3 if bond.GetStereo() != Chem.BondStereo.STEREONONE else 0),
    )
