"""A visitor without a browser: asks for addresses, opens pages by WebSocket, with any headers."""

import http.client
import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web.server.starlette.starlette_app_utils import (
    create_signed_value,
    generate_xsrf_token_string,
)
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

SECRET = "the secret of this server's cookies"
_USER, _XSRF = "_streamlit_user", "_streamlit_xsrf"
_MEDIA = re.compile(rb"/media/[0-9a-f]+\.\w+")
_SECONDS = 120


def status(port: int, path: str, method: str = "GET", **headers: str) -> int:
    """The status of an answer; `headers` with `_` for `-`."""
    return answer(port, path, method, **headers)[0]


def answer(port: int, path: str, method: str = "GET", **headers: str) -> tuple[int, dict, bytes]:
    """An answer's status, headers and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    host = named.pop("Host", f"localhost:{port}")
    connection.putrequest(method, path, skip_host=True)
    for name, value in {"Host": host, **named}.items():
        connection.putheader(name, value)
    connection.endheaders()
    got = connection.getresponse()
    content = got.status, {name.lower(): value for name, value in got.getheaders()}, got.read()
    connection.close()
    return content


def cookie(port: int, secret: str = SECRET, **said: object) -> str:
    """The cookie of somebody who has signed in, as the server would sign it."""
    content = {"origin": f"http://localhost:{port}", "is_logged_in": True, **said}
    return f"{_USER}={create_signed_value(secret, _USER, json.dumps(content)).decode()}"


def websocket_status(port: int, host: str, origin: str | None) -> int:
    """The status with which the WebSocket answers; 101 where it opens."""
    headers = {"Host": host} | ({"Origin": origin} if origin else {})
    try:
        with _connected(port, headers):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


@contextmanager
def page(
    port: int, name: str, query: str = "", signed: str = "", resumed: str = ""
) -> Iterator[tuple[bytes, str]]:
    """All that the server sends to draw a page, and its session's name, while it stays open.

    Args:
        port: of the server.
        name, query: of the page, in its address.
        signed: the cookie of who opens it.
        resumed: the name of a session that is to go on.
    """
    token = generate_xsrf_token_string()
    headers = {
        "Host": f"localhost:{port}",
        "Origin": f"http://localhost:{port}",
        "Cookie": f"{_XSRF}={token}; {signed}",
    }
    with _connected(port, headers, ["streamlit", token, *filter(None, [resumed])]) as connection:
        ask = BackMsg()
        ask.rerun_script.page_name, ask.rerun_script.query_string = name, query
        connection.send(ask.SerializeToString())
        messages = list(_until_drawn(connection))
        begun = ForwardMsg.FromString(messages[0]).new_session.initialize
        yield b"".join(messages), begun.session_id


def media(drawn: bytes) -> list[str]:
    """The addresses of the files that a page offers."""
    return [each.decode() for each in _MEDIA.findall(drawn)]


def _connected(port: int, headers: dict[str, str], words: list[str] | None = None):
    host = headers.pop("Host")
    return connect(
        f"ws://{host}/_stcore/stream",
        sock=socket.create_connection(("127.0.0.1", port)),
        additional_headers=headers,
        subprotocols=words,
        max_size=None,
        open_timeout=_SECONDS,
    )


def _until_drawn(connection: ClientConnection) -> Iterator[bytes]:
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        content = connection.recv(timeout=_SECONDS)
        assert isinstance(content, bytes)
        yield content
        message = ForwardMsg.FromString(content)
        ended = message.WhichOneof("type") == "script_finished"
        if ended and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return
    raise TimeoutError("the page was not drawn in time")
