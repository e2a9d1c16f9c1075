"""Every format, encoding, separator and decimal sign that a table may come in."""

import io

import numpy as np
import openpyxl
import pandas as pd
import pytest

from engine.base.errors import UserError
from engine.table import load_table, read_table
from tests.table.tables import ROWS, parquet, text_table, workbook


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("separator", "decimal"),
    [(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ","), ("|", ".")],
)
def test_separator_and_decimal_are_found(separator, decimal, end):
    table = load_table(text_table(separator, decimal, end=end).encode())
    assert (table.raw.reading.separator, table.raw.reading.decimal) == (separator, decimal)
    assert table.ids == ["a1", "a2", "a3"]
    np.testing.assert_array_equal(table.labels[:, 0], [12.5, 100.25, np.nan])
    assert table.rows.tolist() == [2, 3, 4]


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1252", "cp1252"),
        ("latin-1", "cp1252"),
    ],
)
def test_encoding_is_found(encoding, shown):
    text = text_table(header=("id", "SMILES", "Härte"))
    raw = read_table(text.encode(encoding))
    assert raw.frame.columns.tolist() == ["id", "SMILES", "Härte"]
    assert raw.reading.encoding == shown


def test_bytes_that_cp1252_does_not_have_are_read_as_latin_1():
    raw = read_table(b"id,SMILES,x\n\x81\xe4,*CC*,1\n")
    assert raw.reading.encoding == "latin-1"


def test_a_guessed_encoding_is_said_with_a_text_to_judge_it_by():
    data = "id,SMILES,Tg\nПолистирол,*CC*,1\nб,*CCC*,2\n".encode("cp1251")
    (note,) = [each for each in load_table(data).report.findings if "guess" in each.kind]
    assert note.severity == "note"
    assert "cp1252 of Western Europe is a guess and reads “Ïîëèñòèðîë”" in note.message
    for table in (load_table(data, encoding="cp1251"), load_table("id,SMILES\nП,*CC*\n".encode())):
        assert not [each for each in table.report.findings if "guess" in each.kind]


def test_the_user_overrules_separator_encoding_and_decimal():
    data = "id;SMILES;Tg\nй;*CC*;1,234\n".encode("cp1251")
    assert load_table(data).labels[0, 0] == 1.234
    table = load_table(data, separator="semicolon", encoding="cp1251", decimal=".")
    assert table.ids == ["й"]
    assert table.labels[0, 0] == 1234
    assert read_table(data, separator="|").frame.shape == (1, 1)


@pytest.mark.parametrize(
    ("overrule", "words"),
    [
        ({"separator": "ab"}, "cannot be the separator"),
        ({"separator": "C"}, "cannot be the separator"),
        ({"encoding": "klingon"}, "no encoding called"),
        ({"encoding": "hex"}, "no encoding called"),
        ({"encoding": "ascii"}, "not in the encoding ascii"),
        ({"decimal": ":"}, "decimal sign"),
    ],
)
def test_senseless_overrules_are_refused(overrule, words):
    with pytest.raises(UserError, match=words):
        read_table("SMILES,Härte\n*CC*,1\n".encode(), **overrule)


def test_a_semicolon_table_whose_commas_would_also_make_even_rows():
    table = load_table(b"SMILES;Tg, measured\n*CC*;12,5\n*CCC*;13,5\n")
    assert table.labels[:, 0].tolist() == [12.5, 13.5]


def test_the_line_by_which_a_spreadsheet_names_its_separator_is_not_a_row():
    raw = read_table(b"sep=|\r\nSMILES|x\r\n*CC*|1\r\n")
    assert raw.frame.columns.tolist() == ["SMILES", "x"]
    assert raw.rows.tolist() == [2]


def test_rows_are_numbered_as_a_spreadsheet_does():
    raw = read_table(b'\nid,SMILES,x\n\n"a\nb",*CC*,1\n,,\nc,*CCC*,2\n')
    assert raw.rows.tolist() == [4, 6]
    assert raw.frame["id"].tolist() == ["a\nb", "c"]


def test_one_column_and_quoted_commas():
    assert read_table(b"SMILES\n*CC*\n").frame.shape == (1, 1)
    table = load_table(b'SMILES,x\n*CC*,"1,5"\n*CCC*,"2,25"\n')
    assert table.labels[:, 0].tolist() == [1.5, 2.25]
    table = load_table(b'SMILES,x,y\n*CC*,"1,500",0.5\n*CCC*,"2,250.5",0.5\n')
    assert table.labels[:, 0].tolist() == [1500, 2250.5]


def test_cells_are_stripped_text_or_none():
    raw = read_table(b" id , SMILES,x,\n a , *CC* ,,\nb,*CCC*,NA,\n")
    assert raw.frame.columns.tolist() == ["id", "SMILES", "x"]
    assert raw.frame.to_numpy().tolist() == [["a", "*CC*", None], ["b", "*CCC*", "NA"]]


def test_duplicated_and_empty_column_names_are_made_unique():
    raw = read_table(b"SMILES,x,x,,x (2)\n*CC*,1,2,3,4\n")
    assert raw.frame.columns.tolist() == ["SMILES", "x", "x (3)", "Unnamed: 3", "x (2)"]
    assert raw.reading.renamed == ("x (3)", "Unnamed: 3")
    report = load_table(b"SMILES,x,x\n*CC*,1,2\n").report
    note = next(f for f in report.findings if f.kind == "renamed_columns")
    assert "x (2)" in note.message


@pytest.mark.parametrize("name", ["table.parquet", "table.csv", "table"])
def test_parquet_keeps_every_digit_whatever_its_name(name):
    precise = [0.1 + 0.2, 1e-300, np.nan]
    frame = pd.DataFrame(
        {"id": [1, 2, 3], "SMILES": [r[1] for r in ROWS], "x": precise, "on": [True, False, None]}
    )
    table = load_table(parquet(frame), name)
    assert table.raw.reading.format == "parquet"
    np.testing.assert_array_equal(table.labels[:, 0], precise)
    assert table.report.columns.properties == ("x",)
    assert table.ids == ["1", "2", "3"]
    assert table.rows.tolist() == [2, 3, 4]


@pytest.mark.parametrize("name", ["table.xlsx", "table.csv"])
def test_a_workbook_keeps_every_digit_and_its_row_numbers(name):
    rows = [
        ("id", "SMILES", "x", "on"),
        (1, "*CC*", 0.1234567890123456, True),
        (),
        (2, "*CCC*", "#DIV/0!", False),
        (3, "*CCCC*", None),
        (4, "*CCCO*", "1,5", True),
        (5, "*CCCN*", 2.25, True),
    ]
    table = load_table(workbook(rows), name)
    assert table.raw.reading.format == "xlsx"
    assert table.rows.tolist() == [2, 4, 5, 6, 7]
    assert table.report.columns.properties == ("x",)
    np.testing.assert_array_equal(
        table.labels[:, 0], [0.1234567890123456, np.nan, np.nan, 1.5, 2.25]
    )
    finding = next(f for f in table.report.findings if f.kind == "non_numeric")
    assert finding.rows == [4]
    assert "#DIV/0!" in finding.message


def test_only_the_first_sheet_is_read():
    book = openpyxl.Workbook()
    book.active.append(["SMILES"])
    book.active.append(["*CC*"])
    book.create_sheet("later").append(["nothing"])
    out = io.BytesIO()
    book.save(out)
    assert load_table(out.getvalue()).smiles == ["*CC*"]


@pytest.mark.parametrize("as_text", [True, False])
def test_a_path_is_read_under_its_own_name(tmp_path, as_text):
    path = tmp_path / "mine.tsv"
    path.write_text(text_table("\t"))
    table = load_table(str(path) if as_text else path)
    assert table.name == "mine.tsv"
    assert len(table.smiles) == 3
