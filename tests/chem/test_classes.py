"""Chemical classes of textbook repeat units: what stands in the main chain, and what beside it."""

import pytest

from engine.chem.classes import CLASSES, OTHER, chemical_classes, heavy_atoms
from engine.chem.smiles import BadSmilesError

TEXTBOOK = {
    "*CC*": "polyolefin",
    "*CCCC*": "polyolefin",
    "*CC(*)C": "polyolefin",
    "*C(C)C*": "polyolefin",
    "*CC(*)(C)C": "polyolefin",
    "*CC(*)CC(C)C": "polyolefin",
    "*C1CC(*)C2CCCC12": "polyolefin",
    "*CC(*)c1ccccc1": "styrenic",
    "*CC(*)(C)c1ccccc1": "styrenic",
    "*CC(*)c1ccc(Cl)cc1": "styrenic chlorinated",
    "*CC(*)C(=O)OC": "acrylic",
    "*CC(*)C(=O)O": "acrylic",
    "*CC(*)(C)C(=O)OC": "methacrylic",
    "*CC(C)(*)C(=O)OCC(F)(F)F": "methacrylic, fluorinated side group",
    "*CC(*)C(N)=O": "acrylamide",
    "*CC(*)Cl": "vinyl chlorinated",
    "*CC(*)(Cl)Cl": "vinyl chlorinated",
    "*CC(*)O": "vinyl",
    "*CC(*)OC(C)=O": "vinyl",
    "*CC(*)C#N": "vinyl",
    "*CC(*)N1CCCC1=O": "vinyl",
    "*CC(*)OC": "vinyl",
    "*CC(*)c1ccccn1": "vinyl",
    "*CC(*)F": "fluoropolymer",
    "*CC(*)(F)F": "fluoropolymer",
    "*C(F)(F)C(*)(F)F": "fluoropolymer",
    "*C(F)(F)C(*)(F)Cl": "fluoropolymer chlorinated",
    "*CC=CC*": "polydiene",
    "*CC(C)=CC*": "polydiene",
    "*CC(Cl)=CC*": "polydiene chlorinated",
    "*CC(*)C=C": "polydiene",
    "*NCCCCCC(*)=O": "polyamide",
    "*NCCCCCCNC(=O)CCCCC(*)=O": "polyamide",
    "*Nc1ccc(NC(=O)c2ccc(C(*)=O)cc2)cc1": "polyamide",
    "*OCCOC(=O)c1ccc(C(*)=O)cc1": "polyester",
    "*OC(C)C(*)=O": "polyester",
    "*OCCCCCC(*)=O": "polyester",
    "*OCC(*)=O": "polyester",
    "*Oc1ccc(C(C)(C)c2ccc(OC(*)=O)cc2)cc1": "polycarbonate",
    "*OCCCCOC(=O)NCCCCCCNC(*)=O": "polyurethane",
    "*NCCCCCCNC(=O)NCCCCNC(*)=O": "polyurea",
    "*C(=O)CCCCC(=O)O*": "polyanhydride",
    "*c1ccc(Oc2ccc(N3C(=O)c4cc5c(cc4C3=O)C(=O)N(*)C5=O)cc2)cc1": "polyimide, polyether",
    "*C1C(=O)N(c2ccccc2)C(=O)C1*": "vinyl",
    "*[Si](*)(C)C": "other silicon",
    "*O[Si](*)(C)C": "polysiloxane",
    "*CC(*)[Si](C)(C)C": "vinyl, other silicon",
    "*OCC*": "polyether",
    "*CO*": "polyether",
    "*OCC(*)C": "polyether",
    "*Oc1c(C)cc(*)cc1C": "polyether",
    "*OCCCC*": "polyether",
    "*Sc1ccc(*)cc1": "polythioether",
    "*CCS*": "polythioether",
    "*Oc1ccc(S(=O)(=O)c2ccc(*)cc2)cc1": "polyether, polysulfone",
    "*Oc1ccc(C(C)(C)c2ccc(Oc3ccc(S(=O)(=O)c4ccc(*)cc4)cc3)cc2)cc1": "polyether, polysulfone",
    "*Oc1ccc(Oc2ccc(C(=O)c3ccc(*)cc3)cc2)cc1": "polyether, polyketone",
    "*CCC(*)=O": "polyketone",
    "*c1cc(CCCCCC)c(*)s1": "polythiophene, conjugated",
    "*C=C*": "conjugated",
    "*c1ccc(C=C*)cc1": "conjugated",
    "*c1ccc(*)cc1": "conjugated",
    "*c1ccc(N*)cc1": "polyamine",
    "*CCN*": "polyamine",
    "*N=P(*)(OC)OC": "polyphosphazene",
    "*OC1C(CO)OC(*)C(O)C1O": "polyether, polysaccharide",
    "*c1ccc(-c2nc3ccc(*)cc3[nH]2)cc1": "polybenzazole, conjugated",
    "*c1ccc(C*)cc1": OTHER,
}


@pytest.mark.parametrize(("smiles", "expected"), TEXTBOOK.items())
def test_textbook_units_are_of_the_class_that_chemists_name(smiles: str, expected: str) -> None:
    names = {name for name in CLASSES if name in _split(expected)}
    assert {*chemical_classes(smiles)} == names


def _split(words: str) -> set[str]:
    """Classes with a comma or a blank between them; two names have blanks of their own."""
    whole = {name for name in CLASSES if " " in name and name in words}
    for name in whole:
        words = words.replace(name, "")
    return whole | {*words.replace(",", " ").split()}


@pytest.mark.parametrize(
    ("one", "other"),
    [("*CC(*)C", "*C(C)C*"), ("*CCO*", "*COC*"), ("*NCCCCCC(*)=O", "*CCCCCNC(*)=O")],
)
def test_the_class_is_the_same_wherever_the_chain_is_cut(one: str, other: str) -> None:
    assert chemical_classes(one) == chemical_classes(other)


@pytest.mark.parametrize("smiles", ["*CC", "CCO", "*CC(*)*", "*CCCC(=*)Cl", "*C*C"])
def test_a_unit_that_makes_no_chain_is_of_no_class(smiles: str) -> None:
    assert chemical_classes(smiles) == (OTHER,)


def test_what_cannot_be_read_is_said() -> None:
    with pytest.raises(BadSmilesError):
        chemical_classes("*C(")


def test_size_counts_neither_hydrogen_nor_ends() -> None:
    assert heavy_atoms("*CC(*)c1ccccc1") == 8
