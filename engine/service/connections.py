"""The connections of the service: none that says nothing, or takes nothing, keeps others out."""

import asyncio
import json
from typing import Any, cast

import h11
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

from .replies import refusal

_GRACE_SECONDS = 10
_RETRY = "1"


class Connection(H11Protocol):
    """A connection over HTTP/1.1, whose next request has a time to arrive.

    The server reads a request's head for as long as it takes, and counts the connection among those
    that there may be. So anybody, also without a token, could shut all others out by opening many
    and sending nothing. Here such a connection is closed after a while; and where there are many,
    the one that has said nothing for longest makes room for the one that comes.

    Attributes:
        head_seconds: in which a request's head has to arrive.
        rest_seconds: in which the rest of a request that was answered before it was whole has to
            arrive, or a part of an answer has to be taken.
        most: connections that may be open at once. Where all of them have a request that is being
            answered, what one more asks is answered with 503.
    """

    head_seconds = 20.0
    rest_seconds = 300.0
    most = 800  # a process may often have 1,024 files open

    _timer: asyncio.TimerHandle | None = None
    _stall: asyncio.TimerHandle | None = None
    _seconds = 0.0
    _since = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether no request is being answered, or its answer is not taken."""
        is_answering = self.cycle is not None and not self.cycle.response_complete
        return not is_answering or self._stall is not None

    def __init__(self, *given: Any, **named: Any) -> None:
        """As the server makes it."""
        super().__init__(*given, **named)
        self._admitted, self.app = self.app, cast(Any, self._admit)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, unless as many are being answered as may be."""
        if len(self.connections) > self.most:
            words = "As many requests are being answered as may be: ask again later."
            reply = refusal(503, words, {"Retry-After": _RETRY, "Connection": "close"})
            await reply(scope, receive, send)
        else:
            await cast(ASGIApp, self._admitted)(scope, receive, send)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Make room for it."""
        if len(self.connections) >= self.most:
            others = cast("set[Connection]", self.connections)
            if idle := [each for each in others if each.is_idle]:
                min(idle, key=lambda each: each._since).end()
        super().connection_made(transport)
        self._since = self.loop.time()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        _cancel(self._timer)
        _cancel(self._stall)
        self._timer = self._stall = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See whether a request has come."""
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._since = self.loop.time()
        super().on_response_complete()
        self._look()

    def pause_writing(self) -> None:
        """Wait until some of the answer has been taken."""
        super().pause_writing()
        self._stall = self._stall or self.loop.call_later(self.rest_seconds, self.end)

    def resume_writing(self) -> None:
        """Some of it has."""
        super().resume_writing()
        _cancel(self._stall)
        self._stall = None

    def end(self) -> None:
        """Close it at once, and say why where half a request has come."""
        self.connections.discard(self)  # those that come count without it
        if self.conn.our_state is h11.IDLE and self.conn.trailing_data[0]:
            self._say(408, "The request did not arrive in time.")
        elif self.transport.get_write_buffer_size():
            self.transport.abort()
        self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Say that what has come is no request, as all else that is refused is said."""
        self._say(400, "What was sent is no request of HTTP.")

    def _look(self) -> None:
        """Wait for what is to come next, and not for what has come."""
        if self.transport.is_closing() and not self.transport.get_write_buffer_size():
            return
        if not self.is_idle:
            _cancel(self._timer)
            self._timer = None
            return
        is_whole = self.conn.their_state is not h11.SEND_BODY
        is_taken = not self.transport.get_write_buffer_size()
        seconds = self.head_seconds if is_whole and is_taken else self.rest_seconds
        if self._timer is None or seconds < self._seconds:
            _cancel(self._timer)
            self._timer = self.loop.call_later(seconds, self.end)
            self._seconds = seconds

    def _say(self, status: int, words: str) -> None:
        """Answer before there is a request, and close the connection."""
        body = json.dumps({"detail": words}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        for event in (
            h11.Response(status_code=status, headers=headers, reason=STATUS_PHRASES[status]),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()


def server_of(app: ASGIApp, connection: type[Connection] = Connection) -> uvicorn.Server:
    """The server of an app.

    Args:
        app: that answers requests.
        connection: how each connection is treated.
    """
    settings: dict[str, Any] = {
        "http": connection,
        "ws": "none",
        "log_level": "warning",
        "server_header": False,
        "timeout_graceful_shutdown": _GRACE_SECONDS,
    }
    return uvicorn.Server(uvicorn.Config(app, **settings))
