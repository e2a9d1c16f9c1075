"""One polymer has one canonical repeat unit, however it is drawn."""

import random
from pathlib import Path

import pandas as pd
import pytest
from rdkit import Chem

from engine.chem.repeat_unit import canonical_unit, repeated, repeats
from engine.chem.smiles import canonical, parse, without_stereo
from tests.conftest import TEXTBOOK
from tests.drawings import drawings_of


@pytest.mark.parametrize(
    "drawings",
    [
        ["*C*", "*CC*", "*CCCC*", "*CCCCC*"],
        ["*CC(*)C", "*C(C)C*", "*CC(C)CC(*)C", "[*:2]C(C)C[*:1]"],
        ["*OCC*", "*COC*", "*CCO*", "*CCOCCO*"],
        ["*NCCCCCC(*)=O", "*CCCCCC(=O)N*", "*CCC(=O)NCCC*"],
        ["*c1ccc(*)cc1", "*c1ccc(-c2ccc(*)cc2)cc1"],
        ["*CC=CC*", "*C=CCC*", "*=CCCC=*", "*=CCCC=CCCC=*"],
        ["*C=C*", "*=CC=*", "*=CC=CC=*"],
        ["*=NO/N=C/CC=*", "*=NO/N=C/CC=NO/N=C/CC=*", "*/C=N/ON=CC*"],
        ["*C1CCC(*)CC1", "*C1CCC(C2CCC(*)CC2)CC1"],
    ],
)
def test_all_drawings_of_a_polymer_lead_to_it(drawings: list[str]) -> None:
    (unit,) = {canonical_unit(smiles) for smiles in drawings}
    assert canonical_unit(unit) == unit


@pytest.mark.parametrize(
    "drawings",
    [
        ["*C/C=C/C*", "*/C=C/CC*", "*/C=C/CC/C=C/CC*"],
        ["*C/C=C\\C*", "*/C=C\\CC*", "*C/C=C\\CC/C=C\\C*"],
        ["*O[C@@H](C)C(*)=O", "*C(=O)[C@H](C)O*", "*C(=O)O[C@H](*)C"],
        ["*C[C@H](C)O*", "*[C@H](C)OC*", "*OC[C@@H](*)C", "*OC[C@H](C)OC[C@@H](*)C"],
        ["*C[C@H](C)OC[C@@H](C)O*", "*[C@H](C)OC[C@@H](C)OC*"],
        # The chain is the same on both sides of the marked atom.
        ["*C[C@H](C)C*", "*CC[C@@H](*)C", "*CCC(*)C"],
        ["*CC(=CC)C*", "*CCC(*)=CC", "*CC/C(*)=C/C"],
        # Cis and trans along a ring are kept.
        ["*O[C@H]1CC[C@@H](O*)CC1", "*OO[C@@H]1CC[C@H](*)CC1"],
    ],
)
def test_all_drawings_with_stereo_marks_lead_to_one_unit(drawings: list[str]) -> None:
    assert len({canonical_unit(smiles) for smiles in drawings}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("*C/C=C/C*", "*C/C=C\\C*"),
        ("*O[C@@H](C)C(*)=O", "*O[C@H](C)C(*)=O"),
        ("*O[C@H]1CC[C@@H](O*)CC1", "*O[C@H]1CC[C@H](O*)CC1"),
        ("*C[C@H](C)OC[C@H](C)O*", "*C[C@H](C)OC[C@@H](C)O*"),
        ("*CC(*)C", "*CCC(*)C"),
        ("*CC(*)C", "*CC(C)C(C)C*"),
        ("*c1ccc(*)cc1", "*c1cccc(*)c1"),
        ("*CCO*", "*CO*"),
    ],
)
def test_different_polymers_have_different_units(one: str, other: str) -> None:
    assert canonical_unit(one) != canonical_unit(other)


@pytest.mark.parametrize(
    "unit",
    [
        *("*C", "CCO", "*CC(*)(*)C", "*CC1(*)CC(*)(*)C1", "*CC=*", "*.CC*", "*C[*]C"),
        "*C[P@TB5](F)(Cl)(Br)O*",
    ],
)
def test_what_is_no_chain_of_copies_keeps_its_form(unit: str) -> None:
    assert canonical_unit(unit) == canonical(unit)


def test_frames_doublings_and_orders_of_textbook_polymers_lead_to_one_unit() -> None:
    _demand_one_unit_each(pd.read_csv(TEXTBOOK)["SMILES"])


def test_frames_doublings_and_orders_of_real_units_lead_to_one_unit(real_train: Path) -> None:
    units = pd.read_csv(real_train)["SMILES"]
    _demand_one_unit_each(units.sample(500, random_state=0))


def test_doublings_and_orders_of_real_units_with_stereo_marks_lead_to_one_unit(
    real_train: Path,
) -> None:
    units = pd.read_csv(real_train)["SMILES"]
    marked = units[units.str.contains(r"[@/\\]")]
    assert len(marked) > 200
    for smiles in marked.sample(100, random_state=0):
        drawn = parse(smiles)
        for other in (drawn, repeated(drawn, 2)) if repeats(drawn) else (drawn,):
            written = Chem.MolToSmiles(other, doRandom=True)
            assert canonical_unit(written) == canonical_unit(smiles), (smiles, written)


def _demand_one_unit_each(units: pd.Series) -> None:
    chance = random.Random(0)
    for smiles in units:
        flat = without_stereo(smiles)
        unit = canonical_unit(flat)
        for drawing in drawings_of(flat, chance):
            assert canonical_unit(drawing) == unit, (smiles, drawing)
