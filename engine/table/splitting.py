"""One table that holds several sources, as one table for each."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..base.errors import UserError
from ..settings.sources import MOST_SOURCES, Source, source_named
from .checking import Table, check_table


def split_by_column(table: Table, column: str) -> tuple[list[Table], list[Source]]:
    """The parts of a table whose rows name their source in a column, and these sources.

    Raises:
        UserError: when there is no such column, or rows of it are empty.
    """
    if column not in table.raw.frame:
        raise UserError(
            f"{table.name} has no column {column!r}; its columns are "
            f"{', '.join(table.raw.column_names)}."
        )
    values = table.raw.frame[column].to_numpy()[np.searchsorted(table.raw.rows, table.rows)]
    names = np.array(["" if value is None else str(value).strip() for value in values])
    if (empty := np.flatnonzero(names == "")).size:
        raise UserError(
            f"{table.name}: column {column!r} names no source in row {table.rows[empty[0]]}; "
            "fill it in, or leave the row out."
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
    parts = [
        _rows_of(table, names == name, name, is_first=not number)
        for number, name in enumerate(different)
    ]
    return parts, [source_named(name) for name in different]


def _rows_of(table: Table, chosen: np.ndarray, source: str, is_first: bool) -> Table:
    """Some rows of a table, and the properties that they have labels of.

    What was found in the whole table is told by the first part alone.
    """
    rows = np.flatnonzero(chosen)
    labels = table.labels[rows]
    learned = np.flatnonzero(np.isfinite(labels).any(axis=0))
    report, left_out = table.report, table.report.rows - table.report.kept
    report = report.model_copy(
        update={
            "rows": len(rows) + (left_out if is_first else 0),
            "kept": len(rows),
            "findings": report.findings if is_first else [],
        }
    )
    return replace(
        table,
        name=f"{table.name}, {source}",
        report=report,
        excluded=table.excluded if is_first else table.excluded[:0],
        ids=[table.ids[i] for i in rows],
        smiles=[table.smiles[i] for i in rows],
        canonical=[table.canonical[i] for i in rows],
        labels=labels[:, learned],
        properties=tuple(table.properties[k] for k in learned),
        rows=table.rows[rows],
    )


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
    own = [each.name for each in table.properties if each.name not in of_columns]
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
    places = [columns.smiles, *([columns.id] if columns.id else [])]
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
    property_ = property_ or column.replace(source, "").strip(" _-.()")
    if not property_ or property_ == column:
        raise UserError(
            f"It cannot be told from the name of column {column!r} which property it holds; write "
            f"{column}={source}:PROPERTY."
        )
    return column, (source, property_)
