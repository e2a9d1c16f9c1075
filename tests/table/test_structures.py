"""SDF and MOL files, and lists of SMILES."""

import io
import sys
from pathlib import Path

import pandas as pd
import pytest
from rdkit import Chem

from engine.base.errors import UserError
from engine.commands import main
from engine.runs import Run
from engine.table import load_table, read_table, stream_table, structures
from engine.table.structures import smiles_rows


def sdf(v3000=False, end="\n"):
    """Two units with a field, and one that is damaged."""
    out = io.StringIO()
    writer = Chem.SDWriter(out)
    writer.SetForceV3000(v3000)
    for smiles, name, tg in (("*CC(*)c1ccccc1", "PS", "373"), ("[*:1]CC[*:2]", "", "190")):
        mol = Chem.MolFromSmiles(smiles)
        mol.SetProp("_Name", name)
        mol.SetProp("Tg (K)", tg)
        writer.write(mol)
    writer.close()
    damaged = out.getvalue().split("$$$$")[0].replace("0  0  0", "x  y  z")
    return f"{out.getvalue()}{damaged}$$$$\n".replace("\n", end).encode()


@pytest.mark.parametrize("v3000", [False, True])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_sdf_is_a_table_of_its_fields(v3000, end):
    table = load_table(sdf(v3000, end), "mine.sdf")
    assert table.raw.reading.format == "mol"
    assert table.canonical[:2] == ["*CC(*)c1ccccc1", "*CC*"]
    assert table.labels[:2, 0] == pytest.approx([99.85, -83.15])
    assert table.raw.frame["name"][0] == "PS"
    if not v3000:
        assert table.excluded["row"].tolist() == [4]


def test_r_groups_and_polymer_brackets_are_chain_ends():
    block = Chem.MolToMolBlock(Chem.MolFromSmiles("CC(C)CC |Sg:n:1,2::ht|"))
    assert read_table(block.encode(), "a.mol").frame.iloc[0, 0] == "*C(*)C"
    block = Chem.MolToMolBlock(Chem.MolFromSmiles("*CC*")).replace(" R   0", " R#  0")
    assert "R#" in block
    assert read_table(block.encode(), "a.mol").frame.iloc[0, 0] == "*CC*"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("*CC* PE\n\n*CC(*)C polypropylene, atactic\n", "list.smi"),
        ("SMILES name\n*CC* PE\n# no more\n*CC(*)C polypropylene, atactic\n", "list.smi"),
        ("*CC*  PE\n*CC(*)C polypropylene, atactic\n", "standard input"),
    ],
)
def test_a_list_of_smiles_is_a_table(text, name, tmp_path):
    path = tmp_path / name
    path.write_text(text)
    for raw in (read_table(path), stream_table(path).head):
        assert raw.frame["SMILES"].tolist() == ["*CC*", "*CC(*)C"]
        assert raw.frame["name"].tolist() == ["PE", "polypropylene, atactic"]


def test_a_file_of_too_many_fields(monkeypatch):
    monkeypatch.setattr(structures, "MOST_FIELDS", 0)
    with pytest.raises(UserError, match="more than 0 fields"):
        read_table(sdf(), "mine.sdf")


def test_standard_input_is_a_table(trained: Run, monkeypatch, capsys, tmp_path: Path):
    given = "*CC*\n*CC(*)C\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
    assert main(["predict", "trained", "-", "-o", "-"]) == 0
    frame = pd.read_csv(io.StringIO(capsys.readouterr().out))
    assert frame["Tg"].notna().all()
    assert len(frame) == 2
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"SMILES,x\n*CC*,1\n")))
    assert main(["doctor", "-"]) == 0
    assert "standard input" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ("*CC* | *CO* | 0.3 | 0.7 mine", ["*CC*|*CO*|0.3|0.7", "mine"]),
        ("*CC*|*CO*|1 |3", ["*CC*|*CO*|1|3", None]),
        ("*CC* |$;;$| ethene", ["*CC*", "|$;;$| ethene"]),
        ("*CC* poly | ethene", ["*CC*", "poly | ethene"]),
    ],
)
def test_a_composition_with_blanks_at_its_bars_is_one_word(line: str, cells: list) -> None:
    assert [row for _, row in smiles_rows(iter([line]))][1:] == [cells]
