"""Two tables with a source each, in a real browser: compared, mended, trained, predicted."""

import re
from pathlib import Path

import pandas as pd
import pytest

from engine.inference.bundle import read_info
from engine.runs import find_run, list_runs
from tests.browser.conftest import PATIENCE, App, until
from tests.conftest import TEXTBOOK


@pytest.fixture
def tables(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Measured Tg of 60 polymers; simulated Tg of 90, in kelvin; two units to predict."""
    rows = pd.read_csv(TEXTBOOK).dropna(subset=["Tg"])[["SMILES", "Tg"]]
    measured, simulated, test = (tmp_path / f"{name}.csv" for name in ("lab", "md", "test"))
    rows[:60].to_csv(measured, index=False)
    rows[30:120].assign(Tg=rows["Tg"] + 273.15 + 20).to_csv(simulated, index=False)
    test.write_text("id,SMILES\n1,*CCO*\n2,*CC(*)c1ccccc1\n")
    return measured, simulated, test


def test_two_tables_are_compared_mended_trained_and_predicted(app: App, page, tables) -> None:
    measured, simulated, test = tables
    page.goto(f"{app.url}/train")
    page.locator("input[type=file]").first.set_input_files(measured)
    page.get_by_text("Add another table").click()
    page.locator("input[type=file]").nth(1).set_input_files(simulated)
    page.get_by_text(re.compile("looks like that of lab in kelvin")).first.wait_for()
    chart = page.locator(".js-plotly-plot").first
    chart.wait_for()
    assert chart.evaluate("node => node.data.at(-1).x.length") == 30
    unit = page.get_by_role("combobox", name=re.compile("Unit of Tg in md"))
    # A list that opens while the page is still being drawn closes again.
    page.get_by_text("Quick look", exact=True).first.wait_for()
    kelvin = page.get_by_role("option", name="K", exact=True)
    until(
        page, lambda: kelvin.is_visible() or unit.click(timeout=2000), "the list stays shut", 1500
    )
    kelvin.click()
    page.get_by_text(re.compile("looks like that of lab in kelvin")).first.wait_for(
        state="detached"
    )
    page.get_by_text(re.compile(r"^\+20\.0 °C$")).first.wait_for()
    page.get_by_text("Quick look", exact=True).click()
    command = page.get_by_test_id("stCode").filter(has_text="--unit md:Tg=K")
    command.wait_for()
    assert "lab.csv md.csv" in command.inner_text()
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url(re.compile(r"/monitor\?.*run="))
    run = list_runs()[0]
    page.get_by_role("button", name="Make this the default model").wait_for(timeout=2 * PATIENCE)
    assert find_run(run.id).state == "done"
    page.get_by_text("What each source changed").first.wait_for()
    info = read_info(run.bundle)
    assert info.names == ["Tg", "Tg (md)"]
    _look_at_both(app, page, run.id)
    _submit(app, page, run.id, test)


def _look_at_both(app: App, page, run: str) -> None:
    page.goto(f"{app.url}/?model={run}&smiles=*CCO*")
    page.get_by_text("as in lab").first.wait_for()
    page.get_by_text("as in md").first.wait_for()


def _submit(app: App, page, run: str, test: Path) -> None:
    page.goto(f"{app.url}/submission?model={run}")
    page.locator("input[type=file]").first.set_input_files(test)
    page.get_by_role("button", name="Predict the table").click()
    page.get_by_text("Columns: id, SMILES, Tg, warning, problem.").first.wait_for()
