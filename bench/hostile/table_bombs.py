"""Small files that stand for much: of memory, or of time."""

import gzip
import io
import random
import struct
import zipfile
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


def _parquet(columns: dict[str, pa.Array], **options: object) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, **options)
    return out.getvalue()


def dictionary_of_a_long_text(_: random.Random) -> bytes:
    """Five thousand cells that share one text of a megabyte."""
    units = pa.array(["*CC*"] * 5000)
    notes = pa.DictionaryArray.from_arrays(np.zeros(5000, np.int32), pa.array(["n" * 2**20]))
    return _parquet({"SMILES": units, "notes": notes}, compression="gzip")


def prefixes_of_a_long_text(_: random.Random) -> bytes:
    """The same by an encoding that repeats what stood before."""
    columns = {"SMILES": pa.array(["*CC*"] * 400), "notes": pa.array(["n" * 2**18] * 400)}
    out = io.BytesIO()
    pq.write_table(
        pa.table(columns),
        out,
        use_dictionary=False,
        compression="zstd",
        column_encoding={"notes": "DELTA_BYTE_ARRAY"},
        data_page_size=2**30,
        write_statistics=False,
    )
    return out.getvalue()


def fixed_bytes(_: random.Random) -> bytes:
    """Cells of a megabyte each, of which the file holds one."""
    wide = pa.array([b"\0" * 2**20] * 40, pa.binary(2**20))
    return _parquet({"SMILES": pa.array(["*CC*"] * 40), "wide": wide}, compression="zstd")


def pages_of_zeros(_: random.Random) -> bytes:
    """Pages that unpack to far more than they are."""
    zeros = pa.array(["\0" * 2**22] * 20)
    return _parquet(
        {"SMILES": pa.array(["*CC*"] * 20), "zeros": zeros},
        compression="zstd",
        use_dictionary=False,
    )


def empty_rows(chance: random.Random) -> bytes:
    """Millions of rows of nothing."""
    count = chance.choice([900_000, 3_000_000, 20_000_000])
    return _parquet({"SMILES": pa.nulls(count, pa.string())})


def long_lists(_: random.Random) -> bytes:
    """Cells that hold lists without end."""
    lists = pa.ListArray.from_arrays(np.arange(11) * 500_000, pa.nulls(5_000_000, pa.int8()))
    return _parquet({"SMILES": pa.array(["*CC*"] * 10), "lists": lists})


def many_groups(_: random.Random) -> bytes:
    """A group of rows for each row, and each with many columns."""
    columns = {f"c{i}": pa.array([1] * 100, pa.int8()) for i in range(40)}
    units = pa.array(["*CC*"] * 100)
    return _parquet({"SMILES": units, **columns}, row_group_size=1)


def large_footer(_: random.Random) -> bytes:
    """A summary of the file that is larger than the file needs."""
    columns = {"SMILES": pa.array(["*CC*"]), "x": pa.array([1.5])}
    table = pa.table(columns).replace_schema_metadata({"k": "v" * 9_000_000})
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def _book(sheet: str = "", strings: str = "", styles: str = "", sheets: int = 1) -> bytes:
    """A workbook of parts that are given, or that hold a table."""
    kinds = {"worksheet": "sheet", "sharedStrings": "strings", "styles": "styles"}
    related = "".join(
        f'<Relationship Id="{kind}" Type="x/{kind}" Target="{part}.xml"/>'
        for kind, part in kinds.items()
    )
    named = "".join(f'<sheet name="s{i}" r:id="worksheet"/>' for i in range(sheets))
    parts = {
        "workbook": f"<workbook><sheets>{named}</sheets></workbook>",
        "_rels/workbook.xml.rels": f"<Relationships>{related}</Relationships>",
        "sheet": sheet or _sheet(_ROW.format(2)),
        "strings": strings or "<sst><si><t>a</t></si></sst>",
        "styles": styles or "<styleSheet/>",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(f"xl/{name}" if "." in name else f"xl/{name}.xml", content)
    return out.getvalue()


def _sheet(rows: str) -> str:
    cell = '<c r="{}1" t="inlineStr"><is><t>{}</t></is></c>'
    head = cell.format("A", "SMILES") + cell.format("B", "x")
    return f'<worksheet><sheetData><row r="1">{head}</row>{rows}</sheetData></worksheet>'


_ROW = (
    '<row r="{0}"><c r="A{0}" t="inlineStr"><is><t>*CC*</t></is></c><c r="B{0}"><v>1</v></c></row>'
)


def far_row(chance: random.Random) -> bytes:
    """A row whose number is far beyond the last row of a sheet."""
    return _book(_sheet(_ROW.format(chance.choice([30_000_000, 2**31, 10**18, 1_048_576]))))


def sparse_cells(_: random.Random) -> bytes:
    """A cell in the last column of each row."""
    rows = "".join(f'<row r="{i}"><c r="XFD{i}"><v>1</v></c></row>' for i in range(2, 2000))
    return _book(_sheet(rows))


def wide_row(_: random.Random) -> bytes:
    """A row of cells without end."""
    return _book(_sheet(f"<row>{'<c><v>1</v></c>' * 30_000}</row>"))


def rich_text(_: random.Random) -> bytes:
    """One text of very many pieces."""
    pieces = "<r><rPr><b/></rPr><t>a</t></r>" * 100_000
    return _book(strings=f"<sst><si>{pieces}</si></sst>")


def shared_texts(_: random.Random) -> bytes:
    """Very many texts that no cell names."""
    return _book(strings=f"<sst>{'<si/>' * 400_000}</sst>")


def long_shared_text(_: random.Random) -> bytes:
    """One text of many megabytes, which every cell names."""
    rows = "".join(f'<row r="{i}"><c t="s"><v>0</v></c></row>' for i in range(2, 500))
    return _book(_sheet(rows), f"<sst><si><t>{'a' * 50_000_000}</t></si></sst>")


def entities(_: random.Random) -> bytes:
    """Entities that stand for entities."""
    lines = "".join(f'<!ENTITY a{i + 1} "{f"&a{i};" * 10}">' for i in range(9))
    text = (
        f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "lol">{lines}]><worksheet>&a9;</worksheet>'
    )
    return _book(text)


def deep_elements(_: random.Random) -> bytes:
    """Elements within elements."""
    return _book("<worksheet>" + "<a>" * 2_000_000)


def long_tag(_: random.Random) -> bytes:
    """A tag that does not end."""
    return _book(f'<worksheet a="{"x" * 40_000_000}"/>')


def many_names(_: random.Random) -> bytes:
    """Elements that each have another name."""
    names = "".join(f"<n{i}/>" for i in range(200_000))
    return _book(f"<worksheet>{names}</worksheet>")


def many_styles(_: random.Random) -> bytes:
    """Styles without end."""
    styles = '<xf numFmtId="14"/>' * 400_000
    return _book(styles=f"<styleSheet><cellXfs>{styles}</cellXfs></styleSheet>")


def sheets_of_one_part(_: random.Random) -> bytes:
    """Hundreds of sheets that are all the same large one, without rows."""
    return _book(f"<worksheet>{'<a/>' * 100_000}</worksheet>", sheets=300)


def many_parts(_: random.Random) -> bytes:
    """An archive of very many empty parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for i in range(11_000):
            archive.writestr(f"xl/workbook{i}", b"")
    return out.getvalue()


def packed_otherwise(_: random.Random) -> bytes:
    """A part packed by a method of which few bytes unfold to very many."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("xl/workbook.xml", b" " * 50_000_000)
        archive.writestr("xl/_rels/workbook.xml.rels", b" " * 50_000_000)
    return out.getvalue()


def long_header(chance: random.Random) -> bytes:
    """A header of several megabytes."""
    return b"SMILES," + b"x" * chance.choice([150_000, 3_000_000, 9_000_000]) + b"\n*CC*,1\n"


def many_columns(chance: random.Random) -> bytes:
    """Tens of thousands of columns."""
    count = chance.choice([3_000, 9_000, 30_000])
    return (
        "SMILES,"
        + ",".join(f"p{i}" for i in range(count))
        + "\n"
        + ("*CC*" + ",1" * count + "\n") * 2
    ).encode()


def equal_headers(chance: random.Random) -> bytes:
    """Columns that are all called alike, or not at all."""
    name, count = chance.choice(["Tg", "", "SMILES", "x" * 300]), chance.choice([2_000, 9_000])
    return ("SMILES" + f",{name}" * count + "\n" + "*CC*" + ",1" * count + "\n").encode()


def long_cells(chance: random.Random) -> bytes:
    """Cells that a pattern may try in very many ways."""
    cells = [
        "9" * 100_000 + "x",
        "1" + " " * 100_000 + "x",
        "1,000" * 20_000 + "x",
        "1-" * 50_000,
        "1.000." * 20_000,
        ">" * 100_000,
        "±" * 100_000,
        "(" * 100_000,
        "e" * 100_000,
        "1 000" * 20_000,
        "x10^" * 30_000,
        "C1" * 50_000,
        "*" * 100_000,
        "[" * 100_000,
        "|" * 100_000,
        "{" * 100_000,
        "a_" * 50_000,
        "1:" * 50_000,
        "http://" * 15_000,
    ]
    chosen = [chance.choice(cells) for _ in range(8)]
    return (
        "SMILES\tTg\tid\n" + "".join(f"*CC*\t{c}\t{c}\n*C{c}*\t1\t2\n" for c in chosen)
    ).encode()


def huge_cell(chance: random.Random) -> bytes:
    """A cell of some megabytes, or a quotation mark that is never closed."""
    quote = chance.choice(["", '"'])
    filling = chance.choice(["y", "y\n", "\U0001f600", "1,"])
    return f"SMILES;Tg\n*CC*;1\n{quote}{filling * (3_000_000 // len(filling))}\n".encode()


def unreadable_units(chance: random.Random) -> bytes:
    """Thousands of different repeat units that cannot be read."""
    count = chance.choice([1_000, 5_000])
    return (
        "SMILES,Tg\n" + "".join(f"*C{'(' * (i % 50)}{i}*,{i} foo{i}\n" for i in range(count))
    ).encode()


def rows_of_one_unit(chance: random.Random) -> bytes:
    """Thousands of values of one property of one repeat unit, a row for each."""
    count = chance.choice([1_000, 5_000])
    return ("SMILES,property,value\n" + "*CC*,Tg,1\n" * count).encode()


def misfits(chance: random.Random) -> bytes:
    """Thousands of rows with another number of cells."""
    count = chance.choice([1_000, 5_000])
    return ("SMILES,Tg\n" + "*CC*,1\n" * (count + 1) + "*CC*,1,2\n" * count).encode()


def many_fields(chance: random.Random) -> bytes:
    """Structures with fields without end, or none that ends."""
    block = (
        "\n x\n\n  1  0  0  0  0  0            999 V2000\n    0.0    0.0    0.0 C   0  0\nM  END\n"
    )
    fields = chance.choice(
        [
            "".join(f"> <f{i}>\n1\n\n" for i in range(3_000)),
            "> <Tg>\n" + "1 2\n" * 300_000,
            ">" * 100_000 + "\n",
            "> <\n" * 50_000,
            "\n" * 500_000,
            " \n" * 300_000,
        ]
    )
    return (block + fields + "$$$$\n" + block).encode()


def huge_structures(chance: random.Random) -> bytes:
    """Structures far larger than any repeat unit."""
    count = chance.choice([500, 999])
    atoms = "".join(f"{i % 40:10.4f}{i // 40:10.4f}    0.0000 C   0  0\n" for i in range(count))
    bonds = "".join(f"{i + 1:3d}{i + 2:3d}  1  0\n" for i in range(count - 1))
    block = (
        f"\n x\n\n{count:3d}{count - 1:3d}  0  0  0  0            999 V2000\n{atoms}{bonds}M  END\n"
    )
    long = (
        "\n x\n\n  0  0  0     0  0            999 V3000\nM  V30 BEGIN CTAB\n"
        f"M  V30 COUNTS {10**9} 0 0 0 0\n"
    )
    return ((block + "$$$$\n") * 5 + long + "M  END\n").encode()


def list_of_units(_: random.Random) -> bytes:
    """A list of lines that begin as repeat units do."""
    return (
        "".join(f"*C{'C' * (i % 90)}* name{i}\n" for i in range(3_000)).encode() + b"*" * 2_000_000
    )


def packed(_: random.Random) -> bytes:
    """A packed file of zeros."""
    return gzip.compress(b"\0" * 50_000_000)


def lying_page(chance: random.Random) -> bytes:
    """A Parquet file some of whose sizes are changed."""
    data = bytearray(_parquet({"SMILES": pa.array(["*CC*"] * 50), "x": pa.array(range(50))}))
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(4, len(data) - 8)
        wide = struct.pack("<I", chance.choice([2**31 - 1, 2**32 - 1, 2**24]))
        data[place : place + 4] = wide
    return bytes(data)


BOMBS: tuple[Callable[[random.Random], bytes], ...] = (
    dictionary_of_a_long_text,
    prefixes_of_a_long_text,
    fixed_bytes,
    pages_of_zeros,
    empty_rows,
    long_lists,
    many_groups,
    large_footer,
    far_row,
    sparse_cells,
    wide_row,
    rich_text,
    shared_texts,
    long_shared_text,
    entities,
    deep_elements,
    long_tag,
    many_names,
    many_styles,
    sheets_of_one_part,
    many_parts,
    packed_otherwise,
    long_header,
    many_columns,
    equal_headers,
    long_cells,
    huge_cell,
    unreadable_units,
    rows_of_one_unit,
    misfits,
    many_fields,
    huge_structures,
    list_of_units,
    packed,
    lying_page,
)
