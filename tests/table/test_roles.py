"""Columns of numbers that are no properties."""

import pytest

from engine.base.errors import UserError
from engine.table import check_table, guess_columns, join_tables, read_table
from tests.table.tables import finding, kinds
from tests.two_sources import SOURCES


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
    assert table.report.columns.units == ("smiles_B",)
    assert table.report.columns.fractions == ("frac_A", "frac_B")
    assert table.smiles[0] == "*CC(*)C|*CC*|0.7|0.3"


def test_where_one_unit_is_named_the_others_composition_is_no_target():
    raw = read_table(b"smiles_A,smiles_B,frac_A,frac_B,Tg\n*CC*,*CCC*,0.3,0.7,10\n", "mine.csv")
    table = check_table(raw, guess_columns(raw, smiles="smiles_A"))
    assert table.report.columns.properties == ("Tg",)
    assert "--unit-columns A,B" in finding(table, "composition_columns").message
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


CONDITIONS = (
    "SMILES,Tg,temperature (K),solvent_smiles,method\n"
    "*CC*,1,300,O,DSC\n*CCC*,2,27 °C,CCO,dsc\n*CCCC*,3,warm,C(C,DMA\n*CCCCC*,4,310,,DMA\n"
    + "".join(f"*{'C' * n}O*,{n},300,O,DSC\n" for n in range(1, 9))
)


def test_columns_are_read_as_conditions():
    raw = read_table(CONDITIONS.encode(), "mine.csv")
    names = ("temperature (K)", "solvent_smiles", "method")
    table = check_table(raw, guess_columns(raw, conditions=names))
    assert [p.name for p in table.properties] == ["Tg"]
    assert [(c.name, c.kind, c.unit) for c in table.conditions] == [
        ("temperature", "number", "K"),
        ("solvent_smiles", "structure", ""),
        ("method", "word", ""),
    ]
    assert table.condition_values["temperature"][1] == pytest.approx(300.15)
    assert table.condition_values["solvent_smiles"][1] == "CCO"
    assert table.conditions[2].choices == ("DSC", "DMA")
    odd = [f for f in table.report.findings if f.kind == "unread_condition"]
    assert [f.rows for f in odd] == [[4], [4]]
    missing = [f for f in table.report.findings if f.kind == "missing_condition"]
    assert [f.rows for f in missing] == [[4], [4, 5]]
    assert "condition_columns" not in {f.kind for f in table.report.findings}


@pytest.mark.parametrize(
    ("cells", "words"),
    [([""] * 60, "is empty"), ([f"w{n}" for n in range(60)], "60 different words")],
)
def test_a_column_that_cannot_be_a_condition_is_refused(cells, words):
    rows = [f"*{'C' * (n + 1)}*,{n},{cell}" for n, cell in enumerate(cells)]
    raw = read_table("\n".join(["SMILES,Tg,method", *rows]).encode(), "mine.csv")
    with pytest.raises(UserError, match=words):
        check_table(raw, guess_columns(raw, conditions=["method"]))


def test_the_unit_of_a_condition_may_stand_in_its_cells():
    cells = ("298 K", "310 K", "> 300 K", "30 °C", "325")
    rows = [f"*{'C' * (n + 1)}*,{n},{cell}" for n, cell in enumerate(cells)]
    table = check_table(*_marked("\n".join(["SMILES,Tg,temperature", *rows])))
    assert table.conditions[0].label == "temperature (K)"
    assert table.condition_values["temperature"].tolist()[:2] == [298, 310]
    assert table.condition_values["temperature"][3] == pytest.approx(303.15)
    only_bounds = "\n".join(["SMILES,Tg,temperature", "*CC*,1,> 300", "*CO*,2,< 5"])
    with pytest.raises(UserError, match="holds no plain number"):
        check_table(*_marked(only_bounds))


def test_conditions_of_several_tables_are_joined():
    first = check_table(*_marked("SMILES,Tg,temperature (K)\n*CC*,1,300\n*CCC*,2,310\n"))
    second = check_table(*_marked("SMILES,Tg,temperature (K)\n*CC*,5,400\n"))
    plain = check_table(read_table(b"SMILES,Tg\n*CCCC*,7\n", "plain.csv"))
    joined = join_tables([first, plain], SOURCES)
    assert joined.condition_values["temperature"].tolist()[:2] == [300, 310]
    assert joined.condition_values["temperature"].isna().tolist() == [False, False, True]
    assert join_tables([first, second], SOURCES).conditions[0].high == 400
    celsius = check_table(*_marked("SMILES,Tg,temperature (°C)\n*CC*,5,40\n"))
    with pytest.raises(UserError, match="convert one column"):
        join_tables([first, celsius], SOURCES)


def _marked(text: str):
    raw = read_table(text.encode(), f"{len(text)}.csv")
    return raw, guess_columns(raw, conditions=[c for c in raw.column_names if "temp" in c])
