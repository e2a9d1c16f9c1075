"""Columns of repeat units by many names, and those that would not be seen."""

import pytest

from engine.base.errors import UserError
from engine.table import check_table, guess_columns
from engine.table.mended import check_mended
from engine.table.mending import Mending
from engine.table.named_units import columns_of_units_or_names
from tests.table.tables import checked, finding, kinds, raw_of

PAIRS = ["*CC*,*CC(*)c1ccccc1", "*CC*,*CC(*)Cl", "*CC(*)C,*CC(*)Cl"]


def _raw(units: str, numbers: str, cells: str):
    """A table of three pairs of units with some columns of numbers."""
    return raw_of(f"{units},{numbers},Tg", *[f"{each},{cells},{i}" for i, each in enumerate(PAIRS)])


@pytest.mark.parametrize(
    ("units", "fractions", "cells"),
    [
        ("smiles,smiles2", "frac", "0.25"),
        ("smiles,smiles_2", "frac,frac_2", "0.25,0.75"),
        ("SMILES,SMILES.1", "frac", "0.25"),
        ("smiles,smiles_b", "x", "0.25"),
        ("smiles,comonomer_smiles", "frac", "0.25"),
        ("monomer,comonomer", "comonomer fraction", "0.75"),
        ("smiles_x,smiles_y", "frac_x,frac_y", "0.25,0.75"),
        ("first unit,second unit", "first fraction,second fraction", "0.25,0.75"),
        ("SMILES,second SMILES", "second fraction", "0.75"),
        ("smiles_I,smiles_II", "frac_I,frac_II", "0.25,0.75"),
        ("smiles_I,smiles_II", "mol%_A,mol%_B", "25,75"),
    ],
)
def test_units_are_found_by_what_tells_them_apart(units: str, fractions: str, cells: str) -> None:
    raw = _raw(units, fractions, cells)
    columns = guess_columns(raw)
    assert {*columns.structures} == {*units.split(",")}
    assert columns.fractions == tuple(fractions.split(","))
    assert columns.properties == ("Tg",)
    table = check_table(raw)
    assert table.canonical[2] == "*CC(*)C|*CC(*)Cl|0.25|0.75"
    (mending,) = check_mended(raw, Mending()).mendings
    assert check_mended(raw, mending).canonical == table.canonical


@pytest.mark.parametrize(
    ("units", "fractions", "cells"),
    [
        ("primary,secondary", "ratio", "0.3"),
        ("smiles,crosslinker unit", "first fraction,second fraction", "0.25,0.75"),
        ("main unit,other unit", "composition", "30"),
        ("smiles,smiles2", "density", "0.3"),
        ("smiles_A,smiles_B", "second fraction of all", "0.3"),
        ("backbone,side unit", "weight fraction of unit B", "0.3"),
    ],
)
def test_units_that_would_not_be_seen_are_an_error(units: str, fractions: str, cells: str) -> None:
    raw = _raw(units, fractions, cells)
    told = finding(check_table(raw), "units_not_seen")
    first, second = units.split(",")
    assert (told.severity, told.column) == ("error", second)
    with pytest.raises(UserError, match=f"“{second}” would not be seen beside “{first}”"):
        columns_of_units_or_names(raw)
    assert "units_not_seen" not in kinds(check_table(raw, guess_columns(raw, conditions=[second])))


@pytest.mark.parametrize("fractions", ["first fraction", "fraction of B", "wt% B", "comonomer %"])
def test_fractions_beside_units_that_are_not_seen_are_no_properties(fractions: str) -> None:
    raw = _raw("backbone,side chain unit", f"{fractions},other {fractions}", "0.3,0.7")
    assert fractions not in guess_columns(raw).properties
    assert guess_columns(raw_of(f"smiles,{fractions},Tg", "*CC*,0.3,1")).smiles == "smiles"


@pytest.mark.parametrize(
    ("other", "cells"),
    [
        ("smiles_y", ["C(*)C*", "*CC(C)*", "*CC(*)Cl"]),
        ("canonical_smiles", ["*C[C@H](*)C", "*C[C@@H](*)Cl", "*CC*"]),
    ],
)
def test_the_same_structures_again_are_no_further_units(other: str, cells: list[str]) -> None:
    own = ["*CC*", "*CC(*)C", "*CC(*)Cl"]
    if other == "canonical_smiles":
        own = ["*CC(*)C", "*CC(*)Cl", "*CC*"]
    rows = [f"{one},{again},0.5,{i}" for i, (one, again) in enumerate(zip(own, cells, strict=True))]
    table = checked(f"smiles_x,{other},frac,Tg", *rows)
    assert table.report.columns.units == ()
    assert "units_not_seen" not in kinds(table)


def test_compositions_and_their_parts_are_told_from_units_beside_others() -> None:
    text, part = "*CC*|*CO*|0.5|0.5", "*CC*"
    assert "units_not_seen" not in kinds(checked("smiles,main unit,Tg", f"{text},{part},1"))
    assert "units_not_seen" in kinds(checked("smiles,whole chain,Tg", f"{part},{text},1"))


def test_molecules_beside_a_monomer_are_told_as_loudly_as_a_salt() -> None:
    rows = ["O=C=NCCN=C=O,OCCCCO,OCCO,PBS,1", "O=C=NCCCN=C=O,OCCCO,OCCCCCCO,THF,2"]
    told = finding(
        checked("diisocyanate,diol,chain extender,code,Tg", *rows), "second_unit_columns"
    )
    assert told.severity == "warning"
    assert "diol and chain extender" in told.message
    assert "write the repeat unit that they make" in told.message
    drawn = checked("SMILES,lattice,Tg", "*CC*,FCC,1", "*CO*,BCC,2")
    assert "second_unit_columns" not in kinds(drawn)


def test_more_columns_of_units_than_are_read_are_an_error() -> None:
    names, units = [f"smiles_{i}" for i in range(13)], [f"*{'C' * i}O*" for i in range(1, 14)]
    assert "units_not_seen" in kinds(checked(",".join([*names, "Tg"]), ",".join([*units, "1"])))


def test_parts_beside_a_whole_polymer_are_no_error() -> None:
    table = checked("SMILES,unit_1,unit_2,frac_1,Tg", "*CCO*,*CC*,*CO*,0.5,10")
    assert table.canonical == ["*CCO*"]
    assert "units_not_seen" not in kinds(table)
