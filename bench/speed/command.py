"""`python -m engine bench`: what it takes, and how its results are shown."""

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.speed.data import BenchData
from bench.speed.report import head_line, sections
from bench.speed.run import add_arguments, options_of, results_file, run_bench
from engine.base.errors import UserError
from engine.base.workspace import ASSETS, write_atomic
from engine.commands.output import print_line, progress_bar
from engine.commands.table_options import add_table, checked_table

_SAMPLE = ASSETS / "textbook.csv"


def add_to(command: argparse.ArgumentParser) -> None:
    """Let the command take a table and what to measure."""
    add_table(command, count="?")
    add_arguments(command)
    command.set_defaults(carry_out=_bench)


def _bench(arguments: argparse.Namespace) -> None:
    """Measure this machine; print tables or JSON, and write the results file if one is named."""
    target, options = results_file(arguments.json), options_of(arguments)
    data = _data(arguments)
    with progress_bar() as show:
        result = run_bench(data, options, show)
    text = json.dumps(result, indent=1) + "\n"
    if target:
        write_atomic(target, text)
    if arguments.json == "":
        sys.stdout.write(text)
    else:
        print_result(result, Console())


def print_result(result: dict, console: Console) -> None:
    """Print a results file's tables."""
    console.print(head_line(result), highlight=False, markup=False, soft_wrap=True)
    for section in sections(result):
        if section.rows:
            table = Table(*map(escape, section.heads), title=section.title)
            for row in section.rows:
                table.add_row(*map(escape, row))
            console.print(table)
        console.print(section.note, highlight=False, markup=False, soft_wrap=True)


def _data(arguments: argparse.Namespace) -> BenchData:
    """What the arguments name to measure on; the sample table when they name nothing."""
    if arguments.features:
        if arguments.table:
            raise UserError("Give TABLE or --features FILE, not both.")
        return BenchData.of_features(Path(arguments.features))
    if not arguments.table:
        arguments.table = str(_SAMPLE)
        print_line(
            "No TABLE: the sample table is measured, which is too small for reliable figures.",
            stderr=True,
        )
    table = checked_table(arguments)
    with progress_bar() as show:
        return BenchData.of_table(table, show)
