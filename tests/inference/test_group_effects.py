"""Groups of a repeat unit, replaced one at a time."""

from pathlib import Path

import numpy as np
import pytest
from rdkit.Chem import Descriptors

from engine.base.workspace import ASSETS
from engine.chem.names import named_polymers
from engine.chem.repeat_unit import canonical_unit
from engine.chem.replacements import cut_between_carbons, replacements_of
from engine.chem.smiles import parse
from engine.inference.group_effects import group_effects
from engine.inference.predict import Predictor
from engine.table import load_table
from tests.conftest import TEXTBOOK

LINKS = {"ether", "siloxane", "silyl ether", "phosphate", "phosphonate", "phosphazene"}
LINKS |= {"sulfonate", "sulfide", "disulfide"}


@pytest.mark.parametrize(
    ("unit", "replaced"),
    [
        ("*CC(*)C#N", {("nitrile", "H"): "*CC*"}),
        (
            "*CC(*)(C)C(=O)OC",
            {("methyl ester", "H"): "*CC(*)C", ("methyl", "H"): "*CC(*)C(=O)OC"},
        ),
        ("*CC=CC*", {("double bond", "a single bond"): "*CCCC*"}),
        ("*NCCCCCC(*)=O", {("amide", "CH2CH2"): "*C*"}),
        ("*Oc1ccc(*)cc1", {("ether", "CH2"): "*Cc1ccc(*)cc1", ("phenylene", "CH2"): "*CO*"}),
        (
            "*O[Si](*)(C)c1ccccc1",
            {
                ("phenyl", "H"): "*O[SiH](*)C",
                ("methyl", "H"): "*O[SiH](*)c1ccccc1",
                ("siloxane", "CH2"): "*C[Si](*)(C)c1ccccc1",
            },
        ),
        ("*N[C@@H](C)C(*)=O", {("amide", "CH2CH2"): "*CCC(*)C", ("methyl", "H"): "*NCC(*)=O"}),
        ("*CC(*)C=C", {("vinyl", "H"): "*CC*"}),
        ("*CCC*", {}),
    ],
)
def test_each_group_is_replaced_alone(unit: str, replaced: dict) -> None:
    found = {
        (each.group, each.by): each.smiles for each in replacements_of(cut_between_carbons(unit))
    }
    expected = {key: canonical_unit(smiles) for key, smiles in replaced.items()}
    assert {key: canonical_unit(smiles) for key, smiles in found.items()} == expected


@pytest.mark.parametrize(
    ("unit", "names"),
    [
        ("*O[Si](*)(C)C", {"siloxane"}),
        ("*[Si](C)(C)O[Si](C)(C)CC*", {"siloxane"}),
        ("*CCO[Si](C)(C)CC*", {"silyl ether"}),
        ("*CCOP(=O)(OC)OCC*", {"phosphate"}),
        ("*CCOP(=O)(C)OCC*", {"phosphonate"}),
        ("*N=P(*)(OCC)OCC", {"phosphazene"}),
        ("*CCOS(=O)(=O)CC*", {"sulfonate"}),
        ("*CCOCC*", {"ether"}),
        ("*CCSSCC*", {"disulfide"}),
        ("*CCSCC*", {"sulfide"}),
    ],
)
def test_an_oxygen_is_named_by_what_it_links(unit: str, names: set[str]) -> None:
    found = {each.group for each in replacements_of(cut_between_carbons(unit))}
    assert found & LINKS == names


def test_groups_of_well_known_polymers_do_not_overlap_and_leave_repeat_units() -> None:
    units = [*load_table(TEXTBOOK).canonical, *(each.smiles for each in named_polymers())]
    with_groups = 0
    for unit in units:
        whole = cut_between_carbons(unit)
        assert canonical_unit(whole) == canonical_unit(unit)
        found = replacements_of(whole)
        with_groups += bool(found)
        atoms = [atom for each in found for atom in each.atoms]
        assert len(atoms) == len({*atoms})
        assert all(parse(whole).GetAtomWithIdx(atom).GetAtomicNum() for atom in atoms)
        for each in found:
            assert each.smiles.count("*") == 2
            assert not Descriptors.NumRadicalElectrons(parse(each.smiles)), each
    assert with_groups > 0.9 * len(units)


def test_an_effect_is_the_difference_of_two_predictions() -> None:
    predictor = Predictor(Path(ASSETS / "model"))
    found = group_effects(predictor, "*CC(*)(C)C(=O)OC", ["Tg"])
    ester, methyl = found.effects["Tg"]
    units = ["*CC(*)(C)C(=O)OC", "*CC(*)C", "*CC(*)C(=O)OC"]
    predicted = predictor.predict(units)
    whole, without_ester, without_methyl = predicted.blend["Tg"]
    assert (ester.change, methyl.change) == (whole - without_ester, whole - without_methyl)
    assert found.remainders["Tg"] == pytest.approx(whole - ester.change - methyl.change)
    weights = predictor.info.blend["Tg"]
    said = np.array(
        [predicted.members[name]["Tg"][0] - predicted.members[name]["Tg"][1] for name in weights]
    )
    shares = np.array([*weights.values()])
    spread = np.sqrt(np.average((said - np.average(said, weights=shares)) ** 2, weights=shares))
    assert ester.spread == pytest.approx(spread)
