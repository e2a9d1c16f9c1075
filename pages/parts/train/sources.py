"""Further tables beside the first: their sources, their units, and joining them."""

import shlex
from typing import NamedTuple

import streamlit as st

from engine.base.errors import UserError
from engine.settings.properties import accepted_units, by_quantity
from engine.settings.sources import Source, default_name, source_named
from engine.table import Table, join_tables, leave_out
from engine.table.mended import mended_table, of_several
from engine.table.mending import Mending
from pages.parts.formatting import plain, show_error
from pages.parts.layout import columns, upload_table
from pages.parts.train.intake import as_file
from pages.parts.train.said import said

_KINDS = {"": "not said", "measured": "measured", "simulated": "simulated", "computed": "computed"}


class Joined(NamedTuple):
    """Several tables as one.

    Attributes:
        table: of all rows.
        words: what the command line is told of the further tables and the sources, quoted.
        left_out: properties that are not to be learned; `table` is without them.
        whole: the table with them.
    """

    table: Table
    words: list[str]
    left_out: list[str]
    whole: Table


def choose_further(file: dict) -> list[dict]:
    """Take further tables; each has a `name`, its `data` and a `key`, as the first file has."""
    with st.expander("Add another table", icon=":material/library_add:"):
        st.caption(
            "Values of the same properties from elsewhere: another laboratory, simulations, a "
            "collection from the literature. Each table stays a source of its own: the model "
            "learns how they differ, and answers like the one that you choose."
        )
        uploaded = upload_table(
            "Further tables",
            f"train further {file['key']}",
            "The columns of one property have the same name in all tables, such as Tg.",
            accept_multiple_files=True,
        )
    return [as_file(each.name, each.getvalue()) for each in uploaded or []]


def join_further(file: dict, first: Table, further: list[dict]) -> Joined | None:
    """Check the further tables, ask for sources, and join all; None while they do not fit."""
    files = [file, *further]
    st.markdown("##### Sources")
    keys = [each["key"] for each in files]
    if len(set(keys)) < len(keys):
        show_error(UserError("A table is given twice: it teaches nothing new; remove one."))
        return None
    try:
        sources = [_source_fields(number, each) for number, each in enumerate(files)]
        tables = [first]
        for each, source in zip(further, sources[1:], strict=True):
            tables.append(_checked(each, _units(each), source.name))
        for each, table in zip(further, tables[1:], strict=True):
            _unit_fields(each, table)
        joined = join_tables(tables, sources)
        answers = _answer_fields(file, joined)
        given = {p.base: p.source for p in joined.properties if p.is_answer}
        if any(given[name] != source for name, source in answers.items()):
            joined = join_tables(tables, sources, answers)
    except UserError as error:
        show_error(error)
        return None
    return Joined(joined, _words(further, sources, answers), [], joined)


def choose_left_out(joined: Joined, harmful: dict[str, str], key: str) -> Joined:
    """Let the user leave out properties of added sources.

    Args:
        joined: with sources.
        harmful: properties that harmed in an earlier run, and in what words.
        key: of the file.
    """
    table = joined.whole
    added = [property_.name for property_ in table.properties if not property_.is_answer]
    if not added:
        return joined
    for name in set(harmful) & set(added):
        st.warning(
            plain(f"In the previous run, {harmful[name]} {name} is deselected below."),
            icon=":material/trending_down:",
        )
    kept = st.multiselect(
        "Learn also from",
        added,
        default=[name for name in added if name not in harmful],
        key=f"train added {key} {' '.join(added)}",
        help="What the other sources say of the same properties. The run measures what each of "
        "them changes; leave out here what harmed.",
    )
    left_out = [name for name in added if name not in kept]
    words = [f"--leave-out {shlex.quote(name)}" for name in left_out]
    return Joined(leave_out(table, left_out), [*joined.words, *words], left_out, table)


def _source_fields(number: int, file: dict) -> Source:
    places = columns(f"source-{number}", [1.3, 1, 1.6, 1.4], 130)
    key = f"{number} {file['key']}"
    name = places[0].text_input(
        f"Source of {plain(file['name'])}",
        default_name(file["name"]),
        max_chars=40,
        key=f"source name {key}",
        help="A short name, as it stands in columns: Tg (name).",
    )
    kind = places[1].selectbox(
        "Its values are", list(_KINDS), format_func=_KINDS.get, key=f"source kind {key}"
    )
    reference = places[2].text_input("Reference", placeholder="a DOI", key=f"source ref {key}")
    terms = places[3].text_input("Terms of use", placeholder="CC BY 4.0", key=f"source terms {key}")
    return source_named(name, kind or "", reference.strip(), terms.strip())


def _checked(file: dict, units: dict[str, str], source: str) -> Table:
    # By file, so that other units take the place of those before.
    kept, key = st.session_state.setdefault("train further checked", {}), file["key"]
    # What is said of these is said of all tables.
    first = said()
    shared = ("replicates", "bounds", "long", "fragments", "monomers")
    wanted = Mending(units=units, **{field: getattr(first, field) for field in shared})
    if key not in kept or kept[key][0] != wanted:
        with st.spinner(f"Reading {plain(file['name'])}…"):
            try:
                mending = of_several(wanted, file["data"], file["name"])
                kept[key] = wanted, mended_table(file["data"], mending, file["name"])
            except UserError as error:
                raise UserError(f"{source}: {error}") from error
    return kept[key][1]


def _unit_key(file: dict, name: str) -> str:
    return f"source unit {name} {file['key']}"


def _units(file: dict) -> dict[str, str]:
    """The units that were chosen for a further table."""
    chosen = st.session_state.get(f"source units {file['key']}", ())
    units = {name: st.session_state.get(_unit_key(file, name)) for name in chosen}
    return {name: unit for name, unit in units.items() if unit}


def _unit_fields(file: dict, table: Table) -> None:
    """Ask for the units of a further table, where the first one would be taken."""
    known = [p.name for p in table.properties if len(accepted_units(p.name)) > 1]
    st.session_state[f"source units {file['key']}"] = known
    if not known:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for name in known:
            accepted = accepted_units(name)
            st.selectbox(
                plain(f"Unit of {name} in {file['name']}"),
                [None, *accepted],
                format_func=lambda unit, own=accepted[0]: unit or f"not said ({own})",
                key=_unit_key(file, name),
                width=220,
            )


def _answer_fields(file: dict, joined: Table) -> dict[str, str]:
    """The source that each property of several sources is to answer like."""
    properties = joined.properties
    groups = by_quantity([property_.base for property_ in properties])
    shared = {
        name: [properties[k].source for k in group]
        for name, group in groups.items()
        if len(group) > 1
    }
    answers = {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for name, sources in shared.items():
            answers[name] = st.selectbox(
                f"Predict {plain(name)} as in",
                sources,
                key=f"answer {name} {file['key']} {' '.join(sources)}",
                width=220,
                help="Predictions, submissions and the errors of the run are as this source has "
                "the property; the others are predicted beside it.",
            )
    return answers


def _words(further: list[dict], sources: list[Source], answers: dict[str, str]) -> list[str]:
    """The same on the command line; defaults are said too, since tables are given by name alone."""
    words = [shlex.quote(each["name"]) for each in further]
    for source in sources:
        named = f"{source.name}:{source.kind}" if source.kind else source.name
        words.append(f"--source {shlex.quote(named)}")
    for field in ("reference", "terms"):
        values = [getattr(source, field) for source in sources]
        words += [f"--{field} {shlex.quote(value)}" for value in values] if any(values) else []
    words += [f"--answer {shlex.quote(f'{name}={source}')}" for name, source in answers.items()]
    for each, source in zip(further, sources[1:], strict=True):
        for name, unit in _units(each).items():
            words.append(f"--unit {shlex.quote(f'{source.name}:{name}={unit}')}")
    return words
