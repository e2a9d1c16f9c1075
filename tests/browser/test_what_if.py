"""Variants in a real browser: a place is clicked on the drawing, a variant becomes the molecule."""

import pytest

from tests.browser.conftest import App, until

SPOT = """number => {
    const chart = document.querySelector('.js-plotly-plot'), axes = chart._fullLayout;
    const point = chart.calcdata[0][number - 1], box = chart.getBoundingClientRect();
    return [box.left + axes.xaxis._offset + axes.xaxis.d2p(point.x),
            box.top + axes.yaxis._offset + axes.yaxis.d2p(point.y)]; }"""
"""Where on the page the number of a place lies."""


@pytest.mark.slow
def test_a_place_is_clicked_and_a_variant_becomes_the_molecule(app: App, page) -> None:
    page.goto(f"{app.url}/?smiles=*CC(*)C")
    page.get_by_text("What if a group were another?").click()
    grid = page.get_by_test_id("stDataFrame").first
    grid.wait_for()
    place = page.get_by_test_id("stSelectbox").filter(has_text="Place to change").locator("input")
    assert place.input_value().startswith("1 · methyl")
    chart = page.locator(".js-plotly-plot").first
    chart.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    page.mouse.click(*page.evaluate(SPOT, 3))
    until(page, lambda: place.input_value().startswith("3 · hydrogen on CH of"), "no other place")
    grid.scroll_into_view_if_needed()
    field = page.get_by_role("textbox", name="Repeat unit as SMILES, or a name")
    left, top = (grid.bounding_box()[side] for side in ("x", "y"))
    # The column of buttons follows one whose width depends on its words.
    for right in range(130, 380, 25):
        page.mouse.click(left + right, top + 70)
        page.wait_for_timeout(500)
        if field.input_value() != "*CC(*)C":
            break
    until(page, lambda: field.input_value().startswith("*CC(*)(C)"), "no other molecule")
    # What was opened is spelled as the table and the line below the drawing have it.
    code = page.get_by_test_id("stCode").first
    until(page, lambda: code.inner_text().strip() == field.input_value(), "two spellings")
    assert page.get_by_test_id("stException").count() == 0
