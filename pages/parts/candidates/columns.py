"""Which columns the table of candidates has."""

from typing import NamedTuple

import streamlit as st

from engine.candidates.own_columns import OwnColumn
from engine.settings.properties import Property
from engine.table.columns import free_name
from pages.parts.candidates.looking import Look

_SHOWN_AT_FIRST = 5
_GIVEN, _GIVEN_IN_WORDS = "given", "given: the line or the cell as it was"


class Columns(NamedTuple):
    """The columns beside those that every table of candidates has.

    Attributes:
        properties: that of the order and those of the specification first.
        own: of the candidates' file, that of the order first.
        given: what the column of lines and cells as they were given is called; empty without it.
    """

    properties: list[Property]
    own: list[OwnColumn]
    given: str = ""


def choose_columns(look: Look, by: object, by_own: str) -> Columns:
    """Let the user choose the columns.

    Args:
        look: the list.
        by: what it is ordered by; the name of a property has a column in any case.
        by_own: the column of the file that it is ordered by; empty where it is none.
    """
    properties = _choose_properties(look, by)
    given = free_name(_GIVEN, look.own_columns)
    chosen = st.multiselect(
        "Further columns shown",
        [given, *look.own_columns],
        format_func=lambda name: _GIVEN_IN_WORDS if name == given else name,
        key=f"own columns of {look.list_.id}",
        placeholder="None",
    )
    own = dict.fromkeys(each for each in [by_own, *chosen] if each and each != given)
    return Columns(
        properties, [look.own_column(name) for name in own], given if given in chosen else ""
    )


def _choose_properties(look: Look, by: object) -> list[Property]:
    """The properties that have columns: that of the order and those of the specification first."""
    if look.answers is None:
        return []
    by_name = {each.name: each for each in look.answers.properties}
    wanted = [each.name for each in look.requirements]
    first = list(dict.fromkeys([*wanted, *by_name]))[: max(_SHOWN_AT_FIRST, len(wanted))]
    chosen = st.pills(
        "Properties shown",
        list(by_name),
        default=first,
        selection_mode="multi",
        format_func=lambda name: by_name[name].title,
        key=f"properties shown {'-'.join(wanted)}",
    )
    ordered = dict.fromkeys([*(name for name in by_name if name == by), *wanted, *by_name])
    return [by_name[name] for name in ordered if name in chosen or name == by]
