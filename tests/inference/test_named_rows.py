"""Tables whose polymers have names in place of repeat units."""

import io
from pathlib import Path

import pandas as pd
import pytest

from engine.base.errors import UserError
from engine.base.workspace import ASSETS
from engine.inference.predict import Predictor
from engine.inference.predicted_tables import predict_file

NAMES = """sample,polymer,supplier
a,PMMA,x
b,Polystyrol,y
c,nylon-6,z
d,unobtainium,x
e,PVA,y
f,,y
"""


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor(ASSETS / "model")


def _predicted(predictor: Predictor, path: Path, **choices: str) -> pd.DataFrame:
    out = io.StringIO()
    predict_file(predictor, path, out, **choices)
    return pd.read_csv(io.StringIO(out.getvalue()))


def test_a_table_of_names_is_predicted_as_their_repeat_units_are(
    predictor: Predictor, tmp_path: Path
) -> None:
    path = tmp_path / "names.csv"
    path.write_text(NAMES, encoding="utf-8")
    frame = _predicted(predictor, path)
    units = ["*CC(*)(C)C(=O)OC", "*CC(*)c1ccccc1", "*NCCCCCC(*)=O"]
    expected = predictor.predict(units).blend["Tg"]
    assert frame["polymer"].tolist()[:5] == ["PMMA", "Polystyrol", "nylon-6", "unobtainium", "PVA"]
    assert frame["Tg"].tolist()[:3] == pytest.approx(expected.tolist(), rel=1e-5)
    assert frame["Tg"].isna().tolist() == [False] * 3 + [True] * 3
    for row, name in ((3, "unobtainium"), (4, "PVA")):
        assert frame.at[row, "problem"] == f"“{name}” is not the name of one polymer"
    assert "empty" in frame.at[5, "problem"]


def test_other_words_may_stand_among_names(predictor: Predictor, tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    texts = ["PMMA", "styrene", "unobtainium", "*CCO*", "the blue one", ""]
    rows = [f"{number},{text},3.5" for number, text in enumerate(texts)]
    path.write_text("\n".join(["id,polymer,price", *rows]), encoding="utf-8")
    frame = _predicted(predictor, path)
    assert frame["Tg"].notna().tolist() == [True, False, False, True, False, False]
    path.write_text("SMILES\n*CCO*\n*CC*\n*CC(*)C\nPMMA\n", encoding="utf-8")
    assert _predicted(predictor, path)["Tg"].notna().all()
    path.write_text("id,polymer,note\n1,a,PS\n2,b,x\n3,c,y\n4,d,z\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"Name the one with the repeat units, or with polymers'"):
        _predicted(predictor, path)


def test_a_column_of_names_may_be_chosen_and_smiles_come_before_names(
    predictor: Predictor, tmp_path: Path
) -> None:
    path = tmp_path / "both.csv"
    path.write_text("name,SMILES\nPMMA,*CCO*\nPS,*CCO*\n", encoding="utf-8")
    by_smiles, by_name = _predicted(predictor, path), _predicted(predictor, path, smiles="name")
    assert by_smiles["Tg"].nunique() == 1
    assert by_name["Tg"].nunique() == 2


def test_ids_that_are_names_stay_ids_and_a_column_called_smiles_may_hold_names(
    predictor: Predictor, tmp_path: Path
) -> None:
    path = tmp_path / "ids.csv"
    path.write_text("id,polymer\nPE,PMMA\nPP,PS\n", encoding="utf-8")
    frame = _predicted(predictor, path)
    assert [*frame.columns[:2]] == ["id", "polymer"]
    path.write_text("SMILES\nPMMA\nPS\n", encoding="utf-8")
    assert _predicted(predictor, path)["Tg"].tolist() == frame["Tg"].tolist()


def test_a_table_of_other_words_has_no_repeat_units(predictor: Predictor, tmp_path: Path) -> None:
    path = tmp_path / "words.csv"
    path.write_text("what,when\nred,monday\nblue,tuesday\n", encoding="utf-8")
    with pytest.raises(UserError, match="no SMILES column"):
        _predicted(predictor, path)
