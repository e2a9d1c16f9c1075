"""What two repeat units do not share."""

import pytest

from engine.chem.difference import differing_atoms
from engine.chem.smiles import parse


@pytest.mark.parametrize(
    ("one", "other", "only_one", "only_other"),
    [
        ("*CC(*)c1ccccc1", "*CC(*)c1ccc(C)cc1", [], ["C"]),
        ("*CC(*)Cl", "*CC(*)F", ["Cl"], ["F"]),
        # An atom of the ring is like the other's; its bonds are not.
        ("*CC(*)c1ccccc1", "*CC(*)C1CCCCC1", ["C"] * 5, ["C"] * 5),
        ("*CC=CC*", "*CC=CC*", [], []),
        ("*C/C=C/C*", "*C/C=C\\C*", [], []),
    ],
)
def test_the_atoms_that_the_other_lacks_are_marked(
    one: str, other: str, only_one: list[str], only_other: list[str]
) -> None:
    found = differing_atoms(one, other)
    named = [
        [parse(unit).GetAtomWithIdx(atom).GetSymbol() for atom in atoms]
        for unit, atoms in zip((one, other), found, strict=True)
    ]
    assert named == [only_one, only_other]
    assert differing_atoms(other, one) == found[::-1]


def test_what_is_left_is_the_same_part_of_both() -> None:
    one, other = "*CC(*)(C)C(=O)OC", "*CC(*)(C)C(=O)OCc1ccccc1"
    mols = parse(one), parse(other)
    kept = [
        {*range(mol.GetNumAtoms())}.difference(atoms)
        for mol, atoms in zip(mols, differing_atoms(one, other), strict=True)
    ]
    elements = [
        sorted(mol.GetAtomWithIdx(atom).GetSymbol() for atom in atoms)
        for mol, atoms in zip(mols, kept, strict=True)
    ]
    assert elements[0] == elements[1]
    # All of the smaller unit lies in the larger one.
    assert len(kept[0]) == mols[0].GetNumAtoms()
