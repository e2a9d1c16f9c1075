"""Which members are finished on which folds, read from what a run leaves behind."""

import pandas as pd
import pytest

from engine.runs import Run
from engine.runs.monitoring import Cell, member_grid
from engine.settings.presets import PRESETS
from tests.training.conftest import with_settings

CONFIG = {"preset": "smoke", "folds": "random:2", "properties": [{"name": "Tg"}, {"name": "Rg"}]}
NOTHING = pd.DataFrame()


def finish(run: Run, *names: str) -> None:
    (run.folder / "checkpoints").mkdir(exist_ok=True)
    for name in names:
        (run.folder / "checkpoints" / f"{name}.safetensors").touch()


def cell(cells: list[Cell], member: str, fold: int | None) -> Cell:
    return next(one for one in cells if (one.member, one.fold) == (member, fold))


def test_trees_have_a_fit_to_all_rows_and_networks_have_none(run):
    cells = member_grid(run, CONFIG, NOTHING)
    assert [one.fold for one in cells if one.member == "xgboost"] == [0, 1, None]
    assert [one.fold for one in cells if one.member == "polygin"] == [0, 1]
    assert {one.finished for one in cells} == {0}


def test_it_fills_as_pieces_are_finished(run):
    finish(run, "lightgbm-0-000.done", "lightgbm-0-001.done", "lightgbm-all-001.done")
    finish(run, "polygin-001.done", "polygin-000.state-000004")
    cells = member_grid(run, CONFIG, NOTHING)
    assert cell(cells, "lightgbm", 0)[2:5] == (2, 2, 1.0)
    assert cell(cells, "lightgbm", None)[2:5] == (2, 1, 0.5)
    assert cell(cells, "polygin", 0).finished == 0
    assert cell(cells, "polygin", 1)[2:5] == (1, 1, 1.0)


def test_a_network_that_learns_shows_its_epochs(run):
    metrics = pd.DataFrame({"fold": [1, 1], "seed": [1, 1], "epoch": [9, 10]})
    learning = cell(member_grid(run, CONFIG, metrics), "polygin", 1)
    assert learning.share == pytest.approx(10 / 40)
    assert learning.finished == 0
    named = metrics.assign(member="polygin")
    assert cell(member_grid(run, CONFIG, named), "polygin", 1) == learning
    other = metrics.assign(member="another")
    assert cell(member_grid(run, CONFIG, other), "polygin", 1).share == 0


def test_several_seeds_share_a_cell(run, monkeypatch):
    two_seeds = with_settings(PRESETS["smoke"], "polygin", training={"seeds": 2})
    monkeypatch.setitem(PRESETS, "smoke", two_seeds)
    finish(run, "polygin-000.done", "polygin-002.done", "polygin-003.done")
    cells = member_grid(run, CONFIG, NOTHING)
    assert cell(cells, "polygin", 0)[2:5] == (2, 1, 0.5)
    assert cell(cells, "polygin", 1)[2:5] == (2, 2, 1.0)


def test_a_done_run_has_finished_all_but_what_it_left_out(run):
    figures = {"blend": {}, "members": {"lightgbm": {}, "xgboost": {}, "catboost": {}}}
    done = run.model_copy(update={"state": "done", "figures": figures})
    cells = member_grid(done, CONFIG, NOTHING)
    assert cell(cells, "catboost", None)[2:] == (2, 2, 1.0, False)
    assert cell(cells, "polygin", 0)[2:] == (1, 0, 0.0, True)


def test_folds_of_a_column_are_counted_in_the_table(run):
    pd.DataFrame({"fold": [0, 2, 1, 0]}).to_parquet(run.folder / "table.parquet")
    cells = member_grid(run, {**CONFIG, "folds": "column:group"}, NOTHING)
    assert [one.fold for one in cells if one.member == "polygin"] == [0, 1, 2]


def test_nothing_is_known_without_settings(run):
    assert member_grid(run, {}, NOTHING) == []
    assert member_grid(run, {**CONFIG, "folds": "lost.csv:fold"}, NOTHING) == []
