"""What is typed into the Train page's settings stays, whatever the page does meanwhile."""

import re
from collections.abc import Callable

import pytest

from engine.runs import find_run, read_config
from tests.browser.conftest import App, until
from tests.conftest import TEXTBOOK

LONGEST = 80
"""Letters in a run's name."""


def test_a_name_typed_right_after_a_click_is_the_runs_name(app: App, page) -> None:
    _open(app, page)
    page.get_by_text("Quick look", exact=True).click()
    name = page.get_by_role("textbox", name="Name of the run")
    name.fill("typed at once")
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url(re.compile(r"/monitor\?.*run="))
    assert read_config(find_run("typed at once"))["preset"] == "smoke"


def test_a_name_entered_before_the_answer_to_a_click_stays(app: App, page) -> None:
    held: list[Callable[[], None]] | None = None

    def on_line(line) -> None:
        server = line.connect_to_server()
        server.on_message(
            lambda said: line.send(said) if held is None else held.append(lambda: line.send(said))
        )

    page.route_web_socket(re.compile("_stcore/stream"), on_line)
    _open(app, page)
    command = page.get_by_test_id("stCode")
    command.wait_for()
    held = []
    page.get_by_text("Quick look", exact=True).click()
    until(page, lambda: held, "the server does not answer")
    name = page.get_by_role("textbox", name="Name of the run")
    name.fill("typed meanwhile")
    name.press("Enter")
    late, held = held, None
    for send in late:
        send()
    command.filter(has_text="--preset smoke").filter(has_text="typed meanwhile").first.wait_for()
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url(re.compile(r"/monitor\?.*run="))
    assert read_config(find_run("typed meanwhile"))["preset"] == "smoke"


@pytest.mark.slow
def test_measuring_does_not_disturb_typing(app: App, page) -> None:
    _open(app, page)
    name = page.get_by_role("textbox", name="Name of the run")
    measured = page.get_by_text(re.compile("an epoch, .* for PolyGIN"))
    name.fill("")
    typed = ""

    def type_on() -> int:
        nonlocal typed
        if len(typed) == LONGEST - 1:
            name.fill("")
            typed = ""
        typed += "abcdefghij"[len(typed) % 10]
        name.press(typed[-1])
        return measured.count()

    until(page, type_on, "the measurement does not end", 300)
    name.press("Z")
    assert name.input_value() == f"{typed}Z"


def _open(app: App, page) -> None:
    page.goto(f"{app.url}/train")
    page.locator("input[type=file]").first.set_input_files(TEXTBOOK)
    page.get_by_text("Quick look", exact=True).first.wait_for()
