"""The door of the service: who is let in, how large a request may be, how long it may take."""

import asyncio
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .replies import Reply, refusal
from .settings import ServiceSettings, is_local

OPEN = ("/", "/health", "/openapi.json", "/docs")
"""What is answered without a token; it tells nothing of the workspace."""

_SCHEME = "bearer "
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\s\[\]@:/?#;,]+)(?::\d{1,5})?")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}


class _RefusedError(Exception):
    """The request was refused while it was read."""


class Door:
    """Lets a request in, or says why not; what is let in has a size and a time to arrive."""

    def __init__(
        self, app: ASGIApp, settings: ServiceSettings, policy: Callable[[str], str]
    ) -> None:
        """Stand before an app.

        Args:
            app: what is let in is passed to it.
            settings: of the service.
            policy: the Content-Security-Policy of an address.
        """
        self._app, self._settings, self._policy = app, settings, policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return
        headers, path = Headers(scope=scope), scope["path"]
        send = self._with_headers(send, path)
        most = self._most_bytes(path)
        if reply := self._refusal(headers, path, most):
            await reply(scope, receive, send)
            return
        reading = _Reading(receive, send, most, self._settings.body_seconds)
        with suppress(_RefusedError):
            await self._app(scope, reading.receive, reading.send)
        if reading.reply:
            await reading.reply(scope, receive, send)

    def _refusal(self, headers: Headers, path: str, most: int) -> Reply | None:
        token = self._settings.token
        if token:
            is_open = path in OPEN or path.startswith("/docs/")
            if not is_open and (words := _not_shown(headers, token)):
                return refusal(401, words, {"WWW-Authenticate": "Bearer"})
        elif words := _foreign(headers):
            return refusal(403, words)
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length[:20]) > most:
            return _too_large(most)
        return None

    def _most_bytes(self, path: str) -> int:
        settings = self._settings
        return settings.upload_bytes if path.rstrip("/") == "/jobs" else settings.call_bytes

    def _with_headers(self, send: Send, path: str) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = self._policy(path)
                for name, value in _HEADERS.items():
                    headers[name] = value
            await send(message)

        return sending


class _Reading:
    """A request that is read, and is refused when it is too large or does not come."""

    def __init__(self, receive: Receive, send: Send, most: int, seconds: float) -> None:
        self.reply: Reply | None = None
        self._receive, self._send = receive, send
        self._most, self._left = most, most
        self._whole = self._begun = False
        self._until = asyncio.get_running_loop().time() + seconds

    async def receive(self) -> Message:
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            reply = refusal(408, "The request did not arrive in time.", {"Connection": "close"})
            raise self._refused(reply) from None
        self._left -= len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._left < 0:
            raise self._refused(_too_large(self._most))
        return message

    async def send(self, message: Message) -> None:
        # What the app makes of a request that it could not read is not what is said of it.
        if self.reply is None:
            self._begun = True
            await self._send(message)

    def _refused(self, reply: Reply) -> _RefusedError:
        if not self._begun:
            self.reply = reply
        return _RefusedError()


def _too_large(most: int) -> Reply:
    # The server goes on to read, and drops it: a client whose connection ends sees no reply.
    return refusal(413, f"The request is too large: {most / 2**20:,.2f} MB are read at most.")


def _not_shown(headers: Headers, token: str) -> str:
    """Why a request does not show the token; empty where it does."""
    said = headers.get("authorization", "")
    if not said:
        return "Show the token of this service in a header: `Authorization: Bearer TOKEN`."
    if said[: len(_SCHEME)].lower() != _SCHEME:
        return "The header Authorization shows no token: it should be `Bearer TOKEN`."
    # Takes as long wherever they differ.
    if not secrets.compare_digest(said[len(_SCHEME) :].strip().encode(), token.encode()):
        return "The token that is shown is not that of this service."
    return ""


def _foreign(headers: Headers) -> str:
    """Why a request is not of this machine's own programs; empty where it is.

    Without a token, a page of any web site in a browser of this machine could ask, also under a
    name of its own that leads to 127.0.0.1 (DNS rebinding).
    """
    hosts = headers.getlist("host")
    found = _HOST.fullmatch(hosts[0].lower()) if len(hosts) == 1 else None
    if not found or not is_local(found[1].strip("[]")):
        return "Without a token this service answers under this machine's own names alone."
    origins = headers.getlist("origin")
    site = headers.get("sec-fetch-site", "none")
    if site not in ("none", "same-origin") or not all(_is_ours(each, hosts[0]) for each in origins):
        return "Without a token this service does not answer to web pages of others."
    return ""


def _is_ours(origin: str, host: str) -> bool:
    try:
        return urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:  # it is no address
        return False
