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
        back: the address to which Back or Forward led, until the page changes it.
        late: the parameters of which the browser says what was shown before: it has not heard of
            the last change.
    """

    page: str
    kept: dict[str, str] = field(default_factory=dict)
    unsaid: dict[str, str] = field(default_factory=dict)
    complaints: dict[str, str] = field(default_factory=dict)
    back: str | None = None
    late: set[str] = field(default_factory=set)


def open_page() -> None:
    """Said before a page is drawn: what another page kept is nothing to it."""
    context = get_script_run_ctx()
    page = context.page_script_hash if context else ""
    known = st.session_state.get(_ADDRESS)
    if known is None or known.page != page:
        st.session_state[_ADDRESS] = known = _Address(page)
    known.late.clear()
    if context and context.is_history_navigation:
        # Another event may end this script before the page has followed.
        known.back = context.query_string


def asked_anew(name: str, by_history_alone: bool = False) -> str | None:
    """What the address asks for, where that is not what the page kept there last.

    So it is after Back or Forward, and where a link was opened: the page follows. Otherwise the
    page's own fields decide, and the address follows them.

    Args:
        name: of the parameter.
        by_history_alone: whether nothing but Back and Forward leads to another value in the address
            while the page is open. Any other event then comes from a browser that has not heard of
            the last change, and what it says of the address is no request.
    """
    address, asked = _address(), st.query_params.get(name)
    if name not in address.kept:
        return asked
    if asked is None:
        asked = address.unsaid.get(name)
    if asked == address.kept[name]:
        return None
    # Without the parameter, a click on the page's own link may lead there too.
    if by_history_alone and name in st.query_params and not _is_back(address):
        address.late.add(name)
        return None
    return asked


def _is_back(address: _Address) -> bool:
    """Whether Back or Forward led to what the browser says of the address."""
    context = get_script_run_ctx()
    return context is not None and context.query_string == address.back


def keep_in_address(name: str, value: str, default: str | None = None) -> None:
    """Have the page's address say what it shows.

    Args:
        name: of the parameter.
        value: what is shown.
        default: for which the parameter is left out.
    """
    address, said = _address(), st.query_params.get(name)
    if name in address.late and address.kept.get(name) == value:
        # The browser is about to hear of it; to say it again would be one more step of Back.
        return
    if address.kept.get(name, value) != value:
        address.back = None
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
