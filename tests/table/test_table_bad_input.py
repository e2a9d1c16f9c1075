"""Whatever is uploaded, the answer is a table or one clear sentence."""

import io
import random
import zipfile

import pandas as pd
import pytest

from engine.base.errors import UserError
from engine.chem.smiles import MAX_LENGTH
from engine.table import guess_columns, load_table, parquet, read_table, reading, workbooks
from tests.table.tables import parquet as as_parquet
from tests.table.tables import text_table, workbook

GOOD_XLSX = workbook([("SMILES", "x"), *[("*CC*", i) for i in range(50)]])
GOOD_PARQUET = as_parquet(pd.DataFrame({"SMILES": ["*CC*"] * 50, "x": range(50)}))


def zipped(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/"), content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b",,\n,,\n", "is empty"),
        (b"id,SMILES,Tg\n", "header but no rows"),
        (b"id,name,Tg\n1,PVC,2\n", "no SMILES column. Its columns are: id, name, Tg"),
        (b"name,Tg\nPS,2\nPBS,3\nPC,4\n", "no SMILES column"),
        (b"bigsmiles;Tg\n{[$]CC[$],[$]CCO[$]};2\n", "no SMILES column"),
        (b"*CC*,12\n*CCC*,13\n", "add a header row"),
        (b"id,SMILES,Tg\n1,*CC*\n", "row 2 has 2 cells, but the header has 3"),
        (b"id,SMILES,Tg\n1,*CC*,2\n\n2,*CC*,1,5\n", "row 4 has 4 cells, but the header has 3"),
        (b'id,SMILES\n1,"*CC*\n2,*CCC*\n', "quotation marks in row 2"),
        (b'id,SMILES\n1,*CC*\n2,"*C"C*\n', "quotation marks in row 3"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG picture"),
        (b"MZ\x90\0\x03\0\0\0", "a Windows program"),
        (b"%PDF-1.7\n1 0 obj", "a PDF document"),
        (b"\x1f\x8b\x08\0abc", "unpack it first"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save it as XLSX without a password"),
        (zipped(**{"train.csv": "SMILES,Tg\n*CC*,1\n"}), "is a ZIP archive"),
        (zipped(word__document="x"), "is a ZIP archive"),
        (zipped(**{"xl/workbook.xml": "no"}), "damaged XLSX workbook"),
        (b"id,SMILES\n1,*C\0C*\n", "binary data"),
        (b"\x01\x02\x03\x04\x05\x06SMILES", "binary data"),
        (b"\xff\xfeSM\0", "binary data"),
        (b"PAR1 and then nothing", "damaged Parquet"),
        (workbook([]), "is empty"),
        (workbook([("SMILES", "x"), ("*CC*", 1, "stray")]), "column without a header"),
    ],
)
def test_bad_files_give_a_sentence(data, words):
    with pytest.raises(UserError, match=r"mine\.csv") as caught:
        load_table(data, "mine.csv")
    assert words in str(caught.value)
    assert str(caught.value).endswith((".", "Tg"))


def test_paths_that_are_not_files(tmp_path):
    with pytest.raises(UserError, match="no file"):
        load_table(tmp_path / "missing.csv")
    with pytest.raises(UserError, match="is a folder"):
        load_table(tmp_path)
    with pytest.raises(UserError):
        load_table("x" * 5000)
    with pytest.raises(UserError):
        load_table("a\0b")


def test_size_is_checked_before_reading(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MAX_BYTES", 2 * 2**20)
    path = tmp_path / "big.csv"
    path.write_bytes(b"x" * (3 * 2**20))
    for source in (path, path.read_bytes()):
        with pytest.raises(UserError, match=r"3\.0 MB; the limit is 2 MB"):
            read_table(source)


def test_limits_on_rows_cells_and_properties(monkeypatch):
    monkeypatch.setattr(reading, "MAX_ROWS", 2)
    with pytest.raises(UserError, match="more than 2 rows"):
        read_table(text_table().encode())
    monkeypatch.undo()
    monkeypatch.setattr(workbooks, "MAX_CELLS", 5)
    for data in (text_table().encode(), GOOD_XLSX, GOOD_PARQUET):
        with pytest.raises(UserError, match="more than 5 cells"):
            read_table(data)
    monkeypatch.undo()
    wide = ",".join(["SMILES", *[f"p{i}" for i in range(501)]]) + "\n*CC*" + ",1" * 501 + "\n"
    with pytest.raises(UserError, match="501 property columns; at most 500"):
        guess_columns(read_table(wide.encode()))


@pytest.mark.parametrize("data", [GOOD_XLSX, GOOD_PARQUET])
def test_a_file_that_unpacks_to_too_much_is_not_unpacked(data, monkeypatch):
    monkeypatch.setattr(workbooks, "MAX_UNPACKED", 100)
    monkeypatch.setattr(parquet, "MAX_UNPACKED", 100)
    with pytest.raises(UserError, match="unpacks to"):
        read_table(data)


@pytest.mark.parametrize("length", [MAX_LENGTH + 1, 50_000, 300_000])
def test_an_absurdly_long_smiles_is_one_excluded_row(length):
    data = f"SMILES,x\n*{'C' * length}*,1\n*CC*,2\n".encode()
    table = load_table(data)
    assert table.smiles == ["*CC*"]
    assert table.excluded["row"].tolist() == [2]
    assert f"{MAX_LENGTH:,}" in table.excluded["reason"][0]
    assert [f.kind for f in table.report.findings if f.severity == "excluded"] == ["long_smiles"]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(
    "start", [b"", b"PK\x03\x04", b"PAR1", b"\xff\xfe", b"\xef\xbb\xbf", b"SMILES,x\n"]
)
def test_random_bytes_give_an_error_for_people(start, seed):
    noise = random.Random(seed).randbytes(random.Random(seed).randrange(1, 3000))
    with pytest.raises(UserError):
        load_table(start + noise + b"\0" * 3)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.3, 0.5, 0.8, 0.99])
@pytest.mark.parametrize("data", [GOOD_XLSX, GOOD_PARQUET], ids=["xlsx", "parquet"])
def test_truncated_files_give_an_error_for_people(data, share):
    with pytest.raises(UserError):
        load_table(data[: max(5, int(share * len(data)))])


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("data", [GOOD_XLSX, GOOD_PARQUET], ids=["xlsx", "parquet"])
def test_files_with_flipped_bytes_are_read_or_refused(data, seed):
    chance = random.Random(seed)
    broken = bytearray(data)
    for _ in range(30):
        broken[chance.randrange(4, len(broken))] = chance.randrange(256)
    try:
        table = load_table(bytes(broken))
    except UserError:
        return
    assert len(table.smiles) == table.report.kept
