"""Coverage from an out-of-fold file, and intervals for a bundle that has none."""

from pathlib import Path

import numpy as np
import pytest

from bench.coverage import markdown, measure
from bench.out_of_fold import load_out_of_fold
from bench.probabilities import calibration
from bench.probabilities import measure as measure_probabilities
from engine.base.errors import UserError
from engine.inference.bundle import read_info
from engine.runs import Run, read_out_of_fold
from engine.runs.folder import OUT_OF_FOLD
from engine.table import Table, load_table
from tests.conftest import SLICE, TEXTBOOK


def test_coverage_is_that_of_the_runs_report(trained: Run, slice_of_textbook: Table) -> None:
    measured = measure(load_out_of_fold(trained.folder / OUT_OF_FOLD, slice_of_textbook))
    info = read_info(trained.bundle)
    for name, figures in measured.items():
        assert figures["coverage"] == info.intervals[name].coverage
        assert figures["labels"] == info.labels[name]
        assert 0 < figures["outside"] < figures["labels"]
        effect = info.domain.effects[name]
        assert figures["outside"] == effect.outside.labels
        assert figures["mae_inside"] == pytest.approx(effect.inside.mae)
        assert figures["mae_outside"] == pytest.approx(effect.outside.mae)
        assert len(figures["coverage_by_fold"]) == 3
    assert "| Tg (°C) | 64 |" in markdown(measured)


def test_probabilities_of_labels_are_calibrated_as_an_independent_count_says(
    trained: Run, slice_of_textbook: Table
) -> None:
    measured = measure_probabilities(
        load_out_of_fold(trained.folder / OUT_OF_FOLD, slice_of_textbook)
    )
    info = read_info(trained.bundle)
    for name in info.names:
        assert measured[name]["cases"] == 9 * info.labels[name]
        assert 0 < measured[name]["brier"] < measured[name]["brier_of_mean"]
    likely, happened = np.array([0.05, 0.15, 0.15, 0.95]), np.array([0, 1, 0, 1], dtype=bool)
    found = calibration(likely, happened)
    assert found["brier"] == pytest.approx((0.05**2 + 0.85**2 + 0.15**2 + 0.05**2) / 4)
    assert found["off"] == pytest.approx((0.05 + 2 * 0.35 + 0.05) / 4)
    assert [each["share"] for each in found["bins"]] == [0, 0.5, 1]


def test_a_file_by_id_without_labels_is_joined(
    trained: Run, slice_of_textbook: Table, tmp_path: Path
) -> None:
    whole = load_out_of_fold(trained.folder / OUT_OF_FOLD, slice_of_textbook)
    bare = tmp_path / "bare.parquet"
    frame = read_out_of_fold(trained).drop(columns=["row", "smiles", "label"])
    frame.sample(frac=1, random_state=0).to_parquet(bare, index=False)
    joined = load_out_of_fold(bare, slice_of_textbook)
    assert (
        joined.members
        == whole.members
        == ["lightgbm", "xgboost", "catboost", "gaussian_process", "polygin"]
    )
    np.testing.assert_array_equal(joined.predicted, whole.predicted)
    np.testing.assert_array_equal(joined.folds, whole.folds)


def test_another_table_is_refused(trained: Run) -> None:
    with pytest.raises(UserError, match="does not predict exactly the labels"):
        load_out_of_fold(trained.folder / OUT_OF_FOLD, load_table(TEXTBOOK))
    fewer = "".join(SLICE.splitlines(keepends=True)[:60])
    with pytest.raises(UserError, match="does not hold"):
        load_out_of_fold(trained.folder / OUT_OF_FOLD, load_table(fewer.encode(), "fewer.csv"))
