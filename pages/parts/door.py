"""The door of the server: under which names it answers, to whom, and what its pages may load.

It stands before all of Streamlit's addresses: WebSocket, health, media, uploads, components, files.
"""

import asyncio
import base64
import functools
import os
import re
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import streamlit
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config, runtime
from streamlit.web.server import server_util

from pages.parts import signed_in

LOCAL = ("localhost", "127.0.0.1", "::1")
"""The names under which the server always answers; its settings may list more."""
_SIGN_IN = ("/auth/login", "/oauth2callback")
_FIRST_PAGE = "/predict"
"""The name of the page that Streamlit has at `/` alone, though the others are at their names."""
_COMPONENT = "/component/"
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\s\[\]@:/?#;,]+)(?::\d{1,5})?")
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_INDEX = Path(streamlit.__file__).parent / "static" / "index.html"

# The page itself runs no script that is not one of Streamlit's files. Plotly compiles the shaders'
# calls of its fast charts, hence 'unsafe-eval'. The editor's and the chart's own pages, which hold
# nothing of a user's, are written with scripts between their lines.
_PAGE = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "media-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'self'",
}
# What users have made, a report or a drawing: if it is opened by its own address, it runs nothing.
_MEDIA = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Door:
    """Lets in what is asked under a listed name, by our own pages; the rest gets 403.

    A page of another web site can make a name of its own mean 127.0.0.1 (DNS rebinding); then its
    requests are of one origin, and only the name in `Host` tells them from ours.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request, path = HTTPConnection(scope), _path(scope)
        host = _host(request.headers)
        if scope["type"] == "http":
            send = _with_headers(send, path, host)
        if refusal := _refusal(host, request.headers) or signed_in.refusal(request, path):
            await _refuse(refusal, scope, receive, send)
        elif path in _SIGN_IN:
            await self._sign_in(path, scope, receive, send)
        elif scope["type"] == "http" and path.rstrip("/") == _FIRST_PAGE:
            query = f"?{request.url.query}" if request.url.query else ""
            await RedirectResponse(f"{_home()}{query}")(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _sign_in(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Lead back to the page that asks for a sign-in, with a word, where there was none."""
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)

        try:
            await self._app(scope, receive, keep)
            failed = _sign_in_failed(path, answer)
        except Exception:
            signed_in.log_failure()
            failed = True
        if failed:
            response = RedirectResponse(f"{_home()}?{signed_in.FAILED}=failed", status_code=303)
            await response(scope, receive, send)
            return
        for message in answer:
            await send(message)


@asynccontextmanager
async def starting(_app: object) -> AsyncIterator[None]:
    """Before the first request: tell Streamlit the names too, and open a browser if asked.

    Meanwhile the default model is loaded, which would let the first visitor wait for seconds;
    `POLYGIN_PRELOAD=0` leaves that to the first visit.
    """
    if os.environ.get("POLYGIN_PRELOAD") != "0":
        Thread(target=_load_quietly, name="loading", daemon=True).start()
    config.set_option("server.allowedHosts", _names())
    if not config.get_option("server.headless"):
        # The socket listens already. Streamlit itself opens none for an app with a door.
        address = server_util.get_display_address(
            config.get_option("server.address") or "localhost"
        )
        webbrowser.open(server_util.get_url(address))
    forgetting = asyncio.create_task(_forget_ended_sessions())
    yield
    forgetting.cancel()


def _load_quietly() -> None:
    """Load the default model; where that fails, the page that needs it will say why."""
    # Here: this file is imported before the server listens.
    from pages.parts.models import load_default_model

    with suppress(Exception):
        load_default_model()


async def _forget_ended_sessions() -> None:
    """Let go of sessions whose browser has been gone for a while.

    Streamlit keeps each for that while, with its uploads and three file descriptors, but looks for
    old ones only when the next session comes or goes.
    """
    storage = runtime.get_instance()._session_mgr._session_storage
    while True:
        await asyncio.sleep(max(config.get_option("server.disconnectedSessionTTL"), 1))
        storage._cache.expire()


def policy(path: str, host: str) -> str:
    """The Content-Security-Policy of an address.

    Args:
        path: of the address, without the server's base.
        host: the name and port that are asked for; empty where they are not served.
    """
    if path.startswith("/media/"):
        return _MEDIA
    # Not all browsers take 'self' for WebSockets too.
    rules = _PAGE | ({"connect-src": f"'self' ws://{host} wss://{host}"} if host else {})
    if path.startswith(_COMPONENT):
        rules["script-src"] += " 'unsafe-inline'"
    else:
        rules["script-src"] += _inline_scripts()
    return "; ".join(f"{name} {value}" for name, value in rules.items())


@functools.cache
def _inline_scripts() -> str:
    """The digests of the scripts in Streamlit's own page, which may run."""
    scripts = _INLINE.findall(_INDEX.read_text(encoding="utf-8"))
    digests = (sha256(text.encode()).digest() for text in scripts)
    return "".join(f" 'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


def _home() -> str:
    """The address of the first page."""
    base = config.get_option("server.baseUrlPath").strip("/")
    return f"/{base}/" if base else "/"


def _path(scope: Scope) -> str:
    """The path without the server's base."""
    base = config.get_option("server.baseUrlPath").strip("/")
    return scope["path"].removeprefix(f"/{base}") if base else scope["path"]


def _host(headers: Headers) -> str:
    """The name and port that are asked for; empty where the server does not answer under it."""
    hosts = headers.getlist("host")
    found = _HOST.fullmatch(hosts[0].lower()) if len(hosts) == 1 else None
    if not found:
        return ""
    name = found[1].strip("[]").rstrip(".")
    return hosts[0] if any(_fits(name, pattern) for pattern in _names()) else ""


def _refusal(host: str, headers: Headers) -> str:
    """Why a request is not answered; empty where it is."""
    if not host:
        return (
            "This server does not answer under that name. Whoever runs it can list further names: "
            "see docs/server.md."
        )
    origins = headers.getlist("origin")
    # A picture or a script of another page is asked for without an origin; a link is followed.
    foreign = headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
    embedded = foreign and headers.get("sec-fetch-mode") != "navigate" and not origins
    if embedded or not all(_is_ours(origin, host) for origin in origins):
        return "This server answers only to its own pages."
    return ""


def _names() -> list[str]:
    """The names under which the server answers."""
    listed = (name.strip().lower().rstrip(".") for name in config.get_option("server.allowedHosts"))
    return list(dict.fromkeys([*LOCAL, *listed]))


def _fits(name: str, pattern: str) -> bool:
    if pattern.startswith("*."):
        return name.endswith(pattern[1:])
    return pattern in ("*", name)


def _is_ours(origin: str, host: str) -> bool:
    """Whether a page of that origin is one of ours, or of one that the settings list."""
    if origin in config.get_option("server.corsAllowedOrigins"):
        return True
    try:
        return urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:  # it is no address
        return False


async def _refuse(words: str, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        # Before it is accepted: the browser gets 403.
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": ""})
        return
    await PlainTextResponse(words, status_code=403)(scope, receive, send)


def _with_headers(send: Send, path: str, host: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Content-Security-Policy"] = policy(path, host)
            for name, value in _HEADERS.items():
                headers[name] = value
        await send(message)

    return sending


def _sign_in_failed(path: str, answer: list[Message]) -> bool:
    """Whether an answer leads neither to the provider nor to a page for somebody signed in."""
    start = next(message for message in answer if message["type"] == "http.response.start")
    headers = Headers(raw=start["headers"])
    if path == "/oauth2callback":
        return not signed_in.signs_in(headers)
    return not urlsplit(headers.get("location", "")).netloc
