"""The Errors page: figures, charts and the worst molecules of a finished run."""

import io
import shutil
from types import SimpleNamespace

import pandas as pd
import pytest
import streamlit as st

from engine.inference import bundle
from engine.runs import read_out_of_fold
from engine.settings.numbers import r2_words
from pages.parts.models import run_label
from tests.conftest import TEXTBOOK
from tests.pages.conftest import button, spoken


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
    table = app.dataframe[1].value
    assert table.columns.tolist() == ["member", "MAE (°C)", "RMSE (°C)", "R²", "n (labels)"]
    assert table["member"].tolist()[0] == "Blend"
    assert len(table) == 1 + len(tiny_run.figures["members"])
    assert float(table["MAE (°C)"][0]) == round(tiny_run.figures["blend"]["mae"]["Tg"], 1)
    app.segmented_control(key="property").set_value("Density").run()
    assert "MAE (g/cm³)" in app.dataframe[1].value


def test_all_properties_are_shown_at_once(tiny_run, open_page):
    app = open_page("errors", run=tiny_run.id)
    overview = app.dataframe[0].value
    info = bundle.read_info(tiny_run.bundle)
    assert len(overview) == len(info.properties) == 2
    assert {"Blend", "R²", "Within 90 %", "Width", "LightGBM"} <= {*overview.columns}
    assert overview["Share"].sum() == pytest.approx(1)
    assert overview["Property"][0] == "Tg (°C)"


def test_an_r2_below_zero_is_said_in_words():
    assert r2_words(-0.1234) == "-0.123, worse than the mean"
    assert r2_words(0.5) == "0.500"
    assert r2_words(None) == "–"


def test_every_member_and_every_chart_can_be_looked_at(tiny_run, open_page):
    app = open_page("errors", section="Explore")
    for member in [*tiny_run.figures["members"], "blend"]:
        app.segmented_control(key="member").set_value(member).run()
        assert not app.exception
    choice = app.selectbox(key="by")
    assert {"Label", "Chemical class", "Fold", "Similarity to training"} < {*choice.options}
    for by in choice.options:
        app.selectbox(key="by").set_value(by).run()
        assert not app.exception
        assert len(app.get("plotly_chart")) == 2


def test_the_worst_molecule_comes_first_and_all_can_be_paged_to(tiny_run, open_page):
    app = open_page("errors", section="Explore")
    table = of_tg(tiny_run)
    worst = table.loc[(table["blend"] - table["label"]).abs().idxmax()]
    assert len(cards(app)) == 12
    assert f"row {worst['row']}" in cards(app)[0]
    assert f"label {worst['label']:.1f} °C".replace("-", "−") in cards(app)[0]
    pages = -(-len(table) // 12)
    app = open_page("errors", section="Explore", page=str(pages))
    assert len(cards(app)) == (len(table) - 1) % 12 + 1


def test_a_card_says_members_interval_fold_similarity_and_class(tiny_run, open_page):
    app = open_page("errors", section="Explore")
    details = [one.value for one in app.caption if "similarity to training" in one.value]
    assert len(details) == 12
    for words in ("Blend", "LightGBM", "held out in fold", "heavy atoms", "90 % interval"):
        assert all(words in one for one in details)


def test_the_address_says_what_is_shown(tiny_run, open_page):
    app = open_page(
        "errors",
        run=tiny_run.id,
        section="Explore",
        property="Density",
        member="LightGBM",
        sort="lowest label first",
        sign="predicted too high",
    )
    assert not app.exception
    table = read_out_of_fold(tiny_run)
    table = table[table["property"] == "Density"]
    over = table[table["lightgbm"] > table["label"]]
    assert f"{len(over)} of {len(table)} labels: predicted too high." in spoken(app)
    assert f"label {over['label'].min():.3f} g/cm³" in cards(app)[0]


def test_filters_combine_and_are_reset(tiny_run, open_page):
    app = open_page("errors", section="Explore")
    table = of_tg(tiny_run)
    app.number_input(key="label_from").set_value(0.0).run()
    app.segmented_control(key="sign").set_value("predicted too low").run()
    chosen = table[(table["label"] >= 0) & (table["blend"] < table["label"])]
    said = f"{len(chosen)} of {len(table)} labels: label from 0.0 °C; predicted too low."
    assert said in spoken(app)
    assert f"all: {len(table)}" in spoken(app)
    button(app, "Reset the filter").click().run()
    assert not app.exception
    assert f"All {len(table)} labels." in spoken(app)


def test_another_property_forgets_the_ends_of_the_label(tiny_run, open_page):
    app = open_page("errors", section="Explore")
    app.number_input(key="label_from").set_value(100.0).run()
    app.segmented_control(key="property").set_value("Density").run()
    assert app.number_input(key="label_from").value is None
    assert "All " in spoken(app)


def test_molecules_selected_in_the_chart_are_shown(tiny_run, open_page, monkeypatch):
    drawn = st.plotly_chart

    def selected(*given, **words):
        drawn(*given, **words)
        points = [{"curve_number": 1, "point_index": place} for place in (4, 2)]
        return SimpleNamespace(selection=SimpleNamespace(points=points))

    monkeypatch.setattr(st, "plotly_chart", selected)
    app = open_page("errors", section="Explore")
    rows = of_tg(tiny_run).reset_index(drop=True)
    assert "2 selected in the chart." in spoken(app)
    assert {rows["row"][2], rows["row"][4]} == {
        int(one.split("row ")[1].split()[0]) for one in cards(app)
    }


def test_a_model_on_a_table_shows_seen_and_unseen_apart(tiny_run, open_page):
    app = open_page("errors", of="A model on a table")
    assert "Upload a table" in app.info[0].value
    app.file_uploader[0].upload("textbook.csv", TEXTBOOK.read_bytes(), "text/csv").run()
    assert not app.exception
    scores = app.dataframe[-1].value
    tg = scores[scores["Property"] == "Tg (°C)"].set_index("Labels")
    assert tg["n"]["all"] == tg["n"]["seen in training"] + tg["n"]["not seen in training"]
    assert tg["n"]["not seen in training"] > 0
    app.segmented_control(key="section").set_value("Explore").run()
    assert not app.exception
    app.segmented_control(key="seen").set_value("not seen in training").run()
    assert f"{tg['n']['not seen in training']} of {tg['n']['all']} labels" in spoken(app)


def test_a_table_that_labels_nothing_gets_a_sentence(tiny_run, open_page):
    app = open_page("errors", of="A model on a table")
    data = b"SMILES,Colour\n*CC*,1.5\n*CO*,2.5\n"
    app.file_uploader[0].upload("other.csv", data, "text/csv").run()
    assert not app.exception
    assert "labels none of the properties" in app.error[0].value


def test_the_report_can_be_made_and_taken_away(tiny_run, open_page):
    app = open_page("errors", run=tiny_run.id)
    button(app, "Make a report of this run").click().run()
    assert not app.exception
    assert "Report (HTML)" in [one.label for one in app.get("download_button")]


def of_tg(run) -> pd.DataFrame:
    table = read_out_of_fold(run)
    return table[table["property"] == "Tg"]


def cards(app) -> list[str]:
    return [part.value for part in app.markdown if "**error" in part.value]


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
    whole = read_out_of_fold(tiny_run)
    pd.testing.assert_frame_equal(again[[*whole]], whole, check_dtype=False)
    assert (again["low"] < again["blend"]).any()


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
