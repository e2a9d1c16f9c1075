"""Cells that say more than a plain number, and headers that say a unit."""

import pytest

from engine.table import check_table, guess_columns, read_table
from engine.table.headers import read_header, read_headers
from engine.table.quantities import to_quantity
from tests.table.tables import finding, kinds, polyethers


@pytest.mark.parametrize(
    ("text", "value", "kind", "spread", "unit"),
    [
        ("> 300", 300, "above", None, ""),
        (">=300", 300, "above", None, ""),
        ("≥ 300 °C", 300, "above", None, "°C"),
        ("< -20.5", -20.5, "below", None, ""),
        ("120-130", 125, "range", None, ""),
        ("120 – 130 K", 125, "range", None, "K"),
        ("-120 to -110", -115, "range", None, ""),
        ("0.1-0.5", 0.3, "range", None, ""),
        ("~85", 85, "approximate", None, ""),
        ("ca. 85", 85, "approximate", None, ""),
        ("85 ± 3", 85, "spread", 3, ""),
        ("-85.5+/-3.2 °C", -85.5, "spread", 3.2, "°C"),
        ("410 K", 410, "exact", None, "K"),
        ("127 °C", 127, "exact", None, "°C"),
        ("1.2x10^-5", 1.2e-5, "exact", None, ""),
        ("1.2 × 10⁻⁵ S/cm", 1.2e-5, "exact", None, "S/cm"),
        ("3·10^3", 3000, "exact", None, ""),
        ("1.234,5", 1234.5, "exact", None, ""),
        ("−12.5", -12.5, "exact", None, ""),
    ],
)
def test_a_cell_that_says_more_than_a_number(text, value, kind, spread, unit):
    quantity = to_quantity(text)
    assert quantity.value == pytest.approx(value)
    assert (quantity.kind, quantity.spread, quantity.unit) == (kind, spread, unit)


@pytest.mark.parametrize(
    "text", ["n.d.", "PE-120", "10-5", "2020-01", "2020-01-05", "> ~ 5 - 6", "±3", "-", "9" * 70]
)
def test_a_cell_that_holds_no_number(text):
    quantity = to_quantity(text)
    assert quantity is None or text.startswith("9")


def test_an_american_number_in_a_table_with_decimal_commas():
    assert to_quantity("1,234.5", ",").value == 1234.5
    assert to_quantity("1,5-2,5", ",").value == 2.0


def test_cells_with_units_of_their_own_are_converted():
    table = check_table(polyethers("410 K", "127 °C", "100", "212 °F", "> 300", "3 m", header="Tg"))
    assert table.labels[:, 0] == pytest.approx(
        [136.85, 127, 100, 100] + [float("nan")] * 2, nan_ok=True
    )
    assert finding(table, "cell_above").rows == [6]
    assert finding(table, "non_numeric").rows == [7]


def test_a_cell_is_named_once_though_its_unit_does_not_fit():
    table = check_table(polyethers("> 300 MPa", "120-130 MPa", "~5 kg", "20", "30", header="Tg"))
    assert finding(table, "foreign_unit").rows == [2, 3, 4]
    assert not {"cell_above", "cell_range", "cell_approximate", "non_numeric"} & kinds(table)
    assert "cannot be turned into °C" in finding(table, "foreign_unit").message
    assert table.bounds is None


def test_a_bound_beyond_what_can_be_says_nothing():
    table = check_table(polyethers("> -500", "< -400", "> 100", "20", header="Tg"))
    assert finding(table, "void_bound").rows == [2, 3]
    assert finding(table, "cell_above").rows == [4]
    assert table.bounds.known.sum() == 1
    raw = polyethers("< -4", "> 0", "< 5", "1", "2", header="permeability")
    table = check_table(raw, guess_columns(raw, scales={"permeability": "log10"}))
    assert finding(table, "void_bound").rows == [2, 3]
    assert table.bounds.upper[2, 0] == 5


def test_each_kind_of_cell_is_counted():
    table = check_table(polyethers("120-130", "~85", "85 ± 3", "85 ± 5", "90"))
    assert table.labels[:, 0].tolist() == [125, 85, 85, 85, 90]
    assert {"cell_range", "cell_approximate", "cell_spread"} <= set(kinds(table))
    assert "is 4 in the median" in finding(table, "cell_spread").message


def test_a_unit_in_the_cells_becomes_the_propertys():
    table = check_table(polyethers("40 MPa", "0.05 GPa", "60", header="strength"))
    assert table.properties[0].unit == "MPa"
    assert table.labels[:, 0] == pytest.approx([40, 50, 60])


@pytest.mark.parametrize(
    ("header", "name", "unit"),
    [
        ("Tg (K)", "Tg", "K"),
        ("Tg [°C]", "Tg", "°C"),
        ("Tg_K", "Tg", "K"),
        ("T_g", "Tg", None),
        ("Tg, K", "Tg", "K"),
        ("Tg / K", "Tg", "K"),
        ("tg", "tg", None),
        ("density(g/cm3)", "Density", "g/cm3"),
        ("Density (kg/m3)", "Density", "kg/m3"),
        ("density, lb/ft^3", "Density", "lb/ft^3"),
        ("Glass transition temperature (K)", "Tg", "K"),
        ("glass_transition_temperature_K", "Tg", "K"),
        ("Tc (W/(m K))", "Tc", "W/(m K)"),
        ("Tc (K)", "Tc (K)", None),
        ("Tg (exp)", "Tg (exp)", None),
        ("Tg_md", "Tg_md", None),
        ("P(O2)", "P(O2)", None),
        ("strength (MPa)", "strength", "MPa"),
        ("O2 permeability (Barrer)", "O2 permeability", "Barrer"),
        ("x (9**9**9)", "x (9**9**9)", None),
    ],
)
def test_what_a_header_says(header, name, unit):
    assert read_header(header) == (name, unit)


def test_two_columns_are_never_one_property():
    assert [header.name for header in read_headers(["Tg (K)", "Tg", "T_g"]).values()] == [
        "Tg (K)",
        "Tg",
        "T_g",
    ]


def test_a_unit_in_the_header_is_converted_and_can_be_overruled():
    raw = read_table(b"SMILES,Tg (K),strength (MPa)\n*CC*,373.15,40\n*CCC*,273.15,50\n", "mine.csv")
    table = check_table(raw)
    assert [property_.label for property_ in table.properties] == ["Tg (°C)", "strength (MPa)"]
    assert table.labels[:, 0] == pytest.approx([100, 0])
    assert table.report.columns.properties == ("Tg (K)", "strength (MPa)")
    for name in ("Tg", "Tg (K)"):
        assert check_table(raw, units={name: "°C"}).labels[0, 0] == 373.15
