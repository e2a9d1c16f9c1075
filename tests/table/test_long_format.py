"""Tables with a row for each value."""

import pytest

from engine.commands import main
from engine.table import Columns, check_table, read_table
from engine.table.long_format import find_long_format, pivoted
from tests.table.tables import finding, kinds

TABLE = (
    b"smiles,property,value,unit\n*CC*,Tg,250,K\n*CC*,Density,950,kg/m3\n*CC(*)C,Tg,-10,degC\n"
    b"*CC*,Tg,-20,degC\n*CC(*)C,strength,30,MPa\n*CC(*)C,,1,\n"
)


def test_a_long_table_is_an_error_until_it_is_pivoted():
    raw = read_table(TABLE, "mine.csv")
    assert find_long_format(raw) == ("property", "value", "unit")
    told = finding(check_table(raw), "long_format")
    assert told.severity == "error"
    assert "--long property=value" in told.message


def test_each_property_gets_a_column_and_keeps_its_units():
    raw = read_table(TABLE, "mine.csv")
    table = check_table(pivoted(raw, find_long_format(raw), Columns(smiles="smiles")))
    assert [property_.label for property_ in table.properties] == [
        "Tg (°C)",
        "Density (g/cm³)",
        "strength (MPa)",
    ]
    assert table.canonical == ["*CC*", "*CC(*)C", "*CC*"]
    assert table.rows.tolist() == [2, 4, 5]
    assert table.labels[:, 0] == pytest.approx([-23.15, -10, -20])
    assert table.labels[0, 1] == pytest.approx(0.95)
    assert table.labels[1, 2] == 30
    assert "long_format" not in kinds(table)


def test_the_option(tmp_path, capsys):
    path = tmp_path / "mine.csv"
    path.write_bytes(TABLE)
    assert main(["doctor", str(path), "--long", "property=value"]) == 0
    assert "strength" in capsys.readouterr().out
    for words, sentence in (("property", "not understood"), ("a=b", "no column “a”")):
        assert main(["doctor", str(path), "--long", words]) == 1
        assert sentence in " ".join(capsys.readouterr().err.split())


def test_a_column_of_numbers_called_property_is_no_long_format():
    assert find_long_format(read_table(b"SMILES,property,value\n*CC*,1,2\n*CCC*,2,3\n")) is None
