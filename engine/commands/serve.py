"""`serve`: predictions for other programs, over HTTP."""

import argparse
import os
import socket
from importlib.util import find_spec
from pathlib import Path

from ..base.errors import UserError
from ..base.limits import limits
from .options import Commands, port, whole_number
from .output import print_line

_NEEDED = ("fastapi", "uvicorn", "multipart", "fastapi_offline")
_HOST, _PORT = "127.0.0.1", 8600


def add(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser("serve", help="answer other programs over HTTP")
    command.add_argument("--host", default=_HOST, help=f"address to listen at; {_HOST} by default")
    command.add_argument("--port", type=port, default=_PORT, help=f"{_PORT} by default")
    command.add_argument(
        "--workers",
        type=whole_number,
        metavar="N",
        help="processes that predict; one a core, 4 at most",
    )
    command.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="holds the token that callers show, and only you may read it; else POLYGIN_TOKEN does",
    )
    command.set_defaults(carry_out=_serve)


def _serve(arguments: argparse.Namespace) -> None:
    """Answer until Ctrl-C."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise UserError(
            f"The service needs {' and '.join(missing)}, which is not installed: pip install "
            '"polygin-studio[service]"'
        )
    # Here: the other commands need not have them.
    from ..service.app import make_app
    from ..service.connections import server_of
    from ..service.jobs import Jobs
    from ..service.settings import ServiceSettings, demand_token, read_token, usual_workers

    token = read_token(arguments.token_file)
    demand_token(arguments.host, token)
    settings = ServiceSettings(
        token=token,
        workers=arguments.workers or usual_workers(),
        limits=limits(),
        preload=os.environ.get("POLYGIN_PRELOAD") != "0",
    )
    with _listening(arguments.host, arguments.port) as listener:
        jobs = Jobs(settings.limits)
        _tell(arguments.host, listener.getsockname()[1], bool(token))
        server_of(make_app(settings, jobs)).run(sockets=[listener])


def _listening(host: str, number: int) -> socket.socket:
    """A socket at an address.

    Raises:
        UserError: when it is none of this machine, or taken.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(
            f"The service cannot listen at {host}, port {number}: {reason}. Give another --port."
        ) from error


def _tell(host: str, number: int, asks: bool) -> None:
    at = f"[{host}]" if ":" in host else host
    print_line(f"Answering at http://{at}:{number} (what can be asked: /docs); Ctrl-C ends it.")
    if asks:
        print_line("Callers have to show the token.")
    else:
        print_line("No token is set: it answers on this machine alone, to whoever is on it.")
