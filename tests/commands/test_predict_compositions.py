"""Compositions predicted on the command line, in files and by themselves."""

from pathlib import Path

import pandas as pd
import pytest

from engine.commands import main
from engine.runs import Run
from tests.copolymers import CHLORIDE, METHACRYLATE, STYRENE, TWO

HOMOPOLYMERS_ONLY = "the model learned homopolymers only"


def _rows() -> pd.DataFrame:
    """Rows of a laboratory: two compositions, a homopolymer, and two that cannot be read."""
    return pd.DataFrame(
        [
            ("x1", STYRENE, METHACRYLATE, 0.25, "first, of all", 80),
            ("x2", STYRENE, METHACRYLATE, 1.5, "too much", 80),
            ("x3", STYRENE, "", 1, "a homopolymer", 80),
            ("x4", STYRENE, "C(C", 0.3, "no unit", 80),
            ("x5", CHLORIDE, "*CC(*)Br", 0.35, "a new unit", 80),
        ],
        columns=["batch", "smiles_A", "smiles_B", "frac_A", "note", "Tg"],
    )


def _predicted(model: str, path: Path, *words: str) -> pd.DataFrame:
    out = path.with_name("out.csv")
    assert main(["predict", model, str(path), "-o", str(out), *words]) == 0
    return pd.read_csv(out, keep_default_na=False)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_file_of_compositions_keeps_all_its_columns(
    copolymers: Run, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / f"rows.{kind}"
    rows = _rows()
    rows.to_csv(path, index=False) if kind == "csv" else rows.to_parquet(path)
    predicted = _predicted("fox", path, "--intervals", "--specification", "Tg > 90")
    assert [*predicted][:7] == ["batch", "smiles_A", "smiles_B", "frac_A", "note", "Tg_", "Tg"]
    assert {"Tg_low", "Tg_high", "domain", "probability_Tg"} < {*predicted}
    assert predicted["note"].tolist() == rows["note"].tolist()
    assert predicted["Tg"].map(bool).tolist() == [True, False, True, False, True]
    assert predicted["problem"][1] == "“frac_A” has 1.5, more than 1"
    assert "“C(C” in “smiles_B”" in predicted["problem"][3]
    assert "bromine" in predicted["warning"][4]


def test_so_does_one_with_texts_of_compositions(copolymers: Run, tmp_path: Path) -> None:
    texts = [TWO, STYRENE, f"{STYRENE}|{CHLORIDE}|0.2|0.3|0.5|0.1"]
    rows = pd.DataFrame({"id": ["a", "b", "c"], "polymer": texts, "note": ["x", "y", "z"]})
    rows.to_csv(tmp_path / "texts.csv", index=False)
    predicted = _predicted("fox", tmp_path / "texts.csv")
    assert [*predicted] == ["id", "polymer", "note", "Tg", "warning", "problem"]
    assert predicted["polymer"].tolist() == texts
    assert "it has 4 fractions for 2 repeat units" in predicted["problem"][2]
    rows.iloc[[1]].to_csv(tmp_path / "units.csv", index=False)
    assert [*_predicted("fox", tmp_path / "units.csv")] == [
        *("id", "polymer", "Tg", "warning", "problem")
    ]


def test_a_model_of_homopolymers_says_so_in_each_row(trained: Run, tmp_path: Path) -> None:
    _rows().to_csv(tmp_path / "rows.csv", index=False)
    predicted = _predicted("trained", tmp_path / "rows.csv")
    reasons = [HOMOPOLYMERS_ONLY in each for each in predicted["problem"]]
    assert reasons == [True, False, False, False, True]
    assert predicted["Tg"][2] != ""


def test_both_forms_of_a_composition_have_one_answer(copolymers: Run, tmp_path: Path) -> None:
    _rows()[:1].to_csv(tmp_path / "rows.csv", index=False)
    pd.DataFrame({"SMILES": [TWO]}).to_csv(tmp_path / "text.csv", index=False)
    of_columns = _predicted("fox", tmp_path / "rows.csv")["Tg"].tolist()
    assert of_columns == _predicted("fox", tmp_path / "text.csv")["Tg"].tolist()


def test_a_submission_of_compositions(copolymers: Run, tmp_path: Path) -> None:
    _rows().to_csv(tmp_path / "test.csv", index=False)
    (tmp_path / "sample.csv").write_text("batch,Tg\nx5,0\nx1,0\nx2,0\n")
    out = tmp_path / "out.csv"
    words = ["--sample-submission", str(tmp_path / "sample.csv"), "-o", str(out)]
    assert main(["predict", "fox", str(tmp_path / "test.csv"), *words]) == 0
    made = pd.read_csv(out)
    assert made["batch"].tolist() == ["x5", "x1", "x2"]
    filled = pd.read_csv(tmp_path / "out-filled-rows.csv")
    assert filled["id"].tolist() == ["x2", "x4"]


def test_one_composition_is_shown_and_refused_in_words(
    copolymers: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", "fox", TWO, "--intervals"]) == 0
    assert "inside" in capsys.readouterr().out
    assert main(["predict", "fox", f"{TWO}|0.5"]) != 0
    told = capsys.readouterr().err
    assert "cannot be read: it has 3 fractions for 2 repeat units" in told
    assert "neither a file" not in told


def test_one_composition_for_a_model_of_homopolymers(
    trained: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", "trained", TWO]) == 0
    told = capsys.readouterr().out
    assert "homopolymers" in told
    assert "Fox" in told


def test_a_file_is_read_by_what_the_model_and_its_own_columns_say(
    copolymers: Run, tmp_path: Path
) -> None:
    """Of a model that learned smiles_A, smiles_B and frac_A."""
    path, text = tmp_path / "rows.csv", tmp_path / "text.csv"
    rows = {
        "smiles_A,smiles_B,smiles_C,frac_A,frac_B,frac_C": f"{STYRENE}|{METHACRYLATE}|{CHLORIDE}",
        "smiles_A,smiles_B,frac_A,basis": f"{STYRENE}|{METHACRYLATE}",
    }
    answers = {}
    for (head, units), rest in zip(rows.items(), ("0.2,0.3,0.5", "0.75,wt%"), strict=True):
        path.write_text(f"{head}\n{units.replace('|', ',')},{rest}\n")
        answers[head] = _predicted("fox", path)["Tg"][0]
    moles = 0.75 / 104.152 / (0.75 / 104.152 + 0.25 / 100.117)
    texts = [
        f"{STYRENE}|{METHACRYLATE}|{CHLORIDE}|0.2|0.3|0.5",
        f"{STYRENE}|{METHACRYLATE}|{moles:.6f}|{1 - moles:.6f}",
    ]
    pd.DataFrame({"SMILES": texts}).to_csv(text, index=False)
    expected = _predicted("fox", text)["Tg"].astype(float)
    assert [*map(float, answers.values())] == pytest.approx(expected.tolist(), abs=0.02)


def test_score_refuses_units_that_it_would_not_see(
    copolymers: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "labelled.csv"
    rows = [f"{STYRENE},{METHACRYLATE},0.5,{value}" for value in (80, 90, 100)]
    path.write_text("\n".join(["SMILES,partner,frac,Tg", *rows]))
    assert main(["score", "fox", str(path), "--accept"]) != 0
    assert "“partner” would not be seen beside “SMILES”" in capsys.readouterr().err
    assert main(["score", "fox", str(path), "--accept", "--smiles-column", "SMILES"]) == 0
