"""Connections that say nothing, half a request, or take no answer: they keep nobody out."""

import asyncio
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from engine.service.connections import Connection, server_of

_LARGE = 2**25
_PATIENCE = 60


class _Few(Connection):
    """Few connections, with time enough for a busy machine."""

    most = 20


class _Brief(Connection):
    """Little time."""

    head_seconds, rest_seconds = 0.3, 0.6


async def _short(request: Request) -> Response:
    return PlainTextResponse("ok")


async def _large(request: Request) -> Response:
    return StreamingResponse(b"x" * 2**16 for _ in range(_LARGE // 2**16))


@contextmanager
def _served(connection: type[Connection]) -> Iterator[tuple[int, uvicorn.Server]]:
    app = Starlette(routes=[Route("/", _short), Route("/large", _large), Route("/late", _late)])
    server = server_of(app, connection)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            _until(lambda: server.started)
            yield listener.getsockname()[1], server
        finally:
            server.should_exit = True
            thread.join(_PATIENCE)


def _until(is_so) -> None:
    until = time.monotonic() + _PATIENCE
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)


def _status(port: int) -> int:
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    try:
        asking.request("GET", "/")
        return asking.getresponse().status
    finally:
        asking.close()


def _opened(port: int, sent: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
    connection.sendall(sent)
    return connection


def _rest(connection: socket.socket) -> bytes:
    """What comes until the service closes the connection."""
    received = b""
    try:
        while data := connection.recv(2**16):
            received += data
    except ConnectionResetError:
        pass
    return received


_ANSWERED = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx"
"""What is answered at once, with 405, though not all of it has come."""


@pytest.mark.parametrize("sent", [b"", b"GET /hea", b"GET / HTTP/1.1\r\nHost:", _ANSWERED])
def test_many_that_do_not_go_on_keep_nobody_out(sent: bytes) -> None:
    with _served(_Few) as (port, _), ExitStack() as opened:
        for _ in range(3 * _Few.most):
            opened.enter_context(_opened(port, sent))
        assert [_status(port) for _ in range(5)] == [200] * 5


def test_many_that_take_no_answer_keep_nobody_out() -> None:
    with _served(_Few) as (port, _), ExitStack() as opened:
        for _ in range(2 * _Few.most):
            opened.enter_context(_opened(port, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"))
            time.sleep(0.05)  # until its answer fills all buffers
        assert _status(port) == 200


async def _late(request: Request) -> Response:
    await asyncio.sleep(_PATIENCE)
    return PlainTextResponse("late")


def test_more_that_are_being_answered_than_may_be_are_told_to_come_again() -> None:
    with _served(_Few) as (port, server), ExitStack() as opened:
        for _ in range(_Few.most):
            opened.enter_context(_opened(port, b"GET /late HTTP/1.1\r\nHost: x\r\n\r\n"))
        _until(lambda: len(server.server_state.tasks) == _Few.most)
        asking = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
        asking.request("GET", "/")
        reply = asking.getresponse()
        assert (reply.status, reply.headers["Retry-After"]) == (503, "1")
        assert "As many requests" in json.loads(reply.read())["detail"]
        asking.close()
        server.force_exit = True


@pytest.mark.parametrize("sent", [b"GET /hea", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
def test_half_a_request_is_refused_after_a_while(sent: bytes) -> None:
    with _served(_Brief) as (port, _), _opened(port, sent) as connection:
        head, _, body = _rest(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert "did not arrive" in json.loads(body)["detail"]


@pytest.mark.parametrize("sent", [b"", _ANSWERED])
def test_what_says_nothing_is_closed_after_a_while(sent: bytes) -> None:
    with _served(_Brief) as (port, server), _opened(port, sent) as connection:
        assert _rest(connection).count(b"HTTP/1.1") == (1 if sent else 0)
        _until(lambda: not server.server_state.connections)


def test_what_takes_no_answer_is_closed_after_a_while() -> None:
    asked = b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"
    with _served(_Brief) as (port, server), _opened(port, asked) as connection:
        time.sleep(4 * _Brief.rest_seconds)
        _until(lambda: not server.server_state.connections)
        assert len(_rest(connection)) < _LARGE


def test_requests_that_follow_each_other_are_answered() -> None:
    asked = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    with _served(Connection) as (port, _), _opened(port, asked * 3) as connection:
        received = b""
        while received.count(b"\r\n\r\nok") < 3:
            received += connection.recv(1000)


def test_what_is_no_request_is_refused_in_a_sentence() -> None:
    with _served(Connection) as (port, _), _opened(port, b"no request\r\n\r\n") as connection:
        head, _, body = _rest(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert "no request" in json.loads(body)["detail"]
