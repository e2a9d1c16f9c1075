"""A wrong label, in a real browser: found, excluded with two clicks, and the runs compared."""

import re
from pathlib import Path

import pandas as pd
import pytest

from engine.runs import find_run, list_runs, read_config
from tests.browser.conftest import PATIENCE, App
from tests.conftest import TEXTBOOK

WRONG = "Polystyrene"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Tg of 60 polymers in °C; that of one is in kelvin."""
    rows = pd.read_csv(TEXTBOOK).dropna(subset=["Tg"])[["name", "SMILES", "Tg"]].head(60)
    rows.loc[rows["name"] == WRONG, "Tg"] += 273.15
    path = tmp_path / "measured.csv"
    rows.to_csv(path, index=False)
    return path


def test_a_wrong_label_is_found_excluded_and_compared(app: App, page, table: Path) -> None:
    first = _train(app, page, table)
    page.goto(f"{app.url}/errors?run={first}")
    page.get_by_text("Label doctor", exact=True).click()
    card = page.locator("[class*='st-key-doctor-label-1']").first
    card.get_by_text(f"id {WRONG}").wait_for()
    # One click, and another.
    card.get_by_text("Exclude", exact=True).click()
    page.get_by_role("button", name="Exclude 1 label and train again").click()
    page.get_by_role("link", name="Watch it in Monitor").click()
    page.wait_for_url(re.compile(r"/monitor\?.*run="))
    _wait_until_done(page)
    second = list_runs()[0]
    assert second.id != first
    assert [each["id"] for each in read_config(second)["excluded"]] == [WRONG]
    page.get_by_text("1 label excluded").wait_for()
    page.goto(f"{app.url}/compare?runs={first},{second.id}")
    page.get_by_text(re.compile("leaves 1 label out")).wait_for()
    page.get_by_text(re.compile("on the 59 labels that both have")).wait_for()
    page.get_by_text(re.compile("1 label excluded from")).wait_for()
    assert page.get_by_text("not measured on equal terms").count() == 0


def _train(app: App, page, table: Path) -> str:
    page.goto(f"{app.url}/train")
    page.locator("input[type=file]").first.set_input_files(table)
    page.get_by_text("Quick look", exact=True).click()
    page.get_by_test_id("stCode").filter(has_text="--preset smoke").wait_for()
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url(re.compile(r"/monitor\?.*run="))
    _wait_until_done(page)
    run = list_runs()[0]
    assert find_run(run.id).state == "done"
    return run.id


def _wait_until_done(page) -> None:
    page.get_by_role("button", name="Make this the default model").wait_for(timeout=2 * PATIENCE)
