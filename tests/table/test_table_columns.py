"""Which columns are found, and how the user overrules the guess."""

import pytest

from engine.base.errors import UserError
from engine.table import Columns, check_table, guess_columns, read_table

STRUCTURES = ("*CC(*)C", "*CC(*)c1ccccc1", "*CCO*")


def raw_table(header, *rows):
    return read_table("\n".join([header, *rows]).encode())


def with_cells(header, *cells):
    """A table with a SMILES column at the end, one row for each cell of the other columns."""
    rows = [f"{cell},*{'C' * (i + 1)}*" for i, cell in enumerate(cells)]
    return raw_table(f"{header},SMILES", *rows)


@pytest.mark.parametrize(
    "name",
    [
        "SMILES",
        "pSMILES",
        "p_smiles",
        "polymer_smiles",
        "Canonical SMILES",
        "repeat unit",
        "repeat_unit",
        "Structure",
        "my smiles",
        "formula",
    ],
)
def test_smiles_column_is_found_by_name_or_content(name):
    rows = [f"polymer {i},{smiles},{i}.5" for i, smiles in enumerate(STRUCTURES)]
    assert guess_columns(raw_table(f"name,{name},x", *rows)).smiles == name


def test_smiles_without_attachment_points_are_found_by_content():
    raw = raw_table("short,what,x", "PS,C=Cc1ccccc1,1", "PP,CC=C,2", "PC,C=CC(=O)O,3")
    assert guess_columns(raw).smiles == "what"


def test_words_in_a_column_called_structure_do_not_win():
    raw = raw_table("structure,unit", "amorphous,*CC*", "crystalline,*CCC*")
    assert guess_columns(raw).smiles == "unit"


@pytest.mark.parametrize(
    ("header", "cells", "expected"),
    [
        ("id", ["5", "5"], "id"),
        ("ID", ["x", "y"], "ID"),
        ("polymer_id", ["7", "9"], "polymer_id"),
        ("PolymerID", ["p7", "p9"], "PolymerID"),
        ("index", ["4", "2"], "index"),
        ("name", ["PE", "PP"], "name"),
        ("anything", ["PE", "PP"], "anything"),
        ("anything", ["PE", "PE"], None),
        ("anything", ["0", "1", "2"], "anything"),
        ("anything", ["1000", "1001", "1007"], None),
        ("anything", ["1000", "1001", "1002"], None),
        ("anything", [str(1000 + i) for i in range(25)], "anything"),
        ("anything", [str(1000 + 7 * i % 25) for i in range(25)], "anything"),
        ("Tm", [str(300 + 3 * i) for i in range(30)], None),
        ("mol_no", [str(300 + 3 * i) for i in range(30)], "mol_no"),
        ("Unnamed: 0", [str(300 + 3 * i) for i in range(30)], "Unnamed: 0"),
        ("Tg", [str(1000 + 3 * i) for i in range(25)], None),
        ("anything", ["1.5", "2.5"], None),
        ("refractive_index", ["1.5", "2.5"], None),
        ("id", ["", ""], None),
    ],
)
def test_id_column(header, cells, expected):
    assert guess_columns(with_cells(header, *cells)).id == expected


@pytest.mark.parametrize(
    ("header", "cells", "learned"),
    [
        ("x", ["1.5", "2"], True),
        ("x", ["1e-3", "NA"], True),
        ("x", ["1.5", "high", "2.5"], True),
        ("x", ["low", "high", "2.5"], False),
        ("x", ["True", "False"], False),
        ("x", ["", "n/a"], False),
        ("tg", ["", "high"], True),
        ("fold", ["1", "2"], False),
        ("Fold_1", ["1", "2"], False),
        ("split", ["0", "1"], False),
        ("random", ["0", "1"], False),
        ("similarity", ["0", "1"], False),
        ("cv", ["0", "1"], False),
        ("CV_1", ["1.0", "", "2.0"], False),
        ("Cv", ["6.5", "7"], True),
        ("cv", [str(i) for i in range(20)], False),
        ("cv", [str(i) for i in range(21)], True),
        ("Unnamed: 0", ["0", "1"], False),
        ("", ["0.5", "1"], False),
        ("sample_no", ["17", "12"], False),
        ("sample", ["17", "17", "", "12"], False),
        ("sample", ["1", "2", "1", "2", "2"], True),
        ("refractive_index", ["1.5", "1.4"], True),
    ],
)
def test_property_columns(header, cells, learned):
    raw = with_cells(f"id,{header}", *[f"{i},{cell}" for i, cell in enumerate(cells)])
    assert (len(guess_columns(raw).properties) == 1) is learned


def test_a_table_without_properties_can_be_read():
    table = check_table(raw_table("id,SMILES", "1,*CC*"))
    assert table.labels.shape == (1, 0)
    assert table.properties == ()


def test_each_column_can_be_overruled():
    raw = raw_table("id,code,SMILES,psmiles,x,fold", "1,a,*CC*,*CCC*,1.5,0", "2,b,*CC*,*CCC*,2.5,1")
    assert guess_columns(raw) == Columns(smiles="SMILES", id="id", properties=("x",))
    assert guess_columns(raw, smiles="psmiles").smiles == "psmiles"
    assert guess_columns(raw, id="code").id == "code"
    assert guess_columns(raw, properties=["fold"]).properties == ("fold",)
    table = check_table(raw, Columns(smiles="psmiles", id=None, properties=("fold", "x")))
    assert table.canonical == ["*CCC*", "*CCC*"]
    assert table.ids == ["2", "3"]
    assert table.labels.tolist() == [[0, 1.5], [1, 2.5]]


@pytest.mark.parametrize(
    "columns",
    [
        Columns(smiles="nope"),
        Columns(smiles="SMILES", id="nope"),
        Columns(smiles="SMILES", properties=("x", "nope")),
    ],
)
def test_a_column_that_does_not_exist_is_named_with_those_that_do(columns):
    raw = raw_table("id,SMILES,x", "1,*CC*,2")
    with pytest.raises(UserError, match=r"no column “nope”\. Its columns are: id, SMILES, x"):
        check_table(raw, columns)
    with pytest.raises(UserError, match="no column “nope”"):
        guess_columns(raw, smiles="nope")


def test_a_column_serves_one_purpose():
    raw = raw_table("id,SMILES,x", "1,*CC*,2")
    with pytest.raises(UserError, match="“x” is used twice"):
        check_table(raw, Columns(smiles="SMILES", id="x", properties=("x",)))
