"""`bench`: measures this machine; a part of the checkout that no installed package has."""

import argparse
from importlib import import_module
from importlib.util import find_spec

from ..base.errors import UserError
from ..base.workspace import CHECKOUT
from .options import Commands


def add(commands: Commands) -> None:
    """Add the command; what it takes is for `bench/speed/command.py` to say."""
    command = commands.add_parser("bench", help="measure speed and memory on this machine")
    if CHECKOUT and find_spec("bench"):
        import_module("bench.speed.command").add_to(command)
    else:
        command.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
        command.set_defaults(carry_out=_refuse)


def _refuse(arguments: argparse.Namespace) -> None:
    raise UserError(
        "The benchmark belongs to a checkout of the project: run it in its folder, by "
        "`python -m engine bench`."
    )
