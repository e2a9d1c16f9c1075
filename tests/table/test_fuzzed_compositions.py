"""Random tables of compositions raise nothing but `UserError`, and are read alike when mended."""

import random
from collections.abc import Sequence

import pytest

from engine.base.errors import UserError
from engine.chem.smiles import canonical
from engine.table import average_replicates, check_table, guess_columns, read_table
from engine.table.compositions import texts_to_predict
from engine.table.fixing import certain_mends, mended_frame
from engine.table.mended import check_mended
from engine.table.mending import Mending
from engine.table.streaming import stream_of

ALL, QUICK = 2000, 150
UNIT_HEADS = ("smiles_A,smiles_B,smiles_C", "SMILES1,SMILES2,SMILES3", "unit 0,unit 1,unit 2")
UNIT_HEADS += ("monomer A SMILES,monomer B SMILES,monomer C SMILES", "psmiles_a,smiles,solvent")
UNIT_HEADS += (
    "smiles,smiles2,comonomer smiles",
    "first unit,second unit,unit",
    "smiles_x,smiles_y,smiles_z",
)
FRACTION_HEADS = ("frac_A,frac_B,frac_C", "rA,rB,rC", "x,Tg (K),ratio", "wt%_A,wt%_B,mol%")
FRACTION_HEADS += ("w1,w2,w3", "frac_A (mol%),frac_B (mol%),frac_C (mol%)", "x_1,wt_1,mol_frac_1")
FRACTION_HEADS += (
    "A (g),B (mg),C (g)",
    "frac_x,frac_y,feed ratio (v/v)",
    "A : B : C (w/w),feed ratio,x_1",
    "A/B,basis,mol%",
)
ARCHITECTURE_HEADS = ("architecture", "chain_type", "topology", "type", "note")
UNITS = ("*CC*", "*CC(*)C", "C(*)(C)C*", "*CC(*)c1ccccc1", "[R1]CCO[R2]", "*Nc1ccc(*)cc1", "*CC*")
ODD_UNITS = ("", "nan", "CCO", "[Na]Cl", "*C(", "*CC*.[Na+]", "*CC*|*CO*|0.5|0.5", "{[$]CC[$]}")
ODD_UNITS += (
    "*",
    "*=C*",
    "*CC(*)*",
    "|",
    "||",
    "*CC*|",
    "PS",
    "C=Cc1ccccc1",
    "C=CC=C",
    "*C" * 1200 + "*",
    "[Ce]CC[Th]",
    "<",
)
ODD_NUMBERS = (
    "",
    "-",
    "half",
    "-0.2",
    "1.2",
    "120",
    "1e999",
    "30 %",
    "0,3",
    "nan",
    "0",
    "1",
    "100",
)
ODD_NUMBERS += (
    "2:1:1",
    "1/3",
    "wt%",
    "50:50",
    "1e-9",
    "−0.1",
    ">0.5",
    "0.333",
    "٣",
    "inf",
    "1_0",
    "1,250",
    "%",
)
WORDS = (
    "homopolymer",
    "random",
    "alternating",
    "block",
    "stat",
    "graft",
    "",
    "unknown",
    "zigzag",
    "b",
    "|",
    "%",
)
ONE_COLUMN = ("*CC*|*CO*|0.5|0.5", "*CC*|*CO*|0.5|0.5|random", "*CC*|*CO*|*CN*|1|1", "*CC*||0.5")
ONE_COLUMN += (
    "[*:1]CC[*:2].[*:3]CO[*:4]|0.5|0.5|<1-3:0.5:0.5<2-4:0.5:0.5",
    "|0.5",
    "*CC*|<1-2:a:b",
)
ONE_COLUMN += (
    "{[$]CC[$],[$]CO[$]}|0.25|0.75",
    "*CC*|*CO*|0.5|0.5|<1-2",
    "*CC* |$_AP1;;$|",
    "*CC*|1",
)


def numbers_of(random_: random.Random, count: int) -> list[str]:
    """Fractions of one row, most often such that close."""
    weights = [random_.random() for _ in range(count)]
    whole = random_.choice([1, 1, 1, 100, 10])
    return [f"{whole * each / sum(weights):.4g}" for each in weights]


def row_of(random_: random.Random, count: int, oddity: float) -> list[str]:
    """The cells of units, fractions and architecture of a row, some of them odd."""

    def cell(usual: str, odd: Sequence[str]) -> str:
        return random_.choice(odd) if random_.random() < oddity else usual

    units = [cell(random_.choice(UNITS), ODD_UNITS) for _ in range(count)]
    shares = [cell(number, ODD_NUMBERS) for number in numbers_of(random_, count)]
    return [*units, *shares, cell(random_.choice(WORDS[:6]), WORDS)]


def made_table(random_: random.Random) -> bytes:
    """A table of compositions in many columns, or in one."""
    separator = random_.choice([",", ",", ";", "\t", "|"])
    count, oddity = random_.randint(1, 3), random_.choice([0, 0.03, 0.1, 0.4])
    heads = [random_.choice(UNIT_HEADS), random_.choice(FRACTION_HEADS)]
    names = [name for head in heads for name in head.split(",")[:count]]
    header = [*names, random_.choice(ARCHITECTURE_HEADS), random_.choice(["EA", "Tg", "Tg (K)"])]
    rows = [
        [*row_of(random_, count, oddity), f"{random_.gauss(300, 50):.3f}"]
        for _ in range(random_.randint(1, 12))
    ]
    if random_.random() < 0.25:
        header = [random_.choice(["SMILES", "polymer", "BigSMILES"]), "Tg"]
        rows = [[random_.choice(ONE_COLUMN + UNITS + ODD_UNITS), "1"] for _ in rows]
    if random_.random() < 0.15:
        dropped = random_.randrange(len(header))
        header, rows = (
            [each for i, each in enumerate(line) if i != dropped] for line in (header, rows)
        )
    lines = [header, *rows]
    quoted = [
        separator.join(f'"{c}"' if separator in c or '"' in c else c for c in r) for r in lines
    ]
    data = bytearray("\n".join(quoted).encode())
    for _ in range(random_.choice([0, 0, 0, 1, 4])):
        place = random_.randrange(len(data))
        data[place : place + random_.randint(0, 3)] = random_.choice(
            [b"*", b"|", b",", b"\n", b"0"]
        )
    return bytes(data)


def read_wholly(data: bytes) -> None:
    """All that is done with a table before it is learned, or predicted."""
    raw = read_table(data, "mine.csv", lenient=True)
    mending = Mending()
    table = check_mended(raw, mending)
    assert len(table.canonical) + len(table.excluded) == len(raw.frame) + len(raw.misfits)
    for text, form in zip(table.smiles, table.canonical, strict=True):
        assert canonical(text) == form
        assert canonical(form) == form
    columns = table.report.columns
    assert guess_columns(raw, **said_again(columns)) == columns.model_copy(
        update={"properties": guess_columns(raw).properties, "scales": {}}
    )
    read = texts_to_predict(stream_of(raw).head, columns)
    assert len(read.texts) == len(raw.frame)
    average_replicates(table, "median")
    certain_mends(table, raw, mending)
    frame, _ = mended_frame(table)
    if len(frame):
        written = check_table(read_table(frame.to_csv(index=False).encode(), "written.csv"))
        # Of other rows, another whole may be the commonest.
        if written.report.columns.model_copy(update=beside(columns)) == columns:
            assert written.canonical == table.canonical


def beside(columns) -> dict:
    """What does not say how compositions are read."""
    return columns.model_dump(include={"id", "properties", "scales", "conditions"})


def said_again(columns) -> dict:
    """What a run keeps of a table's columns."""
    said = columns.model_dump(include={"smiles", "id", "units", "fractions", "basis"})
    # Beside texts, none that is found differs from none that is said.
    none = "" if columns.units else None
    return said | {"id": columns.id or "", "architecture": columns.architecture or none}


def try_tables(numbers: range) -> int:
    """Read tables of these seeds; returns how many could be used."""
    used = 0
    for number in numbers:
        data = made_table(random.Random(number))
        try:
            read_wholly(data)
            used += 1
        except UserError:
            continue
        except Exception as error:
            raise AssertionError(f"table {number}: {data!r}") from error
    return used


def test_some_random_tables_of_compositions() -> None:
    assert try_tables(range(QUICK)) > QUICK // 3


@pytest.mark.slow
def test_all_random_tables_of_compositions() -> None:
    assert try_tables(range(ALL)) > ALL // 3
