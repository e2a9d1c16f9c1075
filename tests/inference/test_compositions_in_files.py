"""Files whose rows are compositions, predicted row by row with all their columns."""

import io
from pathlib import Path

import pandas as pd
import pytest

from engine.base.errors import UserError
from engine.base.workspace import ASSETS
from engine.candidates.intake import of_file
from engine.inference.predict import Predictor
from engine.inference.predicted_tables import predict_file
from engine.inference.submission import make_submission
from engine.screening import Wanted, screen
from engine.settings.polymer_columns import SaidUnits
from engine.table import check_table, guess_columns, read_table
from engine.table.mended import check_mended, with_learned_columns
from engine.table.mending import Mending
from engine.table.named_units import columns_of_units_or_names

ROWS = """id,smiles_A,smiles_B,frac_A,frac_B,chain_type,Tg,note
a,*CC*,,1,,,20,"first, of all"
b,*CC(*)c1ccccc1,*CC*,1,0,block,30,second
c,*CC*,*CC(*)C,0.5,0.3,random,40,third
d,*CC*,CCO,0.5,0.5,random,50,
e,,,,,,,
"""
PROBLEMS = ["", "", "add up to 0.8, not to 1", "“CCO” in “smiles_B”: it has no `*`", "is empty"]


@pytest.fixture(scope="module")
def shipped() -> Predictor:
    return Predictor(ASSETS / "model")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "compositions.csv"
    path.write_text(ROWS, encoding="utf-8")
    return path


def test_a_file_of_compositions_keeps_all_its_columns(shipped: Predictor, path: Path) -> None:
    out = io.StringIO()
    missing = predict_file(shipped, path, out)
    frame = pd.read_csv(io.StringIO(out.getvalue()))
    own = ["smiles_A", "smiles_B", "frac_A", "frac_B", "chain_type", "Tg_", "note"]
    assert [*frame][:9] == ["id", *own, "Tg"]
    given = pd.read_csv(path).rename(columns={"Tg": "Tg_"})
    pd.testing.assert_frame_equal(frame[["id", *own]], given)
    expected = shipped.predict(["*CC*", "*CC(*)c1ccccc1"]).blend["Tg"]
    assert frame["Tg"].tolist()[:2] == pytest.approx(expected.tolist(), rel=1e-6)
    for words, problem in zip(PROBLEMS, frame["problem"].fillna(""), strict=True):
        assert words in problem
        assert bool(words) == bool(problem)
    assert missing.count == 3
    assert missing.first["SMILES"].tolist() == ["*CC* | *CC(*)C", "*CC* | CCO", ""]


def test_columns_of_compositions_can_be_said(shipped: Predictor, path: Path) -> None:
    path.write_text("first,second,much\n*CC*,*CCC*,1\n*CO*,*CN*,2\n", encoding="utf-8")
    out = io.StringIO()
    said = SaidUnits(units=("second",), fractions=("much",))
    predict_file(shipped, path, out, smiles="first", units=said)
    frame = pd.read_csv(io.StringIO(out.getvalue()))
    assert [*frame][:4] == ["row", "first", "second", "much"]
    assert "more than 1" in frame["problem"].iloc[1]


def test_names_of_polymers_may_be_units(shipped: Predictor, path: Path) -> None:
    lines = ["smiles_A,smiles_B,frac_A", "*CC*,PMMA,0", "*CC*,*CC*,0.5", "*CC*,unobtainium,0.5"]
    path.write_text("\n".join([*lines, "*CO*,*CN*,1"]), encoding="utf-8")
    out = io.StringIO()
    predict_file(shipped, path, out)
    frame = pd.read_csv(io.StringIO(out.getvalue()))
    expected = shipped.predict(["*CC(*)(C)C(=O)OC"]).blend["Tg"].iloc[0]
    assert frame["Tg"].iloc[0] == pytest.approx(expected, rel=1e-6)
    assert "“unobtainium” in “smiles_B”" in frame["problem"].iloc[2]


def test_a_submission_reads_compositions(shipped: Predictor, path: Path) -> None:
    sample = read_table(b"id,Tg\nb,0\na,0\nc,0\n", "sample.csv")
    made = make_submission(shipped, read_table(path), sample)
    predicted = shipped.predict(["*CC(*)c1ccccc1", "*CC*"]).blend
    expected = predicted[shipped.info.submission_columns["Tg"]]
    assert made.frame["Tg"].tolist()[:2] == pytest.approx(expected.tolist(), rel=1e-6)
    reasons = made.filled.set_index("id")["reason"]
    assert "add up to 0.8" in reasons["c"]


def test_a_screening_says_what_is_no_composition(shipped: Predictor, path: Path) -> None:
    out = path.with_name("out.csv")
    screened = screen(shipped, [path], out, Wanted())
    assert (screened.rows, screened.kept, screened.problems) == (5, 2, 3)
    assert pd.read_csv(out)["composition"].tolist() == ["*CC*", "*CC(*)c1ccccc1"]
    assert screened.problems_file is not None
    told = pd.read_csv(screened.problems_file)
    for words, problem in zip(PROBLEMS[2:], told["problem"], strict=True):
        assert words in problem


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("smiles_A,smiles_B", "*CC(*)c1ccccc1,*CC(*)Cl"),
        ("smiles_A,smiles_B,ratio", "*CC(*)c1ccccc1,*CC(*)Cl,3 to 7"),
        ("smiles_A,smiles_B,frac_A,frac_B", "*CC(*)c1ccccc1,CCO,0.3,0.7"),
    ],
)
def test_a_second_unit_is_not_passed_over(head: str, row: str) -> None:
    raw = read_table(f"{head}\n{row}\n".encode(), "q.csv")
    with pytest.raises(UserError, match="“smiles_B” would not be seen beside “smiles_A”"):
        columns_of_units_or_names(raw)
    assert columns_of_units_or_names(raw, smiles="smiles_A")[0].smiles == "smiles_A"


def test_a_file_is_read_as_the_training_table_was(tmp_path: Path) -> None:
    """Columns that were chosen by hand need not be said again."""
    head = "main unit,comonomer,share"
    rows = [f"*CC(*)c1ccccc1,*CC(*)Cl,{x}" for x in (0.25, 0.5, 0.75)]
    table = "\n".join([f"{head},Tg", *(f"{row},{n}" for n, row in enumerate(rows))])
    raw = read_table(table.encode(), "t.csv")
    chosen = guess_columns(
        raw, smiles="main unit", units=("comonomer",), fractions=("share",), properties=("Tg",)
    )
    learned = chosen.of_polymer
    assert learned is not None
    file = read_table("\n".join([head, *rows]).encode(), "f.csv")
    read, _ = columns_of_units_or_names(file, learned=learned)
    assert read.polymer == chosen.polymer
    mending = with_learned_columns(Mending(), raw, learned)
    assert check_mended(raw, mending).canonical == check_table(raw, chosen).canonical
    other = read_table(b"SMILES\n*CC*\n", "o.csv")
    assert columns_of_units_or_names(other, learned=learned)[0].smiles == "SMILES"


def test_names_and_monomers_may_stand_in_texts(shipped: Predictor, path: Path) -> None:
    rows = ["polystyrene|PMMA|1|0", "*CC*|PMMA|0.5|0.5", "*CC*|C=C|0.5|0.5", "PE|unobtainium|1|1"]
    path.write_text("\n".join(["mixture", *rows]), encoding="utf-8")
    out = io.StringIO()
    predict_file(shipped, path, out)
    frame = pd.read_csv(io.StringIO(out.getvalue()))
    assert frame["mixture"].tolist() == rows
    expected = shipped.predict(["*CC(*)c1ccccc1"]).blend["Tg"].iloc[0]
    assert frame["Tg"].iloc[0] == pytest.approx(expected, rel=1e-6)
    words = ["learned homopolymers only", "as a monomer it makes *CC* (addition", "“unobtainium”"]
    for problem, expected_words in zip(frame["problem"][1:], words, strict=True):
        assert expected_words in problem


UNSEEN = "smiles_A,smiles_B,volume_fraction_A", "*CC*,*CC(*)c1ccccc1,0.1"


@pytest.mark.parametrize("rows", [UNSEEN, ("SMILES,matrix", "*CC*,PMMA")])
def test_units_that_would_not_be_seen_are_refused_in_all_that_reads_files(
    shipped: Predictor, path: Path, rows: tuple[str, str]
) -> None:
    head, row = rows
    path.write_text(f"id,{head}\na,{row}\n", encoding="utf-8")
    sample = read_table(b"id,Tg\na,0\n", "sample.csv")
    readings = {
        "predict": lambda: predict_file(shipped, path, io.StringIO()),
        "submission": lambda: make_submission(shipped, read_table(path), sample),
        "screen": lambda: screen(shipped, [path], path.with_name("out.csv"), Wanted()),
        "candidates": lambda: of_file(path, "compositions.csv"),
    }
    for read in readings.values():
        with pytest.raises(UserError, match="would not be seen beside"):
            read()
    first = head.partition(",")[0]
    made = make_submission(shipped, read_table(path), sample, smiles=first)
    assert made.filled.empty


def test_names_may_stand_in_the_table_of_a_submission(shipped: Predictor, path: Path) -> None:
    rows = ["a,polystyrene|PMMA|1|0", "b,PVC", "b,*CC(*)Cl", "c,unobtainium"]
    path.write_text("\n".join(["id,polymer", *rows]), encoding="utf-8")
    sample = read_table(b"id,Tg\nb,0\na,0\nc,0\n", "sample.csv")
    made = make_submission(shipped, read_table(path), sample)
    predicted = shipped.predict(["*CC(*)Cl", "*CC(*)c1ccccc1"]).blend
    expected = predicted[shipped.info.submission_columns["Tg"]]
    assert made.frame["Tg"].tolist()[:2] == pytest.approx(expected.tolist(), rel=1e-6)
    assert made.filled["reason"].tolist() == ["“unobtainium” is not the name of one polymer"]
