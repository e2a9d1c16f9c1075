"""Which columns the table of candidates has."""

from typing import NamedTuple

import streamlit as st

from engine.candidates.own_columns import OwnColumn
from engine.settings.properties import Property
from pages.parts.candidates.looking import Look

_SHOWN_AT_FIRST = 5


class Columns(NamedTuple):
    """The columns beside those that every table of candidates has.

    Attributes:
        properties: that of the order and those of the specification first.
        own: of the candidates' file, that of the order first.
    """

    properties: list[Property]
    own: list[OwnColumn]


def choose_columns(look: Look, by: object, by_own: str) -> Columns:
    """Let the user choose the columns.

    Args:
        look: the list.
        by: what it is ordered by; the name of a property has a column in any case.
        by_own: the column of the file that it is ordered by; empty where it is none.
    """
    return Columns(_choose_properties(look, by), _choose_own_columns(look, by_own))


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


def _choose_own_columns(look: Look, by_own: str) -> list[OwnColumn]:
    """The columns of the candidates' file that are shown: those chosen, and that of the order."""
    if not look.own_columns:
        return []
    chosen = st.multiselect(
        "Columns of the file shown",
        look.own_columns,
        key=f"own columns of {look.list_.id}",
        placeholder="None",
    )
    shown = dict.fromkeys([by_own, *chosen] if by_own else chosen)
    return [look.own_column(name) for name in shown]
