"""The benches on tables of some hundred labels: what they predict, keep, and say."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from bench import learning_curve, small_tables
from engine.settings.presets import PRESETS
from tests.conftest import SLICE


@pytest.fixture
def table(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small table and a quick preset; results go to a folder of the test."""
    quick = {"members": {"lightgbm": {"rounds": 5, "learning_rate": 0.1, "leaves": 4}}}
    monkeypatch.setitem(PRESETS, "smoke", PRESETS["smoke"].model_copy(update=quick))
    for bench in (small_tables, learning_curve):
        monkeypatch.setattr(bench, "RESULTS", tmp_path / f"{bench.__name__}.json")
    path = tmp_path / "small.csv"
    path.write_text(SLICE, encoding="utf-8")
    return path


def test_small_tables_are_predicted_by_fold_and_not_measured_twice(
    table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", str(table), "--preset", "smoke"])
    small_tables.main()
    found = json.loads(small_tables.RESULTS.read_text(encoding="utf-8"))["small"]
    assert set(found) == {"smoke", "smoke --no-pretrained", "LightGBM"}
    assert set(found["smoke"]["rmse"]) == {"blend", "lightgbm"}
    for system in found.values():
        for errors in system["rmse"]["blend"].values():
            assert len(errors) == 5
            assert min(errors) > 0
    written = small_tables.RESULTS.read_bytes()
    small_tables.main()
    assert small_tables.RESULTS.read_bytes() == written
    longer = {"members": {"lightgbm": {"rounds": 6, "learning_rate": 0.1, "leaves": 4}}}
    monkeypatch.setitem(PRESETS, "smoke", PRESETS["smoke"].model_copy(update=longer))
    small_tables.main()
    again = json.loads(small_tables.RESULTS.read_text(encoding="utf-8"))["small"]
    assert again["smoke"]["settings"] != found["smoke"]["settings"]
    assert again["LightGBM"] == found["LightGBM"]
    shown = capsys.readouterr().out
    assert "| LightGBM of `smoke` |" in shown
    assert "| MIPS, as published |" in shown


def test_a_learning_curve_pairs_the_same_rows(
    table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    picture = table.with_name("curve.svg")
    words = ["--preset", "smoke", "--properties", "Tg", "--sizes", "20", "5000", "--seeds", "2"]
    words += ["--with-drawn", "--picture", str(picture)]
    monkeypatch.setattr(sys, "argv", ["bench", str(table), *words])
    learning_curve.main()
    draws = json.loads(learning_curve.RESULTS.read_text(encoding="utf-8"))["draws"]
    assert [(draw["property"], draw["labels"], draw["seed"]) for draw in draws] == [
        ("Tg", 20, 0),
        ("Tg", 20, 1),
    ]
    for draw in draws:
        # The quick preset has no network that could start from the encoder.
        assert draw["mae"]["canonical"] == draw["mae"]["encoder"] > 0
    assert "1.000 (1.000–1.000)" in capsys.readouterr().out
    assert "<svg" in picture.read_text(encoding="utf-8")


def test_the_ways_differ_in_what_they_say_and_in_nothing_else() -> None:
    preset = PRESETS["cpu"]
    ways = learning_curve._ways(preset)
    assert [*ways] == ["as drawn", "canonical", "encoder"]
    assert ways["encoder"] == preset
    assert (ways["canonical"].canonical_units, ways["as drawn"].canonical_units) == (True, False)
    assert not ways["canonical"].starts_from_encoder
    assert ways["canonical"].members == ways["as drawn"].members


def test_rows_that_are_learned_and_tested_hold_other_polymers() -> None:
    labels = np.arange(90.0)
    labels[::9] = np.nan
    polymers = np.array([f"p{row // 2}" for row in range(90)])
    (small, tested), (large, again) = (
        learning_curve._drawn(labels, polymers, size, seed=3) for size in (10, 20)
    )
    np.testing.assert_array_equal(tested, again)
    np.testing.assert_array_equal(small, large[:10])
    assert not set(polymers[large]) & set(polymers[tested])
    assert np.isfinite(labels[np.concatenate([large, tested])]).all()
    assert learning_curve._drawn(labels, polymers, 200, seed=3) is None
