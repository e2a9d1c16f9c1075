"""Paired tests of networks, on a small table."""

import json
from pathlib import Path

import numpy as np
import pytest

from bench import network_variants
from bench.network_variants import compare, train
from bench.out_of_fold import load_out_of_fold
from engine.table import Table
from engine.training import loop

QUICK = {
    "network": {"layers": 1, "width": 16},
    "training": {"epochs": 2, "batch": 16, "pretrained": False},
}


@pytest.fixture
def table(
    small_competition: tuple[Table, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Table:
    """The table that is learnt from; predictions go to a folder of the test's."""
    monkeypatch.setattr(network_variants, "FOLDER", tmp_path / "networks")
    return small_competition[0]


def test_a_variant_is_trained_and_compared(table: Table, tmp_path: Path) -> None:
    joined = {**QUICK, "network": {**QUICK["network"], "descriptors": 8}}
    plain, described = (
        load_out_of_fold(train(name, changes, "random", 0, tmp_path / "scratch"), table)
        for name, changes in (("plain", QUICK), ("described", joined))
    )
    assert not np.array_equal(plain.blended, described.blended)
    differences = compare([plain], [described])
    assert f"| Tg | {np.nanmean(np.abs(plain.labels - plain.blended)[:, 0]):.4g} |" in differences
    assert "| wMAE |" in differences
    assert "+0.0 ± 0.0 %" in compare([plain], [plain])


def test_a_pretraining_learns_from_other_units_too(
    table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt: list[int] = []
    monkeypatch.setattr(loop, "pretrain", lambda network, graphs, *rest: learnt.append(graphs.size))
    others = tmp_path / "units.csv"
    others.write_text(f"SMILES\n{table.canonical[0]}\n*C=CO*\n*OC=C*\n*C=CN*\n", encoding="utf-8")
    pretraining = {"kind": "masked", "epochs": 1}
    changes = {**QUICK, "training": {**QUICK["training"], "pretraining": pretraining}}
    path = train("masked", changes, "random", 0, tmp_path / "scratch", others)
    held_out = np.bincount(np.arange(len(table.ids)) % 3)
    assert learnt == [len(table.ids) + 2 - count for count in held_out]
    assert json.loads(path.with_suffix(".json").read_text())["units"] == 2
    assert (
        np.isfinite(load_out_of_fold(path, table).blended).sum() == np.isfinite(table.labels).sum()
    )
