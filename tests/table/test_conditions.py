"""Conditions where tables are joined, pivoted, averaged, mended and predicted."""

import numpy as np
import pytest

from engine.base.errors import UserError
from engine.table import (
    average_replicates,
    check_table,
    guess_columns,
    join_tables,
    read_table,
)
from engine.table.conditions import checked_value, conditions_for
from engine.table.fixing import mended_frame
from engine.table.mended import mended_table
from engine.table.mending import Mending
from tests.two_sources import SOURCES


def marked(text: str, *columns: str):
    raw = read_table(text.encode(), f"{len(text)}.csv")
    return check_table(raw, guess_columns(raw, conditions=columns))


def test_values_of_one_repeat_unit_under_other_conditions_stay_apart():
    rows = "*CC*,viscosity,1,Pa*s,300\n*CC*,modulus,10,MPa,400\n*CC*,density,2,g/cm3,300\n"
    text = f"SMILES,property,value,unit,temperature (K)\n{rows}"
    said = Mending(long="property=value", conditions=("temperature (K)",))
    table = mended_table(text.encode(), said, "long.csv")
    assert table.condition_values["temperature"].tolist() == [300, 400]
    assert np.isfinite(table.labels).sum(axis=1).tolist() == [2, 1]


def test_conditions_that_differ_by_case_alone_are_refused():
    with pytest.raises(UserError, match="Two conditions"):
        marked("SMILES,Tg,x,X\n*CC*,1,2,3\n*CO*,2,3,4\n", "x", "X")


def test_words_of_joined_tables_are_spelt_alike():
    one = marked("SMILES,Tg,method\n*CC*,1,DSC\n*CO*,2,DMA\n", "method")
    other = marked("SMILES,Tg,Method\n*CCC*,3,dsc\n*CCO*,4,dma\n", "Method")
    joined = join_tables([one, other], SOURCES)
    assert joined.conditions[0].choices == ("DMA", "DSC")
    assert joined.condition_values["method"].tolist() == ["DSC", "DMA", "DSC", "DMA"]


def test_equal_conditions_are_equal_however_they_are_spelt():
    rows = "*CC*,1,300,O\n*CC*,3,300.0,[OH2]\n*CC*,8,26.85 °C,O\n*CC*,9,310,O\n"
    table = marked(f"SMILES,Tg,temperature (K),solvent\n{rows}", "temperature (K)", "solvent")
    averaged = average_replicates(table, "mean")
    assert averaged.labels[:, 0].tolist() == [4, 9]


def test_solvents_are_structures_where_all_can_be_read():
    table = marked("SMILES,Tg,solvent\n*CC*,1,CCO\n*CO*,2,O\n", "solvent")
    assert table.conditions[0].kind == "structure"
    words = marked("SMILES,Tg,solvent\n*CC*,1,water\n*CO*,2,THF\n", "solvent")
    assert words.conditions[0].kind == "word"
    method = marked("SMILES,Tg,method\n*CC*,1,CO\n*CO*,2,NO\n", "method")
    assert method.conditions[0].kind == "word"


def test_a_number_without_a_place_on_its_scale_is_a_problem():
    rows = "".join(f"*{'C' * n}*,{n},{10.0 ** (n / 3 - 3):g}\n" for n in range(1, 14))
    (condition,) = marked(f"SMILES,Tg,conc (g/L)\n{rows}", "conc (g/L)").conditions
    assert condition.scale == "log10"
    with pytest.raises(UserError, match="above zero"):
        checked_value(condition, "0")
    given = conditions_for(read_table(b"SMILES,conc\n*CC*,1\n*CO*,-5\n", "in.csv"), [condition])
    assert list(given.problems) == [1]


def test_a_written_table_has_the_conditions_that_were_read():
    text = "SMILES;Tg;rate\n*CC*;0,5;1,2 K/min\n*CO*;1,5;~3,4 K/min\n*CCC*;2,5;2,5 K/min\n"
    table = marked(text, "rate")
    assert table.conditions[0].unit == "K/min"
    frame, _ = mended_frame(table)
    again = read_table(frame.to_csv(index=False).encode(), "mended.csv")
    written = check_table(again, guess_columns(again, conditions=["rate"]))
    assert written.condition_values.equals(table.condition_values)
    assert written.conditions == table.conditions


@pytest.mark.parametrize("header", ["E (MPa),E", "E,E (MPa)", "Tg (K),Tg", "Tg,Tg (K)"])
def test_columns_that_mean_one_property_keep_their_own(header):
    rows = "*CC*,300,100\n*CO*,310,110\n*CCC*,320,120\n"
    raw = read_table(f"SMILES,{header}\n{rows}".encode(), "mine.csv")
    table = check_table(raw)
    names = [property_.name for property_ in table.properties]
    assert len({*names}) == 2
    plain = table.labels[:, names.index(header.replace(" (MPa)", "").split(",")[0].split(" ")[0])]
    assert plain.tolist() in ([100, 110, 120], [300, 310, 320])
    frame, _ = mended_frame(table)
    written = check_table(read_table(frame.to_csv(index=False).encode(), "mended.csv"))
    by_name = dict(zip(names, table.labels.T.tolist(), strict=True))
    for k, property_ in enumerate(written.properties):
        assert written.labels[:, k].tolist() == by_name[property_.name]
