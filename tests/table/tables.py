"""Small tables in every format, for tests of reading."""

import io

import openpyxl

from engine.table import RawTable, check_table, read_table

ROWS = [("a1", "*CC(*)C", 12.5), ("a2", "*CC(*)c1ccccc1", 100.25), ("a3", "*CCO*", None)]

TWO = "smiles_A,smiles_B,frac_A,frac_B,architecture,Tg"
GOOD = ["*CC*,*CC(*)C,0.3,0.7,random,10", "*CCO*,*CC(*)C,0.5,0.5,block,20"]
"""A table of two copolymers."""


def text_table(separator=",", decimal=".", header=("id", "SMILES", "Tg"), end="\n"):
    lines = [separator.join(header)]
    for name, smiles, tg in ROWS:
        value = "" if tg is None else str(tg).replace(".", decimal)
        lines.append(separator.join((name, smiles, value)))
    return end.join(lines) + end


def workbook(rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def parquet(frame):
    out = io.BytesIO()
    frame.to_parquet(out)
    return out.getvalue()


def polyethers(*cells, header="x"):
    """A table with one property: each row another polymer, and the given cell."""
    rows = [f'*{"C" * (i + 1)}O*,"{cell}"' for i, cell in enumerate(cells)]
    return read_table("\n".join([f"SMILES,{header}", *rows]).encode(), "mine.csv")


def finding(table, kind):
    """The one finding of that kind."""
    findings = [f for f in table.report.findings if f.kind == kind]
    assert len(findings) == 1, [f.kind for f in table.report.findings]
    return findings[0]


def kinds(table):
    """The kinds of all findings."""
    return {f.kind for f in table.report.findings}


def raw_of(header: str, *rows: str) -> RawTable:
    """A table of lines."""
    return read_table("\n".join([header, *rows]).encode(), "mine.csv")


def checked(header: str, *rows: str):
    """A table of lines, checked."""
    return check_table(raw_of(header, *rows))
