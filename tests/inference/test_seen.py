"""What the training units are made of, and what of another unit none of them has."""

import pytest

from engine.chem.inventory import inventory
from engine.inference.seen import Seen, lacks_atoms

TRAINED = ["*CC(*)c1ccccc1", "*CCO*", "*CC(*)C(=O)N"]


@pytest.mark.parametrize(
    ("unit", "new", "lacks"),
    [
        ("*CC(*)C", [], False),
        ("*CCOCC(*)C", [], False),
        ("*CC(*)[Fe]", ["iron"], True),
        ("*CC(*)C[NH3+]", ["nitrogen of charge +1", "nitrogen of valence 4"], True),
        ("*CC(*)C#N", ["a bond C≡N"], False),
        ("*CC(*)c1ccncc1", ["a bond C:N (aromatic)"], False),
        ("*CC(*)C1CC1", ["a ring of 3 atoms"], False),
        # The bond at which the chain goes on counts too.
        ("*OCCO*", ["a bond O–O"], False),
        ("*CC(*)C*", ["3 attachment points (*)"], True),
        ("*CC(*)[CH2]", ["carbon of valence 3", "an unpaired electron"], True),
        # A short drawing says how a chain was cut, and not what it is.
        ("*CC*", [], False),
        ("*CC(*)CCCCCCCCCC", ["as many as 12 atoms besides hydrogen"], False),
    ],
)
def test_what_no_training_unit_has_is_told_in_words(unit: str, new: list[str], lacks: bool) -> None:
    seen = Seen.of([inventory(text) for text in TRAINED])
    found = seen.unseen(inventory(unit))
    assert found == new
    assert any(map(lacks_atoms, found)) == lacks


def test_every_unit_has_what_it_is_made_of() -> None:
    for text in TRAINED:
        assert Seen.of([inventory(text)]).unseen(inventory(text)) == []


def test_a_bond_is_the_same_however_the_unit_is_drawn() -> None:
    drawings = ["*CCO*", "*COC*", "*OCC*", "*CCOCCO*"]
    assert len({inventory(text).bonds for text in drawings}) == 1
