"""The server answers to its own names and its own pages alone, however it was started."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.datastructures import Headers
from streamlit import config

from pages.parts import door
from tests.browser.conftest import free_port, running_app
from tests.conftest import ROOT
from tests.hostile.visitor import answer, status, websocket_status

ADDRESSES = (
    "/",
    "/monitor",
    "/predict",
    "/_stcore/health",
    "/_stcore/host-config",
    "/_stcore/metrics",
    "/_stcore/upload_file/session/file",
    "/_stcore/agent/openapi.json",
    f"/media/{'0' * 32}.csv",
    "/component/pages.parts.components.live_chart/index.html",
    "/static/js/index.js",
    "/favicon.png",
    "/auth/login",
    "/oauth2callback",
    "/no/such/address",
)
STRANGERS = (
    "evil.example",
    "localhost.evil.example",
    "localhost@evil.example",
    "localhost:1:2",
    "127.0.0.1.nip.io",
    "[::1].evil.example",
    "0.0.0.0",
    "",
)


@pytest.fixture(scope="module")
def by_streamlit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Started as the README says."""
    with running_app("app.py", tmp_path_factory.mktemp("streamlit") / "home") as app:
        yield app.port


@pytest.fixture(scope="module")
def by_command(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Started by `polygin studio`, in a folder of its own."""
    folder, port = tmp_path_factory.mktemp("command"), free_port()
    command = [sys.executable, "-m", "engine", "studio", "--no-browser", "--port", str(port)]
    environment = {**os.environ, "POLYGIN_HOME": str(folder), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        assert process.wait(20) in (0, -15)


@pytest.fixture(params=["by_streamlit", "by_command"])
def port(request: pytest.FixtureRequest) -> int:
    return request.getfixturevalue(request.param)


def test_all_addresses_are_closed_under_another_name(port: int) -> None:
    for address in ADDRESSES:
        assert status(port, address) != 403, address
        for host in STRANGERS:
            assert status(port, address, Host=host) == 403, (address, host)
    for name in (f"127.0.0.1:{port}", f"[::1]:{port}", "LOCALHOST"):
        assert status(port, "/_stcore/health", Host=name) == 200
    for host in STRANGERS:
        origin = f"http://{host or 'evil.example'}"
        if host and "@" not in host and ":1:" not in host:
            assert websocket_status(port, host, origin) == 403, host


def test_pages_of_other_sites_and_ports_are_refused(port: int) -> None:
    own = f"localhost:{port}"
    for origin in (
        "http://evil.example",
        f"http://localhost:{port + 1}",
        "null",
        "file://",
        "http://[",
    ):
        assert websocket_status(port, own, origin) == 403
        for address in ADDRESSES:
            assert status(port, address, Origin=origin) == 403
            assert status(port, address, "PUT", Origin=origin) == 403
    assert websocket_status(port, own, f"http://{own}") == 101
    assert status(port, "/_stcore/health", Origin=f"http://{own}") == 200


def test_what_another_page_embeds_is_refused_and_a_link_is_followed(port: int) -> None:
    for site in ("cross-site", "same-site"):
        for mode in ("no-cors", "cors", "websocket", ""):
            asked = {"Sec_Fetch_Site": site, "Sec_Fetch_Mode": mode}
            assert status(port, "/_stcore/health", **asked) == 403, asked
        link = {"Sec_Fetch_Site": site, "Sec_Fetch_Mode": "navigate"}
        assert status(port, "/monitor", **link) == 200
    for site in ("none", "same-origin"):
        own = {"Sec_Fetch_Site": site, "Sec_Fetch_Mode": "no-cors"}
        assert status(port, "/_stcore/health", **own) == 200


def test_every_answer_says_what_pages_may_load(port: int) -> None:
    for address in ADDRESSES:
        headers = answer(port, address)[1]
        policy = headers["content-security-policy"]
        for stranger in ("*", "http:", "https:"):
            assert stranger not in policy.replace("ws://", "").replace("wss://", "").split()
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers
    assert "'unsafe-inline'" not in door.policy("/", "localhost").split("style-src")[0]
    assert "sandbox" in door.policy("/media/report.html", "localhost")


def test_the_first_page_is_found_by_its_name_too(port: int) -> None:
    for path in ("/predict", "/predict/"):
        code, headers, _ = answer(port, f"{path}?smiles=*CC*&model=a%20b")
        assert (code, headers["location"]) == (307, "/?smiles=*CC*&model=a%20b")
    assert answer(port, "/predict")[1]["location"] == "/"


def test_names_that_the_settings_list_are_served(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("STREAMLIT_SERVER_ALLOWED_HOSTS", "polymers.example.org")
    with running_app("app.py", tmp_path / "home") as app:
        host = "polymers.example.org"
        # A proxy that speaks TLS with the browser asks here without.
        assert websocket_status(app.port, host, f"https://{host}") == 101
        assert status(app.port, "/", Host=host) == 200
        assert status(app.port, "/", Host="evil.example") == 403


def test_where_the_settings_list_no_names_only_local_ones_are_served(monkeypatch) -> None:
    monkeypatch.setattr(door.webbrowser, "open", lambda address: None)
    monkeypatch.setattr(door, "_forget_ended_sessions", lambda: asyncio.sleep(0))
    before = config.get_option("server.allowedHosts")
    try:
        config.set_option("server.allowedHosts", [])
        _run(_start())
        assert config.get_option("server.allowedHosts") == [*door.LOCAL]
        assert not door._host(Headers({"host": "evil.example"}))
    finally:
        config.set_option("server.allowedHosts", before)


@pytest.mark.parametrize("location", ["", "/", "https://provider.example/authorize"])
def test_a_sign_in_that_fails_leads_back_with_a_word(location: str) -> None:
    async def streamlit(scope, receive, send):
        if not location:
            raise ConnectionError("the provider's address, and a secret")
        headers = [(b"location", location.encode())]
        await send({"type": "http.response.start", "status": 302, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    sent = _run(_asked(door.Door(streamlit), "/auth/login"))
    given = dict(sent[0]["headers"])[b"location"].decode()
    assert given == (location if "provider" in location else "/?sign-in=failed")
    assert b"secret" not in b"".join(message.get("body", b"") for message in sent)


def _run(work: Coroutine) -> Any:
    """Carry it out in a thread: tests that drive Chromium leave a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


async def _start() -> None:
    async with door.starting(None):
        pass


async def _asked(app: door.Door, path: str) -> list[dict]:
    sent: list[dict] = []

    async def send(message: dict) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
    }
    await app(scope, None, send)
    return sent


def _wait_for(port: int, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None
        try:
            if status(port, "/_stcore/health") == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError("the server did not start")
