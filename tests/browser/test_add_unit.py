"""A second unit on Predict in a real browser: entered, weighed, and left again."""

from pathlib import Path

import pytest

from engine.runs import find_run
from tests.browser.conftest import App, until
from tests.browser.test_accessibility import IS_STILL
from tests.copolymers import METHACRYLATE, STYRENE


@pytest.fixture
def home(copolymers_home: Path) -> Path:
    """The workspace with the run of copolymers."""
    return copolymers_home


@pytest.mark.slow
def test_a_unit_is_added_weighed_and_left_again(app: App, page) -> None:
    page.goto(f"{app.url}/?smiles={STYRENE}&model={find_run('fox').id}")
    page.get_by_text("About this model").first.wait_for()
    page.wait_for_function(IS_STILL)
    page.get_by_role("button", name="Add a unit").click()
    field = page.get_by_role("textbox", name="Repeat unit as SMILES, or a name")
    until(page, lambda: field.input_value() == "", "no field for the second unit")
    page.wait_for_function(IS_STILL)
    field.fill("PMMA")
    field.press("Enter")
    amount = page.get_by_role("spinbutton", name="Mole fraction of unit 2, as a number")
    page.get_by_role("heading", name="Over the composition").first.wait_for()
    until(page, lambda: field.input_value() == METHACRYLATE, "the name is not understood")
    until(page, lambda: _shares(page) == "0.5|0.5", "the address does not hold both units")
    page.wait_for_function(IS_STILL)
    amount.fill("0.25")
    amount.press("Enter")
    until(page, lambda: _shares(page) == "0.75|0.25", "the number is not taken")
    page.wait_for_function(IS_STILL)
    slider = page.get_by_role("slider", name="Mole fraction of unit 2")
    slider.focus()
    page.keyboard.press("ArrowRight")
    until(page, lambda: _shares(page) == "0.74|0.26", "the slider is not taken")
    until(page, lambda: amount.input_value() == "0.26", "the number does not follow the slider")
    page.wait_for_function(IS_STILL)
    page.go_back()
    until(page, lambda: amount.input_value() == "0.25", "Back leads elsewhere")
    page.go_forward()
    until(page, lambda: amount.input_value() == "0.26", "Forward leads elsewhere")
    page.reload()
    until(page, lambda: amount.input_value() == "0.26", "a reload leads elsewhere")
    page.get_by_role("button", name="Remove").first.click()
    until(page, lambda: field.input_value() == METHACRYLATE, "the other unit is not left")
    until(page, lambda: amount.count() == 0, "amounts stay with a single unit")
    assert page.get_by_test_id("stException").count() == 0


def _shares(page) -> str:
    """The fractions that the address holds."""
    words = page.evaluate("() => new URL(document.location).searchParams.get('smiles')").split("|")
    return "|".join(words[2:4])
