"""Replies: JSON that any text can be in, and one form for all that is refused."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse

from ..base.errors import UserError
from ..base.workspace import home


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
