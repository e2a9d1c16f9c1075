"""Pages with several sources: tables that do not fit together, and what Predict shows."""

import time

import pandas as pd
import pytest

from engine.runs import Run, RunConfig, find_run, start_run, store
from engine.runs.folder import LABEL_PREFIX
from engine.runs.making import make_bundle
from engine.training.context import TrainContext
from tests.pages.conftest import upload, words
from tests.two_sources import csv, joined, request


@pytest.fixture
def run(empty_workspace, no_supervisor) -> Run:
    """A finished run on a measured and a simulated table."""
    table = joined()
    started = start_run(table, RunConfig(name="both", preset="smoke", folds="random:2"))
    made = make_bundle(request(table, "random:2"), TrainContext(started.bundle))
    figures = made.ensemble.figures
    store.update(started.id, state="done", progress=1.0, finished=time.time(), figures=figures)
    return find_run(started.id)


def test_a_measured_value_comes_first_and_other_sources_below(run: Run, open_page) -> None:
    app = open_page("predict", smiles="*CCO*", model=run.id)
    assert not app.exception
    cards = next(part.proto.body for part in app.get("html") if "pg-card" in part.proto.body)
    assert cards.count('class="pg-card"') == 1
    assert "measured by lab: notebook 7" in cards
    assert "has seen this value" in cards
    assert "as simulated (md)" in cards
    other = open_page("predict", smiles="*CCCCCCCCCCCO*", model=run.id)
    cards = next(part.proto.body for part in other.get("html") if "pg-card" in part.proto.body)
    assert "notebook 7" not in cards
    assert "as measured (lab)" in cards
    assert "Source lab (measured): notebook 7. ours" in words(app).replace("**", "")


def test_a_clone_keeps_its_sources_and_can_leave_some_out(run: Run, open_page, measured) -> None:
    table = pd.read_parquet(run.folder / "table.parquet")
    assert {LABEL_PREFIX + "Tg", LABEL_PREFIX + "Tg (md)"} <= {*table}
    app = open_page("monitor", run=run.id)
    assert not app.exception
    app.button(key="clone").click().run()
    assert not app.exception
    (added,) = (one for one in app.multiselect if one.label == "Learn also from")
    assert added.value == ["Tg (md)"]
    # The test's app stays on the page that it was opened on.
    app.switch_page("pages/train.py")
    added.set_value([]).run()
    assert '--leave-out "Tg (md)"' in app.code[-1].value.replace("'", '"')


@pytest.mark.parametrize(
    ("further", "message"),
    [
        (csv(0, "Density"), "has no property in common"),
        (csv(0), "hold the same labels"),
        (b"SMILES,Tg\n*CC*,x\n", "no property"),
    ],
)
def test_tables_that_do_not_fit_together_are_told(open_page, empty_workspace, further, message):
    app = open_page("train")
    upload(app, "lab.csv", csv(0))
    app.file_uploader[1].upload("md.csv", further, "text/csv").run()
    assert not app.exception
    assert any(message in one.value for one in app.error), [one.value for one in app.error]
    assert not [one for one in app.button if one.label == "Train"]


def test_two_sources_of_one_name_are_told(open_page, empty_workspace) -> None:
    app = open_page("train")
    upload(app, "lab.csv", csv(0))
    app.file_uploader[1].upload("md.csv", csv(20), "text/csv").run()
    assert not app.error
    (name,) = (one for one in app.text_input if one.label == "Source of md.csv")
    name.set_value("lab").run()
    assert any("both called the source" in one.value for one in app.error)
