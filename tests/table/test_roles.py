"""Columns of numbers that are no properties."""

import pytest

from engine.table import check_table, read_table
from tests.table.tables import finding, kinds


def checked(header: str, *rows: str):
    return check_table(read_table("\n".join([header, *rows]).encode(), "mine.csv"))


def test_a_copolymers_composition_is_no_target():
    table = checked(
        "smiles_A,smiles_B,frac_A,frac_B,Tg",
        "*CC*,*CC(*)C,0.3,0.7,10",
        "*CCO*,*CC(*)C,0.5,0.5,20",
        "*CCS*,*CC(*)c1ccccc1,0.1,0.9,30",
    )
    assert table.report.columns.properties == ("Tg",)
    assert table.report.columns.smiles == "smiles_A"
    assert "copolymers are not possible yet" in finding(table, "composition_columns").message
    assert "smiles_B" in finding(table, "second_unit_columns").message


def test_the_structure_with_stars_is_the_repeat_unit_and_conditions_are_no_targets():
    table = checked(
        "Solvent_SMILES,Polymer_SMILES,temperature,chi",
        "CCO,*CC*,298,0.4",
        "CCO,*CC*,323,0.6",
        "CC(=O)C,*CC*,298,0.9",
        "CCO,*CC(*)C,298,0.5",
    )
    assert table.report.columns.smiles == "Polymer_SMILES"
    assert table.report.columns.properties == ("chi",)
    assert "temperature" in finding(table, "condition_columns").message
    assert "Solvent_SMILES" in finding(table, "second_unit_columns").message
    assert not {"conflict", "duplicate", "ignored_columns"} & set(kinds(table))


def test_the_same_structure_written_twice_is_no_second_unit():
    table = checked("smiles,canonical_smiles,x", "*CC(C)*,*CC(*)C,1", "C(*)CO*,*CCO*,2")
    assert "second_unit_columns" not in kinds(table)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Temperature (K)", "condition"),
        ("temp_C", "condition"),
        ("Pressure [bar]", "condition"),
        ("log_Mw", "condition"),
        ("Mn", "condition"),
        ("wt_frac", "composition"),
        ("molFraction", "composition"),
        ("ratio", "composition"),
        ("x_std", "spread"),
        ("std_x", "spread"),
        ("n_mol", "count"),
        ("sl_num", "count"),
        ("DP", "count"),
        ("x_count", "count"),
    ],
)
def test_columns_that_are_not_chosen_but_can_be(name, kind):
    raw = read_table(f"SMILES,x,{name}\n*CC*,1,20\n*CCC*,2,30\n*CCO*,3,31\n".encode(), "mine.csv")
    table = check_table(raw)
    assert table.report.columns.properties == ("x",)
    assert name in finding(table, f"{kind}_columns").message
    columns = table.report.columns.model_copy(update={"properties": ("x", name)})
    assert len(check_table(raw, columns).properties) == 2


@pytest.mark.parametrize(
    "name", ["Tg", "Tm", "modulus", "band_gap", "ratio_of_moduli", "Temperature of melting"]
)
def test_columns_that_are_properties(name):
    table = checked(f"SMILES,{name}", "*CC*,120", "*CCC*,230", "*CCO*,131")
    assert len(table.report.columns.properties) == 1


def test_a_ratio_above_a_hundred_is_no_composition():
    table = checked("SMILES,ratio", "*CC*,120", "*CCC*,230")
    assert table.report.columns.properties == ("ratio",)
