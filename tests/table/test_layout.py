"""Headers that are not in the first row, rows that do not fit, and workbooks of several sheets."""

import io

import openpyxl
import pytest

from engine.base.errors import UserError
from engine.table import check_table, load_table, read_table
from tests.table.tables import finding, kinds

BODY = "*CC*,1\n*CCCO*,2\n*CCO*,3\n"


@pytest.mark.parametrize(
    "above",
    [
        "",
        "# made by hand\n",
        "# a, b, and c\n# d\n",
        "Table S1. Glass transition temperatures\n\n",
        "Table S1,\nfrom the paper,\n",
        "Smiles of all polymers\n",
    ],
)
def test_titles_and_comments_may_stand_above_the_header(above):
    raw = read_table(f"{above}SMILES,x\n{BODY}".encode())
    assert raw.column_names == ["SMILES", "x"]
    assert len(raw.frame) == 3
    assert raw.rows[0] == len(above.splitlines()) + 2


def test_a_header_may_begin_with_a_comment_sign():
    assert read_table(f"#SMILES,x\n{BODY}".encode()).column_names == ["SMILES", "x"]


def test_a_title_above_a_table_with_semicolons():
    raw = read_table(b"Table 1, from the paper\nSMILES;x\n*CC*;1,5\n*CCCO*;2,5\n")
    assert raw.column_names == ["SMILES", "x"]
    assert raw.reading.separator == ";"


def test_a_header_with_one_cell_more_than_its_rows():
    table = load_table(b"psmiles,value,\n*CC*,1\n*CCCO*,2\n", "mine.csv")
    assert table.labels[:, 0].tolist() == [1, 2]
    assert not table.report.findings


def test_only_rows_that_do_not_fit_are_left_out():
    table = load_table(
        b"SMILES,x,y\n*CC*,1,2\n*CCCO*,2,3,4\n*CCO*,3,5\n*CCS*,4\n*CCN*,5,6\n", "m.csv"
    )
    assert table.rows.tolist() == [2, 4, 6]
    left_out = finding(table, "misfit_rows")
    assert (left_out.severity, left_out.rows) == ("excluded", [3, 5])
    assert table.excluded["row"].tolist() == [3, 5]
    assert (table.report.rows, table.report.kept) == (5, 3)
    with pytest.raises(UserError, match="row 3 has 4 cells"):
        read_table(b"SMILES,x\n*CC*,1\n*CCCO*,2,3,4\n", "m.csv")


def workbook(**sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


NOTES = [["Read me first"], ["Made by", "somebody"]]
DATA = [["SMILES", "x"], ["*CC*", 1], ["*CCCO*", 2]]


@pytest.mark.parametrize("first", [[], NOTES])
def test_the_sheet_with_smiles_is_read_and_the_others_are_named(first):
    data = workbook(Notes=first, Data=DATA, More=[["SMILES", "y"], ["*CCO*", 3]])
    table = load_table(data, "mine.xlsx")
    assert table.report.columns.properties == ("x",)
    assert table.report.reading.sheet == "Data"
    told = finding(table, "other_sheets").message
    assert "More" in told
    assert ("Notes" in told) is bool(first)
    assert load_table(data, "mine.xlsx", sheet="More").report.columns.properties == ("y",)
    with pytest.raises(UserError, match="no sheet “Nothing”; its sheets are: Notes, Data, More"):
        read_table(data, "mine.xlsx", sheet="Nothing")


def test_a_workbook_of_one_sheet_says_nothing_of_sheets():
    table = check_table(read_table(workbook(Data=DATA), "mine.xlsx"))
    assert "other_sheets" not in kinds(table)


def test_lines_above_the_header_are_told():
    text = "# exported\nPolymers\nSMILES,Tg\n*CC*,1\n*CO*,2\n"
    told = finding(check_table(read_table(text.encode(), "mine.csv")), "above_header")
    assert told.count == 2
    assert "row 1 “# exported” and row 2 “Polymers”" in told.message
    assert "above_header" not in kinds(check_table(read_table(b"SMILES,Tg\n*CC*,1\n", "m.csv")))
