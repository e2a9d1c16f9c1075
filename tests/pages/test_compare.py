"""The Compare page, on run folders as a worker leaves them."""

import time

import pandas as pd
import pytest
import yaml

from engine.runs import Run, process, store
from tests.pages.conftest import finished, made_as, one_figure, words

pytestmark = pytest.mark.usefixtures("no_supervisor")


def test_one_run_is_not_enough(empty_workspace, open_page):
    finished()
    app = open_page("compare")
    assert not app.exception
    assert "There are fewer than two runs" in app.info[0].value


def test_newest_two_are_compared_and_others_can_be_chosen(empty_workspace, open_page):
    for number in range(7):
        made_as(f"attempt {number}", "stopped", created=float(number), finished=time.time())
    app = open_page("compare")
    assert not app.exception
    assert app.multiselect[0].value == ["run-attempt-6", "run-attempt-5"]
    assert app.query_params["runs"] == "run-attempt-6,run-attempt-5"
    app = open_page("compare", runs="run-attempt-1,run-attempt-3,lost")
    assert app.multiselect[0].value == ["run-attempt-1", "run-attempt-3"]
    assert "None of these runs is done" in words(app)
    assert "asked to do the same" in words(app)


def test_lowest_error_is_bold(empty_workspace, open_page):
    _scored("first", 27.5, seed=0)
    _scored("second", 26.0, seed=1)
    app = open_page("compare", runs="run-first,run-second")
    assert not app.exception
    errors, settings = app.table[0].value, app.table[1].value
    row = errors.loc["Glass transition temperature (Tg), MAE in °C"]
    assert row.tolist() == ["27.50", "**26.00**"]
    assert errors.loc["Strength, MAE in MPa"].tolist() == ["–", "–"]
    # The weighted error was made for the competition's properties alone.
    assert errors.loc["Mean R²"].tolist() == ["**27.500**", "26.000"]
    assert "wMAE, no unit" not in errors.index
    assert settings.loc["Seed"].tolist() == ["0", "1"]
    assert len(settings) == 1
    assert not app.warning


def test_runs_without_a_weighted_error_are_chosen_by_their_mean_r2(empty_workspace, open_page):
    run = _scored("first", 27.5)
    figures = {**run.figures, "blend": {**run.figures["blend"], "wmae": None}}
    store.update(run.id, figures=figures)
    _scored("second", 26.0)
    app = open_page("compare", runs="run-first,run-second")
    assert not app.exception
    assert "first · done · mean R² 27.500 · " in app.multiselect[0].options[1]


def test_labels_that_a_run_excludes_are_told(empty_workspace, open_page):
    excluded = [
        {"row": 7, "id": "p7", "smiles": "*CC*", "property": "Tg", "label": 420.0, "why": "typo"}
    ]
    runs = [_scored("first", 27.5), _scored("second", 26.0, excluded=excluded)]
    runs[1].figures["blend"]["n"]["Tg"] -= 1
    store.update(runs[1].id, figures=runs[1].figures)
    for run, labels in zip(runs, ([1.0, 2.0, 420.0], [1.0, 2.0]), strict=True):
        units = ["*C*", "*CCC*", "*CC*"][: len(labels)]
        table = {"canonical": units, "label:Tg": labels}
        pd.DataFrame(table).to_parquet(run.folder / "table.parquet")
        predicted = [label + len(labels) for label in labels]
        rows = {"property": "Tg", "label": labels, "fold": range(len(labels)), "blend": predicted}
        pd.DataFrame(rows).to_parquet(run.folder / "oof.parquet")
    app = open_page("compare", runs="run-first,run-second")
    assert not app.exception
    said = words(app)
    assert "“second” leaves 1 label out" in said
    assert (
        "Glass transition temperature (Tg): on the 2 labels that both have, the mean absolute "
        "error is 3.00 °C for “first” and 2.00 °C for “second”."
    ) in said
    errors, settings = app.table[0].value, app.table[1].value
    # What was not measured on the same labels has no best.
    assert errors.loc["Glass transition temperature (Tg), MAE in °C"].tolist() == ["27.50", "26.00"]
    assert settings.loc["Labels excluded"].tolist() == ["–", r"1 label\: Tg of p7"]
    assert app.expander[0].label == "1 label excluded from “second”"
    row = app.expander[0].dataframe[0].value.iloc[0]
    assert (row["Row"], row["Id"], row["Label"], row["Why"]) == (7, "p7", "420.0 °C", "typo")
    assert not app.warning


def test_runs_on_other_folds_come_with_a_warning(empty_workspace, open_page):
    _scored("first", 27.5, folds="random:2")
    _scored("second", 26.0, folds="random:5")
    app = open_page("compare", runs="run-first,run-second")
    assert "their folds differ" in app.warning[0].value


def test_running_run_can_be_compared(empty_workspace, open_page):
    _scored("first", 27.5)
    made_as("second", "running", **process.identity())
    app = open_page("compare", runs="run-first,run-second")
    assert not app.exception
    assert "without errors: second" in words(app)


def _scored(name: str, error: float, **settings) -> Run:
    """A run that is done, with an error of its own in Tg."""
    figures = {"blend": one_figure(error), "members": {"polygin": one_figure(error)}}
    run = made_as(name, "done", figures=figures, finished=time.time())
    path = run.folder / "config.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **settings}))
    store.update(run.id, progress=1.0)
    return run
