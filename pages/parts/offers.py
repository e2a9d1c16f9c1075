"""Repeat units that a text may stand for, to be chosen."""

from collections.abc import Callable, Iterable

import streamlit as st

from engine.chem.listed_units import FoundUnit
from pages.parts.formatting import plain
from pages.parts.pictures import show_picture


def offer_units(units: Iterable[FoundUnit], choose: Callable[[str], None], field: str) -> None:
    """Each of some repeat units, with its drawing and what makes it; a click on its name takes it.

    Args:
        units: no two the same.
        choose: called with the SMILES of the one that is taken.
        field: the key of the field whose text may stand for them.
    """
    for unit in units:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            show_picture(unit.smiles, 110, 60)
            with st.container():
                name = plain(unit.name or unit.smiles)
                key = f"offer for {field} {unit.smiles}"
                st.button(name, on_click=choose, args=(unit.smiles,), key=key)
                if unit.reaction:
                    st.caption(plain(unit.reaction))
