"""What surrounds each page: the check that `app.py` ran, and a quiet garbage collector."""

import gc
import sys

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from pages.parts.auth import ask_to_sign_in, is_signed_in

_APP_RAN = "app.py ran"
"""In the session: that its pages are drawn by `app.py`."""

_modules_frozen = 0


def mark_app_ran() -> None:
    """Said by `app.py`: this session's pages are drawn by it."""
    st.session_state[_APP_RAN] = True


def ensure_app_ran() -> None:
    """Said by each page before it draws anything: begin anew where it runs without `app.py`.

    Until `app.py` has called `st.navigation` once, a server runs each file of a folder named
    `pages` by itself. Whoever opens a page's own address before that, as several tabs may do right
    after a restart, would get the page without logo and full width, beside a list of files.
    """
    if _APP_RAN not in st.session_state:
        # Streamlit's inner switch for such folders: left on, it would run the page alone again.
        # Calling `st.navigation` here turns it off too, but says "Page not found" to whoever
        # asked for /predict, since the default page is at /.
        PagesManager.uses_pages_directory = False
        mark_app_ran()
        st.rerun()
    if not is_signed_in():
        # `app.py` has asked already, where it ran.
        ask_to_sign_in()
        st.stop()


def freeze_gc() -> None:
    """Put what the libraries have loaded out of the garbage collector's sight.

    Streamlit collects all garbage after each refresh of each page. Looking through the hundreds
    of thousands of objects that belong to libraries takes four fifths of a live page's time.
    """
    global _modules_frozen
    if len(sys.modules) > _modules_frozen:
        _modules_frozen = len(sys.modules)
        gc.collect()
        gc.freeze()
