"""Residuals, worst rows and their summaries."""

import numpy as np
import pandas as pd
import pytest

from engine.inference import error_analysis as analysis
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


def test_worst_rows_come_largest_first_whatever_the_sign(out_of_fold):
    rows = analysis.property_rows(out_of_fold, TG)
    assert analysis.worst_rows(rows, 3)["id"].tolist() == ["d", "b", "a"]
    assert len(analysis.worst_rows(rows, 99)) == 4


def test_error_bins_count_every_row_and_are_symmetric(out_of_fold):
    bins = analysis.error_bins(analysis.property_rows(out_of_fold, TG), 5)
    assert bins["rows"].sum() == 4
    assert bins["low"].iloc[0] == pytest.approx(-8)
    assert bins["high"].iloc[-1] == pytest.approx(8)


def test_error_bins_of_a_perfect_or_empty_property(out_of_fold):
    rows = analysis.property_rows(out_of_fold, TG)
    assert analysis.error_bins(rows.assign(error=0.0))["rows"].sum() == 4
    assert analysis.error_bins(rows.iloc[:0])["rows"].sum() == 0


def test_errors_by_fold_are_means_of_absolute_errors(out_of_fold):
    folds = analysis.errors_by_fold(analysis.property_rows(out_of_fold, TG))
    assert folds.to_dict("list") == {"fold": [0, 1], "mae": [2.0, 4.0], "rows": [2, 2]}


def test_errors_by_label_split_the_range_into_equal_shares(out_of_fold):
    sections = analysis.errors_by_label(analysis.property_rows(out_of_fold, TG), 2)
    assert sections["low"].tolist() == [10.0, 30.0]
    assert sections["high"].tolist() == [20.0, 40.0]
    assert sections["mae"].tolist() == [2.0, 4.0]


def test_errors_by_label_of_equal_labels_is_one_section(out_of_fold):
    rows = analysis.property_rows(out_of_fold, TG).assign(label=5.0)
    sections = analysis.errors_by_label(rows)
    assert sections["rows"].sum() == 4


def test_figures_put_the_blend_first_and_keep_gaps():
    kinds = {"mae": {"Tg": 1.0}, "rmse": {"Tg": 2.0}, "r2": {"Tg": None}, "n": {"Tg": 1}}
    rows = analysis.figure_rows({"blend": kinds, "members": {"xgboost": kinds}}, "Tg")
    assert rows["member"].tolist() == ["blend", "xgboost"]
    assert rows["mae"].tolist() == [1.0, 1.0]
    assert rows["r2"].isna().all()
