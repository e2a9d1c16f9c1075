"""The field that takes a table from the user's disk, and how large that may be."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.errors import UserError
from engine.limits import Limits, limits
from pages.parts.words import show_error

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
