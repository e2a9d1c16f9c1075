"""One table that holds several sources, as one table for each."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from ..base.errors import UserError
from ..settings.sources import MOST_SOURCES, Source, source_named
from .checking import Table, check_table


def split_by_column(
    table: Table, column: str, units: Callable[[str], Mapping[str, str]] | None = None
) -> tuple[list[Table], list[Source]]:
    """The parts of a table whose rows name their source in a column, and these sources.

    Args:
        table: checked; each part is checked again on its own.
        column: its name.
        units: the units that the source of that name gives its properties in.

    Raises:
        UserError: when there is no such column, rows of it are empty, or a part cannot be used.
    """
    raw, columns = table.raw, table.report.columns
    if column not in raw.frame:
        raise UserError(
            f"{table.name} has no column {column!r}; its columns are {', '.join(raw.column_names)}."
        )
    names = np.array(
        ["" if value is None else str(value).strip() for value in raw.frame[column]], dtype=object
    )
    if (empty := np.flatnonzero(names == "")).size:
        raise UserError(
            f"{table.name}: column {column!r} names no source in row {raw.rows[empty[0]]}; fill it "
            "in, or leave the row out."
        )
    different = list(dict.fromkeys(names.tolist()))
    if len(different) == 1:
        raise UserError(
            f"{table.name}: column {column!r} names one source in all rows, {different[0]!r}: "
            "train the table without it, or choose the column that names sources."
        )
    if len(different) > MOST_SOURCES:
        raise UserError(
            f"{table.name}: column {column!r} holds {len(different):,} different texts, and a "
            f"source is one of at most {MOST_SOURCES}; choose the column that names sources."
        )
    learned = tuple(name for name in columns.properties if name != column)
    parts = []
    for source in different:
        own = np.flatnonzero(names == source)
        part = replace(
            raw, name=f"{raw.name}, {source}", frame=raw.frame.iloc[own], rows=raw.rows[own]
        )
        # A property that the source has no value of is none of its own.
        has = tuple(name for name in learned if part.frame[name].notna().any())
        said = {name: unit for name, unit in (units or _no_units)(source).items() if name in has}
        parts.append(check_table(part, columns.model_copy(update={"properties": has}), said))
    return parts, [source_named(name) for name in different]


def _no_units(source: str) -> Mapping[str, str]:
    return {}


def split_columns(
    table: Table,
    of_columns: Mapping[str, tuple[str, str]],
    units: Mapping[str, str] | None = None,
) -> list[Table]:
    """The table without some of its columns, and a table of the columns of each other source.

    Args:
        table: checked.
        of_columns: for each such column the source and the property that it holds:
            `{"Tg_md": ("md", "Tg")}`.
        units: the unit that a column is given in, by the column's name.

    Returns:
        The rest of the table first, then a table for each source in order of first mention.

    Raises:
        UserError: when there is no such column, or a part cannot be used.
    """
    names = table.raw.column_names
    for column in of_columns:
        if column not in names:
            raise UserError(
                f"{table.name} has no column {column!r}; its columns are {', '.join(names)}."
            )
    own = [column for column in table.report.columns.properties if column not in of_columns]
    if not own:
        raise UserError(f"{table.name} has no property left that is its own source's.")
    kept = [column for column in names if column not in of_columns]
    columns, raw = table.report.columns, table.raw
    said = dict(units or {})
    parts = [
        check_table(
            replace(raw, frame=raw.frame[kept]),
            columns.model_copy(update={"properties": tuple(own)}),
            {column: unit for column, unit in said.items() if column in own},
        )
    ]
    places = [*columns.polymer, *([columns.id] if columns.id else []), *columns.conditions]
    for source in dict.fromkeys(source for source, _ in of_columns.values()):
        renamed = {
            column: property_
            for column, (other, property_) in of_columns.items()
            if other == source
        }
        frame = raw.frame[[*places, *renamed]].rename(columns=renamed)
        part = replace(raw, name=f"{raw.name}, {source}", frame=frame)
        own_columns = columns.model_copy(update={"properties": tuple(renamed.values())})
        own_units = {renamed[column]: said[column] for column in renamed if column in said}
        parts.append(check_table(part, own_columns, own_units))
    return parts


def column_of_source(words: str) -> tuple[str, tuple[str, str]]:
    """What `COLUMN=SOURCE` or `COLUMN=SOURCE:PROPERTY` says: column, source and property.

    >>> column_of_source("Tg_md=md")
    ('Tg_md', ('md', 'Tg'))

    Raises:
        UserError: when it says none, or the property cannot be told from the column's name.
    """
    column, equals, rest = words.partition("=")
    source, _, property_ = (part.strip() for part in rest.partition(":"))
    if not equals or not column.strip() or not source:
        raise UserError(f"{words!r} does not say which source a column is of: write COLUMN=SOURCE.")
    ends = re.fullmatch(rf"(.+?)[ _.(-]+{re.escape(source)}\)?", column.strip())
    property_ = property_ or (ends[1] if ends else "")
    if not property_:
        raise UserError(
            f"It cannot be told from the name of column {column!r} which property it holds; write "
            f"{column}={source}:PROPERTY."
        )
    return column, (source, property_)
