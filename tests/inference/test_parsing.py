"""A repeat unit is parsed once on its way to a prediction."""

import pytest

from engine.chem import smiles
from engine.inference.predict import Predictor


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that RDKit has parsed since."""
    texts: list[str] = []
    parse = smiles.Chem.MolFromSmiles

    def spy(text: str) -> object:
        texts.append(text)
        return parse(text)

    monkeypatch.setattr(smiles.Chem, "MolFromSmiles", spy)
    smiles.forget()
    return texts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*CC(*)c1ccccc1", ["*CC(*)c1ccccc1"]),
        ("c1ccccc1C([*])C[*]", ["c1ccccc1C([*])C[*]", "*CC(*)c1ccccc1"]),
    ],
)
def test_each_spelling_of_a_unit_is_parsed_once(
    predictor: Predictor, parsed: list[str], text: str, expected: list[str]
) -> None:
    # What the Predict page asks of a text before it is predicted.
    smiles.attachment_points(smiles.parse(text))
    smiles.canonical(text)
    predictor.uncertainty(predictor.predict([text]))
    assert parsed == expected
