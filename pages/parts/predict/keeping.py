"""Keeping an answer: on a list of candidates, and in the history of the last answers."""

from collections.abc import Callable

import streamlit as st

from engine.base.errors import UserError
from engine.candidates import history
from engine.candidates.intake import DRAWN
from engine.candidates.rows import NewCandidate
from engine.chem.composition import is_composition
from engine.chem.description import title_of_composition
from engine.chem.listed_units import name_of
from engine.inference.bundle import BundleInfo
from engine.settings.numbers import number
from pages.parts import auth
from pages.parts.candidates.lists import current_list
from pages.parts.formatting import date_and_time, plain, show_error
from pages.parts.page_guard import part

_KEPT = "kept on"
_VALUES_SHOWN = 3


@part
def show_keep(smiles: str) -> None:
    """The button that puts the molecule on the list that was looked at last."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Keep",
            icon=":material/bookmark_add:",
            help="Put this polymer on your list of candidates.",
            on_click=keep,
            args=(smiles,),
        )
        _show_kept()


def _show_kept() -> None:
    """What came of the last click; it stays, since a page is often drawn twice."""
    kept = st.session_state.get(_KEPT)
    if isinstance(kept, UserError):
        show_error(kept)
    elif kept:
        words, list_id = kept
        st.page_link(
            "pages/candidates.py",
            label=plain(words),
            icon=":material/bookmarks:",
            query_params={"list": list_id},
        )


def keep(smiles: str) -> None:
    """Put a polymer on the list that was looked at last, once; for a callback."""
    known = title_of_composition(smiles) if is_composition(smiles) else name_of(smiles)
    try:
        list_ = current_list()
        new = list_.add([NewCandidate(smiles, smiles, known, "", DRAWN)], once=True)
        st.session_state[_KEPT] = (
            f"{known or smiles} is {'now' if new else 'already'} on {list_.setting('name')}",
            list_.id,
        )
    except UserError as error:
        st.session_state[_KEPT] = error


@part
def remember_answer(info: BundleInfo, smiles: str, values: dict[str, float]) -> None:
    """Put the answer that is shown first in the history.

    Args:
        info: of the model.
        smiles: the molecule.
        values: the blend's, by property.
    """
    answers = info.answers[:_VALUES_SHOWN]
    shown = {each.name: number(each, values[each.name]) for each in answers}
    about = smiles, info.created, repr(shown)
    if st.session_state.get("remembered") != about:
        st.session_state["remembered"] = about
        known = title_of_composition(smiles) if is_composition(smiles) else name_of(smiles)
        history.remember(auth.owner(), smiles, known, shown)


@part
def show_history(load: Callable[[str], None]) -> None:
    """The last answers; each is one click from being shown again.

    Args:
        load: called with a SMILES when its answer is chosen.
    """
    with st.popover("History", icon=":material/history:"):
        known = history.remembered(auth.owner())
        if not known:
            st.caption("The last answers will stand here.")
            return
        st.caption(f"Your last answers, the latest first; {history.MOST} are kept.")
        for each in known:
            unit = str(each.unit)
            words = ", ".join(f"{name} {value}" for name, value in each.extra.items())
            st.button(
                plain(each.name or unit),
                key=f"history {each.id}",
                type="tertiary",
                help=plain(f"{words} · {date_and_time(each.added)}"),
                on_click=load,
                args=(unit,),
            )
        if st.button("Forget these", icon=":material/delete:"):
            history.clear(auth.owner())
            st.rerun()
