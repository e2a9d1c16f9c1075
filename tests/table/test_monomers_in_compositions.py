"""Tables of compositions with monomers in place of repeat units."""

from pathlib import Path

import pytest

from engine.commands import main
from engine.table import guess_columns
from engine.table.mended import check_mended, mended_table
from engine.table.mending import Mending
from engine.table.mending_file import parse_mending, written_mending
from tests.table.tables import finding, kinds, raw_of

HEAD = "smiles_A,smiles_B,frac_A,frac_B,Tg"
BOTH = "C=CC(=O)OC,C=Cc1ccccc1,0.25,0.75"
FORM = "*CC(*)C(=O)OC|*CC(*)c1ccccc1|0.25|0.75"
MADE = Mending(monomers="make-units")


@pytest.mark.parametrize(
    ("header", "row"), [(HEAD, BOTH), ("SMILES,Tg", BOTH.replace(",", "|")), (HEAD, BOTH + "%")]
)
def test_monomers_are_told_and_made_where_it_is_said(header: str, row: str) -> None:
    raw = raw_of(header, f"{row.replace('0.75%', '75 %')},1")
    table = check_mended(raw, Mending())
    assert not table.canonical
    told = finding(table, "monomers")
    assert (told.severity, told.rows) == ("excluded", [2])
    assert "as a monomer it makes *CC(*)C(=O)OC (addition to a C=C bond)" in told.message
    assert "`--monomers make-units`" in told.message
    assert "no `*`" in table.excluded["reason"][0]
    mended = check_mended(raw, MADE)
    assert mended.canonical == [FORM]
    assert "monomers" not in kinds(mended)
    assert mended.mendings[0].monomers == "make-units"
    assert parse_mending(written_mending(MADE).encode(), "m.yaml") == MADE


def test_what_makes_several_units_or_none_is_left_to_people() -> None:
    rows = ["C=CC=C,C=Cc1ccccc1,0.5,0.5,1", "CCO,C=Cc1ccccc1,0.5,0.5,2", f"{BOTH},3"]
    table = check_mended(raw_of(HEAD, *rows), MADE)
    assert table.canonical == [FORM]
    assert finding(table, "monomers").rows == [2]
    assert (
        "makes one of *CC=CC* (1,4-addition of a diene) or *CC(*)C=C"
        in (table.excluded["reason"][0])
    )
    assert finding(table, "composition").rows == [3]


def test_a_monomer_alone_in_its_row_is_none_either() -> None:
    raw = raw_of(HEAD, f"{BOTH},1", "C=Cc1ccccc1,,1,,2", ",C=CC(=O)OC,,100 %,3")
    table = check_mended(raw, Mending())
    assert not table.canonical
    assert finding(table, "monomers").rows == [2, 3, 4]
    assert check_mended(raw, MADE).canonical == [FORM, "*CC(*)c1ccccc1", "*CC(*)C(=O)OC"]


def test_columns_of_monomers_are_found_as_those_of_units() -> None:
    assert guess_columns(raw_of(HEAD, f"{BOTH},1")).structures == ("smiles_A", "smiles_B")
    # Beside drawn units, what has no `*` may be a solvent.
    for row in ("*CC*,C1CCOC1,0.5,0.5,1", "CCO,CCCCO,0.5,0.5,1", "C=C,CCO,0.5,0.5,1"):
        assert guess_columns(raw_of(HEAD, row)).structures == ("smiles_A",)


def test_single_molecules_stay_as_they_are_unless_it_is_said() -> None:
    raw = raw_of("SMILES,Tg", "C=Cc1ccccc1,1", "*CC*,2")
    assert check_mended(raw, Mending()).canonical == ["C=Cc1ccccc1", "*CC*"]
    assert check_mended(raw, MADE).canonical == ["*CC(*)c1ccccc1", "*CC*"]


def test_the_doctor_writes_the_units(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "mine.csv", tmp_path / "fixed.csv"
    path.write_text("\n".join([HEAD, f"{BOTH},1"]), encoding="utf-8")
    assert main(["doctor", str(path), "--monomers", "make-units", "--fix", str(out)]) == 0
    assert "A monomer that makes one repeat unit alone stands for that." in capsys.readouterr().out
    assert mended_table(out, Mending()).canonical == [FORM]
    again = parse_mending(out.with_suffix(".yaml").read_bytes(), "fixed.yaml")
    assert mended_table(path, again).canonical == [FORM]
