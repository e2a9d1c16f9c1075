"""Several measurements of one polymer."""

import numpy as np
import pytest

from engine.commands import main
from engine.table import average_replicates, check_table, read_table
from tests.table.tables import finding, kinds

TABLE = (
    b"id,SMILES,temperature,x,y\n"
    b"a,*CC*,298,1,\nb,*CC*,298,2,5\nc,C(*)C*,298,6,\nd,*CC*,350,9,1\ne,*CCO*,298,4,2\n"
)


def averaged(how):
    return average_replicates(check_table(read_table(TABLE, "mine.csv")), how)


@pytest.mark.parametrize(("how", "x"), [("median", 2), ("mean", 3)])
def test_rows_of_one_repeat_unit_and_condition_become_one(how, x):
    table = averaged(how)
    assert table.ids == ["a", "d", "e"]
    assert table.labels.tolist() == [[x, 5], [9, 1], [4, 2]]
    assert table.excluded["reason"].tolist() == ["averaged into row 2"] * 2
    assert (table.report.rows, table.report.kept) == (5, 3)
    assert not {"duplicate", "conflict"} & kinds(table)
    told = finding(table, "replicates")
    assert told.rows == [2, 3, 4]
    assert f"{np.std([1, 2, 6], ddof=1):.4g}" in told.message
    assert table.report.properties[0].labels == 3


def test_drawings_of_one_polymer_become_one() -> None:
    text = b"SMILES,x\n*OCC*,1\n*COC*,2\n*CCOCCO*,6\n*O[C@@H](C)C(*)=O,4\n*C(=O)[C@H](C)O*,5\n"
    table = check_table(read_table(text + b"*O[C@H](C)C(*)=O,7\n", "mine.csv"))
    assert finding(table, "duplicate").count == 2
    assert finding(table, "stereo_duplicate").rows == [5, 6, 7]
    averaged = average_replicates(table, "mean")
    assert averaged.labels[:, 0].tolist() == [3, 4.5, 7]


def test_rows_are_kept_where_nothing_is_said():
    table = averaged("keep")
    assert len(table.ids) == 5
    assert "duplicate" in kinds(table)


def test_the_option(tmp_path, capsys):
    path = tmp_path / "mine.csv"
    path.write_bytes(TABLE)
    assert main(["doctor", str(path), "--replicates", "median"]) == 0
    assert "averaged (median)" in " ".join(capsys.readouterr().out.split())
