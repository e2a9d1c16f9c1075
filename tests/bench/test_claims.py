"""The blueprints' claims beside what is measured."""

import json
from pathlib import Path

import numpy as np
import pytest

from bench.accuracy import claims
from bench.accuracy.results import Result
from bench.out_of_fold import OutOfFold
from engine.settings.metrics import figures, label_ranges
from engine.table import Table

NAMES = ["Tg", "FFV", "Tc", "Density", "Rg"]


@pytest.fixture
def results() -> list[Result]:
    """Two of the presets: one predicted all of three folds, one the last alone."""
    random = np.random.default_rng(0)
    labels = random.normal(size=(60, 5)) * [100, 1, 1, 1, 10]
    folds = np.arange(60) % 3

    def result(system: str, only: int | None) -> Result:
        rows = np.ones(60, bool) if only is None else folds == only
        blended = np.where(rows[:, None], labels + random.normal(size=labels.shape), np.nan)
        out_of_fold = OutOfFold(
            ["*C*"] * 60, NAMES, ["blend"], labels, blended[None], blended, folds
        )
        return Result(system, "random", only, {"command": "none", "seconds": 1}, out_of_fold)

    return [result("standard", None), result("t4x2", 2)]


def test_a_system_is_measured_as_the_leaderboard_does(results: list[Result]) -> None:
    out_of_fold = results[0].out_of_fold
    expected = figures(
        out_of_fold.labels, out_of_fold.blended, NAMES, label_ranges(out_of_fold.labels, NAMES)
    )
    measured = claims.measure(results[0])
    assert measured["wmae"] == pytest.approx(expected["wmae"])
    span = np.ptp(out_of_fold.labels[:, 4])
    assert measured["errors"]["Rg"] == pytest.approx(expected["mae"]["Rg"] / span)


def test_claims_stand_beside_what_there_is(
    results: list[Result],
    small_competition: tuple[Table, np.ndarray],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    monkeypatch.setattr(claims, "RESULTS", tmp_path / "claims.json")
    monkeypatch.setattr(claims, "load_all", lambda table: results)
    monkeypatch.setattr(claims, "peaks", lambda table, folds: dict.fromkeys(claims.CLAIMS, 512.0))
    claims.main()
    written = json.loads((tmp_path / "claims.json").read_text())["presets"]
    printed = capsys.readouterr().out
    assert "| 0.305 | not measured yet |" in printed
    assert f"| 0.142 | {written['standard']['measured']['wmae']:.4f} | all folds |" in printed
    assert f"| 0.138 | {written['t4x2']['measured']['wmae']:.4f} | fold 2 |" in printed
    assert "| under 5 GB | 0.5 GB |" in printed
    assert "| claimed | 0.139 | 0.144 | 0.132 | 0.135 | 0.142 |" in printed
