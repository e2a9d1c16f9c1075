"""Sessions whose browser is gone leave nothing open in the server."""

import time

import psutil

from tests.browser.conftest import running_app
from tests.hostile.visitor import page

SESSIONS = 12


def test_ended_sessions_give_their_descriptors_back(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL", "2")
    with running_app("app.py", tmp_path / "home") as app:
        assert app.process
        server = psutil.Process(app.process.pid)
        with page(app.port, "train"):
            pass
        before = server.num_fds()
        for _ in range(SESSIONS):
            with page(app.port, "train"):
                pass
        deadline = time.monotonic() + 60
        # The first session's own may be among those before.
        while server.num_fds() > before and time.monotonic() < deadline:
            time.sleep(0.2)
        assert server.num_fds() <= before
