"""Columns called like those of units and fractions of a composition that are read as neither."""

import pytest

from engine.table import check_table, guess_columns
from engine.table.compositions import texts_to_predict
from engine.table.mended import check_mended
from engine.table.mending import Mending
from tests.table.tables import checked, raw_of

THREE = "smiles_1,smiles_2,smiles_3,frac_1,frac_2,frac_3,Tg"
PAIR = "*CC*|*CO*"


@pytest.mark.parametrize(
    ("heads", "column"),
    [
        ("smiles_A,smiles_B,frac_A,frac_B,frac_C", "frac_C"),
        ("smiles_A,smiles_B,x_1,x_2,x_3", "x_3"),
        ("unit 0,unit 1,frac 0,frac 1,frac 2", "frac 2"),
        ("smiles_A,smiles_B,A (mol),B (mol),C (mol)", "C (mol)"),
    ],
)
def test_a_fraction_of_a_unit_without_a_column_leaves_the_row_out(heads: str, column: str) -> None:
    rows = ["0.3,0.3,0.4,1", "0.5,0.5,0,2", "0.25,0.75,,3", "0.3,0.3,1e999,4"]
    table = checked(f"{heads},Tg", *[f"*CC*,*CO*,{each}" for each in rows])
    assert table.canonical == [f"{PAIR}|0.5|0.5", f"{PAIR}|0.25|0.75"]
    reasons = [f"“{column}” has {each}, and no column has a repeat unit" for each in (0.4, "1e999")]
    assert table.excluded["reason"].tolist() == [f"{each} for it" for each in reasons]
    assert table.report.columns.properties == ("Tg",)


def test_fractions_of_the_units_that_are_there_are_none_too_many() -> None:
    raw = raw_of("smiles_A,smiles_B,frac_A,frac_B,Tg", "*CC*,*CO*,0.25,0.75,1")
    for said in (("frac_A",), ("frac_B",), None):
        columns = guess_columns(raw, fractions=said)
        assert columns.aside == ()
        assert check_table(raw, columns).canonical == [f"{PAIR}|0.25|0.75"]


def test_a_unit_in_a_column_of_other_things_leaves_its_row_out() -> None:
    good = ["*CC*,*CO*,xyz((,0.5,0.5,0,1", "*CC*,*CO*,CCO,0.25,0.75,,2"]
    third = ["*CC*,*CO*,*CN*,0.2,0.4,0.4,3", "*CC*,*CO*,*C(,0.5,0.5,,4"]
    table = checked(THREE, *good, "*CC*,*CO*,salt,0.2,0.8,,5", *third)
    assert len(table.canonical) == 3
    first, second = table.excluded["reason"]
    assert first.startswith("“smiles_3” has the repeat unit “*CN*”, and is read as no column of")
    assert "“*C(”" in second


def test_the_amount_of_a_salt_is_none_of_a_unit() -> None:
    raw = raw_of(THREE, "*CC*,*CO*,[Li]Cl,0.4,0.4,0.2,1", "*CC*,*CO*,,0.25,0.75,0,2")
    for conditions in ((), ("smiles_3",), ("smiles_3", "frac_3")):
        table = check_table(raw, guess_columns(raw, conditions=conditions))
        assert table.canonical == [f"{PAIR}|0.5|0.5", f"{PAIR}|0.25|0.75"]


def test_a_mending_and_a_prediction_leave_the_same_rows_out() -> None:
    raw = raw_of(THREE, "*CC*,*CO*,CCO,0.5,0.5,,1", "*CC*,*CO*,,0.3,0.3,0.4,2")
    table = check_table(raw)
    (mending,) = check_mended(raw, Mending()).mendings
    assert check_mended(raw, mending).canonical == table.canonical == [f"{PAIR}|0.5|0.5"]
    asked = texts_to_predict(raw, guess_columns(raw, properties=()))
    assert asked.problems == {1: "“frac_3” has 0.4, and no column has a repeat unit for it"}
    # Its own columns may lack what another table had.
    fewer = raw_of(THREE.replace(",frac_3", ""), "*CC*,*CO*,,0.5,0.5,1")
    assert texts_to_predict(fewer, table.report.columns).texts == [f"{PAIR}|0.5|0.5"]
