"""What a page shows, in its address: so that Back, a reload and a shared link lead to the same.

Each change of the address is an entry of the browser's history. So the address stays as it is
where it says already what is shown: Back then leads away from a page that was only looked at.
"""

from dataclasses import dataclass, field

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from engine.base.wording import clipped

_ADDRESS = "address of the page"


@dataclass
class _Address:
    """What the page that is shown has kept in its address, by names of parameters.

    Attributes:
        page: which it is.
        kept: what it showed last, whether the address says so or leaves it out.
        unsaid: what an address without the parameter stands for.
        complaints: what is wrong with what the address asked for, in sentences.
    """

    page: str
    kept: dict[str, str] = field(default_factory=dict)
    unsaid: dict[str, str] = field(default_factory=dict)
    complaints: dict[str, str] = field(default_factory=dict)


def open_page() -> None:
    """Said before a page is drawn: what another page kept is nothing to it."""
    context = get_script_run_ctx()
    page = context.page_script_hash if context else ""
    known = st.session_state.get(_ADDRESS)
    if known is None or known.page != page:
        st.session_state[_ADDRESS] = _Address(page)


def asked_anew(name: str) -> str | None:
    """What the address asks for, where that is not what the page kept there last.

    So it is after Back or Forward, and where a link was opened: the page follows. Otherwise the
    page's own fields decide, and the address follows them.

    Args:
        name: of the parameter.
    """
    address, asked = _address(), st.query_params.get(name)
    if name not in address.kept:
        return asked
    if asked is None:
        asked = address.unsaid.get(name)
    return None if asked == address.kept[name] else asked


def keep_in_address(name: str, value: str, default: str | None = None) -> None:
    """Have the page's address say what it shows.

    Args:
        name: of the parameter.
        value: what is shown.
        default: for which the parameter is left out.
    """
    address, said = _address(), st.query_params.get(name)
    if value == default or (said is None and name not in address.kept):
        address.unsaid[name] = value
    elif default is not None:
        address.unsaid.setdefault(name, default)
    if address.kept.get(name, value) != value:
        address.complaints.pop(name, None)
    address.kept[name] = value
    # Where a link or a button has named the default, it can stand.
    if value == default and said not in (None, value):
        st.query_params.pop(name)
    elif value != default and said != value:
        # At once: a browser that has not heard of it asks for what was shown before.
        st.query_params[name] = value


def complaint(name: str, asked: str | None, is_there: bool, instead: str) -> str:
    """That the address asks in vain, until another one is asked for or chosen; else empty.

    Args:
        name: of the parameter.
        asked: see `asked_anew`.
        is_there: whether there is what it asks for.
        instead: a sentence that says so, with `{}` for what was asked for.
    """
    complaints = _address().complaints
    if asked:
        complaints[name] = "" if is_there else instead.format(repr(clipped(asked)))
    return complaints.get(name, "")


def _address() -> _Address:
    return st.session_state[_ADDRESS]
