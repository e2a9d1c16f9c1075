"""Putting candidates on a list: pasted lines, or a file."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import streamlit as st

from engine.base.errors import UserError
from engine.base.wording import counted
from engine.candidates import intake
from engine.candidates.lists import folder
from engine.candidates.rows import NewCandidate
from engine.candidates.store import CandidateList
from pages.parts.candidates.lists import current_list, look_at_list
from pages.parts.formatting import plain, show_error
from pages.parts.layout import upload_table
from pages.parts.page_guard import part

_ADDED, _FILES = "candidates added", "candidates files added"


@part
def show_adding(list_: CandidateList | None) -> None:
    """The fields that take candidates.

    Args:
        list_: where they are put; None for a list that is made with the first ones.
    """
    empty = list_ is None or not list_.count()
    if words := st.session_state.pop(_ADDED, ""):
        st.toast(plain(words), icon=":material/check_circle:")
    with st.expander("Add candidates", expanded=empty, icon=":material/add:"):
        pasted, file = st.tabs(["Paste a list", "Upload a file"])
        with pasted:
            _show_paste()
        with file:
            _show_upload()


def _show_paste() -> None:
    with st.form("paste candidates", border=False, clear_on_submit=True):
        text = st.text_area(
            "Repeat units or names, one in each line",
            height=140,
            key="pasted candidates",
            placeholder="*CC(*)c1ccccc1\nPMMA\n*CCO*  my name for it",
            help="A repeat unit as SMILES, with a name of your own behind it if you like, or the "
            "name of a polymer. Every line becomes a candidate; one that cannot be read says why.",
        )
        if st.form_submit_button("Add these", icon=":material/add:", type="primary"):
            try:
                found = intake.of_lines(text)
            except UserError as error:
                show_error(error)
                return
            if not found:
                st.warning("There is nothing in the field yet.", icon=":material/edit:")
                return
            _add(iter(found), len(found))


def _show_upload() -> None:
    # Another field after each file, so that none is added twice.
    number = st.session_state.get(_FILES, 0)
    file = upload_table(
        "Table of candidates",
        f"candidates file {number}",
        "A table with a column of SMILES or of polymers' names. Ids and other columns are kept.",
    )
    if file is None or not st.button("Add this file", icon=":material/add:", type="primary"):
        return
    with tempfile.TemporaryDirectory(dir=folder(), prefix=".upload-") as place:
        # Its ending says what kind of file it is; nothing else of its name is used.
        path = Path(place) / f"upload{Path(file.name).suffix[:10]}"
        path.write_bytes(file.getbuffer())
        try:
            with st.spinner("Reading the file…"):
                count, rows = intake.of_file(path, file.name)
            st.session_state[_FILES] = number + 1
            _add(rows, count)
        except UserError as error:
            show_error(error)


def _add(candidates: Iterator[NewCandidate], count: int) -> None:
    """Put candidates on the list, and show it."""
    list_ = current_list()
    bar = st.progress(0.0, text="Adding…") if count > 5000 else None

    without_unit = 0

    def with_progress() -> Iterator[NewCandidate]:
        nonlocal without_unit
        for number, each in enumerate(candidates):
            if bar and number % 2000 == 0:
                bar.progress(number / count, text=f"Adding {number:,} of {count:,}…")
            without_unit += each.unit is None
            yield each

    added = list_.add(with_progress())
    look_at_list(list_.id)
    words = f", {without_unit:,} of them without a repeat unit" if without_unit else ""
    st.session_state[_ADDED] = f"{counted(len(added), 'candidate')} added{words}."
    st.rerun()
