"""Help: the words that are used, and the documents."""

import streamlit as st

from pages.parts import page_guard
from pages.parts.documents import DOCUMENTS, Picture, document
from pages.parts.layout import heading

_CHOSEN = "help document"


def keep_address() -> None:
    """Write the document that is chosen into the address; for a callback."""
    st.query_params["doc"] = st.session_state[_CHOSEN]


@page_guard.part
def show_document(key: str) -> None:
    """One document, in lines that are short enough to be read."""
    with st.container(width=860):
        for part in document(key):
            if isinstance(part, Picture):
                st.image(str(part.path), alt=part.words)
            else:
                # Our own files, whose links are tags: Markdown's would open another tab.
                st.markdown(part, unsafe_allow_html=True)


def main() -> None:
    """The whole page."""
    heading("Help", "What the words mean, how it works, and how far it can be trusted.")
    # The address decides, so that links, Back and reload lead to what they say.
    asked = st.query_params.get("doc")
    st.session_state[_CHOSEN] = asked if asked in DOCUMENTS else next(iter(DOCUMENTS))
    key = st.pills(
        "Document",
        list(DOCUMENTS),
        required=True,
        format_func=lambda key: DOCUMENTS[key][0],
        key=_CHOSEN,
        on_change=keep_address,
    )
    show_document(key)


page_guard.draw(main)
