"""What `app.py` does around each page: its width and navigation, and a quiet garbage collector."""

import gc
import sys

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


_settled = 0


def settle() -> None:
    """Put what the libraries have loaded out of the garbage collector's sight.

    Streamlit collects all garbage after each refresh of each page. Looking through the hundreds
    of thousands of objects that belong to libraries took four fifths of a live page's time.
    """
    global _settled
    if len(sys.modules) > _settled:
        _settled = len(sys.modules)
        gc.collect()
        gc.freeze()
