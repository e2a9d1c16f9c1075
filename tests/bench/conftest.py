"""A small table in place of the competition's."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench import out_of_fold
from engine.table import Table, load_table
from tests.conftest import SLICE


@pytest.fixture
def small_competition(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Table, np.ndarray]:
    """The table and the folds, three of the set `random`, that benches take for the real ones."""
    path = tmp_path / "train.csv"
    path.write_text(SLICE, encoding="utf-8")
    table = load_table(path)
    folds = np.arange(len(table.ids)) % 3
    pd.DataFrame({"id": table.ids, "random": folds}).to_csv(tmp_path / "folds.csv", index=False)
    monkeypatch.setattr(out_of_fold, "TABLE", path)
    monkeypatch.setattr(out_of_fold, "FOLDS_FILE", tmp_path / "folds.csv")
    return table, folds
