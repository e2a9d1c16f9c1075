"""Putting candidates on a list: pasted lines, or a file."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import streamlit as st

from engine.base.errors import UserError
from engine.base.wording import counted
from engine.candidates import intake
from engine.candidates.added import Added, tell_added
from engine.candidates.lists import folder
from engine.candidates.rows import NewCandidate
from engine.candidates.store import CandidateList
from engine.inference.bundle import read_info
from pages.parts.candidates.lists import current_list, look_at_list
from pages.parts.formatting import plain, show_error
from pages.parts.layout import columns, upload_table
from pages.parts.page_guard import part

_ADDED, _FILES = "candidates added", "candidates files added"


@part
def show_adding(list_: CandidateList | None, model: Path) -> None:
    """The fields that take candidates.

    Args:
        list_: where they are put; None for a list that is made with the first ones.
        model: the bundle of the model that is to predict them.
    """
    empty = list_ is None or not list_.count()
    with st.expander("Add candidates", expanded=empty, icon=":material/add:"):
        pasted, file = st.tabs(["Paste a list", "Upload a file"])
        with pasted:
            _show_paste()
        with file:
            _show_upload(model)
    if list_ is not None:
        _show_added(list_)


def _show_added(list_: CandidateList) -> None:
    """What became of the lines that were added last, until the list is another."""
    words, is_usable, *of = st.session_state.get(_ADDED, ("", False, "", 0))
    if not words or of != [list_.id, list_.count()]:
        return
    left, right = columns("what-was-added", [8, 1], 60, "center")
    if is_usable:
        left.success(plain(words), icon=":material/check_circle:")
    else:
        left.warning(plain(words), icon=":material/warning:")
    if right.button("Close", type="tertiary", key="close what was added"):
        del st.session_state[_ADDED]
        st.rerun()


def _show_paste() -> None:
    with st.form("paste candidates", border=False, clear_on_submit=True):
        text = st.text_area(
            "Repeat units or names, one in each line",
            height=140,
            key="pasted candidates",
            placeholder="*CC(*)c1ccccc1\nPMMA\n*CCO*  my name for it",
            help="A repeat unit as SMILES, with a name of your own behind it if you like, a "
            "composition such as `A|B|0.25|0.75|random`, or the name of a polymer. Every line "
            "becomes a candidate; one that cannot be read says why. Lines that begin with “#” are "
            "left out.",
        )
        if st.form_submit_button("Add these", icon=":material/add:", type="primary"):
            try:
                found = intake.of_lines(text)
            except UserError as error:
                show_error(error)
                return
            left_out = intake.left_out(text)
            if not found:
                words = _left_out_words(left_out) or "There is nothing in the field yet."
                st.warning(words, icon=":material/edit:")
                return
            _add(iter(found), len(found), "line", left_out)


def _show_upload(model: Path) -> None:
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
                rows = intake.of_file(path, file.name, read_info(model))
            st.session_state[_FILES] = number + 1
            _add(rows.candidates, rows.total, "row", unread=rows.unread)
        except UserError as error:
            show_error(error)


def _add(
    candidates: Iterator[NewCandidate], count: int, noun: str, left_out: int = 0, unread: str = ""
) -> None:
    """Put candidates on the list, and show it.

    Args:
        candidates: in order.
        count: how many they are.
        noun: of what each was: a line or a row.
        left_out: how many lines are no candidates.
        unread: a sentence about what was not read.
    """
    list_ = current_list()
    before = list_.units()
    bar = st.progress(0.0, text="Adding…") if count > 5000 else None
    units: list[str | None] = []

    def with_progress() -> Iterator[NewCandidate]:
        for number, each in enumerate(candidates):
            if bar and number % 2000 == 0:
                bar.progress(number / count, text=f"Adding {number:,} of {count:,}…")
            units.append(each.unit)
            yield each

    list_.add(with_progress())
    look_at_list(list_.id)
    with st.spinner("Comparing with what is on the list…"):
        added = tell_added(before, units)
    told = _words(added, noun)
    words = " ".join(filter(None, [told, _left_out_words(left_out), unread]))
    is_usable = added.candidates > added.without_unit
    st.session_state[_ADDED] = words, is_usable, list_.id, list_.count()
    st.rerun()


def _words(added: Added, noun: str) -> str:
    """What became of the lines or rows that were added."""
    became = "became a candidate" if added.candidates == 1 else "became candidates"
    told = [f"{counted(added.candidates, noun)} {became}."]
    if added.without_unit:
        have = "has" if added.without_unit == 1 else "have"
        told.append(
            f"{added.without_unit:,} of them {have} no repeat unit: the column “remark” says why, "
            "and “a problem” in the field “Only” shows such candidates alone."
        )
    twice = []
    if count := added.there_already:
        were = "was" if count == 1 else "were"
        twice.append(f"{counted(count, 'polymer')} {were} on the list already")
    if count := added.several_times:
        were = "was" if count == 1 else "were"
        twice.append(f"{counted(count, 'polymer')} {were} given more than once")
    if twice:
        how = ", compared as they are drawn" if added.as_drawn else ""
        told.append(f"{' and '.join(twice)}{how}; nothing was dropped.")
    return " ".join(told)


def _left_out_words(count: int) -> str:
    """How many lines are no candidates; empty for none."""
    if not count:
        return ""
    were = "was left out: it holds" if count == 1 else "were left out: they hold"
    return f"{counted(count, 'line')} {were} only punctuation, or a remark behind “#”."
