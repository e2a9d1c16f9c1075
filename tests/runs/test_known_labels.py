"""The measured labels that a model learned, which are shown beside its predictions."""

import shutil
from pathlib import Path

import pytest

from engine.base.errors import UserError
from engine.base.workspace import ASSETS
from engine.inference.bundle import read_info
from engine.runs.known_labels import KNOWN_LABELS, read_known_labels


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
