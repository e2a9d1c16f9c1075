"""Parsing of repeat units."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from rdkit import Chem, rdBase

from engine.chem.smiles import (
    BadSmilesError,
    attachment_points,
    canonical,
    forget,
    parse,
    without_stereo,
)
from engine.table import check_table, read_table


@pytest.mark.parametrize("text", ["*CC*", "[*]CC[*]", "[*:1]CC[*:2]", "[1*]CC[2*]", " *CC* "])
def test_attachment_points_are_the_same_however_written(text: str) -> None:
    assert canonical(text) == "*CC*"


@pytest.mark.parametrize("text", ["[1*][C@H](C)[2*]", "[*:1][C@@H](C)[*:2]", "*C(*)C"])
def test_numbers_alone_make_no_centre_of_chirality(text: str) -> None:
    assert canonical(text) == "*C(*)C"


def test_numbers_hide_no_centre_of_chirality() -> None:
    numbered = "[C@H:90]1([*:59])C[C:27]2([CH2:18][C@@H](C2)*)C1"
    assert canonical(numbered) == canonical("[C@H]1([*])CC2(C[C@@H](C2)*)C1")
    assert canonical(numbered).count("@") == 2


def test_isotopes_of_atoms_stay() -> None:
    assert canonical("*[13CH2]C*") == "*C[13CH2]*"


def test_stereo_is_left_out_on_demand() -> None:
    assert without_stereo("*C/C=C/C*") == without_stereo("*C/C=C\\C*") == "*CC=CC*"


def test_attachment_points_are_counted() -> None:
    assert attachment_points(parse("*CC(*)C*")) == 3


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("*", "no atom besides"),
        ("[*H]", "no atom besides"),
        ("C(C", "open parentheses"),
        ("c1cccc1", "kekulize"),
        ("C(C)(C)(C)(C)C", "valence"),
        ("*CC(X)", "near character 5"),
        ("C1CC", "unclosed ring"),
        ("*C C*", "space"),
        ("C" * 50_000, "50,000 characters"),
        ("C" * 401, "401 atoms"),
    ],
)
def test_the_reason_for_a_refusal_is_given(text: str, reason: str) -> None:
    with pytest.raises(BadSmilesError, match=reason):
        parse(text)


CAGE = (
    "c12c3(*)c4c5c6c7c8c1c1c9c%10c%11(*)c%12c7c%11c4c4c%11c7c(c%13c%14c%15c%16c(c(c2%14)c"
    "1c%12c%12c(c(c%11%13)c7c98)c5%12)c(c%16%10)c%156)c34"
)
"""Of 20 rings, some of them large: which of them are aromatic, RDKit says by their order."""
MARKED_CAGE = (
    "C12C(C3C4C2C3[C@H]3C2[C]5C6C([C]324)C5C5[C@H]4C2C3(C5C46)C2[C]26C45[C](C2[C]63)C4C4["
    "C]36C2C(C4[C@]35)6C65[C]3C4[C@]([C@H]6[C@]52)C3C3CC4C3)C1"
)
"""Whose stereo marks RDKit writes in another order for each spelling."""
PHOSPHORUS_CAGE = "P12P3(P4P5P6P7P(P1(*)(*)P6PPP(PPP)P75)P43)P2P"
C60 = (
    "c12c3c4c5c1c1c6c7c2c2c8c3c3c9c4c4c%10c5c5c1c1c6c6c%11c7c2c2c7c8c3c3c8c9c4c4c9c%10c5c"
    "5c1c1c6c6c%11c2c2c7c3c3c8c4c4c9c5c1c1c6c2c3c41"
)


def test_a_cage_that_has_no_canonical_form_is_refused() -> None:
    for cage in (CAGE, MARKED_CAGE, PHOSPHORUS_CAGE):
        for spelled in (cage, *Chem.MolToRandomSmilesVect(parse(cage), 3, randomSeed=5)):
            with pytest.raises(BadSmilesError, match="would depend on the spelling"):
                canonical(spelled)
    spellings = Chem.MolToRandomSmilesVect(parse(C60), 3, randomSeed=5)
    assert {canonical(spelled) for spelled in spellings} == {canonical(C60)}


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BadSmilesError):
        parse("C(C")
    assert capfd.readouterr() == ("", "")


def test_the_reason_is_given_even_when_logs_were_switched_off() -> None:
    rdBase.DisableLog("rdApp.*")
    with pytest.raises(BadSmilesError, match="unclosed ring"):
        parse("C1CC")


def test_a_molecule_is_remembered_by_its_thread_alone() -> None:
    molecule = parse("*CC*")
    assert parse("*CC* ") is molecule
    with ThreadPoolExecutor(1) as other:
        theirs = other.submit(parse, "*CC*").result()
        assert theirs is not molecule
        assert other.submit(parse, "*CC*").result() is theirs
    forget()
    assert parse("*CC*") is not molecule


def test_a_fault_is_reported_each_time() -> None:
    for _ in range(2):
        with pytest.raises(BadSmilesError, match="unclosed ring"):
            parse("C1CC")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2-гидроксиэтилметакрилат", "“г” (character 3, cyrillic small letter ghe)"),
        ("*CC*\udcff", "U+DCFF"),
        ("*C\0C*", "U+0000"),
        ("聚乙烯", "“聚” (character 1)"),
        ("*CCé*", "“é”"),
        ("*CC\x7f*", "U+007F"),
    ],
)
def test_no_text_comes_to_rdkit_that_it_cannot_complain_of(text, words):
    with pytest.raises(BadSmilesError, match=re.escape(words)):
        canonical(text)


def test_a_text_in_another_alphabet_sets_one_row_aside():
    table = check_table(read_table("SMILES,Tg\n*CC*,1\nполиэтилен,2\n*CCC*,3\n".encode(), "m.csv"))
    assert table.rows.tolist() == [2, 4]
    assert "cannot stand in a SMILES" in table.excluded["reason"][0]
