"""A messy table in a real browser: mended, trained on, its wrong label found and excluded."""

import re
from pathlib import Path

import pandas as pd
import pytest

from engine.runs import find_run, list_runs, read_config
from engine.table.mending_file import read_mending
from tests.browser.conftest import PATIENCE, App
from tests.browser.test_accessibility import IS_STILL
from tests.browser.test_mending import leave_out_first, open_rows
from tests.conftest import TEXTBOOK

WRONG = "Polystyrene"


BAD_ROW = 66
"""Below a title and the header: 60 polymers, three of them again, and this one."""
REPEATED = 3
"""Polymers that were measured twice, at the end of the table."""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Tg of 60 polymers in kelvin, three of them twice; one was turned into kelvin twice.

    A title stands above the header, and one row cannot be read.
    """
    rows = pd.read_csv(TEXTBOOK).dropna(subset=["Tg"])[["name", "SMILES", "Tg"]].head(60)
    rows["Tg"] += 273.15
    rows.loc[rows["name"] == WRONG, "Tg"] += 273.15
    again = rows.head(REPEATED).assign(name=rows["name"] + ", again", Tg=rows["Tg"] + 4)
    bad = pd.DataFrame([{"name": "bad", "SMILES": "*CC(*", "Tg": 300}])
    text = pd.concat([rows, again, bad]).rename(columns={"Tg": "Tg (K)"}).to_csv(index=False)
    path = tmp_path / "measured.csv"
    path.write_text(f"# measured in our laboratory\n{text}")
    return path


def test_a_messy_table_is_mended_and_its_wrong_label_excluded(app: App, page, table: Path) -> None:
    first = _train(app, page, table)
    config = read_config(find_run(first))
    assert config["properties"][0]["unit"] == "°C"
    mends = read_mending(find_run(first).folder / "mending.yaml")
    assert mends.replicates == "median"
    assert [row.row for row in mends.dropped] == [BAD_ROW]
    learned = pd.read_parquet(find_run(first).folder / "table.parquet")
    assert len(learned) == 60
    assert learned["label:Tg"].max() < 400, "in °C"
    page.goto(f"{app.url}/errors?run={first}")
    page.get_by_text("Label doctor", exact=True).click()
    card = page.locator("[class*='st-key-doctor-label-1']").first
    card.get_by_text(f"id {WRONG}").first.wait_for()
    # One click, and another.
    card.get_by_text("Exclude", exact=True).click()
    page.get_by_role("button", name="Exclude 1 label and train again").click()
    page.get_by_role("link", name="Watch it in Monitor").click()
    page.wait_for_url(re.compile(r"/monitor\?.*run="))
    wait_until_done(page)
    second = list_runs()[0]
    assert second.id != first
    assert [each["id"] for each in read_config(second)["excluded"]] == [WRONG]
    page.get_by_text("1 label excluded").first.wait_for()
    page.goto(f"{app.url}/compare?runs={first},{second.id}")
    page.get_by_text(re.compile("leaves 1 label out")).first.wait_for()
    page.get_by_text(re.compile("on the 59 labels that both have")).first.wait_for()
    page.get_by_text(re.compile("1 label excluded from")).first.wait_for()
    assert page.get_by_text("not measured on equal terms").count() == 0


def _train(app: App, page, table: Path) -> str:
    page.goto(f"{app.url}/train")
    page.locator("input[type=file]").first.set_input_files(table)
    page.get_by_text("1 line stands above the header").first.wait_for()
    page.get_by_text("is read in K, as its name says").first.wait_for()
    page.get_by_text("one row, median", exact=True).first.click()
    page.get_by_text("their labels are averaged").first.wait_for()
    leave_out_first(page, open_rows(page, "cannot be read"))
    page.get_by_role("button", name="Apply").click()
    page.get_by_text(f"Row {BAD_ROW} is left out").first.wait_for()
    return train_at_first_look(page)


def train_at_first_look(page) -> str:
    """Train on what the Train page shows, with the preset for a first impression, and wait.

    Returns:
        The run's id.
    """
    page.get_by_test_id("stCode").filter(has_text="engine train").first.wait_for()
    page.wait_for_function(IS_STILL)
    page.get_by_text("Quick look", exact=True).first.click()
    page.get_by_test_id("stCode").filter(has_text="--preset smoke").first.wait_for()
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url(re.compile(r"/monitor\?.*run="))
    wait_until_done(page)
    run = list_runs()[0]
    assert find_run(run.id).state == "done"
    return run.id


def wait_until_done(page) -> None:
    page.get_by_role("button", name="Make this the default model").wait_for(timeout=2 * PATIENCE)
