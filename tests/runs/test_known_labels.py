"""The measured labels that a model learned, which are shown beside its predictions."""

import shutil
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from rdkit import Chem
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

from engine.base.errors import UserError
from engine.base.workspace import ASSETS
from engine.chem.repeat_unit import canonical_unit
from engine.inference.bundle import read_info
from engine.runs.known_labels import KNOWN_LABELS, KnownLabels, read_known_labels


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the shipped model."""
    return Path(shutil.copytree(ASSETS / "model", tmp_path / "model"))


def test_a_label_is_found_however_its_polymer_is_drawn(copy: Path) -> None:
    known = read_known_labels(copy, read_info(copy))
    drawings = ["*CC(*)c1ccccc1", "*C(C*)c1ccccc1", "*CC(c1ccccc1)CC(*)c1ccccc1"]
    first, *others = [known.of(smiles) for smiles in drawings]
    assert first["Tg"]
    assert others == [first, first]
    assert known.of("*CC(*)c1ccccc1[Fe]") == {}


def test_a_label_says_that_it_does_not_tell_the_stereo_marks_that_are_drawn(copy: Path) -> None:
    known = read_known_labels(copy, read_info(copy))
    for smiles, any_stereo in (("*CC=CC*", False), ("*C/C=C/C*", True), ("*C/C=C\\C*", True)):
        labels = known.of(smiles)["Tg"]
        assert {label.any_stereo for label in labels} == {any_stereo}
        assert labels[0].value == -102.15


def test_a_copy_without_its_labels_is_refused(copy: Path) -> None:
    (copy / KNOWN_LABELS).unlink()
    with pytest.raises(UserError, match=r"known_labels\.csv is missing"):
        read_known_labels(copy, read_info(copy))


def test_labels_that_are_damaged_are_refused(copy: Path) -> None:
    (copy / KNOWN_LABELS).write_text("smiles,value\n")
    with pytest.raises(UserError, match=r"known_labels\.csv"):
        read_known_labels(copy, read_info(copy))


def test_the_nearest_measured_polymers_are_those_of_the_greatest_similarity() -> None:
    units = ["*CC(*)C", "*CC(*)CC", "*CCO*", "*CC(*)c1ccccc1", "*CC(*)c1ccc(C)cc1", "*OCC*"]
    rows = pd.DataFrame(
        {
            "smiles": units,
            "property": ["Tg", "Tg", "Tg", "Tg", "Density", "Tg"],
            "value": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            "reference": "book",
        }
    )
    known = KnownLabels(rows)
    drawn, doubled = "*CC(*)c1ccc(CC)cc1", "*CC(c1ccc(CC)cc1)CC(*)c1ccc(CC)cc1"
    near = known.nearest(drawn, "Tg")
    assert known.nearest(doubled, "Tg") == near
    expected = sorted(
        ((_tanimoto(drawn, unit), unit) for unit in units[:4]), key=lambda each: -each[0]
    )[:3]
    assert [each.smiles for each in near] == [unit for _, unit in expected]
    assert [each.similarity for each in near] == pytest.approx([own for own, _ in expected])
    # Its own polymer is none of its neighbours; the values of both drawings of one are.
    assert "*CC(*)C" not in [each.smiles for each in known.nearest("*C(C)C*", "Tg")]
    (ether,) = (each for each in known.nearest("*CO*", "Tg") if "O" in each.smiles)
    assert sorted(label.value for label in ether.labels) == [3.0, 6.0]
    assert known.nearest(drawn, "FFV") == []


def _tanimoto(one: str, other: str) -> float:
    """Of the environments as they are, before they are folded to a fixed length."""
    morgan = GetMorganGenerator(radius=2)
    a, b = (
        Counter(
            morgan.GetSparseCountFingerprint(
                Chem.MolFromSmiles(canonical_unit(unit))
            ).GetNonzeroElements()
        )
        for unit in (one, other)
    )
    return (a & b).total() / (a | b).total()
