"""The label doctor: what it lists, and training without what is ticked."""

import shutil

import pandas as pd
import pytest
import yaml
from streamlit.testing.v1 import AppTest

from engine.inference import bundle
from engine.runs import Run, find_run, list_runs, read_cells, read_config, store
from engine.settings.metrics import mean_r2
from pages.parts.errors import label_doctor
from pages.parts.errors.evaluation import Evaluation
from pages.parts.monitor import run_details
from tests.pages.conftest import button, words

WRONG = 900.0


@pytest.fixture
def run(finished_workspace, tmp_path, monkeypatch, no_supervisor) -> Run:
    """The finished run as it would be with a label that is far off, in a workspace of its own."""
    folder, _ = finished_workspace
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    monkeypatch.setenv("POLYGIN_HOME", str(copy))
    monkeypatch.setattr(bundle, "SHIPPED", copy / "nothing-shipped")
    run = find_run("trained")
    table = pd.read_parquet(run.folder / "table.parquet")
    table.loc[_wrong(run, table), "label:Tg"] = WRONG
    table.to_parquet(run.folder / "table.parquet", index=False)
    oof = pd.read_parquet(run.folder / "oof.parquet")
    oof.loc[_wrong(run, oof) & (oof["property"] == "Tg"), "label"] = WRONG
    oof.to_parquet(run.folder / "oof.parquet", index=False)
    from streamlit import cache_data

    cache_data.clear()
    return run


def _wrong(run: Run, table: pd.DataFrame) -> pd.Series:
    return table["id"] == "Polystyrene"


def _buttons(app) -> dict[str, object]:
    return {one.label: one for one in app.button}


def test_the_wrong_label_comes_first_with_what_contradicts_it(run, open_page):
    app = open_page("errors", run=run.id, section="Label doctor")
    assert not app.exception
    listed = [
        part.value for part in app.markdown if "· row" in part.value and "is **" in part.value
    ]
    first = listed[0].replace("\\", "")
    assert "**Tg: 900.0\u00a0°C** is **very unlikely**" in first
    assert "id Polystyrene" in first
    said = words(app)
    assert "The members say " in said
    assert "The most similar polymers have " in said
    assert "% similar)" in said
    assert _buttons(app)["Exclude and train again"].disabled


def test_a_tick_and_a_click_start_a_run_without_the_label(run, open_page):
    app = open_page("errors", run=run.id, section="Label doctor")
    app.checkbox[0].check().run()
    _buttons(app)["Exclude 1 label and train again"].click().run()
    assert not app.exception
    (started,) = [one for one in list_runs() if one.id != run.id]
    assert started.name == "trained without 1 label"
    assert started.state == "queued"
    (excluded,) = read_config(started)["excluded"]
    assert (excluded["property"], excluded["label"]) == ("Tg", WRONG)
    assert excluded["why"] == "label doctor: very unlikely"
    assert "Started: **trained without 1 label**" in words(app)
    links = [one.proto.query_string for one in app.get("page_link")]
    assert f"run={started.id}" in links
    assert any(started.id in link and run.id in link for link in links)
    # Nothing is ticked any more, and nothing is started twice.
    assert not app.checkbox[0].value
    assert _buttons(app)["Exclude and train again"].disabled
    app.run()
    assert len(list_runs()) == 2


def test_the_list_is_a_file_that_the_command_takes(run, open_page, monkeypatch, tmp_path):
    app = open_page("errors", run=run.id, section="Label doctor")
    doubtful = app.session_state["doctor found"][1]
    path = tmp_path / "list.csv"
    path.write_bytes(label_doctor._as_csv(doubtful))
    cells = read_cells(path)
    assert (cells[0].property, cells[0].why) == ("Tg", "label doctor: very unlikely")
    assert len(cells) == len(doubtful)


def test_a_run_without_doubtful_labels_says_so(run, open_page, monkeypatch):
    monkeypatch.setattr(label_doctor, "DOUBTFUL", 1000)
    app = open_page("errors", run=run.id, section="Label doctor")
    assert "No label is contradicted" in app.success[0].value


def test_one_property_can_be_looked_at(run, open_page, monkeypatch):
    monkeypatch.setattr(label_doctor, "DOUBTFUL", 0)
    app = open_page("errors", run=run.id, section="Label doctor")
    assert "Show 10 more of" in " ".join(_buttons(app))
    app.segmented_control(key="property").set_value("Density").run()
    app.segmented_control(key="doctor property").set_value("Density").run()
    listed = [
        part.value for part in app.markdown if "· row" in part.value and "is **" in part.value
    ]
    assert len(listed) == 10
    assert all("Density" in one for one in listed)
    app.button(key="doctor more").click().run()
    listed = [
        part.value for part in app.markdown if "· row" in part.value and "is **" in part.value
    ]
    assert len(listed) == 20


def test_a_run_whose_table_is_gone_gets_a_sentence(run, open_page):
    app = open_page("errors", run=run.id, section="Label doctor")
    app.checkbox[0].check().run()
    (run.folder / "table.parquet").unlink()
    _buttons(app)["Exclude 1 label and train again"].click().run()
    assert not app.exception
    assert "cannot be cloned" in app.error[0].value
    assert app.checkbox[0].value


def test_a_clone_made_on_the_train_page_goes_on_naming_what_is_excluded(run, open_page, measured):
    excluded = {
        "row": 5,
        "id": "x",
        "smiles": "*CC*",
        "property": "Tg",
        "label": 1.0,
        "why": "typo",
    }
    path = run.folder / "config.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"excluded": [excluded]}))
    run_details._settings.clear()
    app = open_page("monitor", run=run.id)
    assert "1 label excluded" in [one.label for one in app.expander]
    app.button(key="clone").click().run()
    # The test's app stays on the page that it was opened on.
    app.switch_page("pages/train.py")
    button(app, "Train").click().run()
    assert not app.exception
    (clone,) = [one for one in list_runs() if one.id != run.id]
    assert read_config(clone)["excluded"] == [excluded]


def test_the_list_of_runs_has_a_column_for_each_headline_that_there_is(run, open_page):
    listed = open_page("monitor", run=run.id).dataframe[0].value
    assert listed["mean R²"].tolist() == [pytest.approx(mean_r2(run.figures["blend"]["r2"]))]
    assert "wMAE" not in listed
    competition = dict.fromkeys(("Tg", "FFV", "Tc", "Density", "Rg"), 1.0)
    by_property = dict.fromkeys(("mae", "rmse", "r2", "n"), competition)
    blend = run.figures["blend"] | by_property | {"wmae": 0.05}
    other = run.model_copy(update={"id": "another", "figures": {"blend": blend, "members": {}}})
    other.folder.mkdir()
    store.insert(other)
    listed = open_page("monitor", run=run.id).dataframe[0].value
    assert sorted(listed["wMAE"].dropna()) == [0.05]
    assert len(listed["mean R²"].dropna()) == 1


def test_a_model_on_a_table_is_asked_for_a_run(run, open_page):
    seen = Evaluation("x", bundle.read_info(run.bundle), pd.DataFrame(), "shipped")

    def show(evaluation):
        from pages.parts.errors.label_doctor import show_label_doctor

        show_label_doctor(evaluation, evaluation.info.properties[0])

    app = AppTest.from_function(show, args=(seen,)).run()
    assert not app.exception
    assert "choose a finished run" in app.info[0].value
