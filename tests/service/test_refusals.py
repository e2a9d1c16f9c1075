"""What is refused is refused in a sentence that says what is wrong."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient

from engine.service.app import while_asked
from engine.service.line import Line
from engine.service.replies import LateError
from tests.service import odd_work
from tests.service.conftest import TOKEN

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_JSON = {"Content-Type": "application/json"}
_PARTS = {"Content-Type": "multipart/form-data; boundary=b"}
_TABLE = ("t.csv", b"SMILES\n*CC*\n")


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "words"),
    [
        ("GET", "/nothing", {}, 404, "There is nothing at /nothing; GET /docs shows"),
        ("POST", "/predict/", {"json": {}}, 404, "There is nothing at /predict/"),
        ("GET", "/predict", {}, 405, "GET is not answered at /predict; POST is."),
        ("POST", "/health", {}, 405, "POST is not answered at /health"),
        ("POST", "/predict", {"content": b"{}", "headers": _FORM}, 422, "-urlencoded' here: send"),
        ("POST", "/predict", {"content": b"{}"}, 422, "missing here: send `Content-Type: app"),
        ("POST", "/predict", {"json": ["*CC*"]}, 422, "no JSON object"),
        ("POST", "/predict", {"content": b"[" * 10**5, "headers": _JSON}, 400, "no JSON in UTF-8"),
        ("POST", "/jobs", {"json": {}}, 422, "`curl -F file=@units.csv` does it; it is 'applic"),
        ("POST", "/jobs", {"content": b"x", "headers": _PARTS}, 400, "read as multipart/form-data"),
        ("POST", "/jobs", {"files": [("file", _TABLE)] * 2}, 422, "'file' is given more than once"),
        (
            "POST",
            "/jobs",
            {"files": {"file": _TABLE}, "data": {"by": ["Tg high", "Tc low"]}},
            422,
            "'by' is given more than once",
        ),
    ],
)
def test_what_is_wrong_is_said(
    client: TestClient, method: str, path: str, sent: dict[str, Any], status: int, words: str
) -> None:
    reply = client.request(method, path, follow_redirects=False, **sent)
    assert reply.status_code == status
    assert words in reply.json()["detail"]


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        ("", "Show the token"),
        (TOKEN, "should be `Bearer TOKEN`"),
        (f"Bearer {TOKEN}x", "is not that of this service"),
    ],
)
def test_what_is_wrong_with_a_token_is_said(client: TestClient, shown: str, words: str) -> None:
    reply = client.get("/models", headers={"Authorization": shown})
    assert reply.status_code == 401
    assert words in reply.json()["detail"]


def test_the_address_that_is_printed_leads_to_the_page(client: TestClient) -> None:
    first = client.get("/", headers={"Authorization": ""}, follow_redirects=False)
    # To no other host, whatever the name is under which the service was reached.
    assert (first.status_code, first.headers["location"]) == (307, "docs")


def test_a_monitor_may_ask_for_the_head_alone(client: TestClient) -> None:
    reply = client.head("/health", headers={"Authorization": ""})
    assert (reply.status_code, reply.text) == (200, "")


class _Gone:
    """A request whose caller hangs up after a while."""

    async def receive(self) -> dict[str, str]:
        await asyncio.sleep(0.1)
        return {"type": "http.disconnect"}


def test_nothing_is_done_for_who_is_gone() -> None:
    async def run() -> None:
        line = Line(1, 1, 60, 60)
        line.open()
        try:
            first = asyncio.create_task(line.ask(odd_work.wait, (1.0,), ["first"]))
            await asyncio.sleep(0.1)
            asking = line.ask(odd_work.wait, (0.0,), ["gone"])
            with pytest.raises(LateError, match="is gone"):
                await while_asked(_Gone(), asking)
            # The place in line of who is gone is free.
            assert await line.ask(odd_work.wait, (0.0,), ["next"]) == [["next", 1]]
            assert await first == [["first", 1]]
        finally:
            await line.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, run()).result()
