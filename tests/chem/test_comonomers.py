"""Copolymers by their names, and compositions of monomers: what is offered for them."""

import pytest

from engine.chem.comonomers import explained, units_made_of, with_units_made
from engine.chem.copolymer_names import copolymer_named
from engine.chem.finding import find, told
from engine.chem.listed_units import with_polymers_drawn
from engine.chem.smiles import BadSmilesError, canonical

STYRENE, METHACRYLATE = "*CC(*)c1ccccc1", "*CC(*)(C)C(=O)OC"
PAIR = f"{STYRENE}|{METHACRYLATE}|0.5|0.5"
BUTADIENE = f"{STYRENE}|*CC=CC*|0.5|0.5"


@pytest.mark.parametrize(
    ("text", "composition"),
    [
        ("poly(styrene-co-methyl methacrylate)", PAIR),
        ("Poly[styrene-co-(methyl methacrylate)]", PAIR),
        ("poly(styrene-stat-methyl methacrylate)", f"{PAIR}|random"),
        ("poly(styrene-ran-methyl methacrylate)", f"{PAIR}|random"),
        ("poly(styrene-alt-methyl methacrylate)", f"{PAIR}|alternating"),
        ("poly(styrene-block-methyl methacrylate)", f"{PAIR}|block"),
        ("poly(styrene-b-methyl methacrylate)", f"{PAIR}|block"),
        ("poly(styrene-graft-methyl methacrylate)", f"{PAIR}|graft"),
        ("poly(styrene-g-methyl methacrylate)", f"{PAIR}|graft"),
        ("polystyrene-block-poly(methyl methacrylate)", f"{PAIR}|block"),
        ("PS-b-PMMA", f"{PAIR}|block"),
        ("poly(styrene-co-butadiene)", BUTADIENE),
        ("SBR", BUTADIENE),
        ("SBS", f"{BUTADIENE}|block"),
        ("PS-r-PMMA", f"{PAIR}|random"),
        ("poly(styrene-grad-methyl methacrylate)", f"{PAIR}|random"),
        ("P(S-co-MMA)", PAIR),
        ("poly(S-stat-MMA)", f"{PAIR}|random"),
        ("PS-co-PS", STYRENE),
        (
            "poly(styrene-b-butadiene-b-styrene)",
            f"{STYRENE}|*CC=CC*|0.666667|0.333333|block",
        ),
        (
            "poly(styrene-alt-ethylene-co-butadiene)",
            f"{STYRENE}|*CC*|*CC=CC*|0.333333|0.333333|0.333333",
        ),
    ],
)
def test_a_copolymers_name_is_offered_with_equal_parts(text: str, composition: str) -> None:
    found = find(text)
    assert (found.how, found.only) == ("copolymer", None)
    assert found.compositions[0].smiles == composition
    assert found.offers[0] == found.compositions[0]
    assert found.units[0].smiles == STYRENE
    assert canonical(composition)
    assert f"is not said; with equal parts it is {composition}" in told(found)
    assert "Polystyrene" in found.compositions[0].name


@pytest.mark.parametrize(
    "text",
    [
        "poly(styrene-co-unobtainium)",
        "poly(styrene)",
        "PS-b-",
        "-b-PS",
        "poly(-co-)",
        "a-b-c",
        "poly(styrene-co-isoprene",
        "poly)styrene-co-isoprene(",
        f"poly({'styrene-co-' * 9}styrene)",
    ],
)
def test_a_name_with_an_unknown_part_is_none_of_a_copolymer(text: str) -> None:
    assert copolymer_named(text) is None
    assert not find(text).compositions


def test_a_copolymer_with_a_unit_of_its_own_keeps_that() -> None:
    assert find("poly(styrene-alt-maleic anhydride)").how == "name"


@pytest.mark.parametrize(
    ("text", "compositions"),
    [
        ("C=CC(=O)OC|C=Cc1ccccc1|0.5|0.5", [f"*CC(*)C(=O)OC|{STYRENE}|0.5|0.5"]),
        ("*CC*|C=Cc1ccccc1|0.25|0.75|block", [f"*CC*|{STYRENE}|0.25|0.75|block"]),
        ("styrene|methyl methacrylate|0.5|0.5", [PAIR]),
        ("styrene|PMMA|1|1", [PAIR]),
        ("C=Cc1ccccc1|*CC*|0.5", [f"{STYRENE}|*CC*|0.5|0.5"]),
        ("*CC*|C=CC=C|0.5|0.5", ["*CC*|*CC=CC*|0.5|0.5", "*CC*|*CC(*)C=C|0.5|0.5"]),
    ],
)
def test_monomers_of_a_composition_are_offered_as_units(text: str, compositions: list) -> None:
    found = find(text)
    assert (found.how, found.units) == ("composition of monomers", ())
    assert [each.smiles for each in found.compositions] == compositions
    assert all(each in told(found) for each in compositions)
    assert "addition" in found.compositions[0].reaction


@pytest.mark.parametrize("text", ["*CC*|CCO|0.5|0.5", "CCO|C=C|0.5|0.5", "*CC*|C=C|0.5|0.2|0.3"])
def test_what_is_no_monomer_is_offered_nothing(text: str) -> None:
    found = find(text)
    assert (found.how, found.offers) == ("nothing", ())
    assert "no composition that can be read" in told(found)


def test_the_reason_says_what_a_monomer_makes() -> None:
    for unit, words in [
        ("C=Cc1ccccc1", f"as a monomer it makes {STYRENE} (addition to a C=C bond)"),
        ("C=CC=C", "it makes one of *CC=CC* (1,4-addition of a diene) or *CC(*)C=C"),
        ("CCO", "a salt, a solvent or a filler is a condition"),
    ]:
        with pytest.raises(BadSmilesError) as raised:
            canonical(f"*CC*|{unit}|0.5|0.5")
        assert words in explained(raised.value)
        assert f"its unit “{unit}” has no `*`" in explained(raised.value)


def test_only_what_a_monomer_makes_alone_is_put_in_its_place() -> None:
    assert with_units_made("C=Cc1ccccc1") == STYRENE
    assert with_units_made("C=Cc1ccccc1|C=C|1|3|alt") == f"{STYRENE}|*CC*|0.25|0.75|alternating"
    assert with_units_made("C=Cc1ccccc1|*CC*|0|1") == f"{STYRENE}|*CC*|0|1"
    for text in ("C=CC=C", "*CC*", "CCO", "", "*CC*|C=CC=C|0.5|0.5", "C=C|C=C|0.5|0.9", "xyz|0.5"):
        assert with_units_made(text) == text
    assert units_made_of("PMMA") == units_made_of("adipic acid") == ()


def test_names_in_a_composition_are_drawn() -> None:
    assert with_polymers_drawn("polystyrene|PMMA|1|1") == PAIR
    assert with_polymers_drawn("PS|PMMA|1|0|block") == f"{STYRENE}|{METHACRYLATE}|1|0|block"
    for text in ("*CC*|*CO*|0.5|0.5", "unobtainium|0.5", "styrene", "*CC*"):
        assert with_polymers_drawn(text) == text
