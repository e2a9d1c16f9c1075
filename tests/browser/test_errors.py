"""Exploring errors in a real browser: points are selected, the address restores what is shown."""

import shutil
from pathlib import Path

import pytest

from engine.runs import find_run
from tests.browser.conftest import App

FARTHEST = """() => {
    const chart = document.querySelector('.js-plotly-plot'), axes = chart._fullLayout;
    const points = chart.calcdata[1], off = point => Math.abs(point.x - point.y);
    const point = points.reduce((one, other) => off(other) > off(one) ? other : one);
    const box = chart.getBoundingClientRect();
    return [box.left + axes.xaxis._offset + axes.xaxis.d2p(point.x),
            box.top + axes.yaxis._offset + axes.yaxis.d2p(point.y)]; }"""
"""Where on the page the point with the largest error lies."""


@pytest.fixture
def home(trained_home: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    shutil.copytree(trained_home, folder)
    return folder


def test_a_point_is_clicked_and_a_box_is_drawn(app: App, page) -> None:
    page.goto(f"{app.url}/errors?run={find_run('trained').id}&section=Explore")
    chart = page.locator(".js-plotly-plot").first
    chart.wait_for()
    page.get_by_text("Open in Predict").first.wait_for()
    first = page.get_by_text("row ").first.inner_text()
    page.wait_for_timeout(1000)
    page.mouse.click(*page.evaluate(FARTHEST))
    page.get_by_text("1 selected in the chart.").first.wait_for()
    # The largest error comes first without a selection too.
    assert page.get_by_text("Open in Predict").count() == 1
    assert page.get_by_text("row ").first.inner_text() == first
    chart.hover()
    page.locator("[data-title='Box Select']").first.click()
    box = chart.locator(".nsewdrag").bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] - 2, steps=5)
    page.mouse.up()
    page.get_by_text("1 selected in the chart.").first.wait_for(state="detached")
    page.get_by_text("selected in the chart.").first.wait_for()
    assert page.get_by_test_id("stException").count() == 0


def test_the_way_back_from_predict_leads_to_what_was_shown(app: App, page) -> None:
    run = find_run("trained")
    asked = "section=Explore&property=Density&sign=predicted+too+high&sort=lowest+label+first"
    page.goto(f"{app.url}/errors?run={run.id}&{asked}")
    said = page.get_by_text("labels: predicted too high.")
    said.wait_for()
    words = said.inner_text()
    page.get_by_text("Open in Predict").first.click()
    page.get_by_role("textbox", name="Repeat unit as SMILES, or a name").first.wait_for()
    assert f"model={run.id}" in page.url
    page.go_back()
    said.wait_for()
    page.reload()
    said.wait_for()
    assert said.inner_text() == words
    assert "property=Density" in page.url
