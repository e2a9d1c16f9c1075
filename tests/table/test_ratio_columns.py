"""Fractions of units as ratios in one column, and as amounts in grams or moles."""

import pytest

from engine.base.errors import UserError
from engine.chem.fractions import ratio_of
from engine.table import check_table, guess_columns
from tests.table.tables import checked, raw_of

UNITS = "smiles_A,smiles_B"
PAIR = "*CC*,*CC(*)c1ccccc1"
BY_MOLE, BY_WEIGHT = [0.3, 0.7], [0.3 / 104.152, 0.7 / 28.054]


def _shares(table) -> list[float]:
    """The mole fractions of the second unit of `PAIR` and of the first, of the first row."""
    return [float(share) for share in table.canonical[0].split("|")[2:4]]


@pytest.mark.parametrize(
    ("header", "cell", "basis"),
    [
        ("feed ratio (mol%)", "30", "mole"),
        ("feed ratio (mol%)", "30:70", "mole"),
        ("feed ratio (wt%)", "30 : 70", "weight"),
        ("A : B (w/w)", "30:70", "weight"),
        ("A:B (wt/wt)", "3/7", "weight"),
        ("A/B (mol/mol)", "30/70", "mole"),
        ("ratio", "3/7", "mole"),
        ("composition (A:B)", "0.3:0.7", "mole"),
        ("monomer ratio 1:2", "30%:70%", "mole"),
        ("A (g),B (g)", "1.5,3.5", "weight"),
        ("A (mg),B (mg)", "150,350", "weight"),
        ("mass A (g),mass B (g)", "0.3,0.7", "weight"),
        ("mass of A (g),mass of B (mg)", "0.3,700", "weight"),
        ("A (kg),B (g)", "3,7000", "weight"),
        ("A (mmol),B (µmol)", "3,7000", "mole"),
        ("A [mol],B [mmol]", "0.3,700", "mole"),
        ("frac A (mol),frac B (mol)", "0.3,0.7", "mole"),
        ("mole fraction A (mol)", "0.3", "mole"),
        ("monomer A (mmol),monomer B (mmol)", "0.6,1.4", "mole"),
    ],
)
def test_ratios_and_amounts_are_found_by_their_names(header: str, cell: str, basis: str) -> None:
    table = checked(f"{UNITS},{header},Tg", f"{PAIR},{cell},10")
    columns = table.report.columns
    assert columns.fractions == tuple(header.split(","))
    assert (columns.basis, columns.properties) == (basis, ("Tg",))
    # The text of the second unit stands first.
    first, second = BY_MOLE if basis == "mole" else (0.3 / 28.054, 0.7 / 104.152)
    assert _shares(table) == pytest.approx(
        [second / (first + second), first / (first + second)], abs=1e-4
    )


@pytest.mark.parametrize(
    ("header", "basis"),
    [
        ("A:B:C (w/w/w)", "weight"),
        ("composition A:B:C (wt)", "weight"),
        ("composition (A:B:C) (wt)", "weight"),
        ("A:B:C (mol:mol:mol)", "mole"),
        ("A/B/C weight ratio", "weight"),
        ("ratio A:B:C by weight", "weight"),
        ("A:B:C (mol)", "mole"),
    ],
)
def test_ratios_of_three_units_are_found_by_their_names(header: str, basis: str) -> None:
    raw = raw_of(f"{UNITS},smiles_C,{header},Tg", f"{PAIR},*CO*,2:1:1,10")
    columns = guess_columns(raw)
    assert (columns.fractions, columns.basis) == ((header,), basis)
    assert columns.properties == ("Tg",)


def test_a_ratio_has_a_number_for_each_unit_of_its_row() -> None:
    head = "smiles_1,smiles_2,smiles_3,feed ratio,Tg"
    good = ["*CC*,*CO*,*CN*,2:1:1,1", "*CC*,,*CN*,1:3,2", "*CC*,*CO*,,50:50:0,3", "*CC*,,,1:0:0,4"]
    table = checked(head, *good, "*CC*,*CO*,*CN*,1:3,5", "*CC*,*CO*,,1:1:1,6", "*CC*,*CO*,,half,7")
    pairs = ["*CC*|*CN*|0.25|0.75", "*CC*|*CO*|0.5|0.5"]
    assert table.canonical == ["*CC*|*CN*|*CO*|0.5|0.25|0.25", *pairs, "*CC*"]
    words = ["has 1:3: 2 numbers for 3 repeat units", "no repeat unit for it", "is no fraction"]
    for reason, expected in zip(table.excluded["reason"], words, strict=True):
        assert expected in reason


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("fraction", "1/3"),
        ("B:A", "30:70"),
        ("time", "12:30"),
        ("mass_A (g/mol),mass_B (g/mol)", "104,54"),
        ("A (g)", "3"),
        ("Tg_A (g),Tg_B (g)", "3,4"),
    ],
)
def test_what_may_be_something_else_is_no_ratio(header: str, cells: str) -> None:
    table = checked(f"{UNITS},{header},Tg", f"{PAIR},{cells},10")
    assert table.report.columns.fractions == ()
    assert table.report.columns.smiles == "smiles_A"


def test_a_third_and_one_to_three_are_told_apart() -> None:
    assert ratio_of("1:3") == ["1", "3"]
    assert ratio_of("1/3") == []
    assert ratio_of("1/3", slash=True) == ["1", "3"]
    assert ratio_of("a:b") == ratio_of("1:") == ratio_of("") == ratio_of("1:" * 500) == []


def test_columns_of_a_ratio_can_be_said() -> None:
    raw = raw_of(f"{UNITS},how much,Tg", f"{PAIR},30:70,10")
    said = guess_columns(raw, smiles="smiles_A", units=["smiles_B"], fractions=["how much"])
    assert _shares(check_table(raw, said)) == pytest.approx([0.7, 0.3])


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("A (g),B (mmol)", "“A .g.” and “B .mmol.” are measured in unlike ways"),
        ("A (phr),B (g)", "measured in unlike ways"),
        ("frac A (mol%),frac B (wt%)", "“frac B .wt%.” says weight and “frac A .mol%.” mole"),
    ],
)
def test_amounts_that_cannot_be_added_up_are_refused(header: str, words: str) -> None:
    raw = raw_of(f"{UNITS},{header},Tg", f"{PAIR},1,5,10")
    with pytest.raises(UserError, match=words):
        guess_columns(raw)
    with pytest.raises(UserError, match=words):
        guess_columns(
            raw, smiles="smiles_A", units=["smiles_B"], fractions=tuple(header.split(","))
        )


def test_an_amount_without_a_unit_is_as_those_beside_it_where_they_agree() -> None:
    raw = raw_of(f"{UNITS},smiles_C,A (mg),B,C (g),Tg", f"{PAIR},*CO*,30,70,1,10")
    said = {"smiles": "smiles_A", "units": ("smiles_B", "smiles_C")}
    with pytest.raises(UserError, match="“B” has no unit beside amounts in several"):
        guess_columns(raw, **said, fractions=("A (mg)", "B", "C (g)"))
    raw = raw_of(f"{UNITS},A (mg),B,Tg", f"{PAIR},30,70,10")
    two = guess_columns(raw, smiles="smiles_A", units=["smiles_B"], fractions=("A (mg)", "B"))
    assert sum(_shares(check_table(raw, two))) == pytest.approx(1.0)


@pytest.mark.parametrize(("name", "basis"), [("mol%", "wt%"), ("wt%", "mole")])
def test_a_basis_that_contradicts_the_columns_names_is_refused(name: str, basis: str) -> None:
    raw = raw_of(f"{UNITS},{name}_A,{name}_B,basis,Tg", f"{PAIR},30,70,{basis},10")
    with pytest.raises(UserError, match=f"beside “{name}_A”"):
        guess_columns(raw)
    assert guess_columns(raw, basis="weight").basis == "weight"


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("A (mg)\tB (mg)", "1,250\t500"),
        ("A (mg)\tB (mg)", "500\t12,500"),
        ("frac_A\tfrac_B", "1,250\t500"),
        ("A:B (w/w)", "1,250:500"),
    ],
)
def test_a_comma_that_may_stand_between_thousands_is_told(header: str, cells: str) -> None:
    units = UNITS.replace(",", "\t")
    pair = PAIR.replace(",", "\t")
    table = checked(f"{units}\t{header}\tTg", f"{pair}\t{cells}\t10.5")
    (reason,) = table.excluded["reason"]
    assert "50 or 1.25: write it" in reason or "12500 or 12.5: write it" in reason


def test_a_decimal_comma_of_the_table_is_no_sign_between_thousands() -> None:
    rows = [f"*CC*;*CC(*)c1ccccc1;{cells};10,5" for cells in ("1,250;0,5", "1.250;0,5")]
    table = checked("smiles_A;smiles_B;A (mmol);B (mmol);Tg", *rows)
    assert _shares(table) == pytest.approx([0.5 / 1.75, 1.25 / 1.75], abs=1e-5)
    assert "“1.250” in “A (mmol)” may be 1250 or 1.25" in table.excluded["reason"].iloc[0]
    shares = checked("smiles_A;smiles_B;frac_A;Tg", "*CC*;*CO*;33,333 %;10.5")
    assert shares.canonical == ["*CC*|*CO*|0.33333|0.66667"]
