"""What a small file stands for is bounded while it is decoded."""

import io
import random
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.hostile import table_bombs
from engine.base.errors import UserError
from engine.base.hardware import peak_memory
from engine.table import (
    decoding,
    load_table,
    package,
    parquet,
    read_table,
    reading,
    spreadsheet,
    stream_table,
)
from engine.table.cells import LONGEST_CELL

NO_CHANCE = random.Random(0)
MOST_MB = 400
"""Of memory that reading one of these files may take."""


@pytest.fixture
def bounded():
    """Fails when what a test does takes much memory; counted on Linux."""
    clear = Path("/proc/self/clear_refs")
    if not clear.exists():
        yield
        return
    clear.write_text("5")
    before = peak_memory()
    yield
    assert peak_memory() - before < MOST_MB * 2**20


def parquet_of(columns: dict, **options: object) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, **options)
    return out.getvalue()


def test_a_long_text_that_rows_share_is_cut_before_it_is_copied(bounded) -> None:
    data = table_bombs.dictionary_of_a_long_text(NO_CHANCE)
    assert len(data) < 5000
    table = load_table(data, "mine.parquet")
    assert len(table.smiles) == 5000
    finding = next(each for each in table.report.findings if each.kind == "cut_cells")
    assert finding.count == 5000
    assert "row 2 of “notes”" in finding.message
    cells = table.raw.frame["notes"]
    assert len(cells[0]) == LONGEST_CELL


@pytest.mark.parametrize("way", ["read", "stream"])
@pytest.mark.parametrize(
    "bomb", [table_bombs.prefixes_of_a_long_text, table_bombs.dictionary_of_a_long_text]
)
def test_other_ways_to_repeat_a_long_text(bounded, tmp_path, bomb, way) -> None:
    data = bomb(NO_CHANCE)
    if way == "read":
        assert len(read_table(data).frame["notes"][0]) == LONGEST_CELL
        return
    path = tmp_path / "mine.parquet"
    path.write_bytes(data)
    stream = stream_table(path)
    assert sum(len(part.rows) for part in stream.chunks(256)) == stream.count


def test_columns_of_lists_and_of_wide_bytes_are_left_out(bounded) -> None:
    table = load_table(table_bombs.fixed_bytes(NO_CHANCE), "mine.parquet")
    finding = next(each for each in table.report.findings if each.kind == "unread_columns")
    assert "“wide” (each cell has 1,048,576 bytes)" in finding.message
    raw = read_table(table_bombs.long_lists(NO_CHANCE))
    assert raw.unread == (("lists", "its cells hold lists or groups of values"),)
    assert raw.frame["SMILES"].tolist() == ["*CC*"] * 10


def test_pages_are_looked_at_before_they_are_unpacked(bounded, monkeypatch) -> None:
    monkeypatch.setattr(parquet, "_LARGEST_PAGES", 2**24)
    with pytest.raises(UserError, match=r"mine\.parquet unpacks to 80 MB and more"):
        read_table(table_bombs.pages_of_zeros(NO_CHANCE), "mine.parquet")


def test_a_large_summary_is_not_read(bounded) -> None:
    with pytest.raises(UserError, match="damaged Parquet file"):
        read_table(table_bombs.large_footer(NO_CHANCE))


def test_rows_of_nothing_take_no_memory(bounded) -> None:
    data = parquet_of({"SMILES": pa.nulls(5_000_000, pa.string())})
    with pytest.raises(UserError, match="has a header but no rows"):
        read_table(data)
    with pytest.raises(UserError, match="more than 10,000,000 cells"):
        read_table(parquet_of({"SMILES": pa.nulls(11_000_000, pa.string())}))


def test_texts_of_a_parquet_file_that_are_no_texts() -> None:
    broken = pa.Array.from_buffers(
        pa.string(),
        2,
        [None, pa.py_buffer(np.array([0, 4, 6], np.int32)), pa.py_buffer(b"*CC*\xff\0")],
    )
    raw = read_table(parquet_of({"SMILES": broken, "Tg": pa.array([1.5, 2.5])}))
    assert raw.frame["SMILES"].tolist() == ["*CC*", "\ufffd\ufffd"]


def test_dates_that_python_has_none_of_are_texts() -> None:
    dates = pa.array([2**60, None], pa.timestamp("us"))
    raw = read_table(parquet_of({"SMILES": pa.array(["*CC*", "*CCC*"]), "when": dates}))
    assert raw.frame["SMILES"].tolist() == ["*CC*", "*CCC*"]


@pytest.mark.parametrize(
    ("bomb", "words"),
    [
        (table_bombs.rich_text, "a text of it has too many pieces"),
        (table_bombs.sheets_of_one_part, "two of its sheets are one"),
        (table_bombs.long_shared_text, None),
        (table_bombs.shared_texts, "more texts than fit into memory"),
        (table_bombs.wide_row, "row 2 has a cell at its end"),
        (table_bombs.sparse_cells, "more than 10,000,000 cells"),
        (table_bombs.entities, "it defines entities"),
        (table_bombs.deep_elements, "nested too deep"),
        (table_bombs.long_tag, "a tag of it is too long"),
        (table_bombs.many_names, "too many kinds of elements"),
        (table_bombs.many_styles, "more than 100,000 styles"),
        (table_bombs.many_parts, "too many parts"),
        (table_bombs.packed_otherwise, "packed in a way that is not read"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_workbooks_that_stand_for_much(bounded, monkeypatch, bomb, words) -> None:
    monkeypatch.setattr(spreadsheet, "_MOST_STRINGS", 300_000)
    data = bomb(NO_CHANCE)
    if words is None:
        assert len(read_table(data).frame) >= 1
        return
    with pytest.raises(UserError, match="mine") as caught:
        read_table(data, "mine.xlsx", lenient=True)
    assert words in str(caught.value)


def test_rows_beyond_the_last_of_a_sheet() -> None:
    for number in (30_000_000, 10**18):
        sheet = table_bombs._sheet(table_bombs._ROW.format(number))
        with pytest.raises(UserError, match=rf"it has a row {number:,}"):
            read_table(table_bombs._book(sheet))
    # A last row far below the others is no reason to make those between.
    raw = read_table(table_bombs._book(table_bombs._sheet(table_bombs._ROW.format(1_048_576))))
    assert raw.rows.tolist() == [1_048_576]


def test_a_workbook_that_says_to_unpack_to_too_much(monkeypatch) -> None:
    from engine.table import workbooks

    monkeypatch.setattr(workbooks, "MAX_UNPACKED", 100)
    with pytest.raises(UserError, match="unpacks to"):
        read_table(table_bombs._book())
    assert package.MAX_UNPACKED == 2**30


def test_a_binary_workbook_is_named() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/workbook.bin", b"\0")
    with pytest.raises(UserError, match=r"XLSB"):
        read_table(out.getvalue())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            b"SMILES," + b"x" * 9_000_000 + b"\n*CC*,1\n",
            "line 1 has more than 4,000,000 characters",
        ),
        (b'SMILES,x\n*CC*,1\n"' + b"y\n" * 1_500_000, "row 3 has a cell of more than 1,000,000"),
        (
            b"SMILES,x\n*CC*,1\n" + b"y" * 1_100_000 + b",2\n",
            "row 3 has a cell of more than 1,000,000",
        ),
        (b"SMILES,x\n*CC*,1\n" + b'"\n",' * 1_500_000, "row 3 has a cell"),
        (
            ("SMILES" + ",x" * 30_000 + "\n*CC*" + ",1" * 30_000).encode(),
            "has 30,001 columns; at most",
        ),
    ],
)
def test_text_tables_of_absurd_size(bounded, tmp_path, data, words) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(data)
    for read in (read_table, stream_table):
        with pytest.raises(UserError, match=r"mine\.csv") as caught:
            read(path)
        assert words in str(caught.value)


def test_a_long_cell_is_cut_and_named() -> None:
    data = f"SMILES,Tg,notes\n*CC*,1,{'y' * 300_000}\n*{'C' * 300_000}*,2,z\n".encode()
    table = load_table(data, "mine.csv")
    assert table.smiles == ["*CC*"]
    assert "10,000 characters or more" in table.excluded["reason"][0]
    assert table.raw.cut == ((2, "notes"), (3, "SMILES"))


def test_all_characters_of_a_table_are_counted(monkeypatch) -> None:
    monkeypatch.setattr(reading, "_MOST_CHARACTERS", 1000)
    with pytest.raises(UserError, match="more than 1,000 characters in its cells"):
        read_table(f"SMILES,x\n*CC*,{'y' * 2000}\n".encode())


def test_structures_of_any_size(bounded) -> None:
    block = (
        "\n x\n\n  2  1  0  0  0  0            999 V2000\n    0.0       0.0       0.0    R#  0  0\n"
    )
    block += "    1.0       0.0       0.0    C   0  0\n  1  2  1  0\nM  END\n"
    field = "> <notes>\n" + "word\n" * 400_000 + "\n"
    raw = read_table((block + field + "$$$$\n" + block).encode(), "mine.sdf")
    assert raw.frame["SMILES"].tolist() == ["*C", "*C"]
    assert len(raw.frame["notes"][0]) == LONGEST_CELL
    huge = read_table(table_bombs.huge_structures(NO_CHANCE), "mine.sdf")
    assert set(huge.frame["SMILES"]) == {"unreadable"}


def test_lines_are_read_one_by_one(monkeypatch) -> None:
    monkeypatch.setattr(decoding, "LONGEST_ROW", 100)
    with pytest.raises(UserError, match="line 2 has more than 100 characters"):
        read_table(b"*CC*\n*" + b"C" * 200 + b"*\n", "mine.smi")


def test_a_wide_table_in_long_format_is_refused(monkeypatch) -> None:
    from engine.table import Columns, long_format, workbooks
    from engine.table.long_format import find_long_format, pivoted

    frame = pd.DataFrame(
        {
            "SMILES": [f"*{'C' * i}*" for i in range(1, 40)],
            "property": [f"p{i % 20}x" for i in range(39)],
            "value": "1",
        }
    )
    raw = read_table(frame.to_csv(index=False).encode())
    monkeypatch.setattr(workbooks, "MAX_CELLS", 300)
    long = find_long_format(raw)
    assert long
    with pytest.raises(UserError, match="more than 300 cells"):
        pivoted(raw, long, Columns(smiles="SMILES"))
    assert long_format.check_cells is workbooks.check_cells


def test_a_file_at_which_arrow_ends_the_process_is_a_sentence() -> None:
    damaged = Path(__file__).with_name("aborts_arrow.parquet")
    for read in (read_table, lambda path: list(stream_table(path).chunks(9))):
        with pytest.raises(UserError, match="damaged Parquet file"):
            read(damaged)
