"""The options of commands that take several tables, each with its source."""

import argparse
from collections import Counter
from dataclasses import replace

from ..base.errors import UserError
from ..settings.sources import Source, default_name, source_named
from ..table import Table, join_tables, leave_out, split_by_column, split_columns
from ..table.checking import leave_bounds_out
from ..table.splitting import column_of_source
from .options import said_columns
from .table_options import add_table, checked_table, given_units, said_mending

_ANY = "*"
"""A source that no unit is given for: those of parts are given when they are checked."""


def add_tables(command: argparse.ArgumentParser) -> None:
    """Let a command take one or more tables, how they are read, and their sources."""
    add_table(command, "+")
    group = command.add_argument_group("sources, where there are several tables")
    group.add_argument(
        "--source",
        action="append",
        default=[],
        metavar="NAME[:KIND]",
        help="for each table in order: its source, which is measured, simulated or computed; "
        "by default the file's name",
    )
    for name, words in (
        ("reference", "a paper or a DOI, for each table in order"),
        ("terms", "under which its labels may be used, for each table in order"),
    ):
        group.add_argument(f"--{name}", action="append", default=[], metavar="TEXT", help=words)
    group.add_argument(
        "--source-column", metavar="NAME", help="of a single table: the column that names sources"
    )
    group.add_argument(
        "--column-source",
        action="append",
        default=[],
        metavar="COLUMN=SOURCE[:PROPERTY]",
        help="of a single table: a column that holds another source's values, as Tg_md=md",
    )
    group.add_argument(
        "--answer",
        action="append",
        default=[],
        metavar="[PROPERTY=]SOURCE",
        help="the source that answers are to be like, for all properties or for one; by default "
        "the first table's",
    )
    add_leave_out(group)


def add_leave_out(command: argparse._ActionsContainer) -> None:
    """Let a command leave out properties of added sources."""
    command.add_argument(
        "--leave-out",
        action="append",
        default=[],
        metavar="PROPERTY",
        help='do not learn from a property of an added source, such as "Tg (radonpy)"',
    )


def checked_tables(arguments: argparse.Namespace) -> Table:
    """Read, check and join the tables that a command names.

    Raises:
        UserError: when one cannot be used, or they cannot be joined.
    """
    several = len(arguments.table) > 1
    by_column = arguments.source_column or arguments.column_source
    if not several and not by_column:
        _refuse_sources_of_one(arguments)
        return checked_table(arguments, arguments.table[0])
    if by_column and said_mending(arguments).replicates != "keep":
        raise UserError(
            "--replicates would average rows of different sources: average them in the file, or "
            "give each source a table of its own."
        )
    if arguments.source_column and arguments.column_source:
        raise UserError("--source-column and --column-source exclude each other: leave out one.")
    if by_column and several:
        raise UserError(
            "--source-column and --column-source are for one table; several tables are a source "
            "each."
        )
    if arguments.column_source:
        return _joined_columns(arguments)
    if arguments.source_column:
        return _joined_rows(arguments)
    sources = _sources(arguments)
    tables = [
        checked_table(arguments, path, source.name, number)
        for number, (path, source) in enumerate(zip(arguments.table, sources, strict=True))
    ]
    _refuse_unused(arguments, tables, sources)
    return _joined(tables, sources, arguments)


def _joined(tables: list[Table], sources: list[Source], arguments: argparse.Namespace) -> Table:
    """The tables as one, as the options say."""
    if said_mending(arguments).bounds == "leave-out":
        # Parts of one table are checked anew, and find its bounds again.
        tables = [leave_bounds_out(table) for table in tables]
    joined = join_tables(tables, sources, _answer(arguments.answer))
    return leave_out(joined, arguments.leave_out)


def _joined_rows(arguments: argparse.Namespace) -> Table:
    """One table, whose rows name their sources."""
    whole = checked_table(arguments, arguments.table[0], _ANY)
    parts, sources = split_by_column(
        whole, arguments.source_column, lambda source: given_units(arguments.unit, source)
    )
    _refuse_unused(arguments, parts, sources)
    given = {source.name: source for source in map(_source, arguments.source)}
    _refuse_unknown(list(given.values()), [source.name for source in sources])
    sources = [given.get(source.name, source) for source in sources]
    joined = _joined(parts, _described(sources, arguments), arguments)
    return replace(joined, mendings=whole.mendings)


def _joined_columns(arguments: argparse.Namespace) -> Table:
    """One table, some of whose columns are of other sources."""
    of_columns = dict(column_of_source(words) for words in arguments.column_source)
    if len(of_columns) < len(arguments.column_source):
        raise UserError("--column-source names a column twice.")
    whole = checked_table(arguments, arguments.table[0])
    parts = split_columns(whole, of_columns, given_units(arguments.unit))
    given = [_source(words) for words in arguments.source]
    by_name = {source.name: source for source in given}
    others = dict.fromkeys(source for source, _ in of_columns.values())
    mine = [source for source in given if source.name not in others]
    own = mine[0] if mine else source_named(default_name(arguments.table[0]))
    _refuse_unknown(given, [own.name, *others])
    sources = [own, *(by_name.get(name, source_named(name)) for name in others)]
    joined = _joined(parts, _described(sources, arguments), arguments)
    return replace(joined, mendings=whole.mendings)


def _refuse_unknown(given: list[Source], names: list[str]) -> None:
    """Refuse a source that `--source` describes and no row or column is of."""
    for source in given:
        if source.name not in names:
            raise UserError(
                f"--source describes {source.name!r}, and the sources are {', '.join(names)}."
            )


def _refuse_unused(
    arguments: argparse.Namespace, tables: list[Table], sources: list[Source]
) -> None:
    """Refuse overrules that no table has a column for: most likely they are misspelt."""
    columns = {
        source.name: {name.casefold() for name in table.raw.column_names}
        for source, table in zip(sources, tables, strict=True)
    }
    everywhere = set().union(*columns.values())
    for word in arguments.unit:
        name = word.partition("=")[0]
        owner, colon, property_ = name.partition(":")
        if colon and owner not in columns and name.casefold() not in everywhere:
            raise UserError(
                f"--unit {word} is about the source {owner!r}; the sources are "
                f"{', '.join(columns)}."
            )
        known = columns.get(owner, everywhere) if colon else everywhere
        if {name.casefold(), property_.casefold()}.isdisjoint(known):
            raise UserError(f"--unit {word} is about a column that none of the tables has.")
    named = (*(arguments.property or ()), *arguments.condition_column)
    said = said_columns(arguments)
    named = (*named, *(said["further_units"] or ()), *(said["fractions"] or ()))
    for name in (said["smiles"], arguments.id_column, said["architecture"], *named):
        if name and name.casefold() not in everywhere:
            raise UserError(f"None of the tables has a column {name!r}.")


def _refuse_sources_of_one(arguments: argparse.Namespace) -> None:
    for name in ("source", "reference", "terms", "answer", "leave_out"):
        if getattr(arguments, name):
            raise UserError(
                f"--{name.replace('_', '-')} is for several tables, or for one with "
                "--source-column or --column-source; there is one table."
            )


def _sources(arguments: argparse.Namespace) -> list[Source]:
    """A source for each table, as the options say."""
    paths = arguments.table
    for name in ("source", "reference", "terms"):
        if len(getattr(arguments, name)) > len(paths):
            raise UserError(f"--{name} is given more often than there are tables ({len(paths)}).")
    default = [default_name(path) for path in paths]
    given = [*arguments.source, *default[len(arguments.source) :]]
    return _described([_source(words) for words in given], arguments)


def _described(sources: list[Source], arguments: argparse.Namespace) -> list[Source]:
    """The sources with their references and terms, in order."""
    changes: list[dict[str, str]] = [{} for _ in sources]
    for field in ("reference", "terms"):
        for change, text in zip(changes, getattr(arguments, field), strict=False):
            change[field] = text
    return [
        source.model_copy(update=change) for source, change in zip(sources, changes, strict=True)
    ]


def _source(words: str) -> Source:
    name, _, kind = words.partition(":")
    return source_named(name, kind.strip())


def _answer(words: list[str]) -> dict[str, str] | str:
    """What `--answer` says: one source, or one for each of some properties.

    Raises:
        UserError: when both are said, or a property is named twice.
    """
    plain = [word for word in words if "=" not in word]
    pairs = [word.partition("=") for word in words if "=" in word]
    if len(plain) > 1 or (plain and pairs):
        raise UserError(
            "--answer is given once for all properties, as a source's name, or once for each "
            "property, as PROPERTY=SOURCE."
        )
    twice = [name for name, count in Counter(name for name, _, _ in pairs).items() if count > 1]
    if twice:
        raise UserError(f"--answer names a source for {twice[0]} twice.")
    return plain[0] if plain else {name: source for name, _, source in pairs}
