"""The Compare page, on run folders as a worker leaves them."""

import time

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
    assert errors.loc["wMAE, no unit"].tolist() == ["**0.0500**", "**0.0500**"]
    assert settings.loc["Seed"].tolist() == ["0", "1"]
    assert len(settings) == 1
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
