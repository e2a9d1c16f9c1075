"""Monomers by their names lead to the polymers that they make."""

import csv

import pytest

from engine.candidates.intake import of_lines
from engine.candidates.offers import offers_for
from engine.candidates.rows import Candidate
from engine.chem.finding import find, told
from engine.chem.monomer_names import MONOMERS, named_monomers
from engine.chem.names import find_polymer
from engine.chem.smiles import BadSmilesError, attachment_points, canonical, parse


def test_each_name_leads_to_the_polymer_that_the_list_says() -> None:
    with MONOMERS.open(encoding="utf-8", newline="") as file:
        polymers = {row["name"]: row["polymer"] for row in csv.DictReader(file)}
    assert len(polymers) == len(named_monomers()) >= 100
    for monomer in named_monomers():
        for name in (monomer.name, *monomer.other_names):
            found = find(name)
            assert found.how == ("comonomer's name" if monomer.partner else "monomer's name"), name
            assert polymers[monomer.name] in [unit.name for unit in found.units], name
            assert found.only is None
            assert polymers[monomer.name] in told(found)
        if monomer.partner:
            pair = find(f"{monomer.name} + {monomer.partner}")
            assert pair.how == "monomer"
            assert polymers[monomer.name] in [unit.name for unit in pair.units]


def test_names_are_of_molecules_and_mean_nothing_else() -> None:
    smiles = [monomer.smiles for monomer in named_monomers()]
    assert [canonical(each) for each in smiles] == smiles
    assert len({*smiles}) == len(smiles)
    assert not any(attachment_points(parse(each)) for each in smiles)
    keys = [name for each in named_monomers() for name in (each.name, *each.other_names)]
    assert len({*keys}) == len(keys)
    for name in keys:
        assert find_polymer(name).how in ("near", "nothing"), name
        with pytest.raises(BadSmilesError):
            parse(name)


def test_on_a_list_a_name_is_offered_what_it_makes() -> None:
    lines = of_lines("styrene\nbutadiene\nhydroquinone\nSBR\npolystyrne")
    assert [each.unit for each in lines] == [None] * 5
    assert "*CC(*)c1ccccc1" in lines[0].problem
    candidates = [
        Candidate(n, each.given, None, "", "", "", "", {}, each.problem, 0.0)
        for n, each in enumerate(lines)
    ]
    offers = offers_for(candidates)
    assert [offer.only and offer.only.name for offer in offers] == ["Polystyrene", None, None, None]
    assert len(offers) == 4, "what is only spelled alike is another polymer"
