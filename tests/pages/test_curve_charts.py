"""What is drawn of many points, and the figures of curves."""

import numpy as np
import pandas as pd
import pytest

from pages.parts.monitor.curve_charts import (
    MAX_POINTS,
    Line,
    comparison_chart,
    epoch_chart,
    extremes,
    loss_chart,
    networks_of,
    time_chart,
)


def metrics(folds: int, seeds: int, epochs: int) -> pd.DataFrame:
    rows = [(f, s, e) for f in range(folds) for s in range(seeds) for e in range(1, epochs + 1)]
    table = pd.DataFrame(rows, columns=["fold", "seed", "epoch"])
    return table.assign(train_loss=1 / table["epoch"], val_loss=2 / table["epoch"])


def points(figure: dict) -> int:
    return sum(len(trace["x"]) for trace in figure["data"])


@pytest.mark.parametrize("most", [4, 10, 101])
def test_thinning_keeps_ends_and_extremes(most):
    values = np.sin(np.arange(5000) / 300)
    values[1234], values[4321] = 9.0, -9.0
    chosen = extremes(values, most)
    assert len(chosen) <= most
    assert {0, 1234, 4321, 4999} <= {*chosen.tolist()}
    assert (np.diff(chosen) > 0).all()


def test_thinning_looks_past_gaps():
    values = np.full(1000, np.nan)
    values[500] = 1.0
    assert 500 in extremes(values, 10)
    assert len(extremes(values[:7], 10)) == 7


def test_long_curves_are_thinned_and_many_still_show_their_shape():
    table = metrics(5, 5, 4000)
    networks = networks_of(table, alive=False, epochs=4000)
    assert points(loss_chart(networks)) <= MAX_POINTS
    assert points(epoch_chart(networks, "val_loss", "")) <= MAX_POINTS
    crowd = networks_of(metrics(20, 20, 30), alive=False, epochs=30)
    assert min(len(trace["x"]) for trace in loss_chart(crowd)["data"]) >= 8


def test_networks_that_learn_are_strong_and_the_others_faded():
    table = metrics(2, 1, 40)
    table = table[(table["fold"] == 0) | (table["epoch"] < 9)]
    first, second = networks_of(table, alive=True, epochs=40)
    assert (first.name, first.learning) == ("fold 1", False)
    assert (second.name, second.learning) == ("fold 2", True)
    shown = {trace["name"]: trace["opacity"] for trace in loss_chart([first, second])["data"]}
    assert shown["training"] == 1.0
    assert shown["training, fold 1"] < 0.5
    assert networks_of(metrics(2, 2, 3), False, None)[3].name == "fold 2, seed 1"


def test_a_pause_is_a_gap_in_the_curve():
    times = pd.Series([0.0, 2.0, 4.0, 3600.0, 3602.0])
    (trace,) = time_chart(times, [Line(pd.Series([1.0, 2, 3, 4, 5]), "load")], "%")["data"]
    assert np.isnan(trace["y"]).tolist() == [False, False, False, True, False, False]
    assert trace["x"] == sorted(trace["x"])


def test_names_of_runs_are_no_markup():
    curves = pd.DataFrame({"epoch": [1], "train_loss": [1.0], "val_loss": [1.0], "networks": [1]})
    figure = comparison_chart({"<b>x</b>": curves})
    assert "<b>" not in figure["data"][0]["name"]
