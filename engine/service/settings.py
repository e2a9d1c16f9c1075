"""How the service is set up: where it listens, who may ask, and how much."""

import ipaddress
import os
import stat
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from ..base.errors import UserError
from ..base.hardware import usable_cores
from ..base.limits import Limits
from ..base.plain_files import read_file

TOKEN = "POLYGIN_TOKEN"  # noqa: S105  the name of the variable
"""The variable of the environment that holds the token."""

_LEAST_TOKEN, _MOST_TOKEN = 16, 4096
_MOST_WORKERS = 4
"""Processes that are started unless more are asked for: each holds the model, 600 MB."""


class ServiceSettings(BaseModel):
    """How a service is set up.

    Attributes:
        token: what a caller has to show; empty where nothing is asked.
        workers: processes that answer calls.
        limits: of the workspace.
        preload: whether processes load the default model when the service starts.
        call_seconds: after so long, a call is given up.
        cpu_seconds: processor time that the units of a call may take; so much less than a call has
            that one of them that runs away leaves time for the calls that waited with it.
        call_bytes: that a call may have, without uploads.
        body_seconds: in which a request has to arrive as a whole.
    """

    model_config = ConfigDict(frozen=True)

    token: str = ""
    workers: int = Field(default=1, ge=1)
    limits: Limits = Limits()
    preload: bool = True
    call_seconds: float = Field(default=60.0, gt=0)
    cpu_seconds: float = Field(default=15.0, gt=0)
    call_bytes: int = Field(default=2**20, ge=1)
    body_seconds: float = Field(default=300.0, gt=0)

    @property
    def upload_bytes(self) -> int:
        """That an uploaded table may have, with the fields beside it."""
        return self.limits.upload_mb * 2**20 + self.call_bytes


def usual_workers() -> int:
    """How many processes answer calls where nobody says."""
    return min(usable_cores(), _MOST_WORKERS)


def read_token(file: Path | None) -> str:
    """The token that callers have to show; empty where none is set.

    Args:
        file: that holds it, which nobody but its owner may read; else the environment is asked.

    Raises:
        UserError: when the file cannot be read or others may read it, or the token is too short.
    """
    if file is None:
        token, place = os.environ.get(TOKEN, ""), TOKEN
        if not token:
            return ""
    else:
        token, place = _token_of(file), str(file)
    token = token.strip()
    if not _LEAST_TOKEN <= len(token) <= _MOST_TOKEN or not (
        token.isascii() and token.isprintable()
    ):
        raise UserError(
            f"{place} holds no token: give {_LEAST_TOKEN} or more letters, digits and signs, such "
            "as `openssl rand -hex 32` makes."
        )
    return token


def _token_of(file: Path) -> str:
    data = read_file(file, "It should hold the token.", _MOST_TOKEN)
    mode = stat.S_IMODE(file.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        raise UserError(
            f"{file} may be read by others (mode {mode:03o}), and it holds the token: chmod 600."
        )
    return data.decode("utf-8", "replace")


def demand_token(host: str, token: str) -> None:
    """Refuse to listen to other machines without a token.

    Raises:
        UserError: when there is none, and the address is not this machine's own.
    """
    if not token and not is_local(host):
        raise UserError(
            f"Without a token the service answers on this machine alone, and not at {host}: set "
            f"{TOKEN}, or give --token-file, or leave out --host."
        )


def is_local(host: str) -> bool:
    """Whether a name or an address is this machine's own, which no other machine reaches."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
