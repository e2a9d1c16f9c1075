"""Choosing a list of candidates, and making, renaming and removing lists."""

from collections.abc import Callable

import streamlit as st

from engine.base.errors import UserError
from engine.base.wording import counted
from engine.candidates import lists
from engine.candidates.rows import LONGEST_NAME
from engine.candidates.store import CandidateList
from pages.parts.address import asked_anew, complaint, keep_in_address
from pages.parts.formatting import plain, show_error
from pages.parts.layout import columns

_CHOSEN = "list of candidates"
"""In the session: the list that was looked at last."""

_KEY, _FAILED = "candidates: list", "list problem"


def choose_list() -> CandidateList | None:
    """Let the user choose a list, and say which cannot be read; None where there is none."""
    found, problems = lists.read_lists()
    known = {each.id: each for each in found}
    asked = asked_anew("list")
    wanted = asked if asked in known else st.session_state.get(_CHOSEN)
    if wanted not in known:
        wanted = next(iter(known), None)
    left, right = columns("candidate-lists", [4, 1], 150, "bottom")
    with right, st.popover("Lists", icon=":material/list_alt:"):
        _show_manager(known[wanted] if wanted else None)
    if error := st.session_state.pop(_FAILED, None):
        show_error(error)
    for words in problems:
        st.warning(plain(words), icon=":material/broken_image:")
    if wanted:
        keep_in_address("list", wanted, next(iter(known)))
    in_vain = "There is no list {} any more; another one is shown."
    if words := complaint("list", asked, asked in known, in_vain):
        st.warning(plain(words))
    if wanted is None:
        return None
    # The address and the list that was chosen last decide, so that Back and links work.
    st.session_state[_KEY] = wanted
    with left:
        st.selectbox(
            "List",
            list(known),
            format_func=lambda one: f"{known[one].name} ({known[one].size:,})",
            key=_KEY,
            on_change=lambda: look_at_list(st.session_state[_KEY]),
        )
    st.session_state[_CHOSEN] = wanted
    return lists.open_list(wanted)


def current_list() -> CandidateList:
    """The list to keep candidates on: the one looked at last, or the first; made if need be."""
    known = {each.id: each for each in lists.all_lists()}
    wanted = st.session_state.get(_CHOSEN)
    if wanted in known:
        return lists.open_list(wanted)
    return lists.open_list(next(iter(known))) if known else lists.create_list(lists.FIRST)


def look_at_list(list_id: str) -> None:
    """Let the address of the Candidates page name a list, and keep candidates on it."""
    st.session_state[_CHOSEN] = list_id
    st.query_params["list"] = list_id


def _show_manager(current: lists.ListInfo | None) -> None:
    """Fields for a new list, and for what is done with the one that is shown."""
    with st.form("new list", border=False, clear_on_submit=True):
        name = st.text_input("Name of a new list", max_chars=LONGEST_NAME, key="new list name")
        if st.form_submit_button("Make a list", icon=":material/add:"):
            _try(lambda: look_at_list(lists.create_list(name).id))
    gone = lists.removed_list()
    if gone and st.button("Bring back the list removed last", icon=":material/undo:"):
        _try(lambda: lists.restore_list(gone))
    if current is None:
        return
    with st.form("rename list", border=False):
        key = f"name of {current.id}"
        name = st.text_input("Name of this list", current.name, max_chars=LONGEST_NAME, key=key)
        if st.form_submit_button("Rename", icon=":material/edit:"):
            _try(lambda: lists.rename_list(current.id, name))
    words = f"Remove this list with {counted(current.size, 'candidate')}"
    if st.button(words, icon=":material/delete:"):
        st.query_params.pop("list", None)
        _try(lambda: lists.remove_list(current.id))


def _try(act: Callable[[], object]) -> None:
    """Do something with lists, and show them anew; what went wrong is said above them."""
    try:
        act()
    except UserError as error:
        st.session_state[_FAILED] = error
    st.rerun()
