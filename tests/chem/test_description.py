"""Repeat units in words."""

import pytest

from engine.chem.description import described
from engine.chem.names import named_polymers
from engine.chem.smiles import BadSmilesError


@pytest.mark.parametrize(
    ("smiles", "words"),
    [
        (
            "*CC(*)c1ccccc1",
            "Repeat unit of Polystyrene: C8H8, 2 attachment points, 1 ring, with 1 phenyl group.",
        ),
        # Its ends lie within the carbonate.
        (
            "*Oc1ccc(C(C)(C)c2ccc(OC(*)=O)cc2)cc1",
            "Repeat unit of Bisphenol A polycarbonate: C16H14O3, 2 attachment points, 2 rings, "
            "with 1 carbonate group, 2 phenylene groups and 2 methyl groups.",
        ),
        ("*CCCCC(*)C#N", "Repeat unit: C6H9N, 2 attachment points, with 1 nitrile group."),
        ("CCO", "Molecule: C2H6O, 0 attachment points, with 1 hydroxyl group and 1 methyl group."),
    ],
)
def test_a_unit_is_described(smiles: str, words: str) -> None:
    assert described(smiles) == words


def test_every_named_polymer_is_described_by_its_name() -> None:
    for polymer in named_polymers()[::20]:
        assert described(polymer.smiles).startswith(f"Repeat unit of {polymer.name}: ")


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(BadSmilesError):
        described("C(C")
