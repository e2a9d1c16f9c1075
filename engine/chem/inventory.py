"""What a repeat unit is made of, in words: elements, charges, valences, and how much of each."""

from typing import NamedTuple

from rdkit import Chem

from .smiles import atoms_of, attachment_points, parse

_TABLE = Chem.GetPeriodicTable()
_NAMES = ("*", *(_TABLE.GetElementName(number).lower() for number in range(1, 119)))


class Inventory(NamedTuple):
    """What a repeat unit is made of; its `*` count as no atoms.

    Attributes:
        elements: their names, such as `carbon`.
        charges: of charged atoms, such as `nitrogen of charge +1`.
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
        unpaired=any(kind[3] for kind in elements),
        isotopes=any(kind[4] for kind in elements),
        stars=attachment_points(mol),
        pieces=len(Chem.GetMolFrags(mol)) if "." in smiles else 1,
        atoms=mol.GetNumHeavyAtoms(),
    )
