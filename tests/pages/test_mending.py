"""Mending a table on the Train page: rows that a finding names, one-click mends, undo, files."""

import shlex

import pandas as pd
import pytest

from engine.commands import main, parser
from engine.commands.sources import checked_tables
from engine.runs import list_runs
from engine.runs.folder import read_mendings
from tests.pages.conftest import button, figures, selectbox, spoken, upload
from tests.table.test_layout import workbook

ROWS = [f"p{n},*CC(*){'C' * n},{n},{n / 4}" for n in range(1, 31)]
MESSY = "\n".join(["id,SMILES,Tg,Strength", *ROWS, "bad,*C(*,31,8", "far,*CCCO*,9000,8"])


def edit(page, message: str) -> None:
    """Open the rows of the finding whose message holds these words."""
    offers = [one.key for one in page.button if one.key and one.key.startswith("edit finding")]
    for key in offers:
        page.button(key=key).click().run()
        if message in page.session_state["train open rows"]["words"]:
            return
    raise AssertionError(message)


@pytest.fixture
def messy(train, typing):
    upload(train, "messy.csv", MESSY.encode())
    return train


def test_rows_that_a_finding_names_are_changed_and_dropped(messy, typing):
    edit(messy, "far from the others")
    shown = typing.shown["rows"]
    assert shown["Row"].tolist() == [33]
    assert [*shown][:5] == ["Row", "Keep", "id", "SMILES", "Tg"]
    typing.into("rows", 33, "Tg", "20")
    messy.run()
    # Nothing is mended before it is applied.
    assert "1 not applied yet" in spoken(messy)
    assert figures(messy)["Rows kept"] == "31"
    button(messy, "Apply").click().run()
    typing.done()
    messy.run()
    assert not messy.exception
    assert "far from the others" not in spoken(messy)
    assert "Row 33, Tg: “9000” is now “20”." in spoken(messy)
    edit(messy, "cannot be read")
    typing.into("rows", 32, "Keep", False)
    messy.run()
    button(messy, "Apply").click().run()
    typing.done()
    messy.run()
    assert figures(messy)["Rows left out"] == "0"
    assert "Row 32 is left out (bad, *C(*)." in spoken(messy)


def test_what_was_typed_outlives_the_page_and_a_newer_finding(messy, typing, open_page):
    edit(messy, "far from the others")
    typing.into("rows", 33, "Strength", "7")
    messy.run()
    typing.done()
    messy.switch_page("pages/monitor.py").run()
    messy.switch_page("pages/train.py").run()
    assert "1 not applied yet" in spoken(messy)
    assert typing.shown["rows"]["Strength"].tolist() == ["7"]
    edit(messy, "cannot be read")
    assert "1 not applied yet" in spoken(messy)
    button(messy, "Apply").click().run()
    assert messy.session_state["train mending"].changed[0].new == "7"
    messy.switch_page("pages/monitor.py").run()
    messy.switch_page("pages/train.py").run()
    assert "Row 33, Strength: “8” is now “7”." in spoken(messy)


def _mended(messy, typing):
    edit(messy, "far from the others")
    typing.into("rows", 33, "Tg", "20")
    typing.into("rows", 33, "Strength", "")
    messy.run()
    button(messy, "Apply").click().run()
    typing.done()
    messy.run()


def test_each_mend_is_undone_and_all(messy, typing):
    _mended(messy, typing)
    assert len(messy.session_state["train mending"].changed) == 2
    button(messy, "Undo").click().run()
    (left,) = messy.session_state["train mending"].changed
    assert (left.column, left.new) == ("Strength", None)
    _mended(messy, typing)
    button(messy, "Undo all").click().run()
    assert not messy.session_state["train mending"].only_in_a_file
    assert "far from the others" in spoken(messy)


def test_mends_wait_while_the_table_is_read_otherwise(messy, typing):
    _mended(messy, typing)
    selectbox(messy, "Cells are separated by").select(";")
    button(messy, "Check again").click().run()
    assert "2 of your mends do not fit" in spoken(messy)
    selectbox(messy, "Cells are separated by").select_index(0)
    button(messy, "Check again").click().run()
    assert "do not fit" not in spoken(messy)
    assert len(messy.session_state["train mending"].changed) == 2


def test_a_new_upload_starts_afresh(messy, typing):
    _mended(messy, typing)
    upload(messy, "other.csv", MESSY.encode())
    assert not messy.session_state["train mending"].changed
    assert "is now" not in spoken(messy)
    assert "train open rows" not in messy.session_state


def test_the_command_and_the_file_make_the_run_again(messy, typing, tmp_path, monkeypatch):
    _mended(messy, typing)
    typing.into("columns", "Strength", "Name", "Modulus")
    button(messy, "Check again").click().run()
    typing.done()
    messy.run()
    assert "“Strength” is called “Modulus”." in spoken(messy)
    command = messy.code[-1].value
    assert "--mend messy-mended.yaml" in command
    downloads = {one.label: one for one in messy.get("download_button")}
    assert {"Mended table (CSV)", "What was done (YAML)"} <= {*downloads}
    button(messy, "Train").click().run()
    (run,) = list_runs()
    mends = (run.folder / "mending.yaml").read_bytes()
    assert [each.new for each in read_mendings(run)[0].changed] == ["20", None]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "messy.csv").write_text(MESSY)
    (tmp_path / "messy-mended.yaml").write_bytes(mends)
    words = shlex.split(command.partition(" train ")[2])
    words = words[: words.index("--preset")] + words[words.index("--mend") :][:2]
    table = checked_tables(parser().parse_args(["doctor", *words]))
    kept = pd.read_parquet(run.folder / "table.parquet")
    assert table.ids == kept["id"].tolist()
    assert [p.name for p in table.properties] == ["Tg", "Modulus"]
    pd.testing.assert_series_equal(
        pd.Series(table.labels[:, 1]), kept["label:Modulus"], check_names=False
    )
    assert main(["doctor", *words]) == 0


def test_a_column_is_a_condition_and_a_property_has_a_scale(train, typing):
    rows = [f"*CC(*){'C' * (n % 15)}C,{n + 1},{280 + n}" for n in range(30)]
    upload(train, "hot.csv", "\n".join(["SMILES,Strength,temperature", *rows]).encode())
    typing.into("columns", "temperature", "Role", "Condition")
    typing.into("columns", "Strength", "Scale", "log10")
    button(train, "Check again").click().run()
    typing.done()
    train.run()
    assert not train.exception
    command = train.code[-1].value
    assert "--condition-column temperature" in command
    assert "--scale Strength=log10" in command
    assert typing.shown["columns"]["Role"].tolist() == ["Repeat unit", "Property", "Condition"]


def test_sheets_are_joined_and_parted_with_a_click(train, typing):
    head = ["SMILES", "Tg"]
    first = [head, *([f"*CC(*){'C' * n}", n] for n in range(1, 16))]
    second = [head, *([f"*CO{'C' * n}*", n] for n in range(1, 16))]
    upload(train, "book.xlsx", workbook(One=first, Two=second, Notes=[["made by", "me"]]))
    assert figures(train)["Rows kept"] == "15"
    button(train, "Join the sheets One, Two").click().run()
    assert not train.exception
    assert figures(train)["Rows kept"] == "30"
    assert "--sheet One --sheet Two" in train.code[-1].value
    button(train, "Undo").click().run()
    assert figures(train)["Rows kept"] == "15"


def test_atoms_are_read_as_chain_ends_with_a_click(train, typing):
    rows = [f"[Ce]{'C' * n}[Th],{n}" for n in range(1, 31)]
    upload(train, "ends.csv", "\n".join(["SMILES,Tg", *rows]).encode())
    assert button(train, "Train").disabled
    next(one for one in train.button if "read them so" in one.label).click().run()
    assert not train.exception
    assert not button(train, "Train").disabled
    assert "--chain-ends Ce,Th" in train.code[-1].value


def test_a_mend_that_leaves_no_table_can_be_undone(train, typing):
    rows = [f"*CC(*){'C' * n},{n}" for n in range(1, 13)]
    upload(train, "small.csv", "\n".join(["SMILES,Tg", *rows, "*C(*,1"]).encode())
    typing.into("columns", "Tg", "Name", "SMILES")
    button(train, "Check again").click().run()
    assert "called “SMILES”" in train.error[0].value
    typing.done()
    train.run()
    assert figures(train)["Rows kept"] == "12"


def test_monitor_shows_how_the_table_was_mended(messy, typing):
    _mended(messy, typing)
    button(messy, "Train").click().run()
    assert not messy.exception
    assert "Row 33, Tg: “9000” is now “20”." in spoken(messy)
    assert "Download mending.yaml" in [one.label for one in messy.get("download_button")]


def _further(app, name: str, text: str) -> None:
    app.file_uploader[1].set_value([(name, text.encode(), "text/csv")]).run()


def test_what_is_said_of_replicates_and_long_format_is_said_of_all_tables(
    train, typing, tmp_path, monkeypatch
):
    long = [f"*CC(*){'C' * (n % 12)}C,{name},{n}" for n in range(24) for name in ("Tg", "Rg")]
    wide = [f"*CO{'C' * (n % 12)}*,{n}" for n in range(24)]
    tables = {
        "first.csv": "\n".join(["SMILES,property,value", *long]),
        "second.csv": "\n".join(["SMILES,Tg", *wide]),
    }
    upload(train, "first.csv", tables["first.csv"].encode())
    _further(train, "second.csv", tables["second.csv"])
    next(one for one in train.checkbox if one.label.startswith("Each row names")).check().run()
    assert not train.exception
    rows = next(one for one in train.segmented_control if one.label.startswith("Rows of one"))
    rows.set_value("median").run()
    assert not train.exception
    kept = [one.value for one in train.metric if one.label == "Rows kept"]
    assert kept == ["12", "12"]
    command = train.code[-1].value
    assert "--replicates median" in command
    assert "--long property=value" in command
    monkeypatch.chdir(tmp_path)
    for name, text in tables.items():
        (tmp_path / name).write_text(text)
    words = shlex.split(command.partition(" train ")[2])
    table = checked_tables(parser().parse_args(["train", *words]))
    assert [len(part.canonical) for part in table.parts] == [12, 12]
    button(train, "Train").click().run()
    assert len(read_mendings(list_runs()[0])) == 2


def test_bounds_are_left_out_with_a_click(train, typing):
    rows = [f"*CC(*){'C' * n},{n}" for n in range(1, 21)]
    upload(train, "bounds.csv", "\n".join(["SMILES,Tg", *rows, "*CO*,> 300"]).encode())
    bounds = next(one for one in train.segmented_control if one.label.startswith("Labels such as"))
    bounds.set_value("leave-out").run()
    assert not train.exception
    assert "They are left out, as chosen" in spoken(train)
    assert "--bounds leave-out" in train.code[-1].value


def test_monomers_of_compositions_become_units_with_a_click(train, typing):
    rows = [f"C=Cc1ccccc1,C=CC(=O)OC,{n / 40},random,{n}" for n in range(1, 31)]
    head = "smiles_A,smiles_B,frac_A,architecture,Tg"
    upload(train, "monomers.csv", "\n".join([head, *rows]).encode())
    assert figures(train)["Rows kept"] == "0"
    (field,) = (each for each in train.segmented_control if each.label.startswith("Monomers"))
    field.set_value("make-units").run()
    assert not train.exception
    assert figures(train)["Rows kept"] == "30"
    assert "--monomers make-units" in train.code[-1].value


def test_many_rows_are_edited_page_by_page(train, typing):
    rows = [f"*CC(*){'C' * (n % 30)},{n}" for n in range(450)]
    upload(train, "many.csv", "\n".join(["SMILES,Tg", *rows, "*C(*,1", "*C),1"]).encode())
    edit(train, "hold the same polymer")
    assert len(typing.shown["rows"]) == 200
    typing.into("rows", 2, "Tg", "7")
    train.run()
    typing.done()
    (page,) = (one for one in train.number_input if one.label.startswith("Page of 3"))
    page.set_value(3).run()
    assert typing.shown["rows"]["Row"].tolist() == [*range(402, 452)]
    assert "1 not applied yet" in spoken(train)
    edit(train, "cannot be read")
    assert typing.shown["rows"]["Row"].tolist() == [452, 453]
    assert not train.exception
    assert "1 not applied yet" in spoken(train)


def test_what_was_typed_in_another_reading_waits(messy, typing):
    edit(messy, "far from the others")
    typing.into("rows", 33, "Tg", "20")
    messy.run()
    typing.done()
    selectbox(messy, "Cells are separated by").select(";")
    button(messy, "Check again").click().run()
    selectbox(messy, "Cells are separated by").select_index(0)
    button(messy, "Check again").click().run()
    assert "1 not applied yet" in spoken(messy)
    button(messy, "Apply").click().run()
    assert "Row 33, Tg: “9000” is now “20”." in spoken(messy)


def test_the_unit_of_a_column_whose_name_has_one_can_be_overruled(train, typing):
    rows = [f"*CC(*){'C' * n},{n + 300}" for n in range(1, 31)]
    upload(train, "kelvin.csv", "\n".join(["SMILES,Tg (K)", *rows]).encode())
    assert train.dataframe[0].value.loc[0, "Lowest"] == "27.9 °C"
    selectbox(train, "Tg").select("°C")
    button(train, "Check again").click().run()
    assert not train.exception
    assert train.dataframe[0].value.loc[0, "Lowest"] == "301.0 °C"
    assert "--unit 'Tg=°C'" in train.code[-1].value
