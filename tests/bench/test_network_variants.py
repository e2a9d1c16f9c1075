"""Paired tests of networks, on a small table."""

from pathlib import Path

import numpy as np
import pytest

from bench import network_variants
from bench.network_variants import compare, train
from bench.out_of_fold import read
from engine.table import Table

QUICK = {"shape": {"layers": 1, "width": 16}, "loop": {"epochs": 2, "batch": 16}}


def test_a_variant_is_trained_and_compared(
    workspace: Path,
    tmp_path: Path,
    small_competition: tuple[Table, np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table, _ = small_competition
    monkeypatch.setattr(network_variants, "FOLDER", tmp_path / "networks")
    joined = {**QUICK, "shape": {**QUICK["shape"], "descriptors": 8}}
    plain, described = (
        read(train(name, changes, "random", 0), table)
        for name, changes in (("plain", QUICK), ("described", joined))
    )
    assert not np.array_equal(plain.blended, described.blended)
    said = compare([plain], [described])
    assert f"| Tg | {np.nanmean(np.abs(plain.labels - plain.blended)[:, 0]):.4g} |" in said
    assert "| wMAE |" in said
    assert "+0.0 ± 0.0 %" in compare([plain], [plain])
