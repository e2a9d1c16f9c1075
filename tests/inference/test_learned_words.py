"""What a model was told of all its training rows, kept in files, frames, lists and calls."""

import io
from pathlib import Path

import pandas as pd
import pytest

from engine.api import load
from engine.base.errors import UserError
from engine.commands import main
from engine.inference.learned_architecture import with_learned_architecture
from engine.inference.predict import Predictor
from engine.inference.predicted_tables import predict_file
from engine.service.answering import predict
from tests.bundles import copied, redescribe
from tests.three_units import ACETATE, STYRENE

TEXT = f"{STYRENE}|{ACETATE}|0.5|0.5"
ROW = ("smiles_A,smiles_B,frac_A", f"{STYRENE},{ACETATE},0.5")


def remembering(bundle: Path, target: Path, smiles: str, **others: object) -> Path:
    """A copy of a model that remembers other columns of its training table."""
    known = {"units": [], "fractions": [], "architecture": "", **others}
    copied(bundle, target)
    columns = {"smiles": smiles, "others": known, "whole": "one"}
    redescribe(target, {"polymer_columns": columns})
    return target


@pytest.fixture
def of_blocks(copolymer_bundle: Path, tmp_path: Path) -> Path:
    """A model whose training rows are said to have been blocks."""
    return remembering(copolymer_bundle, tmp_path / "blocks", "polymer", one_architecture="block")


def test_a_text_that_says_none_is_read_as_what_was_learned(
    of_blocks: Path, copolymer_bundle: Path, tmp_path: Path
) -> None:
    model, other = load(of_blocks), load(copolymer_bundle)
    block = other.predict([f"{TEXT}|block"])["Tg"][0]
    assert other.predict([TEXT])["Tg"][0] != block
    values = {"list": model.predict([TEXT])["Tg"][0]}
    head, row = ROW
    frame = pd.DataFrame([row.split(",")], columns=head.split(","))
    values["frame"] = model.predict(frame)["Tg"][0]
    for name, lines in {"columns": ROW, "texts": ("SMILES", TEXT)}.items():
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join(lines), encoding="utf-8")
        out = io.StringIO()
        predict_file(Predictor(of_blocks), path, out)
        values[name] = pd.read_csv(io.StringIO(out.getvalue()))["Tg"][0]
    assert values == pytest.approx(dict.fromkeys(values, block), abs=1e-9)
    random = other.predict([f"{TEXT}|random"])["Tg"][0]
    assert model.predict([f"{TEXT}|random"])["Tg"][0] == random


def test_the_service_and_the_command_say_so(
    of_blocks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (answer,) = predict(str(of_blocks), 0, (), None, (), "refuse", [TEXT])
    assert answer["repeat_unit"].endswith("|block")
    expected = load(of_blocks).predict([f"{TEXT}|block"])["Tg"][0]
    assert answer["properties"]["Tg"]["value"] == expected
    assert main(["predict", str(of_blocks), TEXT]) == 0
    assert "it is taken to be block, as all copolymers" in capsys.readouterr().err
    for text in (f"{TEXT}|random", STYRENE):
        assert main(["predict", str(of_blocks), text]) == 0
        assert "taken to be" not in capsys.readouterr().err


def test_many_rows_are_predicted_as_few(of_blocks: Path, tmp_path: Path) -> None:
    texts = [f"{STYRENE}|{ACETATE}|{n}|{500 - n}" for n in range(1, 401)]
    pd.DataFrame({"SMILES": texts}).to_csv(tmp_path / "many.csv", index=False)
    out = io.StringIO()
    predict_file(Predictor(of_blocks), tmp_path / "many.csv", out)
    values = pd.read_csv(io.StringIO(out.getvalue()))["Tg"]
    expected = load(of_blocks).predict([f"{text}|block" for text in texts[::40]])["Tg"]
    assert values[::40].tolist() == pytest.approx(expected.tolist(), rel=1e-6)


def test_other_texts_stay(of_blocks: Path, copolymer_bundle: Path) -> None:
    texts = [STYRENE, f"{TEXT}|random", f"{STYRENE}|{STYRENE}|1|1", "x|y|z", f"{TEXT}|3"]
    info = Predictor(of_blocks).info
    assert [*with_learned_architecture(info, texts)] == texts
    unsaid = [TEXT]
    assert with_learned_architecture(Predictor(copolymer_bundle).info, unsaid) is unsaid


def test_a_frame_is_read_as_a_file(copolymer_bundle: Path, tmp_path: Path) -> None:
    head, _ = ROW
    said = {"units": ["smiles_B"], "fractions": ["frac_A"], "basis": "weight"}
    model = load(remembering(copolymer_bundle, tmp_path / "weight", "smiles_A", **said))
    by_mole = load(copolymer_bundle)
    rows = [(STYRENE, ACETATE, 0.5), (STYRENE, "PVAc", 0.5), (STYRENE, None, None)]
    frame = pd.DataFrame(rows, columns=head.split(","))
    told = model.predict(frame)["Tg"]
    expected = by_mole.predict(frame.assign(basis="weight"))["Tg"]
    assert told.tolist() == expected.tolist()
    assert told[0] == told[1] != by_mole.predict(frame)["Tg"][0]
    # The file's word goes before, and a bad cell changes nothing.
    assert model.predict(frame.assign(basis="mole"))["Tg"][0] == by_mole.predict(frame)["Tg"][0]
    assert model.predict(frame[2:])["Tg"].tolist() == [told[2]]
    assert model.predict(frame[:0]).empty
    with pytest.raises(UserError, match=r"“frac_A” has 1\.5, more than 1"):
        model.predict(frame[:1].assign(frac_A=1.5))
    texts = load(remembering(copolymer_bundle, tmp_path / "texts", "polymer", basis="weight"))
    assert texts.predict(pd.DataFrame({"polymer": [TEXT]}))["Tg"][0] == told[0]
    assert texts.predict([TEXT])["Tg"][0] == by_mole.predict([TEXT])["Tg"][0]
