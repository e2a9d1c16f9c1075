"""The entry point: every page opens, also in a workspace where nothing has happened yet."""

import pytest

PAGES = ("predict", "train", "monitor", "compare", "submission", "errors")


@pytest.mark.parametrize("name", PAGES)
def test_page_opens_in_an_empty_workspace(empty_workspace, open_page, name):
    app = open_page(name)
    assert not app.exception
    assert not app.error
    assert len(app.title) == 1
