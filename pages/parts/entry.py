"""Sees to it that every page is drawn by `app.py`, with its name, its width and its navigation."""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

_MARK = "drawn by app.py"


def mark() -> None:
    """Said by `app.py`: this session's pages are drawn by it."""
    st.session_state[_MARK] = True


def demand() -> None:
    """Said by each page: begin anew if it is drawn without `app.py`.

    Streamlit takes a folder named `pages` for the whole app until `app.py` has said otherwise, in
    the first session of a server. A second browser tab that asks in the same moment, as after a
    restart of the server, would keep a page without name and width, and a list of files.
    """
    if _MARK not in st.session_state:
        PagesManager.uses_pages_directory = False
        mark()
        st.rerun()
