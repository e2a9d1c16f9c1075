"""Who is let in, how large a request may be, how long a call may take, and how many may wait."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from engine.base.errors import UserError
from engine.base.limits import Limits
from engine.commands import main, serve
from engine.service.door import Door
from engine.service.line import Line
from engine.service.replies import BusyError, LateError
from engine.service.settings import TOKEN as VARIABLE
from engine.service.settings import ServiceSettings, demand_token, read_token
from tests.service import odd_work
from tests.service.conftest import TOKEN


async def _size(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


def _door(**settings: object) -> Door:
    app = Starlette(routes=[Route("/{any}", _size, methods=["GET", "POST"])])
    return Door(
        app, ServiceSettings(call_bytes=1000, **settings), lambda path: "default-src 'none'"
    )


def _visitor(**settings: object) -> TestClient:
    return TestClient(_door(**settings), base_url="http://127.0.0.1")


@pytest.mark.parametrize(
    ("shown", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer  {TOKEN} ", 200),
        (f"Bearer {TOKEN[:-1]}", 401),
        (f"Bearer {TOKEN}x", 401),
        (f"Basic {TOKEN}", 401),
        (TOKEN, 401),
        ("Bearer ", 401),
        ("Bearer \u00fc", 401),
        ("", 401),
    ],
)
def test_only_the_token_lets_in(shown: str, status: int) -> None:
    reply = _visitor(token=TOKEN).get("/models", headers={"Authorization": shown.encode()})
    assert reply.status_code == status
    if status == 401:
        assert reply.headers["www-authenticate"] == "Bearer"
        assert TOKEN not in reply.text
    assert reply.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/models", "/predict", "/jobs", "/docsx", "/healthx"])
def test_nothing_of_the_workspace_is_told_without_the_token(path: str) -> None:
    assert _visitor(token=TOKEN).get(path).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:8600"}, 200),
        ({"Host": "[::1]:8600"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": "10.0.0.1"}, 403),
        ({"Host": ""}, 403),
        ({"Host": "localhost:8600", "Origin": "http://localhost:8600"}, 200),
        ({"Host": "localhost:8600", "Origin": "http://localhost:8501"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_without_a_token_only_programs_of_this_machine_are_answered(
    headers: dict[str, str], status: int
) -> None:
    assert _visitor().get("/models", headers=headers).status_code == status
    with_token = {**headers, "Authorization": f"Bearer {TOKEN}"}
    assert _visitor(token=TOKEN).get("/models", headers=with_token).status_code == 200


def test_what_is_too_large_is_refused_before_and_while_it_is_read() -> None:
    visitor, limits = _visitor(), Limits(upload_mb=1)
    assert visitor.post("/predict", content=b"x" * 1000).text == "1000"
    said = visitor.post("/predict", content=b"x" * 1001)
    unsaid = visitor.post("/predict", content=iter([b"x" * 600, b"x" * 600]))
    assert (said.status_code, unsaid.status_code) == (413, 413)
    assert "too large" in unsaid.json()["detail"]
    # Uploads may be larger.
    uploads = _visitor(limits=limits)
    assert uploads.post("/jobs", content=b"x" * 2**20).text == str(2**20)
    assert uploads.post("/jobs", content=iter([b"x" * 2**20] * 2)).status_code == 413


def test_what_does_not_arrive_is_not_waited_for() -> None:
    sent: list[dict] = []

    async def receive() -> dict:
        if len(received) == 0:
            received.append(1)
            return {"type": "http.request", "body": b"x", "more_body": True}
        await asyncio.sleep(60)
        raise AssertionError

    async def send(message: dict) -> None:
        sent.append(message)

    received: list[int] = []
    headers = [(b"host", b"127.0.0.1"), (b"content-length", b"5")]
    scope = {"type": "http", "method": "POST", "path": "/predict", "headers": headers}
    scope |= {"query_string": b"", "root_path": "", "scheme": "http", "http_version": "1.1"}
    _run(_door(body_seconds=0.05)(scope, receive, send))
    assert [each["status"] for each in sent if "status" in each] == [408]
    assert "did not arrive" in json.loads(sent[-1]["body"])["detail"]


def test_a_websocket_is_closed() -> None:
    sent: list[dict] = []

    async def receive() -> dict:
        return {"type": "websocket.connect"}

    async def send(message: dict) -> None:
        sent.append(message)

    _run(_door()({"type": "websocket", "path": "/", "headers": []}, receive, send))
    assert [each["type"] for each in sent] == ["websocket.close"]


def _run(work: Coroutine) -> None:
    """Carry out a coroutine, also where a browser of other tests has left a loop in this thread."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


def _with_line(
    use: Callable[[Line], Awaitable[None]], waiting: int = 3, seconds: float = 60, cpu: float = 60
) -> None:
    async def run() -> None:
        line = Line(1, waiting, seconds, cpu)
        line.open()
        try:
            await use(line)
        finally:
            await line.close()

    _run(run())


def test_calls_that_wait_are_answered_together_and_no_more_may_wait_than_may() -> None:
    async def use(line: Line) -> None:
        first = asyncio.create_task(line.ask(odd_work.wait, (0.5,), ["first"]))
        await asyncio.sleep(0.1)
        same = [asyncio.create_task(line.ask(odd_work.wait, (0.0,), [n])) for n in "ab"]
        other = asyncio.create_task(line.ask(odd_work.wait, (0.01,), ["c", "d"]))
        await asyncio.sleep(0.1)
        with pytest.raises(BusyError) as refused:
            await line.ask(odd_work.wait, (0.0,), ["e"])
        assert refused.value.seconds >= 1
        assert await first == [["first", 1]]
        assert await asyncio.gather(*same) == [[["a", 2]], [["b", 2]]]
        assert await other == [["c", 2], ["d", 2]]
        assert await line.ask(odd_work.wait, (0.0,), ["f"]) == [["f", 1]]

    _with_line(use)


def test_a_call_that_takes_too_long_is_given_up_and_the_next_is_answered() -> None:
    async def answered(line: Line, row: str) -> list:
        while True:
            with suppress(LateError):
                return await line.ask(odd_work.wait, (0.0,), [row])

    async def use(line: Line) -> None:
        await answered(line, "started")
        with pytest.raises(LateError, match="was not answered within"):
            await line.ask(odd_work.wait, (1.0,), ["late"])
        assert await answered(line, "next") == [["next", 1]]

    _with_line(use, seconds=0.5)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("endless", "more than 0.5 seconds of processor time"),
        ("fatal", "a library ended its process"),
        ("refused", "It is refused"),
    ],
)
def test_a_row_that_runs_away_harms_no_other(row: str, words: str) -> None:
    async def use(line: Line) -> None:
        first = asyncio.create_task(line.ask(odd_work.wait, (0.2,), ["first"]))
        await asyncio.sleep(0.1)
        rows = ["good", row, "other"] if row != "refused" else [row]
        asked = [asyncio.create_task(line.ask(odd_work.spin, (), [each])) for each in rows]
        await first
        answers = await asyncio.gather(*asked, return_exceptions=True)
        for name, answer in zip(rows, answers, strict=True):
            if name == row:
                assert isinstance(answer, UserError)
                assert words in str(answer)
            else:
                assert answer == [name]

    _with_line(use, cpu=0.5)


def test_a_row_that_runs_away_is_last_and_leaves_the_others_their_time() -> None:
    ended: list[str] = []

    async def use(line: Line) -> None:
        first = asyncio.create_task(line.ask(odd_work.wait, (0.2,), ["first"]))
        await asyncio.sleep(0.1)
        asked = []
        for name in ("endless", "good", "other"):
            asked.append(asyncio.create_task(line.ask(odd_work.spin, (), [name])))
            asked[-1].add_done_callback(lambda task, name=name: ended.append(name))
        await first
        await asyncio.wait(asked)
        assert isinstance(asked[0].exception(), UserError)

    _with_line(use, cpu=1)
    assert ended == ["good", "other", "endless"]


def test_a_call_may_take_far_less_than_it_is_waited_for() -> None:
    # Else it is late before it is told that it takes too much, and so are those beside it: it is
    # tried together with others, alone with little time, and then with all its time.
    settings = ServiceSettings()
    assert 2 * settings.cpu_seconds < settings.call_seconds


def test_what_nobody_waits_for_is_not_tried_again(tmp_path: Path) -> None:
    written = tmp_path / "written"

    async def use(line: Line) -> None:
        first = asyncio.create_task(line.ask(odd_work.wait, (0.2,), ["first"]))
        await asyncio.sleep(0.1)
        rows = ("gone", "endless", "gone too")
        asked = [
            asyncio.create_task(line.ask(odd_work.write, (str(written),), [row])) for row in rows
        ]
        await first
        while not written.exists():
            await asyncio.sleep(0.01)
        asked[0].cancel()
        asked[2].cancel()
        with pytest.raises(UserError, match="processor time"):
            await asked[1]

    _with_line(use, cpu=1)
    # Together, alone with little time, and alone with all its time.
    assert written.read_text().split("\n") == ["gone", "endless", "gone too", *["endless"] * 2, ""]


def test_a_token_file_is_its_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert read_token(None) == ""
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    file.chmod(0o600)
    assert read_token(file) == TOKEN
    file.chmod(0o640)
    with pytest.raises(UserError, match=r"may be read by others \(mode 640\)"):
        read_token(file)
    file.chmod(0o600)
    for content in ("short", "", "x" * 20 + "\u00fc", "two\nlines of a token"):
        file.write_text(content)
        with pytest.raises(UserError, match="holds no token"):
            read_token(file)
    monkeypatch.setenv(VARIABLE, "short")
    with pytest.raises(UserError, match=f"{VARIABLE} holds no token"):
        read_token(None)
    with pytest.raises(UserError, match="is missing"):
        read_token(tmp_path / "nothing")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "polymers.example.org", ""])
def test_without_a_token_other_machines_are_not_listened_to(host: str) -> None:
    with pytest.raises(UserError, match="on this machine alone"):
        demand_token(host, "")
    demand_token(host, TOKEN)
    for own in ("127.0.0.1", "localhost", "::1", "127.0.0.2"):
        demand_token(own, "")


def test_the_command_says_what_is_to_be_mended(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert main(["serve", "--host", "0.0.0.0"]) == 1
    assert "Without a token" in capsys.readouterr().err
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["serve", "--port", str(taken.getsockname()[1])]) == 1
    assert "cannot listen at 127.0.0.1" in capsys.readouterr().err


def test_a_machine_without_fastapi_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for lacking in ("fastapi", "uvicorn", "multipart", "fastapi_offline"):
        monkeypatch.setattr(
            serve, "find_spec", lambda name, lacking=lacking: name != lacking or None
        )
        assert main(["serve"]) == 1
        said = capsys.readouterr().err
        assert f"needs {lacking}, which is not installed" in said
        assert 'pip install "polygin-studio[service]"' in said
