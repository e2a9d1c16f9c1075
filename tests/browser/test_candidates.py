"""Candidates in a real browser: kept, pasted, uploaded; two windows, and a server that restarts."""

import re
from pathlib import Path

import pytest

from engine.candidates import lists
from engine.candidates.store import CandidateList
from tests.browser.conftest import App, until
from tests.browser.test_accessibility import IS_STILL

ROWS = 90
"""More than a page predicts by itself."""


def _list() -> CandidateList:
    (made,) = lists.all_lists()
    return lists.open_list(made.id)


def _paste(window, text: str) -> None:
    field = window.get_by_role("textbox", name="Repeat units or names, one in each line")
    # As a person, who waits for the page: what is typed while it is drawn may be lost.
    window.wait_for_function(IS_STILL)
    if not field.is_visible():
        window.get_by_text("Add candidates", exact=True).click()
    field.fill(text)
    window.get_by_role("button", name="Add these").click()


def test_a_list_is_made_by_two_windows_and_found_again(
    start_app, page, tmp_path: Path, monkeypatch
) -> None:
    workspace = tmp_path / "workspace"
    monkeypatch.setenv("POLYGIN_HOME", str(workspace))
    app: App = start_app("app.py", workspace)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{app.url}/?smiles=*CC(*)c1ccccc1")
    answers = page.locator(".pg-answers")
    answers.wait_for()
    place = answers.bounding_box()
    assert place["y"] + place["height"] <= 800, "all values are seen without scrolling"
    page.get_by_role("button", name="Keep", exact=True).click()
    page.get_by_role("link", name=re.compile("Polystyrene is now on My candidates")).click()
    page.get_by_text("1 of 1 candidates").first.wait_for()
    # One step back leads to where the link was.
    page.wait_for_function(IS_STILL)
    page.go_back()
    page.get_by_role("heading", name="Predict", exact=True).first.wait_for()
    page.go_forward()
    page.get_by_text("1 of 1 candidates").first.wait_for()
    page.wait_for_function(IS_STILL)
    _paste(page, "PMMA\nC=CC\n*CCO* mine")
    page.get_by_text("4 of 4 candidates").first.wait_for()
    page.get_by_text("1 candidate is not predicted").first.wait_for()

    other = page.context.new_page()
    other.goto(page.url)
    other.get_by_text("4 of 4 candidates").first.wait_for()
    _paste(other, "PEEK")
    other.get_by_text("5 of 5 candidates").first.wait_for()
    _paste(page, "Kapton")
    page.get_by_text("6 of 6 candidates").first.wait_for()
    given = [each.given for each in _list().candidates()]
    assert given == ["*CC(*)c1ccccc1", "PMMA", "C=CC", "*CCO* mine", "PEEK", "Kapton"]
    other.close()

    page.get_by_text("Repeat units for 1 candidate without one").click()
    page.get_by_role("button", name="Put these in their place").click()
    page.get_by_text("1 candidate is not predicted").first.wait_for(state="detached")
    third = _list().candidates()[2]
    assert (third.given, third.unit, third.name) == ("C=CC", "*CC(*)C", "Polypropylene")

    wish = page.get_by_role("textbox", name="Specification: what should they be?")
    wish.fill("Tg > 100, Density < 1.3, Tc high")
    wish.press("Enter")
    page.get_by_text("Understood as: Tg > 100 °C").first.wait_for()
    until(page, lambda: "Tg > 100" in _list().setting("specification"), "it is not kept")

    app.restart()
    page.goto(f"{app.url}/candidates")
    page.get_by_text("6 of 6 candidates").first.wait_for()
    asked = "Tg > 100, Density < 1.3, Tc high"
    until(page, lambda: wish.input_value() == asked, "the specification is not there")


@pytest.mark.slow
def test_a_file_is_predicted_by_a_process_and_taken_home(
    start_app, page, tmp_path: Path, monkeypatch
) -> None:
    workspace = tmp_path / "workspace"
    monkeypatch.setenv("POLYGIN_HOME", str(workspace))
    page.goto(f"{start_app('app.py', workspace).url}/candidates")
    path = tmp_path / "many.csv"
    lines = [f"m{n},*CC(*)C(=O)O{'C' * n},{n}" for n in range(1, ROWS)]
    path.write_text("\n".join(["code,SMILES,length", *lines, "bad,nonsense(,0"]))
    page.get_by_role("tab", name="Upload a file").click()
    page.locator("input[type=file]").first.set_input_files(path)
    page.get_by_role("button", name="Add this file").click()
    page.get_by_text(f"{ROWS} of {ROWS} candidates").first.wait_for()
    until(page, lambda: '"done"' in _list().setting("job"), "the process does not end", 1000)
    last = _list().candidates()[-1]
    assert (last.row_id, last.unit, last.extra) == ("bad", None, {"length": "0"})
    page.get_by_role("button", name="Stop").first.wait_for(state="detached")
    page.wait_for_function(IS_STILL)
    page.wait_for_timeout(3000)
    with page.expect_download() as download:
        page.get_by_text("Download", exact=True).click()
        page.get_by_role("button", name="Make the file").click()
        page.get_by_role("button", name="Download My-candidates.csv").click()
    text = Path(download.value.path()).read_text()
    assert text.count("\n") == ROWS + 1
