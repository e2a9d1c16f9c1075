"""What a repeat unit is made of, in words: elements, charges, bonds, rings, numbers."""

from collections.abc import Iterator
from typing import NamedTuple

from rdkit import Chem

from .smiles import atoms_of, attachment_points, bonds_of, parse, stars_of

_TABLE = Chem.GetPeriodicTable()
_SIGNS = {
    Chem.BondType.SINGLE: "–",
    Chem.BondType.DOUBLE: "=",
    Chem.BondType.TRIPLE: "≡",
    Chem.BondType.DATIVE: "→",
}
_NAMES = ("*", *(_TABLE.GetElementName(number).lower() for number in range(1, 119)))


class Inventory(NamedTuple):
    """What a repeat unit is made of; its `*` count as no atoms.

    Attributes:
        elements: their names, such as `carbon`.
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
    """The inventory of a repeat unit.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    mol = parse(smiles)
    kinds = {
        (
            atom.GetAtomicNum(),
            atom.GetFormalCharge(),
            atom.GetTotalValence(),
            atom.GetNumRadicalElectrons() > 0,
            atom.GetIsotope() > 0,
        )
        for atom in atoms_of(mol)
    }
    elements = [kind for kind in kinds if kind[0]]
    return Inventory(
        elements=frozenset(_NAMES[kind[0]] for kind in elements),
        charges=frozenset(
            f"{_NAMES[kind[0]]} of charge {kind[1]:+d}" for kind in elements if kind[1]
        ),
        valences=frozenset(f"{_NAMES[kind[0]]} of valence {kind[2]}" for kind in elements),
        bonds=frozenset(_bonds(mol)),
        rings=frozenset(map(len, mol.GetRingInfo().AtomRings())),
        unpaired=any(kind[3] for kind in elements),
        isotopes=any(kind[4] for kind in elements),
        stars=attachment_points(mol),
        pieces=len(Chem.GetMolFrags(mol)) if "." in smiles else 1,
        atoms=mol.GetNumHeavyAtoms(),
    )


def _bonds(mol: Chem.Mol) -> Iterator[tuple[str, str, str]]:
    """All bonds between its atoms, and the one at which its ends are joined."""
    for bond in bonds_of(mol):
        yield from _bond(bond.GetBeginAtom(), bond.GetEndAtom(), bond)
    ends = [star.GetBonds() for star in stars_of(mol)]
    if len(ends) == 2 and all(len(own) == 1 for own in ends):
        (one,), (other,) = ends
        if one.GetBondType() == other.GetBondType():
            first, second = (star.GetNeighbors()[0] for star in stars_of(mol))
            yield from _bond(first, second, one)


def _bond(one: Chem.Atom, other: Chem.Atom, bond: Chem.Bond) -> Iterator[tuple[str, str, str]]:
    """How a bond is written; nothing for one to `*` or hydrogen."""
    first, second = sorted((one, other), key=lambda atom: atom.GetSymbol())
    if min(first.GetAtomicNum(), second.GetAtomicNum()) > 1:
        aromatic = bond.GetIsAromatic()
        sign = _SIGNS.get(bond.GetBondType(), "–")
        written = f"{first.GetSymbol()}{'–' if aromatic else sign}{second.GetSymbol()}"
        yield (
            _NAMES[first.GetAtomicNum()],
            _NAMES[second.GetAtomicNum()],
            f"aromatic {written}" if aromatic else written,
        )
