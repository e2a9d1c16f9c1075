"""Labels over many decades: proposed for a log10 scale, and judged on it."""

import numpy as np
import pytest

from engine.base.errors import UserError
from engine.settings.properties import Property
from engine.table import average_replicates, check_table, guess_columns, join_tables, read_table
from tests.table.tables import finding, kinds, polyethers
from tests.two_sources import SOURCES

DECADES = [f"{10.0**power:g}" for power in range(-7, 5)]


def scale_of(table) -> str:
    return table.properties[0].scale


def test_labels_over_decades_are_learned_on_a_log10_scale():
    table = check_table(polyethers(*DECADES, header="permeability (barrer)"))
    assert scale_of(table) == "log10"
    told = finding(table, "log_scale")
    assert told.severity == "note"
    assert "1e-07 to 1e+04 barrer" in told.message
    assert "outlier" not in kinds(table), "on this scale no label is far from the others"
    summary = table.report.properties[0]
    assert summary.mean == pytest.approx(10**-1.5)
    assert summary.std == pytest.approx(13**0.5)


@pytest.mark.parametrize(
    "cells", [[*"123456789", "10", "11"], ["5", "7"], [f"{-(10.0**p):g}" for p in range(12)]]
)
def test_other_labels_are_learned_as_they_are(cells):
    table = check_table(polyethers(*cells, header="permeability"))
    assert scale_of(table) == "linear"
    assert "log_scale" not in kinds(table)


def test_a_registered_property_keeps_its_scale():
    assert scale_of(check_table(polyethers(*DECADES, header="Tc"))) == "linear"


def test_an_outlier_in_decades_is_found():
    table = check_table(polyethers(*(DECADES * 3), "1e40", header="viscosity"))
    assert finding(table, "outlier").rows == [3 * len(DECADES) + 2]


def test_the_users_word_decides():
    raw = polyethers(*DECADES, header="permeability")
    columns = guess_columns(raw, scales={"PERMEABILITY": "linear"})
    assert scale_of(check_table(raw, columns)) == "linear"
    raw = polyethers("1", "2", "0", "-3", header="strength (MPa)")
    table = check_table(raw, guess_columns(raw, scales={"strength": "log10"}))
    assert scale_of(table) == "log10"
    assert np.isnan(table.labels[2:, 0]).all()
    assert finding(table, "not_positive").rows == [4, 5]
    assert table.report.columns.scales == {"strength (MPa)": "log10"}
    with pytest.raises(UserError, match="not a property column"):
        guess_columns(raw, scales={"hardness": "log10"})


def test_a_few_labels_that_are_not_positive_are_the_users_to_leave_out():
    table = check_table(polyethers(*DECADES, *DECADES, "0", header="permeability"))
    assert scale_of(table) == "linear"
    assert np.isfinite(table.labels).all()
    assert "1 label is not above zero" in finding(table, "log_scale_possible").message


def test_replicates_are_averaged_in_decades():
    table = "SMILES,permeability\n" + "".join(f"*{'C' * n}O*,1e{n}\n" for n in range(1, 12))
    raw = read_table(f"{table}*OC*,1e3\n".encode(), "mine.csv")
    averaged = average_replicates(check_table(raw), "mean")
    assert averaged.labels[0, 0] == pytest.approx(1e2)
    assert "1.41 decades" in finding(averaged, "replicates").message


def test_sources_of_one_quantity_share_a_scale():
    wide = check_table(polyethers(*DECADES, header="permeability"))
    narrow = check_table(polyethers("1", "2", "3", header="permeability"))
    joined = join_tables([wide, narrow], SOURCES)
    assert [property_.scale for property_ in joined.properties] == ["log10", "log10"]
    negative = check_table(polyethers("1", "-2", "3", header="permeability"))
    joined = join_tables([wide, negative], SOURCES)
    assert [property_.scale for property_ in joined.properties] == ["linear", "linear"]


def test_a_value_returns_from_its_scale():
    property_ = Property(name="P", title="P", unit="barrer", scale="log10")
    values = np.array([1e-9, 1.0, 0.0, -1.0, np.nan])
    there = property_.unscaled(property_.scaled(values))
    np.testing.assert_allclose(there, [1e-9, 1.0, np.nan, np.nan, np.nan])
    assert np.isfinite(property_.unscaled(np.array([1e6, -1e6]))).all()
    assert property_.errors.format(0.25) == "0.25 decades"
