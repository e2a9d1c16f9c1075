"""Hostile names in a real browser: nothing runs, nothing comes from elsewhere, all can be read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.runs import list_runs
from engine.runs.html_report import html_report
from tests.browser.conftest import App, running_app
from tests.hostile.conftest import hostile_home as hostile_home
from tests.hostile.names import hostile, table_text

INJECTED = """() => [...document.querySelectorAll(
    '[data-testid=stMain] img[src^="http"], [data-testid=stMain] .katex,'
    + ' [data-testid=stMain] a[href^="javascript"], [data-testid=stMain] [style*="violet"]'
)].map(element => element.outerHTML)
    .concat([...document.querySelectorAll('i')].map(each => each.textContent))
    .filter(text => text.includes('evil') || text.includes('pwn') || text.includes('katex'))"""
LINKS = """() => [...document.querySelectorAll('[data-testid=stMain] a')]
    .filter(link => new URL(link.href).hostname.includes('evil'))
    .filter(link => !decodeURI(link.href).startsWith(link.textContent.trim()))
    .map(link => link.outerHTML)"""


@pytest.fixture(scope="module")
def app(hostile_home: Path) -> Iterator[App]:
    """The app with runs that have hostile names."""
    with running_app("app.py", hostile_home) as started:
        yield started


def test_hostile_names_stay_text_and_no_page_calls_another_host(
    page, app, hostile_home, monkeypatch, tmp_path
) -> None:
    monkeypatch.setenv("POLYGIN_HOME", str(hostile_home))
    run = min(list_runs(), key=lambda run: len(run.id)).id
    complaints: list[str] = []
    page.on("console", lambda message: _note(message, complaints))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))

    def is_plain(shown: str = "![i](") -> None:
        page.get_by_text(shown).locator("visible=true").first.wait_for()
        page.wait_for_timeout(700)
        assert page.evaluate(INJECTED) == []
        assert page.evaluate(LINKS) == []
        assert page.evaluate("() => window.pwned") is None
        assert page.get_by_test_id("stException").count() == 0

    page.goto(f"{app.url}/predict?model={run}")
    page.frame_locator("iframe").first.locator("#canvas").first.wait_for()
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    is_plain()
    page.goto(f"{app.url}/monitor?run={run}")
    page.frame_locator("iframe").first.locator(".js-plotly-plot").first.wait_for()
    is_plain()
    page.goto(f"{app.url}/compare")
    page.frame_locator("iframe").first.locator(".js-plotly-plot").first.wait_for()
    is_plain()
    for section in ("Overview", "Explore", "Label+doctor"):
        page.goto(f"{app.url}/errors?run={run}&section={section}")
        if section == "Explore":
            page.locator(".js-plotly-plot .main-svg").first.wait_for()
        is_plain()
    page.goto(f"{app.url}/train")
    table = tmp_path / "![i] <i>pwn<i> $x$.csv"
    table.write_bytes(table_text())
    page.locator("input[type=file]").first.set_input_files(table)
    page.get_by_role("button", name="Train", exact=True).first.wait_for()
    is_plain("![i] <i>pwn")
    page.goto(f"{app.url}/submission?model={run}")
    page.locator("input[type=file]").first.set_input_files(table)
    page.get_by_role("button", name="Predict the table").click()
    page.get_by_role("button", name="Download predictions.csv").first.wait_for()
    is_plain("![i] <i>pwn")
    assert complaints == []


def test_a_report_that_is_opened_offline_loads_nothing(page, hostile_home, monkeypatch) -> None:
    monkeypatch.setenv("POLYGIN_HOME", str(hostile_home))
    page.set_content(html_report(max(list_runs(), key=lambda run: len(run.id))))
    page.wait_for_timeout(500)
    assert hostile("done")[:40] in page.inner_text("body")
    assert page.evaluate("() => window.pwned") is None


def _note(message, complaints: list[str]) -> None:
    # Streamlit asks for its own base below a page's address first, which is not there.
    expected = "Failed to load resource" in message.text and "/_stcore/" in str(message.location)
    if message.type == "error" and not expected:
        complaints.append(f"{message.text} {message.location}")
