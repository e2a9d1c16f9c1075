"""A model as one file, and back."""

from pathlib import Path

import pytest

from engine.base.errors import UserError
from engine.base.manifest import ProvenFiles
from engine.inference.bundle import SHIPPED, read_info
from engine.inference.packing import pack, unpack
from engine.inference.predict import Predictor
from engine.runs import Run

UNITS = ["*CC*", "*CC(*)c1ccccc1", "*OC(=O)c1ccc(C(=O)OCC*)cc1"]


def test_a_model_that_was_packed_and_unpacked_predicts_the_same_bits(
    trained: Run, tmp_path: Path
) -> None:
    pack(trained.bundle, tmp_path / "model.zip")
    with (tmp_path / "model.zip").open("rb") as file:
        unpack(file, "model.zip", tmp_path / "again")
    before, after = Predictor(trained.bundle).predict(UNITS), Predictor(tmp_path / "again")
    assert before.blend.equals(after.predict(UNITS).blend)
    assert after.info == read_info(trained.bundle)


def test_one_model_makes_one_file_bit_for_bit(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    pack(SHIPPED, tmp_path / "first.zip", lambda *step: told.append(step))
    pack(SHIPPED, tmp_path / "second.zip")
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()
    count = len(ProvenFiles.of(SHIPPED).names)
    assert told[-1] == ("packing", count, count)


def test_the_card_travels_with_a_model(tmp_path: Path) -> None:
    pack(SHIPPED, tmp_path / "model.zip")
    with (tmp_path / "model.zip").open("rb") as file:
        files = unpack(file, "model.zip", tmp_path / "again")
    assert {path.name for path in files.folder.iterdir()} == {
        path.name for path in SHIPPED.iterdir()
    }
    for path in SHIPPED.iterdir():
        assert (files.folder / path.name).read_bytes() == path.read_bytes()


def test_what_cannot_be_packed_is_a_sentence_and_leaves_no_file(
    trained: Run, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="holds no model"):
        pack(tmp_path, tmp_path / "model.zip")
    with pytest.raises(UserError, match="cannot be written: No such file"):
        pack(trained.bundle, tmp_path / "nowhere" / "model.zip")
    assert not (tmp_path / "model.zip").exists()
