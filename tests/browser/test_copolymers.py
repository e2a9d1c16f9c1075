"""Copolymers in a real browser: a table is trained on, seen as a curve, and predicted from."""

import re
from pathlib import Path

import pandas as pd
import pytest

from engine.runs import find_run, read_config
from tests.browser.conftest import App
from tests.browser.test_wrong_label import train_at_first_look
from tests.copolymers import TWO, WRONG, fox

LATER = 12
"""Rows of the file that is predicted."""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Copolymers by Fox's equation with noise, homopolymers, and one label that is wrong."""
    path = tmp_path / "fox.csv"
    fox()[["smiles_A", "smiles_B", "frac_A", "Tg"]].to_csv(path, index=False)
    return path


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    """Copolymers of the same units at another fraction, with a column of their own."""
    frame = fox().drop(columns="Tg").head(LATER).assign(frac_A=0.35, made_by="Ada")
    path = tmp_path / "later.csv"
    frame.to_csv(path, index=False)
    return path


def test_copolymers_from_a_table_to_a_curve_an_error_and_a_file(
    app: App, page, table: Path, batch: Path, tmp_path: Path
) -> None:
    run = _train(app, page, table)
    page.goto(f"{app.url}/predict?model={run}&smiles={TWO}")
    page.get_by_role("heading", name="Over the composition").first.wait_for()
    page.get_by_text("Mole fraction of Poly", exact=False).first.wait_for()
    page.get_by_text("trained on mole fractions", exact=False).first.wait_for()
    page.goto(f"{app.url}/errors?run={run}")
    page.get_by_text("Label doctor", exact=True).click()
    card = page.locator("[class*='st-key-doctor-label-1']").first
    card.get_by_text(re.compile(rf"row {WRONG}\b")).first.wait_for()
    predicted = _predicted(app, page, run, batch, tmp_path)
    given = pd.read_csv(batch)
    pd.testing.assert_frame_equal(predicted[list(given)], given)
    assert predicted["Tg"].between(-110, 130).all()


def _train(app: App, page, table: Path) -> str:
    """Upload a table, train on it with the preset for a first impression, and wait."""
    page.goto(f"{app.url}/train")
    page.locator("input[type=file]").first.set_input_files(table)
    page.get_by_text("60 rows of several repeat units").first.wait_for()
    run = train_at_first_look(page)
    columns = read_config(find_run(run))["columns"]
    assert columns["units"] == ["smiles_B"]
    assert columns["fractions"] == ["frac_A"]
    return run


def _predicted(app: App, page, run: str, batch: Path, folder: Path) -> pd.DataFrame:
    """What the Submission page gives for a file."""
    page.goto(f"{app.url}/submission?model={run}")
    page.locator("input[type=file]").first.set_input_files(batch)
    page.get_by_text(batch.name, exact=True).first.wait_for()
    page.get_by_role("button", name="Predict the table").first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("Download .*csv")).first.click()
    path = folder / "predicted.csv"
    download.value.save_as(path)
    return pd.read_csv(path)
