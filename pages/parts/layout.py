"""Fields and places that look the same on every page: columns, headings, uploads of tables."""

from collections.abc import Iterable, Sequence
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.base.errors import UserError
from engine.base.limits import Limits, limits
from pages.parts.formatting import show_error

_TABLE_FORMATS = ["csv", "tsv", "txt", "parquet", "xlsx", "sdf", "mol", "smi"]


def heading(page: str, words: str) -> DeltaGenerator:
    """A page's title and what it is for; returns the place to the right of them."""
    left, right = columns(f"heading-{page.lower()}", [1.5, 1], 290, "bottom")
    left.title(page)
    left.caption(words)
    return right


def columns(
    key: str, widths: Sequence[float], min_width: int, align: str = "top"
) -> list[DeltaGenerator]:
    """Columns that wrap, so that none gets narrower than `min_width` pixels.

    Streamlit's own columns wrap by the window's width, and the sidebar takes a third of that.

    Args:
        key: the row's name on the page; letters and hyphens.
        widths: the columns' shares.
        min_width: in pixels.
        align: `top`, `center` or `bottom`.
    """
    box = st.container(key=key)
    box.html(
        f"<style>.st-key-{key} > * > [data-testid='stHorizontalBlock'], "
        f".st-key-{key} > [data-testid='stHorizontalBlock'] {{ flex-wrap: wrap; row-gap: 1rem }} "
        f".st-key-{key} [data-testid='stColumn'] {{ min-width: min({min_width}px, 100%) }}</style>"
    )
    return box.columns(widths, gap="medium", vertical_alignment=align)


def choose_section(
    label: str,
    sections: Sequence[str],
    key: str,
    label_visibility: Literal["visible", "collapsed"] = "visible",
) -> str:
    """Let the user choose a section of a page; the first one where the address asks for none.

    Args:
        label, label_visibility: as Streamlit's.
        sections: their names.
        key: of the address's parameter.
    """
    chosen = st.segmented_control(
        label,
        sections,
        default=sections[0],
        required=True,
        key=key,
        bind="query-params",
        label_visibility=label_visibility,
    )
    return chosen or sections[0]


def forget_stale_choice(key: str, options: Sequence[str]) -> None:
    """Drop a widget's choice that its new options no longer hold, as after a change of the run."""
    if st.session_state.get(key) not in options:
        st.session_state.pop(key, None)


def place_of(first: str, options: Iterable[str]) -> int:
    """The place of a widget's first choice; of the first option where the options lack it."""
    places = list(options)
    return places.index(first) if first in places else 0


def upload_table(label: str, key: str, help: str, place: DeltaGenerator | None = None, **options):
    """Show the field that takes a table; returns what `st.file_uploader` does.

    Args:
        label, key, help, options: as Streamlit's.
        place: where it is shown; on the page itself when it is not given.
    """
    show = (place or st).file_uploader
    return show(label, _TABLE_FORMATS, key=key, help=help, max_upload_size=_upload_mb(), **options)


def upload_model(label: str, key: str, help: str):
    """Show the field that takes a model as one file; as `upload_table`."""
    return st.file_uploader(label, ["zip"], key=key, help=help, max_upload_size=_upload_mb())


def check_limits() -> None:
    """Say what is wrong with the workspace's limits; once on a page, above its fields."""
    try:
        limits()
    except UserError as error:
        show_error(error)


def _upload_mb() -> int:
    try:
        return limits().upload_mb
    except UserError:
        return Limits().upload_mb
