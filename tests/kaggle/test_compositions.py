"""A competition of copolymers on Kaggle, by a model that learned such."""

import pandas as pd

from engine.inference.bundle import SHIPPED
from engine.kaggle.inputs import Settings, find_tables
from engine.kaggle.submitting import check_submission, submit_with, write_medians
from engine.runs import Run
from tests.copolymers import CHLORIDE, METHACRYLATE, STYRENE
from tests.kaggle.conftest import Kaggle


def _write_competition(kaggle: Kaggle) -> None:
    rows = [
        ("007", STYRENE, METHACRYLATE, 0.25),
        ("08", STYRENE, "", 1),
        ("x y", CHLORIDE, STYRENE, 2),
    ]
    columns = ["id", "smiles_A", "smiles_B", "frac_A"]
    pd.DataFrame(rows, columns=columns).to_csv(kaggle.competition / "test.csv", index=False)
    sample = pd.DataFrame({"id": ["x y", "007", "08"], "Tg": 0})
    sample.to_csv(kaggle.competition / "sample_submission.csv", index=False)


def test_a_row_that_cannot_be_read_holds_the_median(
    kaggle: Kaggle, settings: Settings, copolymers: Run
) -> None:
    _write_competition(kaggle)
    tables = find_tables(settings)
    write_medians(settings, tables)
    told = submit_with(settings, tables, copolymers.bundle, "a model")
    check_submission(settings, tables)
    assert kaggle.submission["id"].tolist() == ["x y", "007", "08"]
    values = kaggle.submission["Tg"].astype(float)
    assert values.nunique() == 3
    assert any("1 row could not be predicted" in line and "more than 1" in line for line in told)


def test_a_model_of_homopolymers_predicts_those_alone(kaggle: Kaggle, settings: Settings) -> None:
    _write_competition(kaggle)
    told = submit_with(settings, find_tables(settings), SHIPPED, "the shipped model")
    assert any("2 rows could not be predicted" in line for line in told)
    assert kaggle.submission["Tg"].astype(float)[2] > 90
