"""What a user says on how a table is to be read."""

import re

from engine.runs import list_runs
from pages.parts.train.report import SEPARATORS
from tests.pages.conftest import KELVIN, button, figures, selectbox, spoken, upload


def test_smiles_column_can_be_chosen_where_none_is_found(train, typing):
    upload(train, "odd.csv", b"unit,Tg\n" + b"".join(b"CCO,%d\n" % i for i in range(12)))
    assert "no SMILES column" in train.error[0].value
    typing.into("columns", "unit", "Role", "Repeat unit")
    button(train, "Check again").click().run()
    assert not train.error
    assert figures(train)["Rows kept"] == "12"
    assert "--smiles-column unit" in train.code[-1].value


def test_unit_is_converted_and_told_to_the_command(train):
    upload(train, "kelvin.csv", KELVIN.encode())
    assert train.dataframe[0].value.loc[0, "Lowest"] == "301.0 °C"
    next(one for one in train.selectbox if one.label == "Tg").select("K")
    button(train, "Check again").click().run()
    assert train.dataframe[0].value.loc[0, "Lowest"] == "27.9 °C"
    assert "--unit Tg=K" in train.code[-1].value
    button(train, "Train").click().run()
    assert len(list_runs()) == 1


def test_the_unit_in_a_header_is_nothing_to_be_checked_again(train):
    upload(train, "hard.csv", KELVIN.replace("SMILES,Tg", "SMILES,Hardness (MPa)").encode())
    assert not button(train, "Train").disabled
    field = next(one for one in train.text_input if one.label == "Hardness")
    assert field.value == "MPa"
    field.set_value("GPa").run()
    assert button(train, "Train").disabled
    button(train, "Check again").click().run()
    assert not button(train, "Train").disabled
    assert "--unit Hardness=GPa" in train.code[-1].value


def test_a_unit_outlives_another_reading(train):
    upload(train, "kelvin.csv", KELVIN.encode())
    selectbox(train, "Tg").select("K")
    selectbox(train, "Decimal sign").select(".")
    button(train, "Check again").click().run()
    assert train.dataframe[0].value.loc[0, "Lowest"] == "27.9 °C"
    assert selectbox(train, "Tg").value == "K"
    assert {"--unit Tg=K", "--decimal ."} <= {*re.findall(r"--\w+ \S+", train.code[-1].value)}
    # Nor does a reading lose it that gives no table at all.
    selectbox(train, "Text encoding").select("utf-16")
    button(train, "Check again").click().run()
    assert len(train.error) == 1
    selectbox(train, "Text encoding").select("utf-8")
    button(train, "Check again").click().run()
    assert train.dataframe[0].value.loc[0, "Lowest"] == "27.9 °C"


def test_a_unit_goes_with_its_column(train):
    text = KELVIN.replace("SMILES,Tg", "SMILES,Strength")
    upload(train, "strength.csv", text.encode())
    next(one for one in train.text_input if one.label == "Strength").set_value("MPa")
    selectbox(train, "Cells are separated by").select(";")
    button(train, "Check again").click().run()
    assert not train.exception
    assert "unit" not in train.error[0].value
    assert train.session_state["train mending"].units == {}


def test_columns_that_cannot_be_used_change_nothing(train, typing):
    upload(train, "kelvin.csv", KELVIN.encode())
    selectbox(train, "Tg").select("K")
    button(train, "Check again").click().run()
    typing.into("columns", "split", "Role", "Repeat unit")
    button(train, "Check again").click().run()
    assert not train.exception
    assert "one column as the repeat unit" in train.error[0].value
    assert train.dataframe[0].value.loc[0, "Lowest"] == "27.9 °C"
    typing.done()
    button(train, "Check again").click().run()
    assert not train.error
    assert figures(train)["Rows kept"] == "30"


def test_too_many_columns_of_numbers_are_said(train, typing):
    names = ",".join(f"p{number}" for number in range(501))
    rows = "".join(f"CCO,{','.join(['1'] * 501)}\n" for _ in range(12))
    upload(train, "wide.csv", f"SMILES,{names}\n{rows}".encode())
    typing.into("columns", "SMILES", "Role", "Repeat unit")
    button(train, "Check again").click().run()
    assert not train.exception
    assert "501 property columns" in train.error[-1].value


def test_separator_can_be_overruled(train):
    upload(train, "bars.csv", KELVIN.replace(",", "|").encode())
    assert figures(train)["Rows kept"] == "30"
    separator = next(one for one in train.selectbox if one.label == "Cells are separated by")
    assert separator.options == ["as found", *SEPARATORS.values()]
    separator.select(";")
    button(train, "Check again").click().run()
    assert not train.exception
    assert len(train.error) == 1


def test_row_numbers_can_be_taken_as_ids(train, typing):
    upload(
        train, "ids.csv", KELVIN.replace("SMILES", "id,SMILES").replace("*CC(", "a,*CC(").encode()
    )
    typing.into("columns", "id", "Role", "Not used")
    button(train, "Check again").click().run()
    assert "--id-column ''" in train.code[-1].value
    assert "row numbers serve as ids" in spoken(train)


def test_rows_of_one_repeat_unit_are_averaged_with_a_click(train):
    rows = "".join(f"*CC(*){'C' * (n % 15)}C,{n}\n" for n in range(30))
    upload(train, "twice.csv", f"SMILES,Strength\n{rows}".encode())
    assert figures(train)["Rows kept"] == "30"
    next(one for one in train.segmented_control if one.label.startswith("Rows of one")).set_value(
        "median"
    ).run()
    assert figures(train)["Rows kept"] == "15"
    assert "averaged (median)" in spoken(train)
    assert "--replicates median" in train.code[-1].value
    selectbox(train, "Decimal sign").select(".")
    button(train, "Check again").click().run()
    assert figures(train)["Rows kept"] == "15"


def test_a_table_in_long_format_is_read_after_one_question(train):
    rows = "".join(
        f"*CC(*){'C' * n}C,{name},{n + 1}\n" for n in range(12) for name in ("Strength", "Modulus")
    )
    upload(train, "long.csv", f"SMILES,property,value\n{rows}".encode())
    assert button(train, "Train").disabled
    next(one for one in train.checkbox if one.label.startswith("Each row names")).check().run()
    assert not train.exception
    assert figures(train)["Properties"] == "2"
    assert "--long property=value" in train.code[-1].value
    assert not button(train, "Train").disabled


def copolymers(header: str) -> bytes:
    """Thirty copolymers of two units, in shares."""
    rows = (
        f"*CC*,*CC(*){'C' * n}C,{n / 40:g},{1 - n / 40:g},block,{300 + n}\n" for n in range(1, 31)
    )
    return f"{header}\n{''.join(rows)}".encode()


def test_the_columns_of_compositions_are_found_and_named_in_the_command(train, typing):
    upload(train, "copolymers.csv", copolymers("smiles_A,smiles_B,rA,rB,architecture,EA"))
    assert not train.exception
    roles = ["Repeat unit", "Repeat unit", "Fraction", "Fraction", "Architecture", "Property"]
    assert typing.shown["columns"]["Role"].tolist() == roles
    assert "Units in “smiles_A” and “smiles_B”" in spoken(train)
    assert not button(train, "Train").disabled


def test_the_architecture_beside_texts_of_compositions_is_shown_and_can_be_taken_away(
    train, typing
):
    rows = [f"*CC*|*CC(*){'C' * n}C|{n / 40:g},block,{300 + n}" for n in range(1, 31)]
    upload(train, "texts.csv", "\n".join(["SMILES,chain_type,EA", *rows]).encode())
    assert not train.exception
    assert typing.shown["columns"]["Role"].tolist() == ["Repeat unit", "Architecture", "Property"]
    assert "Compositions in “SMILES”; the architecture in “chain_type”" in spoken(train)
    typing.into("columns", "chain_type", "Role", "Not used")
    button(train, "Check again").click().run()
    assert not train.error
    assert "; the architecture in" not in spoken(train)
    assert "--smiles-column SMILES --architecture-column ''" in train.code[-1].value


def test_columns_of_compositions_can_be_chosen(train, typing):
    upload(train, "mine.csv", copolymers("first,second,much,rest,how,EA"))
    assert typing.shown["columns"]["Role"].tolist()[:2] == ["Repeat unit", "Not used"]
    typing.into("columns", "second", "Role", "Repeat unit")
    button(train, "Check again").click().run()
    assert "the columns of fractions, too" in train.error[0].value
    typing.into("columns", "much", "Role", "Fraction")
    typing.into("columns", "rest", "Role", "Fraction")
    typing.into("columns", "how", "Role", "Architecture")
    button(train, "Check again").click().run()
    assert not train.error
    assert "mole fractions in “much” and “rest”" in spoken(train)
    command = train.code[-1].value
    assert "--unit-columns first,second --fraction-columns much,rest" in command
    assert "--architecture-column how --fractions mole" in command
    selectbox(train, "Fractions are shares of").select("weight")
    button(train, "Check again").click().run()
    assert "turned into mole fractions" in spoken(train)
    assert "--fractions weight" in train.code[-1].value
    assert not [each for each in train.selectbox if each.label == "All rows are"]
    typing.into("columns", "how", "Role", "Not used")
    train.run()
    selectbox(train, "All rows are").select("block")
    button(train, "Check again").click().run()
    assert not train.error
    assert "all block where nothing is said" in spoken(train)
    assert "--architecture block --fractions weight" in train.code[-1].value
