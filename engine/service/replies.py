"""Replies: JSON that any text can be in, and one form for all that is refused."""

import json
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from ..base.errors import UserError
from ..base.wording import clipped
from ..base.workspace import home

_TOLD = 3
"""Faults of a body that are named."""

_LONGEST_PLACE = 80
_FAULTS = {"missing": "is missing", "extra_forbidden": "is none of the fields that are known here"}
"""What is said of a field, where pydantic's words are meant for programmers."""


class UnknownError(UserError):
    """There is no such model or job."""


class NotReadyError(UserError):
    """What is asked for is not there yet, or never will be."""


class TooManyError(UserError):
    """More is asked for at once than a call may have."""


class LateError(UserError):
    """A call took too long."""


class BusyError(UserError):
    """As much waits already as may wait.

    Attributes:
        seconds: after which to ask again.
    """

    def __init__(self, words: str, seconds: int) -> None:
        """Say what is full, and when to ask again."""
        super().__init__(words)
        self.seconds = seconds


_STATUS: dict[type[UserError], int] = {
    UnknownError: 404,
    NotReadyError: 409,
    TooManyError: 413,
    BusyError: 503,
    LateError: 504,
}


class Reply(JSONResponse):
    """JSON in UTF-8, with `?` in place of halves of characters, which no file can hold."""

    def render(self, content: Any) -> bytes:
        """The bytes."""
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode("utf-8", "replace")


def refusal(status: int, words: str, headers: Mapping[str, str] | None = None) -> Reply:
    """A reply that says in a sentence why there is no other."""
    return Reply({"detail": words}, status, headers)


def refusal_of(error: UserError) -> Reply:
    """What is said of something that the caller can mend."""
    headers = {"Retry-After": str(error.seconds)} if isinstance(error, BusyError) else None
    status = next((own for kind, own in _STATUS.items() if isinstance(error, kind)), 422)
    return refusal(status, without_places(str(error)), headers)


def without_places(words: str) -> str:
    """A sentence without the place of the workspace on the server, which is nobody's business."""
    return words.replace(f"{home()}/", "")


def add_refusals(app: FastAPI) -> None:
    """Let an app say of all that it refuses why, in one form."""
    app.add_exception_handler(UserError, _user_error)
    app.add_exception_handler(RequestValidationError, _bad_body)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _own_error)


async def _user_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, UserError)
    return refusal_of(error)


async def _bad_body(request: Request, error: Exception) -> Response:
    """Say what is wrong with a body, without repeating it."""
    assert isinstance(error, RequestValidationError)
    if words := _wrong_kind(request):
        return refusal(422, words)
    told = []
    for fault in error.errors()[:_TOLD]:
        if fault["type"] == "json_invalid":
            return refusal(422, "The body is no JSON.")
        if fault["loc"] == ("body",):
            return refusal(422, "The body is no JSON object with the names of what is asked for.")
        place = clipped(".".join(map(str, fault["loc"][1:])), _LONGEST_PLACE)
        plain = _FAULTS.get(fault["type"])
        told.append(f"`{place}` {plain}" if plain else f"{place}: {fault['msg']}")
    return refusal(422, f"The request is not understood: {'; '.join(told)}.")


def _wrong_kind(request: Request) -> str:
    """What is wrong with the kind of a body; empty where it is the one that is read."""
    given = request.headers.get("content-type", "")
    kind = given.partition(";")[0].strip().lower()
    said = f"it is {clipped(kind)!r} here" if kind else "it is missing here"
    if _is_upload(request):
        if kind == "multipart/form-data":
            return ""
        return (
            "A table is uploaded with the Content-Type multipart/form-data, as `curl -F "
            f"file=@units.csv` does it; {said}."
        )
    if kind == "application/json" or kind.endswith("+json"):
        return ""
    return (
        "The body is read as JSON only where the header Content-Type says so, and "
        f"{said}: send `Content-Type: application/json`."
    )


def _is_upload(request: Request) -> bool:
    return request.url.path.endswith("/jobs")


async def _http_error(request: Request, error: Exception) -> Response:
    """Say in a sentence what a status alone does not tell."""
    assert isinstance(error, HTTPException)
    path = clipped(request.url.path, _LONGEST_PLACE)
    if error.status_code == 404:
        words = f"There is nothing at {path}; GET /docs shows what can be asked."
    elif error.status_code == 405:
        answered = (error.headers or {}).get("Allow", "")
        words = f"{clipped(request.method)} is not answered at {path}; {answered} is."
    elif error.status_code == 400 and _is_upload(request):
        words = f"The upload cannot be read as multipart/form-data: {error.detail}"
    elif error.status_code == 400:
        words = "The body cannot be read: it is no JSON in UTF-8."
    else:
        words = str(error.detail)
    return refusal(error.status_code, words, error.headers)


async def _own_error(request: Request, error: Exception) -> Response:
    words = "An error of PolyGIN Studio; what the service printed tells more."
    return refusal(500, words)
