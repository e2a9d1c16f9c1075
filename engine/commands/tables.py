"""`doctor`, and how commands read a table."""

import argparse
import sys

from rich.console import Console

from engine.commands.progress import progress_bar
from engine.errors import UserError
from engine.table import RawTable, Table, check_table, guess_columns, read_table
from engine.table.doctor import print_report


def doctor(arguments: argparse.Namespace) -> None:
    """Print what is odd about a table."""
    table = checked_table(arguments)
    if arguments.json:
        sys.stdout.write(table.report.model_dump_json(indent=1) + "\n")
    else:
        print_report(table, Console())


def checked_table(arguments: argparse.Namespace) -> Table:
    """Read and check the table that a command names, with the user's overrules.

    Raises:
        UserError: when it cannot be used.
    """
    raw = raw_table(arguments)
    columns = guess_columns(
        raw,
        smiles=arguments.smiles_column,
        id=arguments.id_column,
        properties=arguments.property,
    )
    with progress_bar() as show:
        return check_table(
            raw,
            columns,
            given_units(arguments.unit),
            lambda done, total: show("Checking", done, total),
        )


def raw_table(arguments: argparse.Namespace) -> RawTable:
    """Read the table that a command names."""
    return read_table(
        arguments.table,
        separator=arguments.separator,
        encoding=arguments.encoding,
        decimal=arguments.decimal,
    )


def given_units(words: list[str]) -> dict[str, str]:
    """The unit of each property that `--unit NAME=UNIT` names.

    Raises:
        UserError: for a word of another form.
    """
    units = {}
    for word in words:
        name, found, unit = word.partition("=")
        if not found:
            raise UserError(f"--unit {word!r} is not understood; write NAME=UNIT, such as Tg=K.")
        units[name] = unit
    return units
