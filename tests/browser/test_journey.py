"""The whole way of a new user, in a real browser: table, run, reload, restart, predict, submit."""

import csv
import io
import re
from pathlib import Path

import numpy as np
import pytest

from engine.chem.smiles import canonical
from engine.runs import Run, find_run, read_metrics
from engine.table import load_table
from tests.browser.conftest import PATIENCE, App, click_atom, until
from tests.browser.test_accessibility import IS_STILL
from tests.conftest import ROOT, SHARED, TEXTBOOK

PAGES = len(list((ROOT / "pages").glob("*.py")))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("journey") / "workspace"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """240 rows of the real table, the rarest labels first; the textbook table without it."""
    real = SHARED / "train.csv"
    if not real.exists():
        return TEXTBOOK
    with open(real, newline="") as file:
        head, *rows = csv.reader(file)
    rows.sort(key=lambda row: -sum(bool(cell) for cell in row[2:]))
    path = tmp_path_factory.mktemp("table") / "slice.csv"
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([head, *rows[:240]])
    return path


def test_the_way_of_a_new_user(app: App, page, table: Path, tmp_path: Path) -> None:
    run = _train(app, page, table)
    _watch_the_curve_grow(page, run)
    page.reload()
    page.get_by_role("heading", name="journey").first.wait_for()
    assert run.id in page.url
    _see_the_buttons_on_a_telephone(page)
    app.restart()
    page.goto(f"{app.url}/monitor?run={run.id}")
    page.get_by_role("heading", name="journey").first.wait_for()
    _wait_until_done(page, run)
    _predict(app, page, run)
    _submit(app, page, run, table, tmp_path)
    _look_at_errors(app, page, run)


@pytest.mark.parametrize(
    "name",
    # Each takes a server of its own; the others are as these two are.
    ["", "monitor"]
    + [
        pytest.param(name, marks=pytest.mark.slow)
        for name in ("train", "compare", "submission", "errors")
    ],
)
def test_a_cold_deep_link_works(app: App, page, name: str) -> None:
    page.goto(f"{app.url}/{name}")
    page.get_by_test_id("stMain").get_by_role("heading").first.wait_for()
    page.get_by_test_id("stSidebarNavLink").nth(PAGES - 1).wait_for()
    assert page.get_by_test_id("stSidebarNavLink").count() == PAGES
    assert page.get_by_text("Page not found").count() == 0
    assert page.get_by_test_id("stException").count() == 0


def test_two_tabs_at_once_after_a_restart_are_both_whole(app: App, page) -> None:
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(f"{app.url}/monitor", wait_until="commit")
    for tab in (page, other):
        tab.get_by_test_id("stMain").get_by_role("heading").first.wait_for()
        tab.get_by_role("link", name="Predict", exact=True).first.wait_for()
        assert tab.get_by_test_id("stSidebarNavLink").count() == PAGES
        assert "/monitor" in tab.url


def _train(app: App, page, table: Path) -> Run:
    page.goto(f"{app.url}/train")
    page.locator("input[type=file]").first.set_input_files(table)
    page.get_by_text("Quick look", exact=True).click()
    name = page.get_by_role("textbox", name="Name of the run")
    name.fill("journey")
    name.press("Enter")
    page.get_by_test_id("stCode").filter(has_text="--name journey").first.wait_for()
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url(re.compile(r"/monitor\?.*run="))
    return find_run("journey")


def _watch_the_curve_grow(page, run: Run) -> None:
    first = _points(page)
    until(page, lambda: _points(page) > first, "the curve does not grow", 500)
    assert _points(page) <= len(read_metrics(run))


def _points(page) -> int:
    """Points of the training loss in the first chart."""
    chart = page.frame_locator("iframe").first.locator(".js-plotly-plot").first
    chart.wait_for()
    return chart.evaluate(
        "node => node.data.filter(t => !/valid/i.test(t.name)).reduce((n, t) => n + t.x.length, 0)"
    )


def _see_the_buttons_on_a_telephone(page) -> None:
    desk = page.viewport_size
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(500)
    box = page.get_by_role("button", name="Manage").bounding_box()
    assert box["x"] + box["width"] <= 390, "what can be done with a run is not on the screen"
    page.set_viewport_size(desk)


def _wait_until_done(page, run: Run) -> None:
    page.get_by_role("button", name="Make this the default model").wait_for(timeout=2 * PATIENCE)
    assert find_run(run.id).state == "done"


def _predict(app: App, page, run: Run) -> None:
    page.goto(f"{app.url}/?model={run.id}")
    field = page.get_by_role("textbox", name="Repeat unit as SMILES, or a name")
    field.fill("*CC(*)C(=O)OC")
    field.press("Enter")
    page.get_by_text(canonical("*CC(*)C(=O)OC"), exact=True).first.wait_for()
    page.get_by_text("°C").first.wait_for()
    page.frame_locator("iframe").first.locator("#canvas").first.wait_for()
    page.wait_for_timeout(3000)
    before = field.input_value()
    frame = page.locator("iframe").first
    frame.scroll_into_view_if_needed()
    click_atom(page, 0, 3)
    page.wait_for_function(
        "before => document.querySelector('input[aria-label^=\"Repeat unit\"]').value !== before",
        arg=before,
    )
    page.get_by_text(canonical(field.input_value()), exact=True).first.wait_for()
    page.get_by_text("°C").first.wait_for()
    assert page.get_by_test_id("stException").count() == 0


def _submit(app: App, page, run: Run, table: Path, tmp_path: Path) -> None:
    training = load_table(table)
    test, sample = tmp_path / "test.csv", tmp_path / "sample.csv"
    ids = [f"{n:04}" for n in range(12)]
    names = [property_.name for property_ in training.properties]
    rows = [*zip(ids, training.smiles[:11], strict=False), (ids[11], "C(C")]
    _write(test, ["id", "SMILES"], rows)
    _write(sample, ["id", *names], [[name, *("0" for _ in names)] for name in reversed(ids)])
    page.goto(f"{app.url}/submission?model={run.id}")
    for place, file in enumerate((test, sample)):
        # As a person, who sees one file arrive before choosing the next.
        page.locator("input[type=file]").nth(place).wait_for(state="attached")
        page.wait_for_function(IS_STILL)
        page.locator("input[type=file]").nth(place).set_input_files(file)
        page.get_by_text(file.name, exact=True).first.wait_for()
    page.get_by_role("button", name="Make the submission").click()
    page.get_by_text("could not be predicted").first.wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download submission.csv").click()
    head, *values = csv.reader(io.StringIO(Path(download.value.path()).read_text()))
    assert head == ["id", *names]
    assert [row[0] for row in values] == list(reversed(ids))
    assert np.isfinite(np.array([row[1:] for row in values], dtype=float)).all()


def _look_at_errors(app: App, page, run: Run) -> None:
    page.goto(f"{app.url}/errors?run={run.id}&section=Explore")
    page.locator(".js-plotly-plot").first.wait_for()
    page.get_by_text("Open in Predict").first.wait_for()
    assert page.get_by_test_id("stException").count() == 0
    assert page.get_by_test_id("stImage").count() > 3


def _write(path: Path, head: list[str], rows: list) -> None:
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([head, *rows])
