"""A run's log: its last lines, or those that hold a word."""

import streamlit as st

from engine.errors import UserError
from engine.runs import find_run, read_log
from pages.parts.words import plain

_LINES = 200
_SEARCHED = 100_000


def show_log(run_id: str) -> None:
    """Show the end of a run's log, with a field to filter it."""
    wanted = st.text_input(
        "Filter",
        key=f"log filter {run_id}",
        placeholder="Show only lines that hold these words",
        label_visibility="collapsed",
        icon=":material/filter_list:",
    ).strip()
    try:
        text = read_log(find_run(run_id), _SEARCHED if wanted else _LINES)
    except UserError:
        return  # deleted meanwhile; the page says so
    if not text:
        st.caption("The log is still empty.")
        return
    if wanted:
        lines = text.splitlines()
        found = [line for line in lines if wanted.casefold() in line.casefold()]
        st.caption(f"{len(found):,} of {len(lines):,} lines hold “{plain(wanted)}”.")
        text = "\n".join(found[-_LINES:])
    if text:
        st.code(text, language=None, height=280, wrap_lines=True)
