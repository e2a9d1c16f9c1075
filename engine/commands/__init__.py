"""The command line: words in, words out; the work is done by the rest of the engine."""

import os
import sys

from rich.console import Console
from rich.text import Text

from ..base.errors import UserError
from .arguments import parser

_INTERRUPTED = 130
"""The exit code that shells give a command ended by Ctrl-C."""


def main(words: list[str] | None = None) -> int:
    """Carry out one command; returns the exit code, 1 when the user has something to mend."""
    arguments = parser().parse_args(words)
    try:
        return arguments.carry_out(arguments) or 0
    except UserError as error:
        return _complain(str(error))
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader has gone (`| head`): nothing is wrong, and nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _complain(f"{error.filename or 'A file'} cannot be used: {error.strerror or error}.")


def _complain(sentence: str) -> int:
    """Say what is to be mended; returns the exit code."""
    text = Text("Error: ", style="red").append(sentence, style="default")
    Console(stderr=True).print(text, soft_wrap=True)
    return 1
