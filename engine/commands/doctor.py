"""`doctor`: what is odd about a table."""

import argparse
import sys

from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from ..base.wording import counted
from ..runs import unlearned_words
from ..settings.sources import Source
from ..table import Columns, Table
from ..table.delimited import SEPARATOR_WORDS
from ..table.report import Finding, PropertySummary, Report
from ..table.source_report import SourcePair, compare_sources, conflict_words
from .fixing import add_fix, fix
from .options import Commands, add_json
from .sources import add_tables, checked_tables

_COLOURS = {"error": "bold red", "excluded": "red", "warning": "yellow", "note": "cyan"}
_ROWS_SHOWN = 3


def add(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser("doctor", help="check a table and say what is odd about it")
    add_tables(command)
    add_json(command)
    add_fix(command)
    command.set_defaults(carry_out=_doctor)


def _doctor(arguments: argparse.Namespace) -> None:
    """Print what is odd about a table, and write it mended where that is asked for."""
    if arguments.fix:
        fix(arguments, lambda table: _show(table, arguments))
    else:
        _show(checked_tables(arguments), arguments)


def _show(table: Table, arguments: argparse.Namespace) -> None:
    pairs = compare_sources(table)
    if arguments.json:
        sys.stdout.write(_described(table, pairs).model_dump_json(indent=1) + "\n")
    else:
        for part in table.parts or (table,):
            print_report(part, Console())
        print_pairs(pairs, Console())


class JoinedReport(Report):
    """The report on several tables, with how their sources differ."""

    sources: list[Source]
    pairs: list[SourcePair]


def _described(table: Table, pairs: list[SourcePair]) -> Report:
    if not table.sources:
        return table.report
    return JoinedReport(**dict(table.report), sources=list(table.sources), pairs=pairs)


def print_pairs(pairs: list[SourcePair], console: Console) -> None:
    """Print how the sources of each property differ, with warnings and the worst conflicts."""
    for pair in pairs:
        console.print(Text(pair.sentence, style="bold" if pair.shared else ""))
        if pair.warning:
            console.print(Text(pair.warning, style="yellow"))
        for words in conflict_words(pair):
            console.print(Text(f"  {words}", style="yellow"))


def print_report(table: Table, console: Console) -> None:
    """Print what was read, the properties and the findings of a checked table.

    Texts from the table are printed as they are: in `[*]` the brackets are no markup.
    """
    report = table.report
    console.print(_head(report))
    if report.properties:
        console.print(_property_grid(report.properties))
    else:
        console.print("No property columns: nothing to learn, but fit for prediction.")
    if report.findings:
        console.print(_finding_grid(report.findings))
    else:
        console.print(Text("Nothing to mend.", style="green"))
    for words in unlearned_words(table):
        console.print(Text(words, style="yellow"))


def _head(report: Report) -> Text:
    reading, columns = report.reading, report.columns
    left_out = report.rows - report.kept
    parts = [reading.format.upper()]
    if reading.separator:
        parts.append(f"separator {SEPARATOR_WORDS.get(reading.separator, reading.separator)}")
    if reading.encoding:
        parts.append(f"encoding {reading.encoding}")
    parts.append(f"decimal {'comma' if reading.decimal == ',' else 'point'}")
    return Text.assemble(
        (report.name, "bold"),
        f": {counted(report.rows, 'row')}, {report.kept:,} usable",
        (f", {left_out:,} left out" if left_out else "", "red"),
        f"\nread as   {', '.join(parts)}",
        *(f"\n{head:9} {text}" for head, text in _polymer_columns(columns)),
        f"\nid        {columns.id or 'none (row numbers are used)'}",
    )


def _polymer_columns(columns: Columns) -> list[tuple[str, str]]:
    """In which columns the polymer of each row is."""
    if not columns.says_more:
        return [("SMILES", columns.smiles)]
    names = columns.fractions if columns.units else (columns.smiles,)
    fractions = f"{', '.join(names) or 'none'} ({columns.basis})"
    said = [
        ("SMILES", ", ".join(columns.structures)),
        ("fractions", fractions),
        ("chain", _chain(columns)),
    ]
    return [(head, text) for head, text in said if text]


def _chain(columns: Columns) -> str:
    """How the units follow each other, or in which column that is said."""
    of_all = columns.one_architecture and f"{columns.one_architecture} where nothing is said"
    if said := ", ".join(filter(None, [columns.architecture, of_all])):
        return said
    return "of unknown architecture" if columns.units else ""


def _property_grid(properties: list[PropertySummary]) -> Grid:
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False)
    grid.add_column("property", overflow="fold")
    grid.add_column("unit", no_wrap=True)
    for name in ("labels", "low", "median", "high", "mean", "std"):
        grid.add_column(name, justify="right", no_wrap=True)
    for summary in properties:
        figures = (summary.low, summary.median, summary.high, summary.mean)
        spread = "–" if summary.std is None else f"{summary.std:.4g}"
        decades = " decades" if summary.scale == "log10" and summary.std is not None else ""
        grid.add_row(
            Text(summary.name),
            Text(summary.unit),
            f"{summary.labels:,}",
            *("–" if figure is None else f"{figure:.4g}" for figure in figures),
            f"{spread}{decades}",
        )
    return grid


def _finding_grid(findings: list[Finding]) -> Grid:
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False)
    grid.add_column("severity", no_wrap=True)
    grid.add_column("count", justify="right", no_wrap=True)
    grid.add_column("rows", max_width=11, overflow="fold")
    grid.add_column("finding", ratio=1, overflow="fold")
    for finding in findings:
        rows = ", ".join(str(row) for row in finding.rows[:_ROWS_SHOWN])
        grid.add_row(
            Text(finding.severity, style=_COLOURS[finding.severity]),
            f"{finding.count:,}",
            f"{rows} …" if len(finding.rows) > _ROWS_SHOWN else rows,
            Text(finding.message),
        )
    return grid
