"""Several tables learned as one, in which each keeps its source."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ..base.bounds import Bounds, no_bounds, or_none
from ..base.errors import UserError
from ..base.wording import listed
from ..settings.properties import Property, Scale
from ..settings.sources import MOST_SOURCES, Source
from .checking import Table
from .conditions import join_conditions
from .headers import read_header
from .labels import FEWEST_LABELS, summarise
from .report import SEVERITIES, Report


def join_tables(
    tables: Sequence[Table], sources: Sequence[Source], answer: Mapping[str, str] | str = ""
) -> Table:
    """One table of all rows, with a property for each quantity and source.

    A quantity of the source that answers are to be like keeps its plain name, `Tg`; as others have
    it, it is a property of its own, `Tg (radonpy)`. A quantity that the answer's source has no
    labels of answers as the first source that has some.

    Args:
        tables: checked, T of them; the order decides where nothing else does.
        sources: T, one for each table.
        answer: the name of the source that answers are to be like, or one for each quantity by its
            name; by default the first.

    Returns:
        A table whose `parts` are the given ones. Its rows are theirs, one after the other.

    Raises:
        UserError: when a source is named twice, a table is given twice, two tables have no property
            in common or it is in units that cannot be reconciled, or an answer has no labels.
    """
    _check(tables, sources)
    quantities = _quantities(tables, sources)
    answers = _answers(quantities, [source.name for source in sources], answer)
    columns: list[tuple[Property, np.ndarray]] = []
    origins: list[tuple[int, str]] = []
    starts = np.cumsum([0, *(len(table.canonical) for table in tables)])
    for key, holders in quantities.items():
        plain = holders[min(holders)][0]
        # The answer's first: wherever properties are listed, their order is that of importance.
        for number in sorted(holders, key=lambda each: (each != answers[key], each)):
            property_, labels = holders[number]
            named = property_.model_copy(
                update={"name": plain.name, "title": plain.title, "scale": _scale(holders)}
            )
            whole = np.full(starts[-1], np.nan)
            whole[starts[number] : starts[number + 1]] = labels
            of_source = named.of_source(sources[number].name, number == answers[key])
            columns.append((of_source, whole))
            origins.append((number, property_.name))
    order = sorted(range(len(columns)), key=lambda k: not columns[k][0].is_answer)
    columns, origins = [columns[k] for k in order], [origins[k] for k in order]
    properties = tuple(property_ for property_, _ in columns)
    _check_names(properties)
    conditions, values = join_conditions(
        [(table.name, table.conditions, table.condition_values) for table in tables]
    )
    return Table(
        name=" + ".join(table.name for table in tables),
        ids=[text for table in tables for text in table.ids],
        smiles=[text for table in tables for text in table.smiles],
        canonical=[text for table in tables for text in table.canonical],
        labels=np.column_stack([labels for _, labels in columns]),
        properties=properties,
        rows=np.concatenate([table.rows for table in tables]),
        excluded=pd.concat([table.excluded for table in tables], ignore_index=True),
        report=_report(tables, sources, columns),
        raw=tables[0].raw,
        bounds=_joined_bounds(tables, origins, starts),
        conditions=conditions,
        condition_values=values,
        sources=tuple(sources),
        parts=tuple(tables),
        mendings=tuple(each for table in tables for each in table.mendings),
    )


def _joined_bounds(
    tables: Sequence[Table], origins: Sequence[tuple[int, str]], starts: np.ndarray
) -> Bounds | None:
    """The bounds of all tables; `origins` are each property's table and its name there."""
    joined = no_bounds((int(starts[-1]), len(origins)))
    for k, (number, name) in enumerate(origins):
        table = tables[number]
        if table.bounds is not None:
            own = [property_.name for property_ in table.properties].index(name)
            for whole, part in zip(joined, table.bounds, strict=True):
                whole[starts[number] : starts[number + 1], k] = part[:, own]
    return or_none(joined)


def leave_out(table: Table, names: Collection[str]) -> Table:
    """The table without some of its properties.

    Args:
        table: as `join_tables` makes it, or a run's.
        names: of properties that are no answers.

    Raises:
        UserError: when there is no such property, or it is an answer.
    """
    others = [property_.name for property_ in table.properties if not property_.is_answer]
    for name in names:
        if name not in others:
            there = f"those are {listed(others)}" if others else "there is none"
            raise UserError(
                f"{name!r} cannot be left out: it is no property of an added source; {there}."
            )
    if not names:
        return table
    kept = [k for k, property_ in enumerate(table.properties) if property_.name not in names]
    properties = tuple(table.properties[k] for k in kept)
    columns = table.report.columns
    report = table.report.model_copy(
        update={
            "columns": columns.model_copy(update={"properties": tuple(p.name for p in properties)}),
            "properties": [table.report.properties[k] for k in kept],
        }
    )
    every = np.arange(len(table.rows))
    left = replace(
        table,
        labels=table.labels[:, kept],
        bounds=None if table.bounds is None else or_none(table.bounds.of(every, kept)),
        properties=properties,
        report=report,
    )
    return _without_empty_sources(left, table)


def _without_empty_sources(table: Table, before: Table) -> Table:
    """The table without the rows of sources of which it has no property any more.

    Args:
        table: some of whose properties are gone.
        before: as it was; the parts of a run's table are not known, so that all rows go that have
            lost their last label.
    """
    learned = {property_.source for property_ in table.properties}
    stay = [source.name in learned for source in table.sources]
    if table.parts:
        sizes = [len(part.canonical) for part in table.parts]
        rows = np.flatnonzero(np.repeat(stay, sizes))
    else:
        rows = np.flatnonzero(table.has_labels | ~before.has_labels)
    gone = [s.name for s, is_left in zip(table.sources, stay, strict=True) if not is_left]
    return replace(
        table.of_rows(rows),
        name=f"{table.name} without {listed(gone)}" if gone else table.name,
        sources=tuple(s for s, is_left in zip(table.sources, stay, strict=True) if is_left),
        parts=tuple(p for p, is_left in zip(table.parts, stay, strict=False) if is_left),
    )


_Holders = dict[int, tuple[Property, np.ndarray]]
"""By the number of a table, its property of one quantity with the labels."""


def _quantities(tables: Sequence[Table], sources: Sequence[Source]) -> dict[str, _Holders]:
    """The tables that hold each quantity, by its name in lower case."""
    quantities: dict[str, _Holders] = {}
    for number, table in enumerate(tables):
        for k, property_ in enumerate(table.properties):
            holders = quantities.setdefault(property_.name.casefold(), {})
            if number in holders:
                raise UserError(
                    f"{table.name} has two columns {property_.name!r}, but for the case of "
                    "letters: rename one of them."
                )
            for other, (first, _) in holders.items():
                _check_unit(property_, first, table.name, sources[other].name)
            holders[number] = property_, table.labels[:, k]
    shared = {number for holders in quantities.values() if len(holders) > 1 for number in holders}
    alone = [table.name for number, table in enumerate(tables) if number not in shared]
    if alone:
        raise UserError(
            f"{alone[0]} has no property in common with the other tables, so nothing can be "
            "learned from one for the other: give the columns of one quantity the same name, or "
            "train the tables one by one."
        )
    return quantities


def _scale(holders: _Holders) -> Scale:
    """The scale of one quantity in all tables: what is said or chosen of one is for all."""
    scales = {property_.scale for property_, _ in holders.values()}
    if scales == {"log10"}:
        return "log10"
    positive = all((labels[np.isfinite(labels)] > 0).all() for _, labels in holders.values())
    return "log10" if "log10" in scales and positive else "linear"


def _check_unit(property_: Property, first: Property, table: str, other: str) -> None:
    if property_.unit != first.unit and property_.unit and first.unit:
        raise UserError(
            f"{table} gives {property_.name} in {property_.unit}, the source {other} in "
            f"{first.unit}, and PolyGIN cannot convert between them: convert one column first."
        )


def _answers(
    quantities: dict[str, _Holders], names: list[str], answer: Mapping[str, str] | str
) -> dict[str, int]:
    """The number of the table that each quantity answers as."""
    wanted = {key: answer for key in quantities} if isinstance(answer, str) else dict(answer)
    wanted = {key.strip().casefold(): source for key, source in wanted.items()}
    for key, source in wanted.items():
        if key not in quantities:
            raise UserError(
                f"An answer is asked for {key!r}, which no table has; the properties are "
                f"{listed(list(quantities))}."
            )
        if source and source not in names:
            raise UserError(
                f"There is no source {source!r} to answer like; the sources are {listed(names)}."
            )
        if source and not isinstance(answer, str) and names.index(source) not in quantities[key]:
            raise UserError(f"The source {source!r} has no labels of {key!r} to answer like.")
    answers = {}
    for key, holders in quantities.items():
        source = wanted.get(key, "")
        number = names.index(source) if source else min(holders)
        number = number if number in holders else min(holders)
        answers[key] = number if _is_enough(holders[number]) else _with_enough(holders, number)
        if answers[key] != number and source and not isinstance(answer, str):
            raise UserError(
                f"The source {source!r} has too few labels of {key!r} to answer like: at least "
                f"{FEWEST_LABELS} are needed."
            )
    if isinstance(answer, str) and answer and names.index(answer) not in answers.values():
        raise UserError(f"The source {answer!r} has no labels to answer like.")
    return answers


def _is_enough(holder: tuple[Property, np.ndarray]) -> bool:
    return int(np.isfinite(holder[1]).sum()) >= FEWEST_LABELS


def _with_enough(holders: _Holders, otherwise: int) -> int:
    """The first table with labels enough to learn from; another one where none has them."""
    return next((number for number in sorted(holders) if _is_enough(holders[number])), otherwise)


def _check(tables: Sequence[Table], sources: Sequence[Source]) -> None:
    if len(tables) > MOST_SOURCES:
        raise UserError(
            f"{len(tables)} tables are more than the {MOST_SOURCES} that can be joined."
        )
    if not tables or len(tables) != len(sources):
        raise UserError(
            f"There are {len(tables)} tables and {len(sources)} sources: give one for each."
        )
    for table in tables:
        if table.sources:
            raise UserError(
                f"{table.name} is joined of several sources already: join all tables at once."
            )
    names = [source.name.casefold() for source in sources]
    twice = [source.name for i, source in enumerate(sources) if names[i] in names[:i]]
    if twice:
        raise UserError(
            f"Two tables are both called the source {twice[0]!r}: give each a name of its own."
        )
    for i, table in enumerate(tables):
        for earlier in tables[:i]:
            if _are_same(table, earlier):
                raise UserError(
                    f"{table.name} and {earlier.name} hold the same labels of the same repeat "
                    "units: a table that is given twice teaches nothing; leave one out."
                )


def _are_same(table: Table, other: Table) -> bool:
    return (
        table.canonical == other.canonical
        and [p.name for p in table.properties] == [p.name for p in other.properties]
        and np.array_equal(table.labels, other.labels, equal_nan=True)
    )


def _check_names(properties: Sequence[Property]) -> None:
    names = [property_.name for property_ in properties]
    twice = [name for i, name in enumerate(names) if name in names[:i]]
    if twice:
        raise UserError(f"Two properties would both be called {twice[0]!r}: rename one column.")
    for property_ in properties:
        if read_header(property_.name).unit:
            raise UserError(
                f"{property_.name!r} would be read as a unit: give the source "
                f"{property_.source!r} another name."
            )


def _report(
    tables: Sequence[Table],
    sources: Sequence[Source],
    columns: Sequence[tuple[Property, np.ndarray]],
) -> Report:
    """The reports of all tables as one; each finding names its source."""
    first = tables[0].report
    findings = [
        finding.model_copy(update={"message": f"{source.name}: {finding.message}"})
        for table, source in zip(tables, sources, strict=True)
        for finding in table.report.findings
    ]
    names = tuple(property_.name for property_, _ in columns)
    return Report(
        name=" + ".join(table.name for table in tables),
        rows=sum(table.report.rows for table in tables),
        kept=sum(table.report.kept for table in tables),
        columns=first.columns.model_copy(update={"properties": names}),
        reading=first.reading,
        properties=[summarise(property_, labels) for property_, labels in columns],
        findings=sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)),
    )
