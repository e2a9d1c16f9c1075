"""`python -m engine bench`: what it takes, and how its results are shown."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.speed.arguments import add_arguments, options_of
from engine.base.errors import UserError
from engine.base.workspace import ASSETS, write_atomic
from engine.commands.options import add_table, checked_table
from engine.commands.output import print_line, progress_bar

if TYPE_CHECKING:
    from bench.speed.data import Subject

_SAMPLE = ASSETS / "textbook.csv"


def add_to(command: argparse.ArgumentParser) -> None:
    """Let the command take a table and what to measure."""
    add_table(command, count="?")
    add_arguments(command)
    command.set_defaults(carry_out=_bench)


def _bench(arguments: argparse.Namespace) -> None:
    """Measure this machine; print tables or JSON, and write the results file if one is named."""
    from bench.speed.run import run_bench, written_to

    target, options = written_to(arguments.json), options_of(arguments)
    subject = _subject(arguments)
    with progress_bar() as show:
        result = run_bench(subject, options, show)
    text = json.dumps(result, indent=1) + "\n"
    if target:
        write_atomic(target, text)
    if arguments.json == "":
        sys.stdout.write(text)
    else:
        print_result(result, Console())


def print_result(result: dict, console: Console) -> None:
    """Print a results file's tables."""
    from bench.speed.report import head_line, sections

    console.print(head_line(result), highlight=False, markup=False, soft_wrap=True)
    for section in sections(result):
        if section.rows:
            table = Table(*map(escape, section.heads), title=section.title)
            for row in section.rows:
                table.add_row(*map(escape, row))
            console.print(table)
        console.print(section.note, highlight=False, markup=False, soft_wrap=True)


def _subject(arguments: argparse.Namespace) -> "Subject":
    from bench.speed.data import subject_of_features, subject_of_table

    if arguments.features:
        if arguments.table:
            raise UserError("Give TABLE or --features FILE, not both.")
        return subject_of_features(Path(arguments.features))
    if not arguments.table:
        arguments.table = str(_SAMPLE)
        print_line(
            "No TABLE: the sample table is measured, which is too small for honest figures.",
            stderr=True,
        )
    table = checked_table(arguments)
    with progress_bar() as show:
        return subject_of_table(table, show)
