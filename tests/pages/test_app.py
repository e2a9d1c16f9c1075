"""The entry point: every page opens, also in a workspace where nothing has happened yet."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import ROOT

APP = ROOT / "app.py"
PAGES = (
    *("predict", "candidates", "train", "monitor", "compare", "submission", "errors", "models"),
    "help",
)


@pytest.mark.parametrize("name", PAGES)
def test_page_opens_in_an_empty_workspace(empty_workspace, open_page, name):
    app = open_page(name)
    assert not app.exception
    assert not app.error
    assert len(app.title) == 1


def test_where_people_sign_in_nothing_is_shown_before() -> None:
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.secrets["auth"] = {"redirect_uri": "http://localhost/oauth2callback"}
    app.run()
    assert [button.label for button in app.button] == ["Sign in"]
    assert not app.text_input
    assert not app.exception


@pytest.mark.parametrize(("name", "parameter"), [("errors", "section"), ("models", "show")])
def test_an_address_that_asks_for_no_section_opens_the_first(tiny_run, open_page, name, parameter):
    app = open_page(name, **{parameter: ""})
    assert not app.exception
    assert not [error.value for error in app.error if "made an error" in error.value]
