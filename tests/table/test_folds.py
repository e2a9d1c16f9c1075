"""Folds from a splitter, a column or a file."""

from pathlib import Path

import numpy as np
import pytest

from engine.base.errors import UserError
from engine.table import Table, load_table
from engine.table.folds import check_folds, given_folds, make_folds
from tests.conftest import SHARED, TEXTBOOK

ROWS = [f"{n},*{'C' * n}*,{n}.5,{'abc'[n % 3]}" for n in range(1, 31)]
TABLE = "\n".join(["id,SMILES,Tg,part", *ROWS]).encode()


@pytest.fixture
def table() -> Table:
    return load_table(TABLE, "table.csv")


def test_a_column_of_the_table(table: Table) -> None:
    folds = given_folds("column:part", table)
    assert folds.tolist() == [n % 3 for n in range(1, 31)]


def test_a_column_of_a_file_is_matched_by_id(table: Table, tmp_path: Path) -> None:
    path = tmp_path / "folds.csv"
    lines = [f"{n},{n % 5}" for n in reversed(range(1, 31))]
    path.write_text("\n".join(["id,mine", *lines]))
    folds = given_folds(f"{path}:mine", table)
    assert folds.tolist() == [n % 5 for n in range(1, 31)]


def test_excluded_rows_do_not_shift_the_folds(tmp_path: Path) -> None:
    rows = ROWS.copy()
    rows[4] = "5,C(C,5.5,c"
    table = load_table("\n".join(["id,SMILES,Tg,part", *rows]).encode(), "table.csv")
    assert given_folds("column:part", table).tolist() == [n % 3 for n in range(1, 31) if n != 5]


def test_rows_without_a_fold_are_named(table: Table, tmp_path: Path) -> None:
    path = tmp_path / "folds.csv"
    path.write_text("\n".join(["id,mine", *(f"{n},{n % 5}" for n in range(1, 29))]))
    with pytest.raises(UserError, match="for 2 rows of the table, such as id 29, 30"):
        given_folds(f"{path}:mine", table)


def test_a_column_of_many_numbers_gives_no_folds(table: Table) -> None:
    with pytest.raises(UserError, match="30 different folds"):
        given_folds("column:Tg", table)


@pytest.mark.parametrize("spec", ["random:4", "similarity:4"])
def test_splitters_keep_stereoisomers_together(spec: str) -> None:
    textbook = load_table(TEXTBOOK)
    canonical = [*textbook.canonical, "*C/C=C/C*", "*C/C=C\\C*"]
    labels = np.vstack([textbook.labels, textbook.labels[:2]])
    folds = make_folds(spec, canonical, labels, seed=0)
    assert sorted(set(folds)) == [0, 1, 2, 3]
    assert folds[-1] == folds[-2]


def test_similar_units_share_a_fold() -> None:
    chains = [f"*{'C' * n}*" for n in range(8, 20)]
    others = ["*c1ccc(*)cc1", "*CC(*)C#N", "*O[Si](*)(C)C", "*CC(*)O", "*SCC*", "*CC(*)(F)F"]
    labels = np.zeros((18, 1))
    folds = make_folds("similarity:3", chains + others, labels, seed=0)
    assert len(set(folds[:12])) == 1


def test_the_frozen_folds_of_the_real_table(real_train: Path) -> None:
    folds = given_folds(f"{SHARED / 'folds.csv'}:random", load_table(real_train))
    assert len(folds) == 7973
    assert set(folds) == {0, 1, 2, 3, 4}


def test_a_column_may_have_a_colon_in_its_name() -> None:
    rows = [f"{n},*{'C' * n}*,{n}.5,{n % 2}" for n in range(1, 31)]
    table = load_table("\n".join(["id,SMILES,Tg,Split: final", *rows]).encode(), "table.csv")
    assert given_folds("column:Split: final", table).tolist() == [n % 2 for n in range(1, 31)]


def test_folds_that_are_numbers_keep_their_order() -> None:
    rows = [f"{n},*{'C' * n}*,{n}.5,{n % 12}" for n in range(1, 31)]
    table = load_table("\n".join(["id,SMILES,Tg,part", *rows]).encode(), "table.csv")
    assert given_folds("column:part", table).tolist() == [n % 12 for n in range(1, 31)]


def test_similarity_folds_of_too_many_units_are_refused(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.table.folds.MOST_COMPARED", 29)
    with pytest.raises(UserError, match="30 different ones are more than the 29"):
        given_folds("similarity:3", table)
    assert given_folds("random:3", table) is None


def test_folds_must_leave_something_to_learn_from() -> None:
    canonical = ["*C*", "*CC*", "*CCC*", "*CCCC*"]
    labels = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, np.nan], [4.0, 4.0]])
    assert check_folds(np.array([0, 0, 1, 1]), canonical, labels[:, :1], ["Tg"]) == []
    with pytest.raises(UserError, match="Nearly all labels of 'Rg' lie in one fold"):
        check_folds(np.array([0, 0, 1, 1]), canonical, labels, ["Tg", "Rg"])


def test_a_repeat_unit_in_several_folds_is_reported() -> None:
    canonical = ["*C*", "*C*", "*CC*", "*CCC*", "*C/C=C/C*", "*C/C=C\\C*"]
    labels = np.arange(6.0)[:, None]
    remarks = check_folds(np.array([0, 1, 0, 1, 0, 0]), canonical, labels, ["Tg"])
    assert remarks[0].startswith("1 repeat unit of the table is in more than one fold")
    remarks = check_folds(np.array([0, 1, 0, 1, 0, 1]), canonical, labels, ["Tg"])
    assert remarks[0].startswith("2 repeat units of the table are")
