"""The errors of a model on a labelled table."""

from pathlib import Path

import numpy as np
import pytest

from engine.base.errors import UserError
from engine.commands import main
from engine.inference.error_analysis import property_rows, summary
from engine.inference.predict import Predictor
from engine.inference.scoring import score, score_rows
from engine.runs import Run
from engine.settings.properties import Property
from engine.table import check_table, load_table, read_table
from tests.conftest import TEXTBOOK

NEW = "SMILES,Tg\n*C(F)(F)C(*)(Cl)Br,50\n*CC(*)(CCCCCC)CCCCCC,-20\n"


def test_score_on_the_training_table_tells_seen_from_unseen(predictor: Predictor) -> None:
    table = load_table(TEXTBOOK)
    result = score(predictor, table)
    labels = table.labels[np.isfinite(table.labels[:, 0]), 0]
    assert result["n"]["Tg"] == len(labels)
    assert 0 < result["mae"]["Tg"] < np.abs(labels - np.median(labels)).mean()
    assert 0 < result["seen"]["Tg"] < len(labels)
    unseen = result["unseen"]
    assert unseen["n"]["Tg"] == len(labels) - result["seen"]["Tg"]
    assert unseen["mae"]["Tg"] > result["mae"]["Tg"]


def test_score_on_new_units(predictor: Predictor) -> None:
    result = score(predictor, load_table(NEW.encode(), "new.csv"))
    assert result["seen"] == {"Tg": 0, "Density": 0}
    assert result["unseen"] == {key: result[key] for key in result["unseen"]}
    predicted = predictor.predict(["*C(F)(F)C(*)(Cl)Br", "*CC(*)(CCCCCC)CCCCCC"]).blend["Tg"]
    assert result["bias"]["Tg"] == pytest.approx((predicted - [50, -20]).mean())
    assert result["bias"]["Density"] is None


def test_the_command_scores_the_unseen_apart(
    trained: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", "trained", str(TEXTBOOK)]) == 0
    told = capsys.readouterr().out
    assert "The model was trained on" in told
    assert "has not seen" in " ".join(told.split())
    assert "mean signed" in told


def test_a_table_of_other_properties_cannot_be_scored(predictor: Predictor) -> None:
    with pytest.raises(UserError, match="labels none of the properties"):
        score(predictor, load_table(b"SMILES,Colour\n*CC*,1.5\n*CO*,2.5\n", "other.csv"))


@pytest.mark.parametrize("unit", ["GPa", "MPa", "mol"])
def test_labels_in_another_unit_than_the_models(predictor: Predictor, unit: str) -> None:
    predictor.info.properties[0] = Property(name="E", title="E", unit="GPa")
    predictor.info.blend["E"] = predictor.info.blend.pop("Tg")
    predictor.info.ranges["E"] = predictor.info.ranges.pop("Tg")
    scale = 1000 if unit == "MPa" else 1
    text = f"SMILES,E,Density\n*CC*,{1500 * scale},900\n*CO*,{2500 * scale},950\n"
    raw = read_table(text.encode(), "e.csv")
    table = check_table(raw, units={"E": unit, "Density": "kg/m3"})
    if unit == "mol":
        with pytest.raises(UserError, match="gives E in mol, the model predicts it in GPa"):
            score(predictor, table)
        return
    result, predicted = score(predictor, table), predictor.predict(["*CC*", "*CO*"]).blend["E"]
    assert result["mae"]["E"] == pytest.approx(np.abs(predicted - [1500, 2500]).mean())


def test_the_rows_of_a_score_have_its_figures(predictor: Predictor) -> None:
    scored = score_rows(predictor, load_table(TEXTBOOK))
    rows, figures = scored.rows(), scored.figures()
    for property_ in predictor.info.properties:
        own = property_rows(rows, property_)
        assert summary(own, property_)["mae"] == pytest.approx(figures["mae"][property_.name])
        assert own["seen"].sum() == figures["seen"][property_.name]
        unseen = summary(own[~own["seen"].astype(bool)], property_)
        assert unseen["mae"] == pytest.approx(figures["unseen"]["mae"][property_.name])
        assert own["similarity"][own["seen"].astype(bool)].min() == pytest.approx(1)
        assert (own["low"] < own["prediction"]).all()
        assert own["fold"].isna().all()


def test_a_model_from_before_there_were_intervals_has_rows_without(
    trained: Run, old_bundle: Path
) -> None:
    rows = score_rows(Predictor(old_bundle), load_table(NEW.encode(), "new.csv")).rows()
    assert rows[["low", "high", "similarity", "seen"]].isna().all(axis=None)
    assert np.isfinite(rows["blend"]).all()
