"""The options of commands that read tables, and the tables that they name."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import cast, get_args

from ..base.budget import cpu_budget
from ..base.errors import UserError
from ..base.wording import counted
from ..settings.conditions import Condition
from ..settings.polymer_columns import PolymerColumns
from ..settings.properties import Scale
from ..table import Table
from ..table.conditions import condition_columns
from ..table.mended import (
    check_mended,
    of_several,
    read_cells,
    with_learned_columns,
    with_mends,
)
from ..table.mending import BoundsUse, Mending, MonomersUse, Replicates
from ..table.mending_file import read_mending
from ..table.reading import MAX_BYTES
from .options import STANDARD, add_columns, add_fragments, said_columns
from .output import print_line, progress_bar

_TABLES = "CSV, TSV, Parquet, XLSX, SDF, MOL or a list of SMILES; - for standard input"


def add_table(command: argparse.ArgumentParser, count: str | None = None) -> None:
    """Let a command take a table and how it is to be read.

    Args:
        command: that takes them.
        count: how many tables, as argparse's `nargs`; one by default.
    """
    command.add_argument("table", nargs=count, metavar="TABLE", help=_TABLES)
    add_columns(command)
    command.add_argument(
        "--property", action="append", metavar="NAME", help="may be given several times"
    )
    command.add_argument(
        "--unit",
        action="append",
        default=[],
        metavar="NAME=UNIT",
        help="the unit that a property is given in, such as Tg=K",
    )
    command.add_argument(
        "--scale",
        action="append",
        default=[],
        metavar="NAME=SCALE",
        help="on which a property is learned, linear or log10; else its labels decide",
    )
    command.add_argument(
        "--condition-column",
        action="append",
        default=[],
        metavar="NAME",
        help="a temperature, a solvent, a method: what the model is told beside the repeat unit",
    )
    command.add_argument(
        "--chain-ends",
        default="",
        metavar="ELEMENTS",
        help="atoms that stand for `*`, such as Ce,Th",
    )
    add_fragments(command)
    command.add_argument(
        "--monomers",
        choices=get_args(MonomersUse),
        help="what to do about monomers in place of repeat units: leave them as they are, as by "
        "default, or make the unit of each that makes one alone",
    )
    command.add_argument(
        "--long",
        metavar="PROPERTY=VALUE",
        help="of a table with a row for each value: the columns of properties and of values",
    )
    command.add_argument(
        "--replicates",
        choices=get_args(Replicates),
        help="whether rows of one repeat unit become one, with the median or mean of their labels",
    )
    command.add_argument(
        "--bounds",
        choices=get_args(BoundsUse),
        help="what to do with cells such as `> 300`: learn that a label lies there, or nothing",
    )
    command.add_argument("--separator", metavar="C")
    command.add_argument("--encoding", metavar="E")
    command.add_argument("--decimal", choices=[".", ","])
    command.add_argument(
        "--sheet",
        action="append",
        default=[],
        metavar="NAME",
        help="of a workbook; else that with SMILES; several of the same columns are joined",
    )
    command.add_argument(
        "--mend",
        action="append",
        default=[],
        metavar="FILE.yaml",
        help="how the table was mended, as `doctor --fix` or the Train page wrote it; for each "
        "table in order",
    )


def add_accept(command: argparse.ArgumentParser) -> None:
    """Let a command go on in spite of errors in its table."""
    command.add_argument(
        "--accept",
        action="store_true",
        help="go on although labels look wrong, as in another unit",
    )


def tell_findings(table: Table, accept: bool) -> None:
    """Print on standard error what is odd about a table.

    Args:
        table: checked.
        accept: whether to go on in spite of errors, as `--accept` says.

    Raises:
        UserError: when there are errors, and they are not accepted.
    """
    report = table.report
    for finding in report.findings:
        if finding.severity != "note":
            print_line(f"{finding.severity}: {finding.message}", stderr=True)
    if report.errors and not accept:
        raise UserError(
            f"{report.name} has {counted(len(report.errors), 'error')}, named above: mend the "
            "table, or say --accept where everything is as it should be."
        )


def checked_table(
    arguments: argparse.Namespace,
    path: str | None = None,
    source: str = "",
    number: int = 0,
    conditions: Sequence[Condition] = (),
    learned: PolymerColumns | None = None,
) -> Table:
    """Read, mend and check a table that a command names, with the user's overrules.

    Args:
        arguments: with the options of `add_table`.
        path: of the table; by default the only one.
        source: its name, where there are several tables: overrules that name columns which this
            table lacks are for the others.
        number: the table's place among several.
        conditions: whose columns are marked besides those that the user names.
        learned: the columns of compositions that a model learned from, for where nothing is said.

    Raises:
        UserError: when it cannot be used.
    """
    mending = said_mending(arguments, source, number)
    data, name = content_of(path or arguments.table)
    with cpu_budget(name or os.path.basename(path or arguments.table)):
        return _checked(mending, data, name, source, conditions, learned)


def _checked(
    mending: Mending,
    data: str | bytes,
    name: str | None,
    source: str,
    conditions: Sequence[Condition],
    learned: PolymerColumns | None,
) -> Table:
    """Read, mend and check a table, as `checked_table` says."""
    if source:
        mending = of_several(mending, data, name)
    raw = read_cells(data, mending, name)
    if source:
        mending = mending.of_columns([mending.renamed.get(each, each) for each in raw.column_names])
    if conditions:
        found = condition_columns(with_mends(raw, mending), conditions).values()
        marked = tuple(dict.fromkeys((*mending.conditions, *found)))
        mending = mending.but(conditions=marked)
    mending = with_learned_columns(mending, raw, learned)
    with progress_bar() as show:
        return check_mended(raw, mending, lambda done, total: show("Checking", done, total))


def content_of(path: str) -> tuple[str | bytes, str | None]:
    """A table that a command names and the name that people are shown, as `read_table` takes them.

    Args:
        path: of a file, or `-` for standard input, which is read.
    """
    if path == STANDARD:
        return sys.stdin.buffer.read(MAX_BYTES + 1), "standard input"
    return path, None


def said_mending(arguments: argparse.Namespace, source: str = "", number: int = 0) -> Mending:
    """What the file of mends and the options say of a table; options come before the file.

    Args:
        arguments: with the options of `add_table`.
        source: of the table, where there are several.
        number: the table's place among several; each has a file of its own.

    Raises:
        UserError: when the file is none, or an option has another form than its own.
    """
    files, tables = arguments.mend, arguments.table
    count = 1 if isinstance(tables, str) else len(tables)
    if len(files) > count:
        raise UserError(
            f"--mend is given more often than there are tables ({count}): give one file of mends "
            "for each table, in their order."
        )
    kept = read_mending(files[number]) if number < len(files) else Mending()
    said = {
        "separator": arguments.separator,
        "encoding": arguments.encoding,
        "decimal": arguments.decimal,
        "sheets": tuple(arguments.sheet) or None,
        "long": arguments.long,
        "chain_ends": tuple(filter(None, arguments.chain_ends.split(","))) or None,
        **said_columns(arguments),
        "properties": tuple(arguments.property) if arguments.property else None,
        "conditions": tuple(arguments.condition_column) or None,
        "units": {**kept.units, **given_units(arguments.unit, source)},
        "scales": {**kept.scales, **given_scales(arguments.scale)},
        "fragments": arguments.fragments,
        "monomers": arguments.monomers,
        "bounds": arguments.bounds,
        "replicates": arguments.replicates,
    }
    return kept.but(**{name: value for name, value in said.items() if value is not None})


def given_scales(words: list[str]) -> dict[str, Scale]:
    """The scale of each property that `--scale NAME=SCALE` names.

    Raises:
        UserError: for a word of another form.
    """
    scales: dict[str, Scale] = {}
    for word in words:
        name, _, scale = word.rpartition("=")
        if not name or scale not in get_args(Scale):
            raise UserError(f"--scale {word!r} is not understood; write NAME=log10 or NAME=linear.")
        scales[name] = cast(Scale, scale)
    return scales


def given_units(words: list[str], source: str = "") -> dict[str, str]:
    """The unit of each property that `--unit NAME=UNIT` or `--unit SOURCE:NAME=UNIT` names.

    Args:
        words: as given.
        source: whose units are asked for, where there are several sources; those that name no
            source are for all of them.

    Raises:
        UserError: for a word of another form.
    """
    units = {}
    for word in words:
        name, found, unit = word.partition("=")
        if not found:
            raise UserError(f"--unit {word!r} is not understood; write NAME=UNIT, such as Tg=K.")
        owner, colon, property_ = name.partition(":")
        if source and colon and owner == source:
            units[property_] = unit
        elif not (source and colon):
            units.setdefault(name, unit)
    return units
