"""Where people sign in: whose a request is, and whose are the files that it asks for."""

import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

import streamlit as st
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from streamlit import runtime
from streamlit.web.server.server_util import AUTH_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import _get_signed_cookie_with_chunks

FAILED = "sign-in"
"""The parameter of the address that tells the page that nobody could be signed in."""

_MEDIA, _UPLOAD = "/media/", "/_stcore/upload_file/"
_GUARDED = (_MEDIA, _UPLOAD, "/component/", "/_stcore/bidi-components/", "/_stcore/agent/")
_MOST_REMEMBERED = 10_000

_seen: dict[tuple[str, str], None] = {}
"""The files that pages have offered, each with who saw it there; the latest last."""


def is_set_up() -> bool:
    """Whether this server asks people who they are.

    Also where its secrets cannot be read: what was to be closed must not stand open.
    """
    try:
        return "auth" in st.secrets
    except OSError as error:
        return getattr(error, "error_id", "") != "no-secrets-found"


def refusal(request: HTTPConnection, path: str) -> str:
    """Why an address is not opened to whoever asks for it; empty where it is.

    Pages ask for a sign-in themselves; media, uploads and components have nothing but an address.

    Args:
        request: with the cookies.
        path: without the server's base.
    """
    if not path.startswith(_GUARDED) or not is_set_up():
        return ""
    person = _person(_signed(request))
    if not person:
        return "Sign in first."
    if path.startswith(_MEDIA):
        offered = PurePosixPath(path).stem, person
        if offered not in {*_files()} and offered not in _seen:
            return "This file is not yours, or no longer there."
    if path.startswith(_UPLOAD):
        session = path.removeprefix(_UPLOAD).partition("/")[0]
        if person not in {whose for key, whose in _sessions() if key == session}:
            return "This upload is not yours."
    return ""


def remember_files() -> None:
    """Note whose the files are that pages offer now.

    Said at the end of each run of a page: while it runs again its files are nobody's, and what
    hangs on the old buttons can still be clicked.
    """
    if not is_set_up():
        return
    for each in _files():
        _seen.pop(each, None)
        _seen[each] = None
    while len(_seen) > _MOST_REMEMBERED:
        _seen.pop(next(iter(_seen)), None)


def signs_in(headers: Headers) -> bool:
    """Whether an answer gives somebody the cookie of a sign-in."""
    begin = f"{AUTH_COOKIE_NAME}="
    given = (each for each in headers.getlist("set-cookie") if each.startswith(begin))
    return any(each.removeprefix(begin).partition(";")[0].strip('"') for each in given)


def log_failure() -> None:
    """Write into the server's log why nobody could be signed in."""
    logging.getLogger(__name__).warning("Signing in failed.", exc_info=True)


def _signed(request: HTTPConnection) -> Mapping[str, Any]:
    """What the cookie says of who asks; empty where it is missing, forged or too old."""
    content = _get_signed_cookie_with_chunks(request.cookies, AUTH_COOKIE_NAME)
    try:
        said = json.loads(content) if content else {}
    except ValueError:
        return {}
    return said if isinstance(said, dict) and said.get("is_logged_in") else {}


def _person(said: Mapping[str, Any]) -> str:
    """Who it is, the same at each sign-in; empty for nobody."""
    known = said.get("sub") or said.get("email")
    return f"{said.get('iss', '')} {known}" if known else ""


def _files() -> Iterator[tuple[str, str]]:
    """The files that pages offer now, each with who sees it there."""
    if not runtime.exists():
        return
    people = dict(_sessions())
    # Streamlit tells nobody else whose its files are.
    held = runtime.get_instance().media_file_mgr._files_by_session_and_coord
    for session, places in list(held.items()):
        for file in list(places.values()):
            if person := people.get(session):
                yield file, person


def _sessions() -> Iterator[tuple[str, str]]:
    if runtime.exists():
        for info in runtime.get_instance()._session_mgr.list_sessions():
            yield info.session.id, _person(info.session._user_info)
