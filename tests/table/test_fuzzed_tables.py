"""Damaged tables of every kind raise nothing but `UserError`."""

import random
from contextlib import suppress

import pytest
from rdkit import Chem

from engine.base.errors import UserError
from engine.table import average_replicates, load_table
from engine.table.long_format import find_long_format, pivoted

MOL = Chem.MolToMolBlock(Chem.MolFromSmiles("CC(C)CC |Sg:n:1,2::ht|")).encode()
TABLES = [
    b"id,SMILES,Tg\n1,*CC*,20\n2,*CC(*)C,-10.5\n3,*CC(*)c1ccccc1,100\n",
    b"# title\nSMILES;Tg (K);temp\n*CC*;1,5;2\n*CCC*;> 3;~4\n",
    b"smiles,property,value,unit\n*CC*,Tg,250,K\n*CC*,Density,950,kg/m3\n",
    b"smiles_A,smiles_B,frac_A,Tg\n{[$]CC[$]},CCO,0.5,1-2\n[R1]CC[R2],CCC,0.3,3 +- 1\n",
    b"*CC* PE\n*CC(*)C PP\n",
    MOL,
    MOL + b">  <Tg (K)>\n373\n\n$$$$\n" + MOL,
]
PIECES = [b"*", b",", b";", b"\n", b'"', b"(", b"\xc2\xb1", b"[R1]", b"{", b"}", b"|", b"> "]
PIECES += [b"1e999", b"K", b"\t", b"M  END", b"V2000", b"$$$$", b"\xff", b"\0", b"9" * 30]
PIECES += [b"Tg (K)", b"#", b" SMILES "]


def damaged(random_: random.Random) -> bytes:
    data = bytearray(random_.choice(TABLES))
    for _ in range(random_.randint(1, 12)):
        place = random_.randrange(len(data) + 1)
        what = random_.random()
        if what < 0.4:
            data[place:place] = random_.choice(PIECES)
        elif what < 0.7:
            del data[place : place + random_.randint(1, 20)]
        else:
            data[place : place + 1] = bytes([random_.randrange(256)])
    return bytes(data)


def read_all_ways(data: bytes) -> None:
    table = load_table(data, "mine")
    average_replicates(table, "median")
    if long := find_long_format(table.raw):
        pivoted(table.raw, long, table.report.columns)


def hold(count: int, seed: int) -> int:
    """How many of so many damaged tables can be read."""
    random_, read = random.Random(seed), 0
    for _ in range(count):
        with suppress(UserError):
            read_all_ways(damaged(random_))
            read += 1
    return read


def test_damaged_tables_are_read_or_refused_in_words():
    assert 0 < hold(200, seed=1) < 200


@pytest.mark.slow
def test_many_damaged_tables_are_read_or_refused_in_words():
    assert 0 < hold(3000, seed=2) < 3000
