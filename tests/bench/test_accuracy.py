"""The comparison of systems on the same folds."""

from concurrent.futures import Executor, Future
from pathlib import Path

import numpy as np
import pytest

from bench.accuracy import __main__ as comparison
from bench.accuracy import keep, one_fold, results, time_to_error
from bench.accuracy.__main__ import compare_all, on_one_fold
from bench.accuracy.bootstrap import interval, wmae, wmae_row
from bench.accuracy.results import save
from bench.accuracy.training_mean import predict_mean
from bench.out_of_fold import OutOfFold, long_form
from engine.base.errors import UserError
from engine.models.lightgbm import LightGBM
from engine.runs import Run, read_config, read_report
from engine.settings.metrics import figures, label_ranges
from engine.settings.presets import PRESETS
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
    expected = figures(labels, predicted, NAMES, label_ranges(labels, NAMES))
    errors = np.abs(labels - predicted)
    assert wmae(labels)(errors) == pytest.approx(expected["wmae"])
    assert wmae_row(labels)(errors) == pytest.approx(expected["wmae_row"])


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
    predicted = predict_mean(labels, np.array([0, 0, 1, 1]))
    assert predicted.tolist() == [[8.0], [8.0], [2.0], [2.0]]


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
    predicted = long_form(table, folds, predict_mean(table.labels, folds))
    save("training mean", "random", {"command": "none", "seconds": 0.1}, predicted)
    loaded = results.load_all(table)
    assert [(system.system, system.folds) for system in loaded] == [
        ("best", "random"),
        ("training mean", "random"),
    ]
    monkeypatch.setattr(comparison, "load_all", lambda: loaded)
    printed: list[str] = []
    comparison.main(printed.append)
    blend = read_report(trained)["figures"]["blend"]
    assert f"| best | {blend['wmae']:.4f} (" in printed[0]
    systems, members, others = printed[0].strip().split("\n\n")[1:]
    assert "| LightGBM | " in members
    assert "| training mean | " in systems
    assert "| training mean | " in others
    assert "smiles" not in (tmp_path / "best-random.json").read_text().lower()


def test_a_system_of_one_fold_is_compared_on_its_rows(labels: np.ndarray) -> None:
    folds, random = np.arange(len(labels)) % 4, np.random.default_rng(1)

    def result(system: str, only: int | None) -> results.Result:
        rows = np.ones(len(labels), bool) if only is None else folds == only
        blended = np.where(rows[:, None], labels + random.normal(size=labels.shape), np.nan)
        out_of_fold = OutOfFold(
            ["*C*"] * len(labels),
            NAMES,
            ["blend"],
            labels,
            blended[None],
            blended,
            np.where(rows, folds, -1),
        )
        about = {"command": "none", "seconds": 1, "machine": {"threads": 1 if only else 2}}
        return results.Result(system, "random", only, about, out_of_fold)

    compared = on_one_fold([result("best", None), result("slow", 2), result("slower", 3)], 2)
    assert [system.system for system in compared] == ["best", "slow"]
    assert [len(system.out_of_fold.labels) for system in compared] == [20, 20]
    written, shown = compare_all(compared, labels, "Fold 2 of `random` alone")
    expected = figures(
        labels[folds == 2], compared[1].out_of_fold.blended, NAMES, label_ranges(labels, NAMES)
    )["mae"]
    assert written["systems"][1]["mae"] == pytest.approx(expected)
    assert written["others"]["slow"]["wmae"] == written["systems"][1]["wmae"]
    assert "coverage" not in written["systems"][0]
    assert "| slow |" in shown
    assert "| 1 s on one core |" in shown
    assert "| 1 s for all folds |" in shown


def test_one_fold_of_a_preset_is_predicted_alone(
    small_competition: tuple[Table, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, folds = small_competition
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    quick = PRESETS["smoke"].model_copy(
        update={
            "members": {
                "lightgbm": {"rounds": 5, "learning_rate": 0.1, "leaves": 4},
                "polygin": {
                    "network": {"layers": 3, "width": 48},
                    "training": {"epochs": 2, "batch": 16},
                },
            }
        }
    )
    monkeypatch.setitem(PRESETS, "smoke", quick)
    path = one_fold.fit("smoke", "random", 1, tmp_path / "scratch")
    loaded = results.load_all(table)
    assert [system.only_fold for system in loaded] == [1]
    out_of_fold = loaded[0].out_of_fold
    labelled = np.isfinite(table.labels)
    assert (np.isfinite(out_of_fold.blended) == labelled & (folds == 1)[:, None]).all()
    before = path.read_bytes(), loaded[0].about["seconds"]
    monkeypatch.setattr(LightGBM, "fit", None)
    one_fold.fit("smoke", "random", 1, tmp_path / "scratch")
    assert path.read_bytes() == before[0]
    assert results.load_all(table)[0].about["seconds"] > before[1]


def test_a_preset_is_timed_after_each_member(
    small_competition: tuple[Table, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_to_error, "ProcessPoolExecutor", _HereAndNow)
    boosting = {"rounds": 5, "learning_rate": 0.1}
    members = {"lightgbm": boosting, "xgboost": boosting}
    quick = PRESETS["smoke"].model_copy(update={"members": members})
    monkeypatch.setitem(PRESETS, "smoke", quick)
    points = time_to_error.time_preset("smoke")
    assert [point["after"] for point in points] == ["lightgbm", "xgboost"]
    assert 0 < float(points[0]["seconds"]) < float(points[1]["seconds"])
    peer = {"after": "50 epochs", "seconds": 1000.0, "wmae": float(points[1]["wmae"])}
    shown = time_to_error.report(
        {"smoke": {"points": points}, "Chemprop default": {"points": [peer]}}
    )
    share = float(points[1]["seconds"]) / 1000
    assert shown.splitlines()[3].endswith(f"| {share:.3f} |")


class _HereAndNow(Executor):
    """Runs what it is given at once, in this process."""

    def __init__(self, *_: object) -> None: ...

    def submit(self, function, /, *arguments, **named):
        future: Future = Future()
        future.set_result(function(*arguments, **named))
        return future
