"""Who uses the app, on servers where people sign in; see `docs/server.md`."""

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError


def is_signed_in() -> bool:
    """Whether the pages may be shown: always, where sign-in is not set up."""
    return not _set_up() or bool(getattr(st.user, "is_logged_in", False))


def ask_to_sign_in() -> None:
    """What is shown instead of the pages until somebody has signed in."""
    st.title("PolyGIN Studio", anchor=False)
    st.write("This server asks who you are, so that each run shows whose it is.")
    st.button("Sign in", type="primary", icon=":material/login:", on_click=st.login)


def show_account() -> None:
    """Who is signed in, and the button to sign out; nothing where nobody signs in."""
    if name := owner():
        with st.sidebar:
            # Not as Markdown, which would make a link of an e-mail address.
            st.text(name)
            st.button("Sign out", icon=":material/logout:", on_click=st.logout)


def owner() -> str:
    """The name to which runs started now belong; empty where nobody signs in."""
    if not _set_up():
        return ""
    return str(st.user.get("email") or st.user.get("name") or "")


def _set_up() -> bool:
    try:
        return "auth" in st.secrets
    except StreamlitSecretNotFoundError:
        return False
