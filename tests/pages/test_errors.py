"""The Errors page: figures, charts and the worst molecules of a finished run."""

import io
import shutil

import pandas as pd
import pytest
import streamlit as st

from engine.inference import bundle
from engine.runs import read_out_of_fold
from engine.settings.metrics import r2_words
from pages.parts.models import run_label


def test_without_a_run_the_page_says_what_to_do(empty_workspace, open_page):
    app = open_page("errors")
    assert not app.exception
    assert "no finished run" in app.info[0].value
    assert not app.dataframe


def test_without_a_run_the_shipped_models_figures_are_shown(
    finished_workspace, empty_workspace, open_page, monkeypatch
):
    _, run = finished_workspace
    monkeypatch.setattr(bundle, "SHIPPED", run_bundle(finished_workspace))
    app = open_page("errors")
    assert not app.exception
    assert len(app.dataframe) == len(run.figures["blend"]["mae"])
    assert "MAE (°C)" in app.dataframe[0].value


def run_bundle(finished_workspace):
    folder, run = finished_workspace
    return folder / "runs" / run.id / "bundle"


def test_figures_of_each_property_have_units(tiny_run, open_page):
    app = open_page("errors", run=tiny_run.id)
    assert not app.exception
    table = app.dataframe[0].value
    assert table.columns.tolist() == ["member", "MAE (°C)", "RMSE (°C)", "R²", "n (labels)"]
    assert table["member"].tolist()[0] == "Blend"
    assert len(table) == 1 + len(tiny_run.figures["members"])
    assert float(table["MAE (°C)"][0]) == round(tiny_run.figures["blend"]["mae"]["Tg"], 1)
    app.segmented_control(key="errors property").set_value("Density").run()
    assert "MAE (g/cm³)" in app.dataframe[0].value


def test_all_properties_are_shown_at_once(tiny_run, open_page):
    app = open_page("errors", run=tiny_run.id)
    overview = app.dataframe[1].value
    info = bundle.read_info(tiny_run.folder / "bundle")
    assert len(overview) == len(info.properties) == 2
    assert {"Blend", "R²", "Within 90 %", "Width", "LightGBM"} <= {*overview.columns}
    assert overview["Share"].sum() == pytest.approx(1)
    assert overview["Property"][0] == "Tg (°C)"


def test_an_r2_below_zero_is_said_in_words():
    assert r2_words(-0.1234) == "-0.123, worse than the mean"
    assert r2_words(0.5) == "0.500"
    assert r2_words(None) == "–"


def test_every_member_and_every_chart_can_be_looked_at(tiny_run, open_page):
    app = open_page("errors")
    for member in [*tiny_run.figures["members"], "blend"]:
        app.segmented_control(key="errors member").set_value(member).run()
        assert not app.exception
    for chart in ("By label", "By fold", "How often"):
        app.segmented_control(key="errors chart").set_value(chart).run()
        assert not app.exception
        assert len(app.get("plotly_chart")) == 2


def test_the_worst_molecule_comes_first(tiny_run, open_page):
    app = open_page("errors")
    table = read_out_of_fold(tiny_run)
    table = table[table["property"] == "Tg"]
    worst = table.loc[(table["blend"] - table["label"]).abs().idxmax()]
    cards = [part.value for part in app.markdown if "**error" in part.value]
    assert len(cards) == 12
    assert f"row {worst['row']}" in cards[0]
    assert f"label {worst['label']:.1f} °C".replace("-", "−") in cards[0]


def test_an_unknown_run_in_the_address_is_said(tiny_run, open_page):
    app = open_page("errors", run="nobody")
    assert not app.exception
    assert "nobody" in app.warning[0].value


def test_the_out_of_fold_table_can_be_taken_away(tiny_run, open_page, monkeypatch):
    offered = []
    download = st.download_button
    monkeypatch.setattr(
        st,
        "download_button",
        lambda *given, **words: offered.append(given) or download(*given, **words),
    )
    app = open_page("errors")
    assert not app.exception
    assert run_label(tiny_run).startswith("trained, ")
    ((_, data, name, kind),) = offered
    assert (name, kind) == (f"{tiny_run.id}-out-of-fold.csv", "text/csv")
    again = pd.read_csv(io.BytesIO(data), dtype={"id": str})
    pd.testing.assert_frame_equal(again, read_out_of_fold(tiny_run), check_dtype=False)


def test_a_run_whose_files_are_gone_gets_a_sentence(
    finished_workspace, tmp_path, open_page, monkeypatch
):
    folder, run = finished_workspace
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    monkeypatch.setenv("POLYGIN_HOME", str(copy))
    (copy / "runs" / run.id / "oof.parquet").unlink()
    from streamlit import cache_data

    cache_data.clear()
    app = open_page("errors")
    assert not app.exception
    assert "missing" in app.error[0].value
