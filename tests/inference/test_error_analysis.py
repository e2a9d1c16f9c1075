"""Residuals, their intervals and their summaries."""

import numpy as np
import pandas as pd
import pytest

from engine.inference import error_analysis as analysis
from engine.inference.bundle import read_info
from engine.runs import read_out_of_fold
from engine.settings.properties import property_for

TG = property_for("Tg")


@pytest.fixture
def out_of_fold() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "row": [2, 3, 4, 5, 2],
            "id": ["a", "b", "c", "d", "a"],
            "smiles": ["*CC*", "*CO*", "*CCO*", "*CN*", "*CC*"],
            "fold": [0, 0, 1, 1, 0],
            "property": ["Tg", "Tg", "Tg", "Tg", "Density"],
            "label": [10.0, 20.0, 30.0, 40.0, 1.0],
            "lightgbm": [12.0, 20.0, 25.0, np.nan, 1.5],
            "blend": [11.0, 17.0, 30.0, 48.0, 1.25],
        }
    )


def test_rows_of_a_property_hold_signed_errors(out_of_fold):
    rows = analysis.property_rows(out_of_fold, TG)
    assert rows["error"].tolist() == [1.0, -3.0, 0.0, 8.0]
    assert rows["prediction"].tolist() == [11.0, 17.0, 30.0, 48.0]


def test_rows_without_a_prediction_are_left_out(out_of_fold):
    rows = analysis.property_rows(out_of_fold, TG, "lightgbm")
    assert rows["id"].tolist() == ["a", "b", "c"]


def test_the_tables_other_columns_are_kept(out_of_fold):
    rows = analysis.property_rows(out_of_fold, TG)
    assert rows["lightgbm"].tolist()[:3] == [12.0, 20.0, 25.0]
    assert "property" not in rows


def test_the_summary_of_some_errors(out_of_fold):
    found = analysis.summary(analysis.property_rows(out_of_fold, TG), TG)
    assert found["n"] == 4
    assert found["mae"] == pytest.approx(3.0)
    assert found["bias"] == pytest.approx(1.5)
    assert found["rmse"] == pytest.approx((74 / 4) ** 0.5)
    assert found["r2"] == pytest.approx(1 - 74 / 500)


def test_the_summary_of_nothing_and_of_equal_labels(out_of_fold):
    rows = analysis.property_rows(out_of_fold, TG)
    assert analysis.summary(rows.iloc[:0], TG)["n"] == 0
    assert np.isnan(analysis.summary(rows.iloc[:1], TG)["r2"])


def test_intervals_are_made_from_the_other_folds(trained):
    info = read_info(trained.bundle)
    table = analysis.with_intervals(read_out_of_fold(trained), info)
    rows = table[table["property"] == "Tg"]
    inside = rows["label"].between(rows["low"], rows["high"])
    # The bundle tells the same share, made on its own way from the predictions as they were.
    assert inside.mean() == pytest.approx(info.intervals["Tg"].coverage)
    assert (rows["high"] - rows["low"]).mean() == pytest.approx(info.intervals["Tg"].width)


def test_error_bins_count_every_row_and_are_symmetric(out_of_fold):
    bins = analysis.error_bins(analysis.property_rows(out_of_fold, TG), 5)
    assert bins["rows"].sum() == 4
    assert bins["low"].iloc[0] == pytest.approx(-8)
    assert bins["high"].iloc[-1] == pytest.approx(8)


def test_error_bins_of_a_perfect_or_empty_property(out_of_fold):
    rows = analysis.property_rows(out_of_fold, TG)
    assert analysis.error_bins(rows.assign(error=0.0))["rows"].sum() == 4
    assert analysis.error_bins(rows.iloc[:0])["rows"].sum() == 0


def test_figures_put_the_blend_first_and_keep_gaps():
    kinds = {"mae": {"Tg": 1.0}, "rmse": {"Tg": 2.0}, "r2": {"Tg": None}, "n": {"Tg": 1}}
    rows = analysis.figure_rows({"blend": kinds, "members": {"xgboost": kinds}}, "Tg")
    assert rows["member"].tolist() == ["blend", "xgboost"]
    assert rows["mae"].tolist() == [1.0, 1.0]
    assert rows["r2"].isna().all()
