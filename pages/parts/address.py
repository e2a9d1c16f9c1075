"""What a page shows, in its address: so that Back, a reload and a shared link lead to the same."""

import streamlit as st

_WRITTEN = "written into the address"


def asked_anew(name: str) -> str | None:
    """What the address asks for, where that is not what the page wrote there last.

    So it is after Back or Forward, and where a link was opened: the page follows. Otherwise the
    page's own fields decide, and the address follows them.

    Args:
        name: of the parameter.
    """
    asked = st.query_params.get(name)
    return None if asked == _written().get(name) else asked


def keep_in_address(name: str, value: str, default: str | None = None) -> None:
    """Write what the page shows into its address.

    Args:
        name: of the parameter.
        value: what is shown.
        default: for which the parameter is left out.
    """
    if value == default:
        st.query_params.pop(name, None)
        _written().pop(name, None)
        return
    if st.query_params.get(name) != value:
        st.query_params[name] = value
    _written()[name] = value


def _written() -> dict[str, str]:
    return st.session_state.setdefault(_WRITTEN, {})
