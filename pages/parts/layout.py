"""Columns that wrap where the page is narrow, headings, and the field that takes a table."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.base.errors import UserError
from engine.base.limits import Limits, limits
from pages.parts.formatting import show_error


def columns(
    key: str, widths: Sequence[float], least: int, align: str = "top"
) -> list[DeltaGenerator]:
    """Columns that wrap, so that none gets narrower than `least` pixels.

    Streamlit's own columns wrap by the window's width, which the sidebar takes a third of.

    Args:
        key: the row's name on the page; letters and hyphens.
        widths: the columns' shares.
        least: in pixels.
        align: `top`, `center` or `bottom`.
    """
    box = st.container(key=key)
    box.html(
        f"<style>.st-key-{key} > * > [data-testid='stHorizontalBlock'], "
        f".st-key-{key} > [data-testid='stHorizontalBlock'] {{ flex-wrap: wrap }} "
        f".st-key-{key} [data-testid='stColumn'] {{ min-width: min({least}px, 100%) }}</style>"
    )
    return box.columns(widths, gap="medium", vertical_alignment=align)


CHARTS_IN_A_ROW = 3


def places(key: str, count: int) -> list[DeltaGenerator]:
    """As many places in rows; where the page is narrow they wrap and keep their order."""
    widths = [1] * min(count, CHARTS_IN_A_ROW)
    rows = range(0, count, CHARTS_IN_A_ROW)
    return [place for row in rows for place in columns(f"{key}-{row}", widths, 200)][:count]


def heading(page: str, words: str) -> DeltaGenerator:
    """A page's title and what it is for; returns the place to the right of them."""
    left, right = columns(f"heading-{page.lower()}", [1.7, 1], 260, "bottom")
    left.title(page)
    left.caption(words)
    return right


def forget_unless(key: str, options: Sequence[str]) -> None:
    """Drop a widget's choice that its new options no longer hold, as after a change of the run."""
    if st.session_state.get(key) not in options:
        st.session_state.pop(key, None)


_KINDS = ["csv", "tsv", "txt", "parquet", "xlsx"]


def check_limits() -> None:
    """Say what is wrong with the workspace's limits; once on a page, above its fields."""
    try:
        limits()
    except UserError as error:
        show_error(error)


def upload_table(label: str, key: str, help: str, place: DeltaGenerator | None = None, **more):
    """Show the field; returns what `st.file_uploader` does.

    Args:
        label, key, help, more: as Streamlit's.
        place: where; on the page itself when it is not given.
    """
    show = (place or st).file_uploader
    return show(label, _KINDS, key=key, help=help, max_upload_size=_most_mb(), **more)


def _most_mb() -> int:
    try:
        return limits().upload_mb
    except UserError:
        return Limits().upload_mb
