"""Monomers lead to the repeat units that textbooks give."""

import pytest
from rdkit import Chem

from engine.chem.finding import find, told
from engine.chem.monomers import units_of_monomer, units_of_monomers
from engine.chem.repeat_unit import canonical_unit

ONE = {
    "C=C": "*CC*",
    "C=Cc1ccccc1": "*CC(*)c1ccccc1",
    "C=C(C)C(=O)OC": "*CC(*)(C)C(=O)OC",
    "C=CC#N": "*CC(*)C#N",
    "C=CCl": "*CC(*)Cl",
    "FC(F)=C(F)F": "*C(F)(F)C(*)(F)F",
    "C=CC=C": "*CC=CC*",
    "C=C(C)C=C": "*CC(C)=CC*",
    "C=C(Cl)C=C": "*CC(Cl)=CC*",
    "C1CO1": "*CCO*",
    "CC1CO1": "*CC(C)O*",
    "C1CCOC1": "*CCCCO*",
    "O=C1CCCCCO1": "*CCCCCC(=O)O*",
    "CC1OC(=O)C(C)OC1=O": "*C(C)C(=O)O*",
    "O=C1CCCCCN1": "*NCCCCCC(*)=O",
    "O=C1COC(=O)CO1": "*CC(=O)O*",
    "O=C1OCCCO1": "*CCCOC(=O)O*",
    "C[Si]1(C)O[Si](C)(C)O[Si](C)(C)O[Si](C)(C)O1": "*O[Si](*)(C)C",
    "O=C1CCCN1": "*NCCCC(*)=O",
    "C1=CC2CCC1C2": "*C=CC1CCC(*)C1",
    "C1=CCCC1": "*C=CCCC*",
    "C1=CCCCCCC1": "*C=CCCCCCC*",
    "C#C": "*C=C*",
    "C#Cc1ccccc1": "*C=C(*)c1ccccc1",
    "CC(O)C(=O)O": "*OC(C)C(*)=O",
    "NCCCCCC(=O)O": "*NCCCCCC(*)=O",
    "NCCCCCCCCCCC(=O)O": "*NCCCCCCCCCCC(*)=O",
    "c1ccsc1": "*c1ccc(*)s1",
    "c1cc[nH]c1": "*c1ccc(*)[nH]1",
    "CCCCCCc1ccsc1": "*c1cc(CCCCCC)c(*)s1",
    "C1OCOCO1": "*CO*",
    "CC1=NCCO1": "*CCN(*)C(C)=O",
    "CCC1=NCCO1": "*CCN(*)C(=O)CC",
    "C1CN1": "*CCN*",
    "C1CS1": "*CCS*",
    "O=C1OC(=O)C(C)N1": "*NC(C)C(*)=O",
    "O=C1C=CC(=O)O1": "*C1C(*)C(=O)OC1=O",
    "ClCC1CO1": "*CC(CCl)O*",
    "C1COCO1": "*CCOCO*",
    "C1COC1": "*CCCO*",
    "O=C1CCO1": "*CCC(=O)O*",
    "C=CN1CCCC1=O": "*CC(*)N1CCCC1=O",
    "C=CC(=O)O": "*CC(*)C(=O)O",
    "C=CC(N)=O": "*CC(*)C(N)=O",
    "O=C1CCCCCCCCCCCN1": "*NCCCCCCCCCCCC(*)=O",
    "O=C(O)c1ccc(O)cc1": "*Oc1ccc(C(*)=O)cc1",
    "C1=C2OCCOC2=CS1": "*c1sc(*)c2OCCOc12",
    "C=C(F)F": "*CC(*)(F)F",
    "C=O": "*CO*",
    # Aromatic to RDKit, and a double bond to whoever polymerises it.
    "O=c1occo1": "*C1OC(=O)OC1*",
    "O=C1OC=CO1": "*C1OC(=O)OC1*",
    "Cc1coc(=O)o1": "*C1OC(=O)OC1(*)C",
}
TWO = {
    ("O=C(O)c1ccc(C(=O)O)cc1", "OCCO"): "*CCOC(=O)c1ccc(C(=O)O*)cc1",
    ("O=C(O)CCCCC(=O)O", "NCCCCCCN"): "*NCCCCCCNC(=O)CCCCC(*)=O",
    ("O=C=Nc1ccc(Cc2ccc(N=C=O)cc2)cc1", "OCCCCO"): "MDI-BDO",
    (
        "O=C1OC(=O)c2cc3C(=O)OC(=O)c3cc12",
        "Nc1ccc(Oc2ccc(N)cc2)cc1",
    ): "Kapton",
    ("CC(C)(c1ccc(O)cc1)c1ccc(O)cc1", "O=C(Cl)Cl"): "Makrolon",
    (
        "CC(C)(c1ccc(O)cc1)c1ccc(O)cc1",
        "O=C(Oc1ccccc1)Oc1ccccc1",
    ): "Makrolon",
    (
        "CC(C)(c1ccc(O)cc1)c1ccc(O)cc1",
        "O=S(=O)(c1ccc(Cl)cc1)c1ccc(Cl)cc1",
    ): "polysulfone",
    ("Oc1ccc(O)cc1", "O=C(c1ccc(F)cc1)c1ccc(F)cc1"): "*Oc1ccc(Oc2ccc(C(=O)c3ccc(*)cc3)cc2)cc1",
    ("O=C(Cl)c1ccc(C(=O)Cl)cc1", "Nc1ccc(N)cc1"): "*Nc1ccc(NC(=O)c2ccc(C(*)=O)cc2)cc1",
    ("COC(=O)c1ccc(C(=O)OC)cc1", "OCCCCO"): "*CCCCOC(=O)c1ccc(C(=O)O*)cc1",
    ("O=C=NCCCCCCN=C=O", "NCCCCCCN"): "*NCCCCCCNC(*)=O",
    ("O=C(O)CCC(=O)O", "OCCCCO"): "*CCCCOC(=O)CCC(=O)O*",
}
"""By SMILES or name of the polymer; after Odian, Principles of Polymerization."""
SEVERAL = {
    "C=CC=C": {"*CC=CC*", "*CC(*)C=C"},
    "C=C(C)C=C": {"*CC=C(C)C*", "*CC(*)(C)C=C", "*CC(*)C(C)=C"},
    "C=C1CCOC1=O": {"*CC1(*)CCOC1=O", "*OCCC(=C)C(*)=O"},
    "C1=CC2CCC1C2": {"*C=CC1CCC(*)C1", "*C1C2CCC(C2)C1*"},
    "C1=CCCC1": {"*C=CCCC*", "*C1CCCC1*"},
}


@pytest.mark.parametrize(("monomer", "unit"), ONE.items())
def test_one_monomer_makes_its_unit(monomer: str, unit: str) -> None:
    made = [each.smiles for each in units_of_monomer(monomer)]
    assert canonical_unit(unit) in made
    assert len(made) == len({*made})


@pytest.mark.parametrize(("monomers", "unit"), TWO.items())
def test_two_monomers_make_their_unit_in_any_order(monomers: tuple[str, str], unit: str) -> None:
    for one, other in (monomers, monomers[::-1]):
        made = [each.smiles for each in units_of_monomers(one, other)]
        polymer = find(unit).only
        assert polymer is not None
        assert made == [canonical_unit(polymer.smiles)]


@pytest.mark.parametrize(("monomer", "units"), SEVERAL.items())
def test_what_can_grow_in_several_ways_has_a_unit_for_each(monomer: str, units: set[str]) -> None:
    expected = {canonical_unit(unit) for unit in units}
    assert {each.smiles for each in units_of_monomer(monomer)} == expected


def test_most_monomers_make_one_unit_alone() -> None:
    made = {monomer: units_of_monomer(monomer) for monomer in ONE}
    assert sum(len(units) == 1 for units in made.values()) >= 40


@pytest.mark.parametrize(
    "smiles",
    [
        *("CCO", "c1ccccc1", "CC(=O)O", "O", "C1CCCCC1", "NCCN", "OCCO", "CC(C)=O", "C1CCOCC1"),
        *("O=C(O)c1ccccc1", "O=C1CCCCC1", "C1=CCCCC1", "CC#N", "[Na+].[Cl-]", "C1COCCO1"),
    ],
)
def test_what_is_no_monomer_makes_nothing(smiles: str) -> None:
    assert units_of_monomer(smiles) == []
    assert find(smiles).how == "molecule"
    assert "no rule makes a polymer" in told(find(smiles))


@pytest.mark.parametrize(
    "pair", [("OCCO", "NCCN"), ("OCCO", "O=C(O)c1ccccc1"), ("CCO", "CC(=O)O"), ("O", "O")]
)
def test_what_does_not_react_twice_makes_nothing(pair: tuple[str, str]) -> None:
    assert units_of_monomers(*pair) == []


def test_the_reaction_does_not_depend_on_the_order() -> None:
    bisphenol, diamine, phosgene = "CC(C)(c1ccc(O)cc1)c1ccc(O)cc1", "NCCCCCCN", "O=C(Cl)Cl"
    for one, words in ((bisphenol, "polycarbonate"), (diamine, "polyurea")):
        for pair in ((one, phosgene), (phosgene, one)):
            (made,) = units_of_monomers(*pair)
            assert made.reaction.endswith(words)


def test_however_a_chiral_monomer_is_spelled_it_makes_one_unit() -> None:
    for smiles in ("C[C@@H]1CO1", "C[C@H](N)CN"):
        mol = Chem.MolFromSmiles(smiles)
        made = {
            tuple(
                units_of_monomer(spelled)
                or units_of_monomers(spelled, "O=C1OC(=O)c2cc3C(=O)OC(=O)c3cc12")
            )
            for spelled in (Chem.MolToSmiles(mol, doRandom=True) for _ in range(20))
        }
        assert len(made) == 1
        assert len(made.pop()) == 1


@pytest.mark.parametrize("text", ["*C", "C*", "*C*C*"])
def test_what_has_not_two_attachment_points_is_no_repeat_unit(text: str) -> None:
    found = find(text)
    assert (found.how, found.only) == ("molecule", None)
    assert "two attachment points" in told(found)


@pytest.mark.parametrize(
    ("text", "units"),
    [
        # As in vinyl polymers, and at the far end.
        ("*CC", ["*CC*"]),
        ("*CCO", ["*CC(*)O", "*CCO*"]),
        ("*CC(C)C(=O)OC", ["*CC(*)(C)C(=O)OC", "*CC(C)C(=O)OC*"]),
        ("*c1ccccc1", ["*c1ccc(*)cc1"]),
        ("*CC(*)C(*)=O", ["*CC(*)C=O", "*CCC(*)=O", "*C(C)C(*)=O"]),
        ("*CC(*)(*)C", ["*CC(*)C", "*C(*)(C)C"]),
        ("*", []),
        ("*Cl", []),
        ("*C(*)(*)(*)*", []),
    ],
)
def test_another_number_of_attachment_points_is_mended_where_chemistry_gives_a_way(
    text: str, units: list[str]
) -> None:
    found = find(text)
    assert found.only is None
    assert {canonical_unit(each.smiles) for each in found.units} == {*map(canonical_unit, units)}
    if units:
        assert canonical_unit(found.units[0].smiles) == canonical_unit(units[0])
        assert found.units[0].name or found.units[0].smiles in told(found)
        assert all(each.reaction for each in found.units)


def test_a_monomer_is_found_with_the_names_of_what_it_makes() -> None:
    found = find("C=Cc1ccccc1")
    assert (found.how, found.only) == ("monomer", None)
    assert found.units[0][:2] == ("*CC(*)c1ccccc1", "Polystyrene")
    assert told(found) == "“C=Cc1ccccc1” is a monomer of Polystyrene."
    for text in ("OCCO + O=C(O)c1ccc(C(=O)O)cc1", "OCCO.O=C(O)c1ccc(C(=O)O)cc1"):
        pair = find(text)
        assert pair.units[0].name == "Poly(ethylene terephthalate)"
        assert "two monomers" in told(pair)
    assert find("*CCCC*").only is not None
    assert find("*CCCC*").units[0].name == "Polyethylene"
    assert find("*C(").how == "nothing"
