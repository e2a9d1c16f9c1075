"""A real browser and a real app server, for tests of what a user sees.

What is waited for is the first element of its kind: while a script runs again, Streamlit may keep
the old one beside the new one for a moment, and Playwright refuses to choose between two.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem

from engine.runs import list_runs, stop_run
from pages.parts.page_guard import FAILED as FAILED  # for benches, which do not know the pages
from tests.conftest import ROOT

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 240_000
"""Milliseconds; generous, since other work may hold the processors while tests run."""
LINES = """() => [...applet.getMolecularAreaGraphicsString().matchAll(
    /x1="(\\d+)" y1="(\\d+)" x2="(\\d+)" y2="(\\d+)"/g)].map(line => line.slice(1).map(Number))"""
NO_BROWSER = "no browser: `apt-get install chromium` or `playwright install chromium`"


@dataclass
class App:
    """A Streamlit server in a process group of its own."""

    script: Path
    workspace: Path
    port: int
    process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def log(self) -> Path:
        return self.workspace.parent / f"{self.workspace.name}-server-{self.port}.log"

    def start(self, seconds: float = 90) -> "App":
        """Start the server and wait until it answers.

        Raises:
            RuntimeError: with the server's own words, when it ends or does not answer in time.
        """
        command = [sys.executable, "-m", "streamlit", "run", str(self.script)]
        command += ["--server.port", str(self.port), "--server.headless", "true"]
        environment = {
            # Most of what is tested asks no model; the bench of the desk sets it.
            "POLYGIN_PRELOAD": "0",
            **os.environ,
            "POLYGIN_HOME": str(self.workspace),
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            if self._answers():
                return self
            time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"The app did not start:\n{self.log.read_text()[-4000:]}")

    def stop(self) -> None:
        """End the server's process group; runs in sessions of their own live on."""
        if self.process is None:
            return
        for word in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, word)
                self.process.wait(timeout=8)
                break
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        self.process.wait()
        self.process = None

    def restart(self) -> "App":
        """Stop the server and start it again on the same port and workspace."""
        self.stop()
        return self.start()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False


@contextmanager
def running_app(script: Path | str, workspace: Path) -> Iterator[App]:
    """A running app, for a `with` block.

    Args:
        script: the Streamlit script, from the repository's root.
        workspace: its `POLYGIN_HOME`.
    """
    app = App(ROOT / script, Path(workspace), free_port())
    try:
        yield app.start()
    finally:
        app.stop()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def until(page, condition: Callable[[], object], otherwise: str, every: int = 100) -> None:
    """Wait for a condition, looked at each so many milliseconds."""
    deadline = time.monotonic() + PATIENCE / 1000
    while not condition():
        assert time.monotonic() < deadline, otherwise
        page.wait_for_timeout(every)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The workspace of `app`; a module may have one of its own for all its tests."""
    return tmp_path / "home"


@pytest.fixture
def app(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """The real app in a workspace that the test sees too; its runs are stopped at the end."""
    monkeypatch.setenv("POLYGIN_HOME", str(home))
    with running_app("app.py", home) as started:
        yield started
    for run in list_runs():
        stop_run(run)


@pytest.fixture(scope="module")
def start_app() -> Iterator[Callable[..., App]]:
    """Starts apps as `running_app` does, and stops them after the module's last test."""
    with ExitStack() as stack:
        yield lambda *args: stack.enter_context(running_app(*args))


@pytest.fixture(scope="session")
def browser():
    """Chromium, headless: the system's, else Playwright's own; skips when there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="no Playwright")
    with sync_api.sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, BROWSERS)), None)
        if path is None and not Path(playwright.chromium.executable_path).exists():
            pytest.skip(NO_BROWSER)
        opened = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield opened
        opened.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    """Add to the report of a failed test what its page showed and what its server said."""
    report = yield
    if report.when == "call" and report.failed:
        used = getattr(item, "funcargs", {})
        # A page that is gone says nothing, and must not hide why the test failed.
        with suppress(Exception):
            report.sections.append(("The page", used["page"].locator("body").inner_text()))
            picture = item.config._tmp_path_factory.mktemp("failed") / "page.png"
            used["page"].screenshot(path=picture)
            report.sections.append(("Its picture", str(picture)))
        if "app" in used:
            report.sections.append(("The server", used["app"].log.read_text()[-4000:]))
    return report


@pytest.fixture
def page(browser):
    """A fresh page that fails its test when it calls anything but this machine."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE)
    opened = context.new_page()
    strangers: list[str] = []
    opened.on("request", lambda request: _note_stranger(request.url, strangers))
    yield opened
    context.close()
    assert not strangers, f"the page called the network: {strangers}"


def _note_stranger(url: str, strangers: list[str]) -> None:
    if not url.startswith(("http://localhost:", "ws://localhost:", "data:", "blob:", "about:")):
        strangers.append(url)


def editor_frame(page, number: int):
    return page.locator("iframe").nth(number).content_frame


def click_atom(page, number: int, atom: int) -> None:
    """Click an atom of a drawing, counted from 0 as in its molfile."""
    frame = editor_frame(page, number)
    page.locator("iframe").nth(number).scroll_into_view_if_needed()
    atoms = Chem.MolFromMolBlock(frame.locator("#canvas").evaluate("() => applet.molFile()"))
    points = atoms.GetConformer().GetPositions()[:, :2] * [1, -1]
    # The picture's lines are in thirtieths of a pixel and end at atoms; a bond is 25 px, 1.4 units.
    lines = np.array(frame.locator("#canvas").evaluate(LINES)).reshape(-1, 2) / 30
    x, y = (points[atom] - points.min(0)) * 25 / 1.4 + lines.min(0)
    box = frame.locator("#paper").bounding_box()
    # The drawing begins right of the elements and below the tools.
    page.mouse.click(box["x"] + 24 + x, box["y"] + 48 + y)
    page.wait_for_timeout(200)
