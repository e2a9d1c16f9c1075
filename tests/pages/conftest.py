"""A workspace with one small finished run, and the app's pages opened in it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine import bundle
from engine.runs import Run, find_run, process

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 600
"""Generous: other work may hold the processors while tests run."""


@pytest.fixture(scope="session")
def finished_workspace(trained_home: Path) -> tuple[Path, Run]:
    """A workspace in which a smoke run on a part of the textbook table has ended well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYGIN_HOME", str(trained_home))
        return trained_home, find_run("trained")


@pytest.fixture
def tiny_run(finished_workspace, monkeypatch) -> Run:
    """A finished run, in a workspace that holds nothing else and has no shipped model."""
    folder, run = finished_workspace
    monkeypatch.setenv("POLYGIN_HOME", str(folder))
    monkeypatch.setattr(bundle, "SHIPPED", folder / "nothing-shipped")
    return run


@pytest.fixture
def empty_workspace(tmp_path, monkeypatch) -> Path:
    """A workspace without runs and without any model."""
    monkeypatch.setenv("POLYGIN_HOME", str(tmp_path / "workspace"))
    monkeypatch.setattr(bundle, "SHIPPED", tmp_path / "nothing-shipped")
    return tmp_path / "workspace"


@pytest.fixture
def no_supervisor(monkeypatch) -> None:
    """Runs that are only looked at: nobody may start them."""
    monkeypatch.setattr(process, "spawn", lambda *_: None)


@pytest.fixture
def open_page(monkeypatch) -> Callable[..., AppTest]:
    """Opens a page of the real app by its name, such as `errors`, with query parameters."""
    # Streamlit finds the pages beside the main script, Python finds them from the root.
    monkeypatch.chdir(ROOT)

    def opened(name: str, **query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS)
        for key, value in query.items():
            app.query_params[key] = value
        app.switch_page(f"pages/{name}.py")
        return app.run()

    return opened
