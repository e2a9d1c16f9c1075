"""Taking in a model that somebody has made to one file."""

import streamlit as st

from engine.base.workspace import COMMAND
from engine.runs import import_model
from pages.parts.auth import owner
from pages.parts.formatting import plain, sentence
from pages.parts.layout import check_limits, upload_model
from pages.parts.page_guard import part

_UPLOADS = "models uploads"
_TAKEN = "models taken"
"""In the session: how many models were taken in; what is to be said of the last one."""


@part
def take_in() -> None:
    """The field for the file, and the button that checks it and adds the model."""
    check_limits()
    st.caption(
        "A ZIP file that somebody got with “Download as one file”. It is checked before it is "
        "added: it may hold a model’s files alone, each has to be the one that its manifest tells "
        "of, and the model has to predict common polymers. Whether it was trained well no check "
        "can tell: compare it with another one on a table of your own."
    )
    number = st.session_state.setdefault(_UPLOADS, 0)
    uploaded = upload_model(
        "Model as one file (ZIP)",
        f"models upload {number}",
        f"As “Download as one file” on this page, or `{COMMAND} models export`, writes it.",
    )
    if uploaded is None:
        return
    if st.button("Check it and add it", type="primary", icon=":material/verified_user:"):
        bar = st.progress(0.0, "Looking into the file…")

        def show(what: str, done: int, total: int) -> None:
            bar.progress(done / max(total, 1), sentence(what).removesuffix(".") + "…")

        try:
            taken = import_model(uploaded, uploaded.name, owner(), show)
        finally:
            bar.empty()
        st.session_state[_TAKEN] = taken.model.name, taken.deviation
        # A fresh field: the old one would go on showing a file that is here already.
        st.session_state[_UPLOADS] += 1
        st.query_params["model"] = taken.model.id
        st.rerun()


def show_taken() -> None:
    """Say once that a model was taken in."""
    name, deviation = st.session_state.pop(_TAKEN, ("", ""))
    if not name:
        return
    st.success(
        f"**{plain(name)}** is here now: every page offers it where a model is chosen.",
        icon=":material/check_circle:",
    )
    if deviation:
        st.warning(plain(deviation), icon=":material/warning:")
