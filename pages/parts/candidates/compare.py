"""What is selected: up to eight candidates side by side, with their notes."""

import numpy as np
import pandas as pd
import streamlit as st

from engine.base.errors import UserError
from engine.base.wording import clipped, counted, distinct
from engine.candidates.answers import Answers
from engine.candidates.downloads import title_shown
from engine.candidates.rows import Candidate
from engine.candidates.store import LONGEST_NOTE
from engine.inference.uncertainty import GUESS, OUTSIDE
from engine.settings.numbers import number
from engine.settings.properties import Property
from pages.parts.candidates.looking import Look
from pages.parts.formatting import plain, show_error
from pages.parts.page_guard import part
from pages.parts.pictures import show_picture

MOST = 8
_MEASURED = "measured"
_SIGNS = {_MEASURED: "●", OUTSIDE: "◦", GUESS: "?"}
_WIDTH = 250


@part
def show_selected(look: Look, selected: list[int]) -> None:
    """The candidates that are selected, and what can be done with them.

    Args:
        look: the list.
        selected: their numbers.
    """
    _show_removed(look)
    if not selected:
        return
    candidates = look.list_.candidates(selected)
    st.subheader(f"{counted(len(candidates), 'candidate')} selected")
    if st.button("Remove from this list", icon=":material/delete:"):
        look.list_.remove([each.id for each in candidates])
        st.rerun()
    if len(candidates) > MOST:
        st.caption(f"The first {MOST} are compared.")
    compared = candidates[:MOST]
    with st.container(horizontal=True, gap="small"):
        for each in compared:
            with st.container(border=True, width=_WIDTH, gap="xsmall", key=f"molecule-{each.id}"):
                _show_card(look, each)
    if look.answers is not None and len(compared) > 1:
        _show_differences(look.answers, compared)


def _show_removed(look: Look) -> None:
    """Offer to bring back what was removed last."""
    gone = look.list_.removed()
    if gone and st.button(
        f"Bring back {counted(gone, 'removed candidate')}", icon=":material/undo:", type="tertiary"
    ):
        look.list_.restore()
        st.rerun()


def _show_card(look: Look, candidate: Candidate) -> None:
    if candidate.unit:
        show_picture(candidate.unit, _WIDTH - 36, 120)
    st.markdown(f"**{plain(title_shown(candidate))}**")
    if candidate.unit:
        st.code(candidate.unit, language=None, wrap_lines=True)
        st.page_link(
            "pages/predict.py",
            label="Open in Predict",
            icon=":material/experiment:",
            query_params={"smiles": candidate.unit},
        )
    else:
        st.caption(plain(candidate.problem))
    if candidate.unit and candidate.given not in (candidate.unit, candidate.name):
        st.caption(plain(f"Given as {clipped(candidate.given)}"))
    _show_note(look, candidate)
    if candidate.extra:
        with st.popover("From its file", icon=":material/table_rows:"):
            for name, value in candidate.extra.items():
                st.markdown(f"**{plain(name)}** {plain(value)}")


def _show_note(look: Look, candidate: Candidate) -> None:
    """The field of a candidate's note, which follows what another window has written."""
    key = f"note {look.list_.id} {candidate.id}"
    filled, problem = f"{key} before", f"{key} problem"
    state = st.session_state
    if key not in state or state[key] == state.get(filled):
        state[key] = state[filled] = candidate.note

    def write() -> None:
        try:
            look.list_.write_note(candidate.id, state[key], state[filled])
            state[filled] = state[key]
        except UserError as error:
            state[problem] = error

    st.text_area("Note", key=key, max_chars=LONGEST_NOTE, height=80, on_change=write)
    if error := state.pop(problem, None):
        show_error(error)


def _show_differences(answers: Answers, compared: list[Candidate]) -> None:
    """The properties of candidates side by side; what stands apart from all others is marked."""
    found = [(each, answers.row_of(each.id)) for each in compared]
    there = [(each, row) for each, row in found if row is not None]
    if len(there) < 2:
        return
    rows = [row for _, row in there]
    titles = distinct([title_shown(each) for each, _ in there])
    table = {
        property_.label: _cells(answers, rows, k, property_)
        for k, property_ in enumerate(answers.properties)
    }
    frame = pd.DataFrame.from_dict(table, orient="index", columns=titles)
    st.dataframe(frame, height="content", alt="Properties of the selected candidates side by side")
    like = answers.like_words(answers.properties)
    st.caption(
        "▲ the highest and ▼ the lowest of a row, where no other interval reaches as far; ● marks "
        f"measured values, ◦ values outside the domain, ? guesses. {plain(like)}"
    )


def _cells(answers: Answers, rows: list[int], k: int, property_: Property) -> list[str]:
    values = answers.values[rows, k]
    low, high = (ends[rows, k] for ends in answers.ends)
    is_measured = answers.is_measured[rows, k]
    sides = np.where(is_measured, _MEASURED, answers.domains[rows, k])
    cells = [
        f"{number(property_, value)} {_SIGNS.get(side, '')}".strip()
        for value, side in zip(values, sides, strict=True)
    ]
    known = np.flatnonzero(np.isfinite(values))
    if len(known) > 1:
        top, bottom = known[values[known].argmax()], known[values[known].argmin()]
        if low[top] > high[known[known != top]].max():
            cells[top] = f"▲ {cells[top]}"
        if high[bottom] < low[known[known != bottom]].min():
            cells[bottom] = f"▼ {cells[bottom]}"
    return cells
