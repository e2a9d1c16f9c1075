"""A table read some rows at a time equals the table read whole."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.base.errors import UserError
from engine.table import guess_columns, read_table, stream_table, streaming
from engine.table import parquet as parquet_module
from engine.table import reading as reading_module
from tests.table.tables import ROWS, parquet, text_table, workbook

FRAME = pd.DataFrame(ROWS, columns=["id", "SMILES", "Tg"])


def _stream(tmp_path: Path, data: bytes) -> streaming.TableStream:
    path = tmp_path / "table.csv"
    path.write_bytes(data)
    return stream_table(path)


def _check_same(tmp_path: Path, data: bytes, size: int) -> None:
    whole = read_table(data, "table.csv")
    stream = _stream(tmp_path, data)
    assert stream.count == len(whole.rows)
    assert stream.head.reading == whole.reading
    assert guess_columns(stream.head) == guess_columns(whole)
    parts = list(stream.chunks(size))
    assert [len(part.rows) for part in parts[:-1]] == [size] * (len(parts) - 1)
    assert np.concatenate([part.rows for part in parts]).tolist() == whole.rows.tolist()
    joined = pd.concat([part.frame for part in parts], ignore_index=True)
    pd.testing.assert_frame_equal(joined[whole.frame.columns], whole.frame)


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize(
    "data",
    [
        *(
            text_table(separator, decimal, end=end).encode()
            for separator, decimal in [(",", "."), (";", ","), ("\t", "."), ("|", ".")]
            for end in ("\n", "\r\n", "\r")
        ),
        *(
            text_table(header=("id", "SMILES", "Härte")).encode(encoding)
            for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252")
        ),
        b"sep=;\nid;SMILES;Tg\n1;*CC*;1,5\n2;*CO*;2,5\n",
        b'\xef\xbb\xbfid,SMILES\n"a,\nb",*CC*\n"c ""d""",*CO*\n,\n  \n\ne,\n',
        b",SMILES,,SMILES\n0,*CC*,,*CC*\n1,*CO*,,\n",
        b"\n\nid,SMILES\n\n1,*CC*\n",
        parquet(FRAME),
        parquet(FRAME.assign(number=[1.5, None, 1e-7], flag=[True, False, None])),
        workbook([("id", "SMILES", "Tg"), *ROWS, (None, None, None), ("z", "*CC*", None)]),
    ],
)
def test_every_format_is_read_as_if_whole(tmp_path: Path, data: bytes, size: int) -> None:
    _check_same(tmp_path, data, size)


def test_an_encoding_that_shows_only_late_is_found(tmp_path: Path) -> None:
    rows = "".join(f"{n},*{'C' * (n % 50 + 1)}*\n" for n in range(3000))
    _check_same(tmp_path, ("id,SMILES\n" + rows + "ü,*CC*\n").encode("cp1252"), 700)


def test_limits_of_whole_tables_do_not_apply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, module in [
        ("MAX_BYTES", reading_module),
        ("MAX_ROWS", reading_module),
        ("MAX_CELLS", reading_module.workbooks),
        ("MAX_UNPACKED", parquet_module),
    ]:
        monkeypatch.setattr(module, name, 10)
    data = b"id,SMILES\n" + b"1,*CC*\n" * 50
    for content in (data, parquet(pd.DataFrame({"id": range(50), "SMILES": "*CC*"}))):
        stream = _stream(tmp_path, content)
        assert sum(len(part.rows) for part in stream.chunks(7)) == stream.count == 50


def test_the_head_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"id,SMILES\n" + b"".join(b"%d,*CC*\n" % n for n in range(50))
    monkeypatch.setattr(streaming, "HEAD_ROWS", 20)
    assert len(_stream(tmp_path, data).head.rows) == 20
    monkeypatch.setattr(streaming, "_HEAD_CELLS", 14)
    stream = _stream(tmp_path, data)
    assert len(stream.head.rows) == 7
    assert stream.count == 50


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"  \n \n",
        b"id,SMILES\n",
        b"id,SMILES\n" + b"1,*CC*\n" * 3000 + b"1,2,3\n",
        b"id,SMILES\n" + b"1,*CC*\n" * 3000 + b'1,"*CC*\n2,*CC*\n',
        b"id,SMILES\n" + bytes(range(1, 9)) * 30,
        b"\x89PNG\r\n",
        parquet(FRAME)[:-20],
        b"PK\x03\x04 no workbook",
    ],
)
def test_faults_are_reported_before_any_row_is_used(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UserError) as whole:
        read_table(data, "table.csv")
    with pytest.raises(UserError) as streamed:
        _stream(tmp_path, data)
    assert str(streamed.value) == str(whole.value)


def test_a_file_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no file"):
        stream_table(tmp_path / "nothing.csv")
    with pytest.raises(UserError, match="is a folder"):
        stream_table(tmp_path)
