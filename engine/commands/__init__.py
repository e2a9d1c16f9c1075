"""The command line: words in, words out; the work is done by the rest of the engine.

Each file of this room holds some commands: its `add` adds their parsers, and the function that
carries one out is the parser's `carry_out`.
"""

import argparse
import os
import sys

from rich.console import Console
from rich.text import Text

from ..base.errors import UserError
from ..base.workspace import COMMAND
from . import (
    bench,
    cluster,
    distil,
    doctor,
    find,
    kaggle,
    models,
    predict,
    presets,
    pretrain,
    report,
    runs,
    screen,
    serve,
    studio,
    train,
)

_INTERRUPTED = 130
"""The exit code that shells give a command ended by Ctrl-C."""


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; each sets `carry_out` to its function."""
    top = argparse.ArgumentParser(prog=COMMAND, description="PolyGIN Studio")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for module in (
        doctor,
        train,
        cluster,
        pretrain,
        presets,
        runs,
        report,
        models,
        find,
        predict,
        screen,
        distil,
        serve,
        kaggle,
        studio,
        bench,
    ):
        module.add(commands)
    return top


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
    except MemoryError:
        return _complain("Memory does not suffice for this: give the process more of it.")


def _complain(sentence: str) -> int:
    """Say what is to be mended; returns the exit code."""
    text = Text("Error: ", style="red").append(sentence, style="default")
    Console(stderr=True).print(text, soft_wrap=True)
    return 1
