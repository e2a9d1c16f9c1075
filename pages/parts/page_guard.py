"""What surrounds each page: the check that `app.py` ran, and a quiet garbage collector."""

import gc
import sys

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

_APP_RAN = "app.py ran"
"""In the session: that its pages are drawn by `app.py`."""

_modules_frozen = 0


def mark_app_ran() -> None:
    """Said by `app.py`: this session's pages are drawn by it."""
    st.session_state[_APP_RAN] = True


def ensure_app_ran() -> None:
    """Said by each page: begin anew if it is drawn without `app.py`.

    Streamlit takes a folder named `pages` for the whole app until `app.py` has said otherwise, in
    the first session of a server. A second browser tab that asks in the same moment, as after a
    restart of the server, would keep a page without name and width, and a list of files.
    """
    if _APP_RAN not in st.session_state:
        PagesManager.uses_pages_directory = False
        mark_app_ran()
        st.rerun()


def freeze_gc() -> None:
    """Put what the libraries have loaded out of the garbage collector's sight.

    Streamlit collects all garbage after each refresh of each page. Looking through the hundreds
    of thousands of objects that belong to libraries took four fifths of a live page's time.
    """
    global _modules_frozen
    if len(sys.modules) > _modules_frozen:
        _modules_frozen = len(sys.modules)
        gc.collect()
        gc.freeze()
