"""Takes the pages' pictures in both themes.

`python -m tests.browser.take_screenshots WORKSPACE RUN …`

RUN is the name of a finished run in that workspace; Monitor and Errors show it, and Compare shows
it beside the others that are named.
"""

import os
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from engine.runs import find_run
from tests.browser.conftest import FLAGS, App, running_app
from tests.conftest import SHARED, TEXTBOOK

TARGET = Path(__file__).parents[2] / "docs" / "screenshots"
SIZE = {"width": 1400, "height": 1000}


def main(workspace: str, *run_names: str) -> None:
    """Take all pictures."""
    os.environ["POLYGIN_HOME"] = workspace
    runs = [find_run(name).id for name in run_names]
    TARGET.mkdir(exist_ok=True)
    with running_app("app.py", Path(workspace)) as app, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for theme in ("light", "dark"):
            page = browser.new_page(viewport=SIZE, color_scheme=theme)
            page.set_default_timeout(120_000)
            for name, take in PAGES.items():
                take(page, app, runs)
                page.wait_for_timeout(2500)
                page.screenshot(path=TARGET / f"{name}-{theme}.png")
            page.close()
        browser.close()


def _predict(page: Page, app: App, runs: list[str]) -> None:
    page.goto(app.url)
    page.get_by_text("°C").first.wait_for()
    page.frame_locator("iframe").first.locator("#canvas").first.wait_for()


def _train(page: Page, app: App, runs: list[str]) -> None:
    page.goto(f"{app.url}/train")
    real = SHARED / "train.csv"
    page.locator("input[type=file]").first.set_input_files(real if real.exists() else TEXTBOOK)
    page.get_by_role("button", name="Train", exact=True).first.wait_for()
    page.get_by_role("heading", name="What is in it").scroll_into_view_if_needed()


def _monitor(page: Page, app: App, runs: list[str]) -> None:
    page.goto(f"{app.url}/monitor?run={runs[0]}")
    page.frame_locator("iframe").first.locator(".js-plotly-plot").first.wait_for()


def _compare(page: Page, app: App, runs: list[str]) -> None:
    page.goto(f"{app.url}/compare?runs={','.join(runs)}")
    page.frame_locator("iframe").first.locator(".js-plotly-plot").first.wait_for()


def _submission(page: Page, app: App, runs: list[str]) -> None:
    page.goto(f"{app.url}/submission")
    test, sample = SHARED / "test.csv", SHARED / "sample_submission.csv"
    if not test.exists():
        return
    page.locator("input[type=file]").nth(0).set_input_files(test)
    page.locator("input[type=file]").nth(1).set_input_files(sample)
    page.get_by_role("button", name="Make the submission").click()
    page.get_by_role("button", name="Download submission.csv").first.wait_for()


def _errors(page: Page, app: App, runs: list[str]) -> None:
    page.goto(f"{app.url}/errors?run={runs[0]}&section=Explore&by=Chemical+class")
    page.locator(".js-plotly-plot").first.wait_for()


def _candidates(page: Page, app: App, runs: list[str]) -> None:
    page.goto(f"{app.url}/candidates")
    field = page.get_by_role("textbox", name="Repeat units or names, one in each line")
    page.get_by_text("Add candidates", exact=True).first.wait_for()
    page.wait_for_timeout(2000)
    if field.is_visible():
        field.fill("PEEK\nKapton\nPMMA\nPVDF\nPDMS\nnylon 6,6\nPET\n*CC(*)c1ccc(C#N)cc1 new")
        page.get_by_role("button", name="Add these").click()
    wish = page.get_by_role("textbox", name="Specification: what should they be?")
    wish.fill("Tg > 100, Density < 1.3, Tc as high as possible")
    wish.press("Enter")
    page.get_by_text("Understood as").first.wait_for()


def _models(page: Page, app: App, runs: list[str]) -> None:
    page.goto(f"{app.url}/models?model={runs[0]}")
    page.get_by_role("button", name="Download as one file").first.wait_for()


PAGES = {
    "predict": _predict,
    "candidates": _candidates,
    "train": _train,
    "monitor": _monitor,
    "compare": _compare,
    "submission": _submission,
    "errors": _errors,
    "models": _models,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
