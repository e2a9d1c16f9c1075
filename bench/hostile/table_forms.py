"""Rows as files of every format that tables are read from."""

import csv
import io
import random
import re
import zipfile
from collections.abc import Callable, Sequence

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

Cells = Sequence[Sequence[str]]
"""Rows of texts; the first is the header."""

_ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32")
_COMPRESSIONS = ("none", "snappy", "gzip", "zstd", "brotli", "lz4")
_NO_XML = {sign: None for sign in (*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF)}
_FILE = dict.fromkeys(range(0xD800, 0xE000), "?")
"""Halves of characters, which no file can hold."""


def as_text(rows: Cells, chance: random.Random) -> bytes:
    """A text table in some encoding, with some separator and line break."""
    out = io.StringIO()
    writer = csv.writer(
        out,
        delimiter=chance.choice(",,,;\t|"),
        lineterminator=chance.choice(["\n", "\n", "\r\n", "\r"]),
        quoting=chance.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    )
    writer.writerows(rows)
    return out.getvalue().translate(_FILE).encode(chance.choice(_ENCODINGS))


_WHEN = (2026, 1, 1, 0, 0, 0)
_TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def as_workbook(rows: Cells, chance: random.Random) -> bytes:
    """A workbook of one to three sheets, of which one holds the table."""
    # Of the two ways to write one, the first shares texts among cells.
    book = openpyxl.Workbook(write_only=chance.random() < 0.5)
    if not book.write_only:
        book.remove(book.active)
    sheets = [book.create_sheet(f"Sheet {number}") for number in range(chance.choice([1, 1, 2, 3]))]
    place = chance.randrange(len(sheets))
    for number, sheet in enumerate(sheets):
        part = rows if number == place else rows[: chance.randint(0, 3)]
        for row in part:
            sheet.append([_as_cell(cell, chance) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return repacked(out.getvalue(), lambda _, content: _TIME.sub(b"2026-01-01T00:00:00Z", content))


def _as_cell(text: str, chance: random.Random) -> object:
    text = text.translate(_FILE).translate(_NO_XML)[:32_767]
    try:
        number = float(text)
    except ValueError:
        # With a formula instead of its text, no value is stored.
        return "'" + text if text.startswith("=") else text
    return number if chance.random() < 0.7 and abs(number) < 1e300 else text


def as_parquet(rows: Cells, chance: random.Random) -> bytes:
    """A Parquet file of texts, its columns encoded and compressed in some way."""
    names = [f"{name}".translate(_FILE) for name in rows[0]]
    columns = list(zip(*rows[1:], strict=True)) or [()] * len(names)
    arrays = [
        pa.array([cell.translate(_FILE) for cell in column], pa.string()) for column in columns
    ]
    if chance.random() < 0.2:
        names.append("more")
        arrays.append(_nested(len(rows) - 1, chance))
    table = pa.Table.from_arrays(arrays, names=names)
    encoded = chance.random() < 0.2 and len({*names}) == len(names)
    encodings = ("PLAIN", "DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY")
    out = io.BytesIO()
    pq.write_table(
        table,
        out,
        compression=chance.choice(_COMPRESSIONS),
        row_group_size=chance.choice([1, 3, 10, 1000]),
        data_page_version=chance.choice(["1.0", "2.0"]),
        use_dictionary=not encoded,
        column_encoding={names[0]: chance.choice(encodings)} if encoded else None,
        store_schema=chance.random() < 0.8,
    )
    return out.getvalue()


def _nested(count: int, chance: random.Random) -> pa.Array:
    kinds: list[tuple[pa.DataType, Callable[[], object]]] = [
        (pa.list_(pa.int64()), lambda: [1, 2]),
        (pa.struct([("a", pa.string())]), lambda: {"a": "b"}),
        (pa.map_(pa.string(), pa.int8()), lambda: [("k", 1)]),
        (pa.binary(), lambda: b"\xff\xfe\0"),
        (pa.binary(3), lambda: b"\xff\xfe\0"),
        (pa.timestamp("us"), lambda: 2**60),
        (pa.date64(), lambda: 86_400_000 * 10**6),
        (pa.decimal128(38, 5), lambda: 1),
        (pa.duration("ns"), lambda: 2**62),
        (pa.bool_(), lambda: True),
        (pa.float16(), lambda: 1.5),
    ]
    kind, make = chance.choice(kinds)
    return pa.array([make() if chance.random() < 0.8 else None for _ in range(count)], kind)


def as_sdf(rows: Cells, _: random.Random) -> bytes:
    """An SDF file whose structures are all alike, with the rows' cells as fields."""
    block = (
        "\n  x\n\n  4  3  0  0  0  0            999 V2000\n"
        "    0.0000    0.0000    0.0000 R#  0  0\n    1.0000    0.0000    0.0000 C   0  0\n"
        "    2.0000    0.0000    0.0000 C   0  0\n    3.0000    0.0000    0.0000 R#  0  0\n"
        "  1  2  1  0\n  2  3  1  0\n  3  4  1  0\nM  END\n"
    )
    names = rows[0]
    records = [
        block + "".join(f"> <{name}>\n{cell}\n\n" for name, cell in zip(names, row, strict=True))
        for row in rows[1:]
    ]
    return "$$$$\n".join([*records, ""]).translate(_FILE).encode()


FORMS: tuple[Callable[[Cells, random.Random], bytes], ...] = (as_text, as_workbook, as_parquet)
"""That keep every row and cell."""


def repacked(archive: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """A ZIP archive whose parts are changed by a function of their name and content."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for part in old.infolist():
            # At a fixed time, so that one seed gives the same bytes.
            place = zipfile.ZipInfo(part.filename, _WHEN)
            content = change(part.filename, old.read(part))
            new.writestr(place, content, zipfile.ZIP_DEFLATED, 1)
    return out.getvalue()
