"""Signs that cannot be seen, written or trusted: a row is set aside, and the table goes on."""

import pandas as pd
import pytest

from engine.base.errors import UserError
from engine.table import load_table, read_table, stream_table
from engine.table.cells import is_formula, plain_text
from engine.table.fixing import mended_frame
from engine.table.mended import mended_table
from engine.table.mending import Mending
from engine.table.written import csv_bytes, csv_text
from tests.table.tables import parquet, workbook

ROWS = "".join(f"{i},*{'C' * (i + 1)}*,1{i}\n" for i in range(120))


def table_with(cell: str) -> pd.DataFrame:
    return pd.DataFrame({"id": ["a", "b"], "SMILES": ["*CC*", cell], "Tg": [1.5, 2.5]})


@pytest.mark.parametrize(
    "cell",
    [
        "2-гидроксиэтилметакрилат",
        "*C\0C*",
        "*C\x1bC*",
        "*C\u202eC*",
        "*C\ufeffC*",
        "*C\x9bC*",
        "\ufffd",
    ],
)
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_row_of_strange_signs_is_set_aside(cell, form) -> None:
    frame = table_with(cell)
    # A single NUL among so few letters would be binary data.
    data = f"id,SMILES,Tg\n{ROWS}x,{cell},5\n".encode() if form == "csv" else parquet(frame)
    table = load_table(data, "mine")
    assert len(table.excluded) == 1
    assert table.report.rows == table.report.kept + 1
    assert "stand in a SMILES" in table.excluded["reason"][0]
    assert "\0" not in table.excluded["SMILES"][0]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"]
)
def test_encodings(encoding) -> None:
    data = f"id,SMILES,Höhe\n{ROWS}".encode(encoding)
    table = load_table(data, "mine.csv")
    assert table.raw.column_names == ["id", "SMILES", "Höhe"]
    assert table.report.kept == 120


def test_rows_in_other_encodings_are_rows_all_the_same() -> None:
    data = f"id,SMILES,Tg\n{ROWS}".encode() + "ü,*CC*,7\n".encode("cp1252") + "ü,*CO*,8\n".encode()
    table = load_table(data)
    assert table.report.kept == 122
    assert table.labels[-2:, 0].tolist() == [7, 8]


def test_the_byte_ff_alone_is_no_end(tmp_path) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(f"id,SMILES,Tg\n{ROWS}".encode() + b"\xff,*C\xffC*,7\n")
    for raw in (read_table(path), stream_table(path).head):
        assert raw.frame["id"].iloc[-1] == "ÿ"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("\u200eTg\u200f", "Tg"),
        ("T\u200bg (K)", "Tg (K)"),
        ("\ufeffTg", "Tg"),
        ("T\0g", "Tg"),
        ("Ho\u0308he", "Höhe"),
        ("T g\x1b[31m", "T g[31m"),
        ("x" * 250, "x" * 199 + "…"),
        ("__proto__", "__proto__"),
        ("=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
    ],
)
def test_names_of_columns_are_of_signs_that_are_seen(header, name) -> None:
    raw = read_table(parquet(pd.DataFrame({"SMILES": ["*CC*"], header: ["1"]})))
    assert raw.column_names == ["SMILES", name]


def test_names_that_look_alike_are_told_apart() -> None:
    names = ["Höhe", "Ho\u0308he", "Tg", "Tg\u200b", "tg"]
    raw = read_table(parquet(pd.DataFrame({"SMILES": ["*CC*"], **{name: ["1"] for name in names}})))
    assert raw.column_names == ["SMILES", "Höhe", "Höhe (2)", "Tg", "Tg (2)", "tg"]
    assert raw.reading.renamed == ("Höhe (2)", "Tg (2)")
    table = load_table(parquet(pd.DataFrame({"SMILES": ["*CC*"], "Tg": ["1"], "TG": ["2"]})))
    assert len({property_.name for property_ in table.properties}) == 2


@pytest.mark.parametrize("text", ["12\u200b", "\u202e21", "1\u00ad2", "½", "1_0", "0x1"])
def test_what_looks_like_a_number_and_is_none_is_named(text) -> None:
    table = load_table(f"id,SMILES,Tg\n{ROWS}x,*CO*,{text}\n".encode())
    finding = next(each for each in table.report.findings if each.kind == "non_numeric")
    assert finding.rows == [122]
    assert table.labels[-2, 0] == 1119


def test_half_characters_of_a_user_s_encoding_are_none_of_a_cell() -> None:
    assert plain_text("a\ud800b") == "a\ufffdb"
    with pytest.raises(UserError):
        read_table(b"\xff\xfe" + "SMILES,Tg\n".encode("utf-16-le") + b"\x00\xd8")


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("=1+1", True),
        ("=cmd|' /C calc'!A0", True),
        ("+SUM(A1:A9)", True),
        ("-2+cmd|x!A0", True),
        ("@SUM(1)", True),
        ("-5", False),
        ("+3.5", False),
        ("-CH2-", False),
        ("*CC*", False),
        ("@home", False),
        ("", False),
    ],
)
def test_formulas_are_told_from_signs(text, does) -> None:
    assert is_formula(text) is does


def test_what_is_written_carries_out_nothing_and_is_read_again_as_it_was() -> None:
    cells = ["=cmd|' /C calc'!A0", "+SUM(1)", "-3", "plain", "'quoted'", "@X(1)"]
    frame = pd.DataFrame({"SMILES": ["*CC*"] * 6, "=name": cells, "x": [1.0, -2.0, 3, 4, 5, 6]})
    text = csv_text(frame)
    assert not any(
        f"{mark}{sign}" in text for mark in ("\n", ",", '"') for sign in ("=", "+S", "@")
    )
    assert "-2.0" in text
    assert read_table(text.encode()).frame["x"].tolist()[1] == "-2.0"
    assert read_table(text.encode()).frame.iloc[:, 1].tolist() == cells
    assert csv_bytes(frame[["x"]]) == frame[["x"]].to_csv(index=False).encode()


def test_a_mended_table_keeps_its_ids() -> None:
    ids = ["=1+1", "-5", "a", *map(str, range(20))]
    lines = [f"{name},*{'C' * (i + 1)}*,{i}" for i, name in enumerate(ids)]
    table = load_table("\n".join(["id,SMILES,Tg", *lines]).encode())
    again = load_table(csv_bytes(mended_frame(table)[0]))
    assert again.ids == table.ids == ids


def test_a_file_whose_empty_cells_meet_other_chain_ends() -> None:
    data = workbook([("SMILES", "Tg"), ("[Ce]CC[Th]", 1), (None, 2), ("[Ce]CCC[Th]", 3)])
    table = mended_table(data, Mending(chain_ends=("Ce", "Th")))
    assert table.smiles == ["*CC*", "*CCC*"]
    assert table.excluded["row"].tolist() == [3]
