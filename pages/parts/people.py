"""Who uses the app, on servers where people sign in; see `docs/server.md`."""

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError


def demand_sign_in() -> None:
    """Show nothing else before people have signed in, where sign-in is set up."""
    if not _set_up() or getattr(st.user, "is_logged_in", False):
        return
    st.title("PolyGIN Studio", anchor=False)
    st.write("This server asks who you are, so that runs tell whose they are.")
    st.button("Sign in", type="primary", icon=":material/login:", on_click=st.login)
    st.stop()


def owner() -> str:
    """The name that runs started now belong to; empty where nobody signs in."""
    if not _set_up():
        return ""
    return str(st.user.get("email") or st.user.get("name") or "")


def _set_up() -> bool:
    try:
        return "auth" in st.secrets
    except StreamlitSecretNotFoundError:
        return False
