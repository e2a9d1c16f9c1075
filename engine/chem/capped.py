"""A repeat unit with a carbon for each `*`, for which RDKit has no charges and no fragments."""

from collections.abc import Callable, Iterable
from functools import cached_property

import numpy as np
from rdkit import Chem
from rdkit.Chem import Descriptors, rdMolDescriptors, rdPartialCharges

from .skeleton import AROMATIC, DOUBLE, SINGLE, TRIPLE, Skeleton, skeleton
from .smiles import atoms_of, stars_of, update_beside_single_bonds

FUNCTIONS: dict[str, Callable[[Chem.Mol], float]] = dict(Descriptors.descList)
"""RDKit's own functions, by the descriptor's name."""


def rdkit_values(names: Iterable[str], mol: Chem.Mol) -> np.ndarray:
    """The named descriptors of a molecule, NaN where RDKit has no value."""
    return np.array([_value(FUNCTIONS[name], mol) for name in names])


def _value(function: Callable[[Chem.Mol], float], mol: Chem.Mol) -> float:
    try:
        return float(function(mol))
    except (ValueError, RuntimeError, ZeroDivisionError, OverflowError):
        return np.nan


_TABLE = Chem.GetPeriodicTable()
OUTER_ELECTRONS = np.array([_TABLE.GetNOuterElecs(number) for number in range(119)])
"""Outer electrons by atomic number."""

_SINGLE_BOND = Chem.BondType.SINGLE
_NOBLE = np.array([2, 10, 18, 36, 54, 86])
_FAR = 1e6  # RDKit writes 1e8 between atoms that no path joins


class Capped:
    """A capped unit, and the numbers that its descriptors share, each made when it is first used.

    Attributes:
        mol: the capped molecule; a copy of the unit where it cannot be capped.
        atoms: its atoms and bonds.
        plain: whether it was capped by single bonds and has only usual atoms and bonds; the
            shortcuts of this package are safe for such units alone.
    """

    def __init__(self, unit: Chem.Mol, atoms: Skeleton) -> None:
        capped, simple = _cap(unit)
        self.plain = bool(
            capped is not None
            and simple
            and not (atoms.numbers == 1).any()
            and np.isin(atoms.kinds, (SINGLE, DOUBLE, TRIPLE, AROMATIC)).all()
        )
        self.mol = Chem.Mol(unit) if capped is None else capped
        self.atoms = _recapped(self.mol, atoms) if self.plain else skeleton(self.mol)

    @cached_property
    def handles(self) -> list[Chem.Atom]:
        """RDKit's atoms."""
        return atoms_of(self.mol)

    @cached_property
    def distances(self) -> np.ndarray:
        """V x V: bonds on the shortest path between two atoms."""
        return Chem.GetDistanceMatrix(self.mol)

    @cached_property
    def weighted_distances(self) -> np.ndarray:
        """V x V: the same with a bond of order n counted as 1/n."""
        return Chem.GetDistanceMatrix(self.mol, useBO=True, force=True, prefix="Balaban")

    @cached_property
    def charges(self) -> np.ndarray:
        """V: Gasteiger's partial charges; NaN for an element without parameters."""
        rdPartialCharges.ComputeGasteigerCharges(self.mol)
        return np.array([atom.GetDoubleProp("_GasteigerCharge") for atom in self.handles])

    @cached_property
    def crippen(self) -> np.ndarray:
        """V x 2: each heavy atom's share of Crippen's logP and molar refractivity."""
        return np.array(rdMolDescriptors._CalcCrippenContribs(self.mol))

    @cached_property
    def areas(self) -> np.ndarray:
        """V: Labute's surface area of each atom."""
        return np.array(rdMolDescriptors._CalcLabuteASAContribs(self.mol, True)[0])

    @cached_property
    def estate(self) -> np.ndarray:
        """V: electrotopological state of each atom (Hall, Mohney and Kier, 1991)."""
        atoms = self.atoms
        shell = 1 + np.searchsorted(_NOBLE, atoms.numbers)
        outer = OUTER_ELECTRONS[atoms.numbers] - atoms.hydrogens
        own = (4 / (shell * shell) * outer + 1) / np.maximum(atoms.degrees, 1)
        own[atoms.degrees == 0] = 0
        steps = self.distances + 1
        pull = np.where(steps < _FAR, (own[:, None] - own) / (steps * steps), 0)
        return own + pull.sum(axis=1)


def capped_molecule(unit: Chem.Mol) -> Chem.Mol:
    """The capped unit alone; a copy of the unit where it cannot be capped."""
    capped, _ = _cap(unit)
    return Chem.Mol(unit) if capped is None else capped


def _cap(unit: Chem.Mol) -> tuple[Chem.Mol | None, bool]:
    """The unit with carbons as ends, None where RDKit cannot sanitise it.

    Also says whether each end hangs on one single bond.
    """
    capped = Chem.RWMol(unit)
    ends = stars_of(capped)
    bonds = [end.GetBonds() for end in ends]
    simple = all(len(own) == 1 and own[0].GetBondType() == _SINGLE_BOND for own in bonds)
    for atom in ends:
        atom.SetAtomicNum(6)
        atom.SetNoImplicit(False)
    try:
        if simple:
            update_beside_single_bonds(capped)
        else:
            Chem.SanitizeMol(capped)
    except Chem.MolSanitizeException:
        # A `*` with many bonds: its descriptors are made with `*`, as far as possible.
        return None, simple
    Chem.AssignStereochemistry(capped, cleanIt=True, force=True, flagPossibleStereoCenters=True)
    return capped, simple


def _recapped(mol: Chem.Mol, atoms: Skeleton) -> Skeleton:
    """The unit's skeleton after capping by single bonds, which changes only a few entries."""
    numbers, hydrogens, masses = (
        column.copy() for column in (atoms.numbers, atoms.hydrogens, atoms.masses)
    )
    for index in np.flatnonzero(atoms.numbers == 0).tolist():
        carbon = mol.GetAtomWithIdx(index)
        numbers[index] = 6
        hydrogens[index] = carbon.GetTotalNumHs()
        masses[index] = carbon.GetMass()
    return atoms._replace(numbers=numbers, hydrogens=hydrogens, masses=masses)
