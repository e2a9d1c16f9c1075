"""The benchmark's arguments, for `python -m engine bench` and `python -m bench.speed` alike."""

import argparse
import shlex
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.speed.run import Options


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add what both commands take."""
    command.add_argument(
        "--features",
        metavar="FILE.safetensors",
        help="stored features with random labels, in place of TABLE",
    )
    command.add_argument(
        "--only", metavar="PARTS", help="of loop,features,prediction,memory,device; all without"
    )
    command.add_argument("--peer", choices=["chemprop"], help="time its epochs too")
    command.add_argument(
        "--chemprop", metavar="PATH", help="its command, or the Python of its environment"
    )
    command.add_argument("--quick", action="store_true", help="a few steps, to see that it works")
    command.add_argument(
        "--json",
        nargs="?",
        const="",
        metavar="FILE.json",
        help="write the results to a file; print them without one",
    )


def options_of(arguments: argparse.Namespace) -> "Options":
    """What the arguments ask for.

    Raises:
        UserError: when a part is unknown.
    """
    from bench.speed.run import Options, parts_of

    return Options(
        command=shlex.join(["python", *sys.orig_argv[1:]]),
        parts=parts_of(arguments.only),
        quick=arguments.quick,
        peer=arguments.peer == "chemprop",
        chemprop=arguments.chemprop,
    )
