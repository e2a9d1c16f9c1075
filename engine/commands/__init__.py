"""The command line: words in, words out; the work is done by the rest of the engine."""

import os
import sys

from rich.console import Console

from engine.commands.arguments import parser
from engine.errors import UserError


def main(words: list[str] | None = None) -> int:
    """Carry out one command; returns the exit code, 1 when the user has something to mend."""
    arguments = parser().parse_args(words)
    try:
        return arguments.carry_out(arguments) or 0
    except UserError as error:
        Console(stderr=True).print(f"[red]Error:[/red] {error}", highlight=False, soft_wrap=True)
        return 1
    except BrokenPipeError:
        # The reader has gone (`| head`): nothing is wrong, and nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
