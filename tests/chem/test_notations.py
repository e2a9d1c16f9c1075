"""Repeat units in other notations than SMILES with two `*`."""

import pytest

from engine.chem.notations import stand_in_ends
from engine.chem.polymers import joining_problem, with_single_ends
from engine.chem.smiles import BadSmilesError, canonical
from engine.commands import main
from engine.table import check_table, read_table
from tests.table.tables import finding, kinds


@pytest.mark.parametrize(
    "text",
    [
        "∗CC(∗)C",
        "[R]CC([R])C",
        "[R1]CC([R2])C",
        "[*:1]CC([*:2])C",
        "*CC(*)C |$star_e;;;star_e;$|",
        "*CC(*)C |Sg:n:1,2,4::ht|",
        "{[$]CC([$])C}",
        "{[][$]CC([$])C[]}",
        "{[<]CC([>])C}",
        "{[>][<]CC(C)[>][<]}",
        "{[$][$]CC(C)[$][$]}",
        "{[][$]CC(C)[$];[$]C[]}",
    ],
)
def test_what_is_read_as_a_repeat_unit(text):
    assert canonical(text) == "*CC(*)C"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[R1]CC([R2])C[R3]", "3 R groups"),
        ("[d]CC[g]", "ladder polymer"),
        ("CCC |Sg:n:0,1,2::ht|", "without `\\*`"),
        ("{[$]CC[$],[$]CCO[$]}", "copolymer in BigSMILES"),
        ("CC{[$]CC[$]}CC", "outside or inside"),
        ("{[$]CC}", "1 bonding descriptors"),
        ("*CC* name", "space"),
    ],
)
def test_what_cannot_be_read_is_named(text, words):
    with pytest.raises(BadSmilesError, match=words):
        canonical(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("*CCCC(=*)Cl", "unlike order"),
        ("*CC=C(C#*)C", "unlike order"),
        ("*~C*", "no definite order"),
        ("*CC.*CC", "several pieces"),
        ("C*C*", "within the chain"),
    ],
)
def test_units_that_cannot_be_joined(text, words):
    assert words in joining_problem(canonical(text))


@pytest.mark.parametrize("text", ["*CC*", "*=CC=*", "*C(*)(C)C(=O)OC", "*c1ccc(*)cc1", "*/C=C/*"])
def test_units_that_can_be_joined(text):
    assert joining_problem(canonical(text)) is None


def test_a_table_names_the_rows_that_cannot_be_joined():
    raw = read_table(b"SMILES,x\n*CC*,1\n*CCCC(=*)Cl,2\n*CCO*,3\n", "mine.csv")
    assert finding(check_table(raw), "unjoinable").rows == [3]
    assert "unjoinable" not in kinds(check_table(read_table(b"SMILES,x\n*CC*,1\n", "mine.csv")))


@pytest.mark.parametrize(
    ("units", "elements"),
    [
        (["[Ce]CC[Th]", "[Th]CCO[Ce]", "CC"], ("Ce", "Th")),
        (["[Au]CC[Au]", "[Au]CCO[Au]"], ("Au",)),
        (["[Cu]C=C[Au]", "[Cu]CO[Au]"], ("Au", "Cu")),
        (["*CC*", "*C[Au]CC[Au]*"], ()),
        (["[Na]CC[Na]"], ()),
    ],
)
def test_atoms_that_stand_for_stars(units, elements):
    assert stand_in_ends(units) == elements


def test_a_table_of_stand_ins_is_an_error_until_they_are_named(tmp_path, capsys):
    path = tmp_path / "mine.csv"
    path.write_text("SMILES,x\n[Ce]CC[Th],1\n[Ce]CCO[Th],2\n")
    assert finding(check_table(read_table(path)), "chain_ends").severity == "error"
    assert main(["doctor", str(path), "--chain-ends", "Ce,Th", "--json"]) == 0
    assert "chain_ends" not in capsys.readouterr().out
    assert main(["doctor", str(path), "--chain-ends", "C"]) == 1
    assert "cannot stand for" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("*CCCC(=*)Cl", "*CCCC(*)Cl"),
        ("*CC=C(C#*)C", "*CC=C(C)C*"),
        ("*~C*", "*C*"),
        ("*CC.*CC", None),
    ],
)
def test_single_bonds_mend_most_units(text, mended):
    assert with_single_ends(text) == (mended and canonical(mended))
