"""What a repeat unit is made of, in words: elements, charges, bonds, rings, numbers."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from rdkit import Chem

from .composition import is_composition, units_in
from .smiles import atoms_of, attachment_points, parse, stars_of

_TABLE = Chem.GetPeriodicTable()
_SIGNS = {1.5: ":", 2.0: "=", 3.0: "≡"}
"""How a bond is written by its order, unless it is single."""

_NAMES = ("*", *(_TABLE.GetElementName(number).lower() for number in range(1, 119)))


class Inventory(NamedTuple):
    """What a repeat unit is made of; its `*` count as no atoms.

    Attributes:
        elements: the names of those besides hydrogen, such as `carbon`.
        charges: of charged atoms, such as `nitrogen of charge +1`.
        bonds: between atoms besides hydrogen, also where the chain goes on: by the elements' names,
            in order, how a bond is written, such as `("nitrogen", "oxygen", "N=O")`.
        rings: numbers of atoms of its smallest rings.
        valences: sums of bond orders, such as `sulfur of valence 6`.
        unpaired: whether an electron is unpaired, as in radicals.
        isotopes: whether an atom names its isotope.
        stars: how many `*` there are.
        pieces: how many molecules stand side by side.
        atoms: how many atoms there are besides hydrogen.
    """

    elements: frozenset[str]
    charges: frozenset[str]
    valences: frozenset[str]
    bonds: frozenset[tuple[str, str, str]]
    rings: frozenset[int]
    unpaired: bool
    isotopes: bool
    stars: int
    pieces: int
    atoms: int


def inventory(smiles: str) -> Inventory:
    """The inventory of a repeat unit, or of all units of a composition together.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    if is_composition(smiles):
        return _together([inventory(unit) for unit in units_in(smiles)])
    mol = parse(smiles)
    atoms = atoms_of(mol)
    numbers = [atom.GetAtomicNum() for atom in atoms]
    kinds = {
        (
            number,
            atom.GetFormalCharge(),
            atom.GetTotalValence(),
            atom.GetNumRadicalElectrons() > 0,
            atom.GetIsotope() > 0,
        )
        for number, atom in zip(numbers, atoms, strict=True)
    }
    elements = [kind for kind in kinds if kind[0]]
    # Deuterium is an atom of its own to RDKit; that it is an isotope is said below.
    heavy = [kind for kind in elements if kind[0] > 1]
    return Inventory(
        elements=frozenset(_NAMES[kind[0]] for kind in heavy),
        charges=frozenset(
            f"{_NAMES[kind[0]]} of charge {kind[1]:+d}" for kind in elements if kind[1]
        ),
        valences=frozenset(f"{_NAMES[kind[0]]} of valence {kind[2]}" for kind in heavy),
        bonds=_bonds(mol, numbers),
        rings=frozenset(map(len, mol.GetRingInfo().AtomRings())),
        unpaired=any(kind[3] for kind in elements),
        isotopes=any(kind[4] for kind in elements),
        stars=attachment_points(mol),
        pieces=len(Chem.GetMolFrags(mol)) if "." in smiles else 1,
        atoms=mol.GetNumHeavyAtoms(),
    )


def _together(units: Sequence[Inventory]) -> Inventory:
    """What several units hold: all kinds that any has, and the greatest of each number."""
    stars = [unit.stars for unit in units]
    return Inventory(
        elements=frozenset().union(*(unit.elements for unit in units)),
        charges=frozenset().union(*(unit.charges for unit in units)),
        valences=frozenset().union(*(unit.valences for unit in units)),
        bonds=frozenset().union(*(unit.bonds for unit in units)),
        rings=frozenset().union(*(unit.rings for unit in units)),
        unpaired=any(unit.unpaired for unit in units),
        isotopes=any(unit.isotopes for unit in units),
        # The number that is farthest from a chain's two ends.
        stars=max(stars, key=lambda count: abs(count - 2)),
        pieces=max(unit.pieces for unit in units),
        atoms=max(unit.atoms for unit in units),
    )


def _bonds(mol: Chem.Mol, numbers: Sequence[int]) -> frozenset[tuple[str, str, str]]:
    """All kinds of bonds between its atoms, and the one at which its ends are joined.

    Args:
        mol: the unit.
        numbers: of its atoms, the elements'.
    """
    # All at once: a loop over bonds takes as long as all else here.
    orders = Chem.GetAdjacencyMatrix(mol, useBO=True)
    first, last = np.nonzero(orders)
    elements = np.array(numbers)
    kinds = set(
        zip(
            elements[first].tolist(),
            elements[last].tolist(),
            orders[first, last].tolist(),
            strict=True,
        )
    )
    ends = [star.GetBonds() for star in stars_of(mol)]
    if len(ends) == 2 and all(len(own) == 1 for own in ends):
        beside = [own[0].GetOtherAtom(star) for own, star in zip(ends, stars_of(mol), strict=True)]
        orders_of_ends = {own[0].GetBondTypeAsDouble() for own in ends}
        kinds |= {(*(atom.GetAtomicNum() for atom in beside), kind) for kind in orders_of_ends}
    # Bonds to `*` and to hydrogen are no group.
    return frozenset(_named(*kind) for kind in kinds if kind[0] > 1 and kind[1] > 1)


@cache
def _named(one: int, other: int, order: float) -> tuple[str, str, str]:
    """A bond as `Inventory` has it, by the elements' numbers and its order."""
    pair = sorted((one, other), key=_TABLE.GetElementSymbol)
    symbols = map(_TABLE.GetElementSymbol, pair)
    return _NAMES[pair[0]], _NAMES[pair[1]], _SIGNS.get(order, "–").join(symbols)
