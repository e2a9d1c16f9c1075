"""Repeat units as graphs of coded atoms and bonds, on their own or within their chain."""

from contextlib import suppress

import numpy as np
from rdkit import Chem

from ..base.packed import Graph
from ..base.vocabulary import ATOM_FIELDS, BOND_FIELDS
from .repeat_unit import (
    beside_end,
    bond_of_end,
    closed,
    ends_of,
    hangs_on_singles,
    path_of,
    repeated,
    repeats,
    smallest,
)
from .skeleton import has_usual_bonds
from .smiles import BadSmilesError, atoms_of, bonds_of, is_flat, parse, update_beside_single_bonds

_ATOM_TOP = np.array(list(ATOM_FIELDS.values())) - 1
_BOND_TOP = np.array(list(BOND_FIELDS.values())) - 1
_KINDS = {
    Chem.BondType.SINGLE: 0,
    Chem.BondType.DOUBLE: 1,
    Chem.BondType.TRIPLE: 2,
    Chem.BondType.AROMATIC: 3,
}
_KINDS_BY_ORDER = {1.0: 0, 2.0: 1, 3.0: 2, 1.5: 3}
_FEWEST_IN_RING = 3
_CHIRALITY = {Chem.ChiralType.CHI_TETRAHEDRAL_CW: 1, Chem.ChiralType.CHI_TETRAHEDRAL_CCW: 2}
_STEREO = {
    Chem.BondStereo.STEREONONE: 0,
    Chem.BondStereo.STEREOZ: 1,
    Chem.BondStereo.STEREOCIS: 1,
    Chem.BondStereo.STEREOE: 2,
    Chem.BondStereo.STEREOTRANS: 2,
}


def graph(smiles: str) -> Graph:
    """The graph of one repeat unit on its own; `*` stays an atom.

    Raises:
        BadSmilesError: when it cannot be parsed.
    """
    mol = parse(smiles)
    bonds = bonds_of(mol)
    ends = _ends(bonds)
    return _coded(
        _atom_codes(atoms_of(mol), _in_ring(mol), ends, chiral="@" in smiles),
        ends,
        _bond_codes(bonds, _ringed(bonds), has_usual_bonds(mol), _may_be_cis(smiles)),
    )


def chain_graph(smiles: str) -> Graph:
    """The graph of one repeat unit within its chain.

    It has no `*`: the last atom of the backbone is a neighbour of the first, as it is of the first
    of the next unit, and all codes are those that atoms and bonds have in the chain. Which way a
    centre turns is not coded. So all cuts of a chain give the same graph but for the order of its
    atoms. Closed graphs of polymers: Aldeghi & Coley, Chem. Sci. 13 (2022) 10486,
    doi:10.1039/D2SC02839E.

    Args:
        smiles: of a repeat unit; one whose copies cannot be joined keeps its `*`.

    Raises:
        BadSmilesError: when it cannot be parsed.
    """
    unit = parse(smiles)
    return _within_chain(unit, smiles) if repeats(unit) else graph(smiles)


def chain_graph_of_drawing(smiles: str) -> Graph | None:
    """The graph that a polymer has within its chain, however its repeat unit is drawn.

    It is that of the canonical repeat unit, in half the time, since nothing is written and read
    again; but for the order of its atoms and, in few units, marks of cis and trans near a cut.

    Returns:
        None for a unit whose copies cannot be joined.

    Raises:
        BadSmilesError: when it cannot be parsed.
    """
    unit = parse(smiles)
    if not repeats(unit):
        return None
    if hangs_on_singles(unit):
        with suppress(BadSmilesError, Chem.MolSanitizeException):
            unit = smallest(unit)
    return _within_chain(unit, smiles)


def joints(smiles: str, of_unit: Graph) -> tuple[int, int] | None:
    """The atoms of a unit's graph that neighbouring units are joined to.

    Args:
        smiles: of the unit.
        of_unit: what `graph` or `chain_graph` make of it.

    Returns:
        The numbers of two atoms, which may be one; None where copies cannot be joined.

    Raises:
        BadSmilesError: when it cannot be parsed.
    """
    unit = parse(smiles)
    if not repeats(unit):
        return None
    ends = ends_of(unit)
    beside = [beside_end(unit, end) for end in ends]
    if len(of_unit.atoms) < unit.GetNumAtoms():  # the graph within the chain, without `*`
        beside = [atom - sum(end < atom for end in ends) for atom in beside]
    first, last = beside
    return first, last


def _within_chain(unit: Chem.Mol, smiles: str) -> Graph:
    """The graph of a unit whose copies can be joined; `smiles` is one that it was read from."""
    usual = has_usual_bonds(unit)
    try:
        if _can_be_closed(unit):
            return _graph_of_closed(unit, usual)
        three = repeated(unit, 3)
    except Chem.MolSanitizeException:
        return graph(smiles)
    inner = unit.GetNumAtoms() - 2
    # The first copy has kept one of its ends; of the other copies none has any.
    middle = range(inner + 1, 2 * inner + 1)
    ends, bonds = _bonds_of_copy(three, middle)
    atoms = [three.GetAtomWithIdx(atom) for atom in middle]
    return _coded(
        _atom_codes(atoms, _in_ring(three)[middle.start : middle.stop], ends, chiral=False),
        ends,
        _bond_codes(bonds, _ringed(bonds), usual, _may_be_cis(smiles)),
    )


def _can_be_closed(unit: Chem.Mol) -> bool:
    """Whether atoms and bonds are in a ring of few copies what they are in the chain.

    All that is coded of them depends on neighbours alone; but aromatic bonds and stereo marks would
    have to be found anew.
    """
    return is_flat(unit) and hangs_on_singles(unit)


def _graph_of_closed(unit: Chem.Mol, usual: bool) -> Graph:
    """The graph of a unit within its chain, from as few copies as can be: in half the time."""
    one, *backbone, other = path_of(unit)
    # In a ring of fewer than three atoms of the backbone, one would be its own neighbour.
    copies = -(-_FEWEST_IN_RING // len(backbone))
    ring = closed(unit, copies)
    update_beside_single_bonds(ring)
    # Rings are those of the unit: that of the copies is none.
    stars = [bond_of_end(unit, end).GetIdx() for end in (one, other)]
    ringed = np.delete(_ringed(bonds_of(unit)), stars).tolist()
    in_ring = np.delete(_in_ring(unit), (one, other))
    atoms = [ring.GetAtomWithIdx(atom) for atom in range(len(in_ring))]
    numbers = [*range(len(ringed)), copies * len(ringed)]
    bonds = [ring.GetBondWithIdx(bond) for bond in numbers]
    ends = _ends(bonds) % len(atoms)
    return _coded(
        _atom_codes(atoms, in_ring, ends, chiral=False),
        ends,
        _bond_codes(bonds, [*ringed, False], usual, stereo=False),
    )


def _bonds_of_copy(chain: Chem.Mol, atoms: range) -> tuple[np.ndarray, list[Chem.Bond]]:
    """The bonds of a copy in a chain, and that to the next one, which reaches back into it.

    Args:
        chain: copies one after another.
        atoms: the copy's.

    Returns:
        Their ends, shape `(E, 2)`, counted from the first atom of the copy; and the bonds.
    """
    ends, bonds = [], []
    for bond in bonds_of(chain):
        first, second = _ends_of(bond)
        if min(first, second) in atoms:
            ends.append([end - atoms.start for end in (first, second)])
            bonds.append(bond)
    numbers = np.array(ends, dtype=np.int64).reshape(-1, 2)
    return np.where(numbers >= len(atoms), numbers - len(atoms), numbers), bonds


def _ends_of(bond: Chem.Bond) -> tuple[int, int]:
    return bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()


def _ends(bonds: list[Chem.Bond]) -> np.ndarray:
    """The atoms that bonds join; shape `(E, 2)`."""
    return np.array([_ends_of(bond) for bond in bonds], dtype=np.uint16).reshape(-1, 2)


def _ringed(bonds: list[Chem.Bond]) -> list[bool]:
    return [bond.IsInRing() for bond in bonds]


def _may_be_cis(smiles: str) -> bool:
    return "/" in smiles or "\\" in smiles


def _coded(atoms: np.ndarray, ends: np.ndarray, bonds: np.ndarray) -> Graph:
    return Graph(
        np.clip(atoms, 0, _ATOM_TOP).astype(np.uint8),
        ends.astype(np.uint16),
        np.clip(bonds, 0, _BOND_TOP).astype(np.uint8),
    )


# RDKit's enumerations are slow to read, so stereo that the SMILES does not mark is not looked up.


def _atom_codes(
    atoms: list[Chem.Atom], in_ring: np.ndarray, ends: np.ndarray, chiral: bool
) -> np.ndarray:
    """Codes of atoms.

    Args:
        atoms: V of a molecule.
        in_ring: shape `(V,)`.
        ends: shape `(E, 2)`, of all their bonds.
        chiral: whether any may be chiral.

    Returns:
        Shape `(V, len(ATOM_FIELDS))`.
    """
    fields = (
        [atom.GetAtomicNum() for atom in atoms],
        np.bincount(ends.ravel(), minlength=len(atoms)),
        [atom.GetFormalCharge() + 3 for atom in atoms],
        [int(atom.GetHybridization()) for atom in atoms],
        [atom.GetTotalNumHs() for atom in atoms],
        [_CHIRALITY.get(atom.GetChiralTag(), 0) if chiral else 0 for atom in atoms],
        [atom.GetIsAromatic() for atom in atoms],
        in_ring,
    )
    return np.stack([np.array(field) for field in fields], axis=1)


def _in_ring(mol: Chem.Mol) -> np.ndarray:
    """Whether each atom is in a ring; shape `(V,)`, 0 or 1."""
    in_ring = np.zeros(mol.GetNumAtoms(), dtype=np.int64)
    for ring in mol.GetRingInfo().AtomRings():
        in_ring[list(ring)] = 1
    return in_ring


def _bond_codes(
    bonds: list[Chem.Bond], ringed: list[bool], usual: bool, stereo: bool
) -> np.ndarray:
    """Codes of bonds.

    Args:
        bonds: E of a molecule.
        ringed: which of them are in rings.
        usual: whether the molecule `has_usual_bonds`.
        stereo: whether any double bond may be cis or trans.

    Returns:
        Shape `(E, len(BOND_FIELDS))`.
    """
    if usual:
        kinds = [_KINDS_BY_ORDER.get(bond.GetBondTypeAsDouble(), 4) for bond in bonds]
    else:
        kinds = [_KINDS.get(bond.GetBondType(), 4) for bond in bonds]
    fields = (
        kinds,
        [bond.GetIsConjugated() for bond in bonds],
        ringed,
        [_STEREO.get(bond.GetStereo(), 3) if stereo else 0 for bond in bonds],
    )
    return np.stack([np.array(field, dtype=np.int64) for field in fields], axis=1)
