"""One polymer, drawn in several ways."""

import pytest

from engine.chem.polymers import polymer, polymer_keys


@pytest.mark.parametrize(
    "drawings",
    [
        ["*C*", "*CC*", "*CCCCC*"],
        ["*CC(*)C", "*C(C)C*", "*CC(C)CC(*)C"],
        ["*NCCCCCC(*)=O", "*CCCCCC(=O)N*", "*CCC(=O)NCCC*"],
        ["*c1ccc(*)cc1", "*c1ccc(-c2ccc(*)cc2)cc1"],
        ["*CC=CC*", "*C=CCC*", "*=CCCC=*", "*C/C=C/C*"],
    ],
)
def test_it_is_recognised_in_each_drawing(drawings: list[str]) -> None:
    assert len({polymer(smiles) for smiles in drawings}) == 1


def test_different_polymers_have_different_keys() -> None:
    units = [
        *("*CC*", "*CCO*", "*CO*", "*CC(*)C", "*CC(*)CC", "*CCC(*)C", "*CC(C)C(C)C*"),
        *("*c1ccc(*)cc1", "*c1cccc(*)c1", "*CC(*)(*)C", "CCO", "*C"),
    ]
    assert len({polymer(smiles) for smiles in units}) == len(units)


def test_keys_of_many_units_are_those_of_each() -> None:
    units = ["*CC*", "*CC(*)C", "*C(C)C*", "*CCCC*", "*CCO*", "*CC(*)CC", "*CC(C)C(C)C*"]
    firsts = polymer_keys(units)
    assert firsts == ["*CC*", "*CC(*)C", "*CC(*)C", "*CC*", "*CCO*", "*CC(*)CC", "*CC(C)C(C)C*"]
