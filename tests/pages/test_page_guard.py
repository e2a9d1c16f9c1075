"""A part of a page that fails says so in its place, with details to copy; the others stay."""

import importlib
from pathlib import Path

import pytest
import streamlit as st

from engine.base.errors import UserError
from pages.parts import page_guard
from pages.parts.page_guard import details_of, show_failure
from tests.conftest import ROOT
from tests.hostile.names import shown_texts

NOTICE = "PolyGIN Studio made an error"


@pytest.fixture
def guarded(open_page, monkeypatch):
    """Pages whose parts may fail, as in the app."""
    # What is imported while a function fails would keep the failing one for all later tests.
    for path in (ROOT / "pages" / "parts").rglob("*.py"):
        importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    monkeypatch.setattr(page_guard, "show_failure", show_failure)
    return open_page


def fail(*_: object, **__: object) -> None:
    raise ZeroDivisionError("a bug of ours")


CASES = [
    (
        "predict",
        "pages.parts.predict.gallery",
        "textbook",
        ["Repeat unit as SMILES, or a name"],
    ),
    ("predict", "pages.parts.predict.gallery", "show_picture", ["Behind these values"]),
    ("predict", "pages.parts.models", "predict_molecule", ["Well-known polymers"]),
    ("predict", "pages.parts.model_description", "title_of", ["Behind these values"]),
    ("predict", "pages.parts.models", "known_labels", ["Well-known polymers"]),
    ("monitor", "pages.parts.monitor.curves", "follow_hardware", ["Make this the default model"]),
    ("monitor", "pages.parts.monitor.run_list", "in_line", ["Make this the default model"]),
    ("monitor", "pages.parts.monitor.run_status", "member_grid", ["Curves"]),
    ("monitor", "pages.parts.monitor.run_status", "changes_of", ["Curves"]),
    ("monitor", "pages.parts.monitor.run_status", "read_log", ["Curves"]),
    ("monitor", "pages.parts.monitor.run_details", "read_mendings", ["Curves"]),
    ("monitor", "pages.parts.monitor.run_details", "headline", ["Curves"]),
    ("monitor", "pages.parts.monitor.run_actions", "disk_use", ["Curves"]),
    ("monitor", "pages.parts.monitor.run_actions", "trashed", ["Curves"]),
    ("errors", "pages.parts.errors.overview", "analysis.error_shares", ["Section"]),
    ("errors", "pages.parts.errors.overview", "analysis.figure_rows", ["Section"]),
    ("submission", "pages.parts.layout", "limits", []),
]


@pytest.mark.parametrize(("name", "module", "what", "stays"), CASES)
def test_a_part_that_fails_leaves_the_others(
    tiny_run, guarded, monkeypatch, name, module, what, stays
) -> None:
    key = "run" if name in ("monitor", "errors") else "model"
    monkeypatch.setattr(f"{module}.{what}", fail)
    app = guarded(name, **{key: tiny_run.id})
    assert not app.exception
    said = [error.value for error in app.error if NOTICE in error.value]
    assert said
    assert any("a bug of ours" in code.value and "Traceback" in code.value for code in app.code)
    assert app.title[0].value.casefold() == name
    whole = shown_texts(app)
    for words in stays:
        assert words in whole


def test_every_page_says_that_it_failed_as_a_whole(tiny_run, guarded, monkeypatch) -> None:
    for page in sorted((ROOT / "pages").glob("*.py")):
        with monkeypatch.context() as patch:
            patch.setattr("pages.parts.layout.columns", fail)
            app = guarded(page.stem)
        assert not app.exception
        assert NOTICE in app.error[0].value


def test_what_users_can_mend_is_said_without_details(guarded, monkeypatch, tiny_run) -> None:
    def refuse(*_: object) -> None:
        raise UserError("The file `x` *is* gone: put it back.")

    monkeypatch.setattr("pages.parts.monitor.run_details.read_mendings", fail)
    monkeypatch.setattr("pages.parts.monitor.run_details.headline", refuse)
    app = guarded("monitor", run=tiny_run.id)
    assert app.error[0].value.startswith("The file \\`x\\` \\*is\\* gone")


def test_details_hold_no_secret(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(st, "secrets", {"auth": {"client_secret": "s3cret-of-ours"}, "n": 1})
    monkeypatch.setattr(page_guard.Path, "home", lambda: tmp_path)
    try:
        raise ValueError(f"cannot reach https://me:s3cret-of-ours@host, {tmp_path}/private")
    except ValueError as error:
        text = details_of(error)
    assert "s3cret-of-ours" not in text
    assert "https://me:•••@host, ~/private" in text


def test_the_root_as_a_home_folder_leaves_paths_as_they_are(monkeypatch) -> None:
    monkeypatch.setattr(page_guard.Path, "home", lambda: Path("/"))
    assert "the file /tmp/x" in details_of(ValueError("the file /tmp/x"))


def test_all_that_draws_is_guarded() -> None:
    """Each page is drawn through the guard, and so is what it shows for itself."""
    for page in sorted((ROOT / "pages").glob("*.py")):
        assert page.read_text().rstrip().endswith("page_guard.draw(main)")
