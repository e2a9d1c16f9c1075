"""Who uses the app, on servers where people sign in; see `docs/server.md`."""

import streamlit as st

from pages.parts import signed_in

_PROBLEM = "sign-in problem"
"""In the session: why the last click on *Sign in* led nowhere."""


def is_signed_in() -> bool:
    """Whether the pages may be shown: always, where sign-in is not set up."""
    return not signed_in.is_set_up() or bool(getattr(st.user, "is_logged_in", False))


def ask_to_sign_in() -> None:
    """What is shown instead of the pages until somebody has signed in."""
    st.title("PolyGIN Studio", anchor=False)
    st.write("This server asks who you are, so that each run shows whose it is.")
    problem = st.session_state.pop(_PROBLEM, "")
    if not problem and signed_in.FAILED in st.query_params:
        problem = (
            "You could not be signed in: the sign-in provider did not answer, or it refused. Try "
            "again in a minute."
        )
    if problem:
        st.error(
            f"{problem} Whoever runs this server finds the reason in its log.",
            icon=":material/error:",
        )
    st.button(
        "Try again" if problem else "Sign in",
        type="primary",
        icon=":material/login:",
        key="sign in",
        on_click=_sign_in,
    )


def _sign_in() -> None:
    try:
        st.login()
    except Exception:
        signed_in.log_failure()
        st.session_state[_PROBLEM] = "Signing in is not set up completely on this server."


def show_account() -> None:
    """Who is signed in, and the button to sign out; nothing where nobody signs in."""
    if name := owner():
        with st.sidebar:
            # Not as Markdown, which would make a link of an e-mail address.
            st.text(name)
            st.button("Sign out", icon=":material/logout:", on_click=st.logout)


def owner() -> str:
    """The name to which runs started now belong; empty where nobody signs in."""
    if not signed_in.is_set_up():
        return ""
    return str(st.user.get("email") or st.user.get("name") or "")
