"""Other groups at one place of a repeat unit."""

import pytest
from rdkit.Chem import Descriptors

from engine.chem.names import named_polymers
from engine.chem.repeat_unit import canonical_unit
from engine.chem.smiles import parse
from engine.chem.variants import places_of, variants_of
from engine.table import load_table
from tests.conftest import TEXTBOOK


def _variants(smiles: str, place: str, everywhere: bool = False) -> dict[str, str]:
    """The canonical units of the variants at a place, by what stands there."""
    places = places_of(smiles)
    (found,) = (each for each in places.places if each.name == place)
    variants = variants_of(places.smiles, found, everywhere)
    return {each.by: canonical_unit(each.smiles) for each in variants}


@pytest.mark.parametrize(
    ("unit", "place", "by", "variant"),
    [
        ("*CC(*)C", "methyl on the backbone", "chlorine", "*CC(*)Cl"),
        ("*CC(*)C", "methyl on the backbone", "nitrile", "*CC(*)C#N"),
        ("*CC(*)C", "methyl on the backbone", "acetoxy", "*CC(*)OC(C)=O"),
        ("*CC(*)C", "hydrogen on CH of the backbone", "methyl", "*CC(*)(C)C"),
        (
            "*CC(*)c1ccccc1",
            "hydrogen on the ring, para",
            "methyl",
            "*CC(*)c1ccc(C)cc1",
        ),
        ("*CC(*)c1ccc(C)cc1", "methyl on the ring, para", "H", "*CC(*)c1ccccc1"),
        ("*CC(*)c1ccccc1", "hydrogen on the ring, ortho", "chlorine", "*CC(*)c1ccccc1Cl"),
        ("*CC(*)c1ccccc1", "phenyl on the backbone", "cyclohexyl", "*CC(*)C1CCCCC1"),
        ("*CC(*)(C)C(=O)OC", "methyl ester on the backbone", "nitrile", "*CC(*)(C)C#N"),
        ("*CC(*)C(=O)OCCCCCC", "n-hexyl on oxygen", "n-butyl", "*CC(*)C(=O)OCCCC"),
        (
            "*OCCOC(=O)c1ccc(C(*)=O)cc1",
            "phenylene",
            "meta-phenylene",
            "*OCCOC(=O)c1cccc(C(*)=O)c1",
        ),
        (
            "*Oc1ccc(C(C)(C)c2ccc(OC(*)=O)cc2)cc1",
            "isopropylidene",
            "C(CF3)2",
            "*Oc1ccc(C(C(F)(F)F)(C(F)(F)F)c2ccc(OC(*)=O)cc2)cc1",
        ),
        ("*Oc1ccc(*)cc1", "ether", "sulfide S", "*Sc1ccc(*)cc1"),
        ("*O[Si](*)(C)C", "ether", "direct bond", "*[Si](*)(C)C"),
        ("*NCCCCCC(*)=O", "amide", "ester C(=O)O", "*OCCCCCC(*)=O"),
        ("*NCCCCCC(*)=O", "hydrogen on nitrogen", "methyl", "*N(C)CCCCCC(*)=O"),
        ("*O[SiH](*)C", "hydrogen on silicon", "methyl", "*O[Si](*)(C)C"),
        ("*C=Cc1ccc(*)cc1", "vinylene", "CH2CH2", "*CCc1ccc(*)cc1"),
        ("*c1ccccc1O*", "phenylene", "para-phenylene", "*c1ccc(O*)cc1"),
        ("*N[C@@H](C)C(*)=O", "methyl on the backbone", "H", "*NCC(*)=O"),
        ("*c1sc(*)cc1CCCCCC", "n-hexyl on the ring", "H", "*c1ccc(*)s1"),
    ],
)
def test_textbook_pairs(unit: str, place: str, by: str, variant: str) -> None:
    assert _variants(unit, place)[by] == canonical_unit(variant)


def test_alike_places_are_one_and_may_be_changed_together() -> None:
    peek = "*Oc1ccc(Oc2ccc(C(=O)c3ccc(*)cc3)cc2)cc1"
    (ether,) = (each for each in places_of(peek).places if each.name == "ether")
    assert len(ether.sites) == 2
    one, both = (_variants(peek, "ether", everywhere) for everywhere in (False, True))
    assert one["sulfide S"] == canonical_unit("*Sc1ccc(Oc2ccc(C(=O)c3ccc(*)cc3)cc2)cc1")
    assert both["sulfide S"] == canonical_unit("*Sc1ccc(Sc2ccc(C(=O)c3ccc(*)cc3)cc2)cc1")
    bisphenol = "*Oc1ccc(C(C)(C)c2ccc(OC(*)=O)cc2)cc1"
    hexafluoro = "*Oc1ccc(C(C(F)(F)F)(C(F)(F)F)c2ccc(OC(*)=O)cc2)cc1"
    changed = _variants(bisphenol, "methyl on the backbone", everywhere=True)["trifluoromethyl"]
    assert changed == canonical_unit(hexafluoro)
    assert _variants("*C(F)(F)C(*)(F)F", "fluorine on the backbone", everywhere=True)[
        "H"
    ] == canonical_unit("*C*")


def test_what_is_not_stable_is_left_out() -> None:
    # Beside the chain's next oxygen: a hemiacetal, a peroxide, an anhydride.
    assert "hydroxyl" not in _variants("*CO*", "hydrogen on CH2 of the backbone")
    assert "ether O" not in _variants("*OCCOC(=O)c1ccc(C(*)=O)cc1", "phenylene")
    assert {"fluorine", "hydroxyl", "nitrile", "amine"}.isdisjoint(
        _variants("*NCCCCCC(*)=O", "hydrogen on nitrogen")
    )
    assert {"ether O", "amine NH", "carbonate OC(=O)O"}.isdisjoint(
        _variants("*O[Si](*)(C)C", "dimethylsilylene")
    )


def test_a_carbonate_is_no_ester_besides() -> None:
    names = [each.name for each in places_of("*Oc1ccc(C(C)(C)c2ccc(OC(*)=O)cc2)cc1").places]
    assert "carbonate" in names
    assert "ester" not in names


@pytest.mark.parametrize("unit", ["CCO", "*CC", "*CC(*)*"])
def test_what_does_not_repeat_has_no_places(unit: str) -> None:
    assert not places_of(unit).places


def test_variants_of_well_known_polymers_differ_and_are_repeat_units() -> None:
    units = [*load_table(TEXTBOOK).canonical, *(each.smiles for each in named_polymers())]
    looked_at = 0
    for unit in units[::150]:
        smiles, places = places_of(unit)
        assert canonical_unit(smiles) == canonical_unit(unit)
        assert places
        for place in places[::2]:
            assert all(parse(smiles).GetAtomWithIdx(atom).GetAtomicNum() for atom in place.alike)
            for everywhere in (False, True):
                variants = variants_of(smiles, place, everywhere)
                polymers = {canonical_unit(each.smiles) for each in variants}
                assert len(polymers) == len(variants)
                assert canonical_unit(unit) not in polymers
                for each in variants:
                    assert each.smiles.count("*") == 2
                    assert not Descriptors.NumRadicalElectrons(parse(each.smiles)), each
                looked_at += len(variants)
    assert looked_at > 100
