"""What surrounds each page and its parts: a part that fails says so, and the others stay."""

import functools
import gc
import logging
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import ParamSpec, TypeVar

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from engine.base.errors import UserError
from pages.parts import address
from pages.parts.auth import ask_to_sign_in, is_signed_in
from pages.parts.formatting import show_error

P = ParamSpec("P")
R = TypeVar("R")

FAILED = "PolyGIN Studio made an error"
"""In the words that stand where a part of a page has failed."""

_APP_RAN = "app.py ran"
"""In the session: that its pages are drawn by `app.py`."""

_SHORTEST_SECRET = 6
"""Shorter texts than this are no secrets, and stand in any trace."""

_modules_frozen = 0


def part(show: Callable[P, R]) -> Callable[P, R | None]:
    """Decorates what draws a part of a page: where it fails, that is said in its place.

    Streamlit's own signals, which end or repeat a page, pass through.
    """

    @functools.wraps(show)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | None:
        try:
            return show(*args, **kwargs)
        except Exception as error:
            show_failure(error)
            return None

    return guarded


def draw(main: Callable[[], None]) -> None:
    """Said by each page at its end: draw it, for whoever may see it."""
    ensure_app_ran()
    address.open_page()
    part(main)()


def show_failure(error: Exception) -> bool:
    """Say what a user can put right; of anything else, that it is our fault, with the details.

    Returns:
        True, by which Streamlit knows that it need not say more.
    """
    if isinstance(error, UserError):
        show_error(error)
        return True
    logging.getLogger(__name__).error("A part of a page failed.", exc_info=error)
    st.error(
        f"This part of the page cannot be shown: {FAILED}. The rest of the page can be used "
        "as before. If you report it, please copy the details with it.",
        icon=":material/bug_report:",
    )
    with st.popover("Copy details", icon=":material/content_copy:"):
        st.code(details_of(error), language=None, height=300)
    return True


def details_of(error: Exception) -> str:
    """The trace of an error, without the server's secrets and the name of the home folder."""
    text = "".join(traceback.format_exception(error))
    home = Path.home()
    if home != home.parent:  # the root is in every path
        text = text.replace(str(home), "~")
    for secret in sorted(_secrets(), key=len, reverse=True):
        text = text.replace(secret, "•••")
    return text


def _secrets() -> list[str]:
    try:
        return [text for text in _texts(st.secrets) if len(text) >= _SHORTEST_SECRET]
    except OSError:
        return []


def _texts(secrets: Mapping) -> Iterator[str]:
    for value in secrets.values():
        if isinstance(value, Mapping):
            yield from _texts(value)
        else:
            yield str(value)


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
