"""What the report says about rows, labels and duplicates."""

import io

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from engine.base.errors import UserError
from engine.commands.doctor import print_report
from engine.table import check_table, guess_columns, load_table, read_table
from tests.conftest import SHARED
from tests.table.tables import finding, kinds, polyethers


def test_a_clean_table_has_no_findings():
    table = check_table(polyethers("1", "2", "3"))
    assert table.report.findings == []
    summary = table.report.properties[0]
    assert (summary.labels, summary.low, summary.high) == (3, 1, 3)
    assert (summary.mean, summary.median, summary.std) == (2, 2, 1)


def test_rows_that_cannot_be_used_are_excluded_with_the_reason():
    data = b"id,SMILES,x\na,*CC*,1\nb,*CC(*,2\nc,,3\n,*C(C)(C)(C)(C)C*,4\nd,NA,5\n"
    table = load_table(data, "mine.csv")
    assert (table.report.rows, table.report.kept, table.ids) == (5, 1, ["a"])
    assert table.excluded["row"].tolist() == [3, 4, 5, 6]
    assert table.excluded["id"].tolist() == ["b", "c", "5", "d"]
    assert list(table.excluded.columns) == ["row", "id", "SMILES", "reason"]
    assert "parentheses" in table.excluded["reason"][0]
    unreadable, empty = finding(table, "unreadable_smiles"), finding(table, "empty_smiles")
    assert (unreadable.severity, unreadable.count, unreadable.rows) == ("excluded", 2, [3, 5])
    assert "row 3 (" in unreadable.message
    assert "valence" in unreadable.message
    assert empty.rows == [4, 6]


def test_a_table_without_a_single_usable_row_still_has_a_report():
    table = load_table(b"SMILES,x\n*CC(*,1\n")
    assert (table.report.kept, table.labels.shape, len(table.excluded)) == (0, (0, 0), 1)


@pytest.mark.parametrize("cell", ["", "NA", "N/A", "nan", "NaN", "null", "-", "None", "#N/A"])
def test_a_missing_label_costs_no_row(cell):
    table = check_table(polyethers("1", cell, "3"))
    np.testing.assert_array_equal(table.labels[:, 0], [1, np.nan, 3])
    assert table.report.findings == []


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("−5", -5),
        ("+.5", 0.5),
        ("1e3", 1000),
        ("1,234", 1234),
        ("1,234.5", 1234.5),
        ("1 234", 1234),
        ("1\u202f234.5", 1234.5),
    ],
)
def test_numbers_as_people_write_them(cell, number):
    assert check_table(polyethers("0.5", cell)).labels[1, 0] == number


@pytest.mark.parametrize("cell", ["high", "#DIV/0!", "1_000", "0x10", "٣", "1.2.3", "12,5", "1e"])
def test_cells_that_are_not_numbers_are_named(cell):
    table = check_table(polyethers("1.5", "2.5", "3.5", cell))
    warning = finding(table, "non_numeric")
    assert (warning.severity, warning.column, warning.count, warning.rows) == (
        "warning",
        "x",
        1,
        [5],
    )
    assert f"row 5 “{cell}”" in warning.message
    assert table.report.properties[0].labels == 3
    assert len(table.smiles) == 4


@pytest.mark.parametrize("cell", ["inf", "-Infinity", "∞", "1e999"])
def test_infinite_cells_count_as_missing(cell):
    table = check_table(polyethers("1.5", "2.5", cell))
    assert finding(table, "infinite").rows == [4]
    assert np.isnan(table.labels[2, 0])


def test_cells_too_large_to_be_computed_with_count_as_missing():
    table = check_table(polyethers("1.5", "2.5", "1e300"))
    assert finding(table, "vast").rows == [4]
    assert np.isnan(table.labels[2, 0])
    raw = polyethers("1e10", "2e18", "3e21")
    decades = check_table(raw, guess_columns(raw, scales={"x": "log10"}))
    assert np.isfinite(decades.labels).all()


def test_in_a_table_with_decimal_commas_a_point_is_not_guessed_at():
    table = load_table(b"SMILES;x\n*C*;1,5\n*CC*;1.234\n*CCCO*;1.234,5\n")
    assert finding(table, "non_numeric").rows == [3]
    assert table.labels[2, 0] == 1234.5


def test_wrong_number_of_attachment_points_is_kept_with_a_warning():
    table = load_table(b"SMILES\n*CC*\n*CC\nCCC\n*C(*)(*)C\n[*:1]CCC[2*]\n")
    warning = finding(table, "attachment_points")
    assert (warning.rows, warning.count, len(table.smiles)) == ([3, 4, 5], 3, 5)
    assert "row 3 (1), row 4 (0) and row 5 (3)" in warning.message


def test_duplicates_and_their_conflicts():
    data = b"""id,SMILES,x,y
a,*CC(*)C,10,1
b,*CCCO*,20,2
a,CC(*)C*,10.05,2
c,[*:1]CC(C)[*:2],,3
d,*CCCCO*,30,
"""
    table = load_table(data)
    repeated = finding(table, "duplicate")
    assert (repeated.severity, repeated.count, repeated.rows) == ("warning", 1, [2, 4, 5])
    assert "rows 2, 4 and 5" in repeated.message
    assert "keep each group together" in repeated.message
    conflict = finding(table, "conflict")
    assert (conflict.column, conflict.count, conflict.rows) == ("y", 1, [2, 4, 5])
    assert finding(table, "duplicate_id").rows == [2, 4]
    assert len(table.smiles) == 5


@pytest.mark.parametrize(("gap", "conflicts"), [(0.99, False), (1.01, True)])
def test_labels_conflict_beyond_one_percent_of_the_range(gap, conflicts):
    data = f"SMILES,x\n*CC*,0\n*CCCO*,100\n*CCCCO*,50\n*CCCCO*,{50 + gap}\n".encode()
    assert ("conflict" in kinds(load_table(data))) is conflicts


def test_rows_that_differ_only_in_stereochemistry():
    data = rb"""SMILES,x
*C/C=C/C*,1
*C/C=C\C*,5
*CC=CC*,1
*C[C@H](F)C*,2
*C[C@H](F)C*,2
"""
    table = load_table(data)
    stereo = finding(table, "stereo_duplicate")
    assert (stereo.count, stereo.rows) == (1, [2, 3, 4])
    assert finding(table, "stereo_conflict").rows == [2, 3, 4]
    assert finding(table, "duplicate").rows == [5, 6]
    assert "conflict" not in kinds(table)


def test_implausible_values_of_a_registered_property():
    table = check_table(polyethers("20", "-200", "501", "500", header="Tg"))
    warning = finding(table, "implausible")
    assert warning.rows == [3, 4]
    assert "row 3 (-200)" in warning.message
    assert "-150 to 500 °C" in warning.message
    assert len(table.smiles) == 4


def test_outliers_are_robust_and_kept():
    usual = [str(10 + i % 5) for i in range(20)]
    table = check_table(polyethers(*usual, "1000", "2000"))
    warning = finding(table, "outlier")
    assert warning.rows == [22, 23]
    assert len(table.smiles) == 22
    assert "outlier" not in kinds(check_table(polyethers(*usual)))
    assert "outlier" not in kinds(check_table(polyethers("1", "2", "1000")))


@pytest.mark.parametrize(
    ("cells", "words"), [(("5", "5", ""), "all 2 labels"), (("5",), "only label")]
)
def test_constant_columns(cells, words):
    warning = finding(check_table(polyethers(*cells)), "constant")
    assert words in warning.message


def test_columns_without_labels_and_ignored_columns_are_noted():
    table = load_table(b"SMILES,x,Tg,comment,fold\n*CC*,1,,good,0\n*CCCO*,2,NA,bad,1\n")
    assert table.report.columns.properties == ("x",)
    assert [p.name for p in table.properties] == ["x"]
    assert "Tg" in finding(table, "no_labels").message
    assert "comment and fold" in finding(table, "ignored_columns").message
    assert {f.severity for f in table.report.findings} == {"note"}


KELVIN = ("310.15", "373.15", "330.15", "450.15")


@pytest.mark.parametrize(
    ("header", "cells", "warned"),
    [
        ("Tg", KELVIN, True),
        ("TG", KELVIN, True),
        ("Tg", ("95", *KELVIN), False),
        ("Tg", ("150", "200", "250"), False),
        ("x", KELVIN, False),
    ],
)
def test_a_tg_that_looks_like_kelvin(header, cells, warned):
    table = check_table(polyethers(*cells, header=header))
    assert ("kelvin" in kinds(table)) is warned
    if warned:
        assert f"--unit {header}=K" in finding(table, "kelvin").message
        assert "kelvin" not in kinds(
            check_table(polyethers(*cells, header=header), units={header: "°C"})
        )


@pytest.mark.parametrize(
    ("column", "unit", "given", "expected", "shown"),
    [
        ("Tg", "K", "373.15", 100, "°C"),
        ("tg", "kelvin", "373.15", 100, "°C"),
        ("Tg", "C", "100", 100, "°C"),
        ("Density", "kg/m³", "1050", 1.05, "g/cm³"),
        ("Density", "kg/m3", "1050", 1.05, "g/cm³"),
        ("Rg", "nm", "1.5", 15, "Å"),
        ("Tc", "mW/(m·K)", "200", 0.2, "W/(m·K)"),
        ("FFV", "%", "35", 0.35, ""),
        ("hardness", "MPa", "35", 35, "MPa"),
    ],
)
def test_units(column, unit, given, expected, shown):
    table = check_table(polyethers(given, header=column), units={column: unit})
    assert table.labels[0, 0] == pytest.approx(expected)
    assert table.properties[0].unit == table.report.properties[0].unit == shown


@pytest.mark.parametrize(
    ("units", "words"),
    [
        ({"Tg": "g"}, "accepted units are: °C, K, °F"),
        ({"Tm": "K"}, "not a property column. The property columns are: Tg"),
    ],
)
def test_units_that_do_not_fit(units, words):
    with pytest.raises(UserError, match=words):
        check_table(polyethers("300", header="Tg"), units=units)


def test_progress_ends_at_the_last_row():
    calls = []
    raw = read_table(("SMILES\n" + "*CC*\n" * 450).encode())
    check_table(raw, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(0, 450), (200, 450), (400, 450), (450, 450)]


def test_the_report_is_json_and_prints_within_80_columns():
    data = b"SMILES,Tg,x\n[*]CC[*],900,[bold]1[/bold]\n[*]CCC[*],20,2\n[*]CC(,1,2\n"
    table = load_table(data, "mine[1].csv")
    again = type(table.report).model_validate_json(table.report.model_dump_json())
    assert again == table.report
    console = Console(file=io.StringIO(), width=80)
    print_report(table, console)
    text = console.file.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    assert "mine[1].csv" in text
    assert "[bold]1[/bold]" in text
    assert "excluded" in text
    clean = Console(file=io.StringIO(), width=80)
    print_report(load_table(b"SMILES\n*CC*\n"), clean)
    assert "Nothing to mend" in clean.file.getvalue()


def test_the_real_table(real_train):
    table = load_table(real_train)
    assert (table.report.rows, table.report.kept, len(table.excluded)) == (7973, 7973, 0)
    labels = {summary.name: summary.labels for summary in table.report.properties}
    assert labels == {"Tg": 511, "FFV": 7030, "Tc": 737, "Density": 613, "Rg": 614}
    assert np.isfinite(table.labels).sum(axis=0).tolist() == list(labels.values())
    assert finding(table, "attachment_points").count == 18
    # The data's README says 30; RDKit's flat SMILES give 44 pairs, and the frozen folds keep every
    # one of the 44 together.
    assert finding(table, "stereo_duplicate").count == 44
    assert finding(table, "duplicate").count == 1
    assert "kelvin" not in kinds(table)
    source = pd.read_csv(real_train)
    np.testing.assert_array_equal(
        table.labels, source[[p.name for p in table.properties]].to_numpy()
    )
    assert table.ids == source["id"].astype(str).tolist()
    assert table.rows.tolist() == list(range(2, 7975))


@pytest.mark.parametrize(
    ("name", "rows", "properties"),
    [
        ("test.csv", 3, ()),
        ("train_supplement/dataset1.csv", 874, ("TC_mean",)),
        ("train_supplement/dataset3.csv", 46, ("Tg",)),
    ],
)
def test_the_other_real_tables(name, rows, properties):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"the competition's table is not at {path}")
    report = load_table(path).report
    assert (report.kept, report.columns.properties) == (rows, properties)
