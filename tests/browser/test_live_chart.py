"""The live chart in a real browser: it grows, and leaves the user's zoom alone."""

import pytest

from tests.browser.conftest import until

HARNESS = "tests/browser/harness_chart.py"
COUNT = "chart => chart._fullData[0].x.length"
RANGE = "chart => chart._fullLayout.xaxis.range"


@pytest.fixture(scope="module")
def app(start_app, tmp_path_factory):
    return start_app(HARNESS, tmp_path_factory.mktemp("browser") / "workspace")


def test_it_grows_and_keeps_node_and_zoom(app, page):
    page.goto(app.url)
    chart = page.locator("iframe").content_frame.locator(".chart")
    chart.locator(".main-svg").first.wait_for()
    chart.evaluate("chart => { chart.mark = chart.querySelector('.main-svg').mark = 'first'; }")
    _grow(page, chart, 2)
    free = chart.evaluate(RANGE)

    plot = chart.locator(".nsewdrag").bounding_box()
    page.mouse.move(plot["x"] + plot["width"] * 0.3, plot["y"] + plot["height"] * 0.2)
    page.mouse.down()
    page.mouse.move(plot["x"] + plot["width"] * 0.6, plot["y"] + plot["height"] * 0.8, steps=8)
    page.mouse.up()
    page.wait_for_timeout(300)
    zoomed = chart.evaluate(RANGE)
    assert zoomed[0] > free[0] + 2
    assert zoomed[1] < free[1] - 2

    _grow(page, chart, 4)
    assert chart.evaluate(RANGE) == zoomed
    assert chart.evaluate("chart => chart.mark") == "first"
    assert chart.evaluate("chart => chart.querySelector('.main-svg').mark") == "first"

    chart.evaluate("chart => Plotly.relayout(chart, { 'xaxis.autorange': true })")
    wide = chart.evaluate(RANGE)[1]
    _grow(page, chart, 2)
    assert chart.evaluate(RANGE)[1] > wide


def test_it_takes_the_width_of_its_place(app, page):
    page.goto(app.url)
    chart = page.locator("iframe").content_frame.locator(".chart")
    chart.locator(".main-svg").first.wait_for()
    _grow(page, chart, 1)
    wide = chart.locator(".main-svg").first.bounding_box()["width"]
    page.set_viewport_size({"width": 700, "height": 900})
    drawing = chart.locator(".main-svg").first
    until(page, lambda: drawing.bounding_box()["width"] < wide - 200, "it stayed as wide as it was")


def _grow(page, chart, updates: int) -> None:
    """Wait for a number of data updates."""
    for _ in range(updates):
        before = chart.evaluate(COUNT)
        until(page, lambda old=before: chart.evaluate(COUNT) > old, "the curve stopped growing")
