"""At which conditions a model is to predict, as several pages ask it."""

import math

import streamlit as st

from engine.base.errors import UserError
from engine.chem.composition import MAX_TEXT
from engine.inference.bundle import BundleInfo
from engine.settings.conditions import Condition
from engine.table.cells import to_number
from engine.table.conditions import checked_value
from pages.parts.address import asked_anew, keep_in_address
from pages.parts.formatting import number, plain


def choose_conditions(
    info: BundleInfo, words: str = "At these conditions", in_address: bool = False
) -> dict[str, float | str] | None:
    """Let the user say at which conditions to predict; None where one cannot be read.

    Args:
        info: of the model; without conditions, nothing is asked.
        words: above the fields.
        in_address: whether the page's address says them.
    """
    if not info.conditions:
        return {}
    st.markdown(f"**{words}**")
    with st.container(horizontal=True, gap="small"):
        # All of them, also behind one that cannot be read: a field that is not drawn is forgotten.
        values = {
            condition.name: _in_address(condition) if in_address else _field(condition)
            for condition in info.conditions
        }
    given = {name: value for name, value in values.items() if value is not None}
    if len(given) < len(values):
        return None
    for condition in info.conditions:
        if words := condition.beyond_words(given[condition.name]):
            st.warning(plain(words), icon=":material/warning:")
    return given


def _key(condition: Condition) -> str:
    return f"predict at {condition.name} {condition.unit}"


def _in_address(condition: Condition) -> float | str | None:
    """The field of a condition, which follows the page's address and is followed by it."""
    name = f"at {condition.name}"
    asked = asked_anew(name)
    wanted = None if asked is None else _as_asked(condition, asked)
    if wanted is not None:
        st.session_state[_key(condition)] = wanted
    value = _field(condition, is_put=wanted is not None)
    shown = st.session_state[_key(condition)]
    keep_in_address(name, _written(shown), _written(condition.usual_value))
    return value


def _as_asked(condition: Condition, text: str) -> float | str | None:
    """What the address asks for, as the field holds it; None where it cannot."""
    if condition.kind == "number":
        value = to_number(text)
        return value if value is not None and math.isfinite(value) else None
    return condition.choice(text) if condition.kind == "word" else text[:MAX_TEXT]


def _written(value: float | str) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _field(condition: Condition, is_put: bool = False) -> float | str | None:
    """The field of a condition; None where it holds nothing that can be read.

    Args:
        condition: which.
        is_put: whether the session was told just now what it shows: then it takes no default.
    """
    key = _key(condition)
    shown_now = st.session_state.get(key, condition.usual_value)
    default = {} if is_put else {"value": shown_now}
    if condition.kind == "number":
        assert condition.low is not None
        assert condition.high is not None
        shown = condition.as_property
        return st.number_input(
            plain(condition.label),
            **default,
            key=key,
            width=200,
            format="%g",
            step=float(f"{(condition.high - condition.low or 1) / 20:.1g}"),
            help=plain(
                f"In the training table: {number(shown, condition.low)} to "
                f"{number(shown, condition.high)}, {number(shown, float(condition.usual))} in the "
                "median."
            ),
        )
    if condition.kind == "word":
        # Another model's condition of that name may have had other words.
        place = condition.choices.index(shown_now) if shown_now in condition.choices else 0
        default = {} if is_put else {"index": place}
        return st.selectbox(
            plain(condition.label), condition.choices, key=key, width=200, **default
        )
    text = st.text_input(
        f"{plain(condition.label)} (SMILES)",
        **default,
        key=key,
        width=240,
        help="In the training table, the commonest first: "
        + ", ".join(map(plain, condition.choices[:8])),
    )
    try:
        return checked_value(condition, text)
    except UserError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return None
