"""What is put together from a run's metrics, and when a worker was last heard of."""

import os
import time

import numpy as np
import pandas as pd
import pytest

from engine.runs import Run
from engine.runs.exit_reasons import silent_since
from engine.runs.monitoring import label_weights, mean_curves, validation_wmae
from engine.settings.metrics import figures, label_ranges

NAMES = ["Tg", "Rg"]
LABELS = np.array([[0.0, 1.0], [100.0, np.nan], [50.0, 3.0], [np.nan, 2.0], [30.0, np.nan]])


@pytest.fixture
def run(run: Run) -> Run:
    """It has a table too."""
    table = pd.DataFrame(LABELS, columns=[f"label:{name}" for name in NAMES])
    table.to_parquet(run.folder / "table.parquet")
    return run


def test_validation_wmae_is_the_leaderboards_form(run):
    guesses = LABELS + np.array([4.0, 0.5])
    truth = figures(LABELS, guesses, NAMES, label_ranges(LABELS, NAMES))
    row = {f"val_mae_{name}": [truth["mae"][name]] for name in NAMES}
    found = validation_wmae(pd.DataFrame(row), label_weights(run))
    assert found[0] == pytest.approx(truth["wmae"])


def test_validation_wmae_leaves_out_what_is_missing(run):
    metrics = pd.DataFrame({"val_mae_Tg": [10.0, np.nan], "val_mae_Rg": [np.nan, np.nan]})
    found = validation_wmae(metrics, label_weights(run))
    assert found[0] == pytest.approx(10 / 100)
    assert np.isnan(found[1])


def test_validation_wmae_leaves_out_labels_that_are_all_equal(run):
    table = pd.DataFrame({"label:Tg": [1.0, 1.0], "label:Rg": [0.0, 10.0]})
    table.to_parquet(run.folder / "table.parquet")
    metrics = pd.DataFrame({"val_mae_Tg": [0.1], "val_mae_Rg": [1.0]})
    assert validation_wmae(metrics, label_weights(run))[0] == pytest.approx(0.1)


def test_without_a_table_there_is_no_wmae(run):
    (run.folder / "table.parquet").unlink()
    found = validation_wmae(pd.DataFrame({"val_mae_Tg": [10.0]}), label_weights(run))
    assert found.isna().all()


def test_mean_curves_say_of_how_many_networks_they_are():
    metrics = pd.DataFrame(
        {
            "epoch": [1, 2, 1],
            "train_loss": [1.0, 0.5, 3.0],
            "val_loss": [2.0, 1.0, None],
        }
    )
    found = mean_curves(metrics)
    assert found["train_loss"].tolist() == [2.0, 0.5]
    assert found["val_loss"].tolist() == [2.0, 1.0]
    assert found["networks"].tolist() == [2, 1]
    assert mean_curves(pd.DataFrame()).empty


def test_silence_counts_from_the_last_sign_of_the_present_work(run):
    now = time.time()
    assert silent_since(run) is None
    beat = run.folder / "heartbeat"
    beat.touch()
    assert silent_since(run) is None
    os.utime(beat, (now - 100, now - 100))
    assert silent_since(run) == pytest.approx(now - 100)
    assert silent_since(run.model_copy(update={"since": now - 10})) is None
    assert silent_since(run.model_copy(update={"state": "stopped"})) is None
