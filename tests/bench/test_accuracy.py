"""The comparison of systems on the same folds."""

from pathlib import Path

import numpy as np
import pytest

from bench.accuracy import __main__ as comparison
from bench.accuracy import keep, results
from bench.accuracy.bootstrap import interval, wmae, wmae_row
from bench.accuracy.results import long_form, save
from bench.accuracy.training_mean import guess
from engine.errors import UserError
from engine.metrics import figures, label_ranges
from engine.runs import Run, read_config, read_report
from engine.table import Table

NAMES = ["Tg", "Density"]


@pytest.fixture
def labels() -> np.ndarray:
    random = np.random.default_rng(0)
    values = random.normal(size=(80, 2)) * [50.0, 0.1]
    values[random.random(values.shape) < 0.4] = np.nan
    return values


def test_figures_of_errors_are_those_of_the_engine(labels: np.ndarray) -> None:
    predicted = labels + np.random.default_rng(1).normal(size=labels.shape) * [9.0, 0.02]
    known = figures(labels, predicted, NAMES, label_ranges(labels, NAMES))
    errors = np.abs(labels - predicted)
    assert wmae(labels)(errors) == pytest.approx(known["wmae"])
    assert wmae_row(labels)(errors) == pytest.approx(known["wmae_row"])


def test_an_interval_holds_the_figure_and_a_paired_one_is_narrower(labels: np.ndarray) -> None:
    errors = np.abs(np.random.default_rng(1).normal(size=labels.shape)) * [9.0, 0.02]
    errors[np.isnan(labels)] = np.nan
    for figure in (wmae(labels), wmae_row(labels)):
        low, high = interval(errors, figure)
        assert low < figure(errors) < high
        assert interval(errors, figure) == (low, high)
        assert interval(np.stack([errors, errors]), figure) == (0, 0)
        worse = interval(np.stack([errors * 1.2, errors]), figure)
        assert 0 < worse[0] < worse[1] < high


def test_the_mean_is_that_of_the_other_folds() -> None:
    labels = np.array([[1.0], [3.0], [np.nan], [8.0]])
    guessed = guess(labels, np.array([0, 0, 1, 1]))
    assert guessed.tolist() == [[8.0], [8.0], [2.0], [2.0]]


def test_systems_are_compared_on_the_same_rows(
    trained: Run, slice_of_textbook: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = slice_of_textbook
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    monkeypatch.setattr(comparison, "RESULTS", tmp_path / "accuracy.json")
    with pytest.raises(UserError, match="not on frozen folds"):
        keep.main(trained.name)
    spec = {**read_config(trained), "folds": "folds.csv:random"}
    monkeypatch.setattr(keep, "read_config", lambda _: spec)
    keep.main(trained.name, "best")
    folds = np.arange(len(table.ids)) % 3
    guessed = long_form(table, folds, guess(table.labels, folds))
    save("training mean", "random", {"command": "none", "seconds": 0.1}, guessed)
    loaded = results.load_all(table)
    assert [(one.system, one.folds) for one in loaded] == [
        ("best", "random"),
        ("training mean", "random"),
    ]
    monkeypatch.setattr(comparison, "load_all", lambda: loaded)
    said: list[str] = []
    comparison.main(said.append)
    blend = read_report(trained)["figures"]["blend"]
    assert f"| best | {blend['wmae']:.4f} (" in said[0]
    assert "smiles" not in (tmp_path / "best-random.json").read_text().lower()
    assert any("| lightgbm | " in table for table in said)
    assert any("| training mean | " in table for table in said[2:])
