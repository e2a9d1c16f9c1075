"""Labels that cannot be what their column says."""

import pytest

from engine.table import check_table
from tests.table.tables import finding, kinds, polyethers


@pytest.mark.parametrize(
    ("header", "cells", "unit"),
    [
        ("Density", ("1050", "950", "1190", "1.1"), "kg/m³"),
        ("FFV", ("35", "36.5", "38"), "%"),
        ("Tc", ("210", "180", "150"), "mW/(m·K)"),
    ],
)
def test_most_labels_beyond_the_plausible_range_point_to_another_unit(header, cells, unit):
    table = check_table(polyethers(*cells, header=header))
    wrong = finding(table, "range")
    assert wrong.severity == "error"
    assert f"--unit {header}={unit}" in wrong.message
    assert table.report.errors == [wrong]
    assert not {"implausible", "impossible"} & set(kinds(table))
    assert "range" not in kinds(
        check_table(polyethers(*cells[:3], header=header), units={header: unit})
    )


def test_a_range_that_no_unit_explains():
    wrong = finding(check_table(polyethers("20", "25", "1.0", header="Density")), "range")
    assert "2 of 3 labels" in wrong.message
    assert "--unit" not in wrong.message


@pytest.mark.parametrize(
    ("header", "unit", "cells"),
    [
        ("Tg", "K", ("-12", "300", "320")),
        ("Tg", None, ("-300", "20", "40")),
        ("Density", None, ("-1", "1.1", "1.2")),
        ("FFV", None, ("1.3", "0.35", "0.36")),
        ("Rg", None, ("-20", "20", "21")),
        ("Tc", None, ("-0.2", "0.2", "0.21")),
    ],
)
def test_labels_that_no_polymer_can_have(header, unit, cells):
    units = {header: unit} if unit else None
    table = check_table(polyethers(*cells, header=header), units=units)
    wrong = finding(table, "impossible")
    assert (wrong.severity, wrong.rows) == ("error", [2])
    assert "implausible" not in kinds(table)


def test_fahrenheit_is_converted():
    table = check_table(polyethers("212", "32", header="Tg"), units={"Tg": "°F"})
    assert table.labels[:, 0] == pytest.approx([100, 0])
