"""At which conditions a model is to predict, as several pages ask it."""

import streamlit as st

from engine.base.errors import UserError
from engine.inference.bundle import BundleInfo
from engine.settings.conditions import Condition
from engine.table.conditions import checked_value
from pages.parts.formatting import number, plain


def choose_conditions(
    info: BundleInfo, words: str = "At these conditions"
) -> dict[str, float | str] | None:
    """Let the user say at which conditions to predict; None where one cannot be read.

    Args:
        info: of the model; without conditions, nothing is asked.
        words: above the fields.
    """
    given: dict[str, float | str] = {}
    if not info.conditions:
        return given
    st.markdown(f"**{words}**")
    with st.container(horizontal=True, gap="small"):
        for condition in info.conditions:
            value = _field(condition)
            if value is None:
                return None
            given[condition.name] = value
    for condition in info.conditions:
        if words := condition.beyond_words(given[condition.name]):
            st.warning(plain(words), icon=":material/warning:")
    return given


def _field(condition: Condition) -> float | str | None:
    key = f"predict at {condition.name} {condition.unit}"
    if condition.kind == "number":
        assert condition.low is not None
        assert condition.high is not None
        shown = condition.as_property
        return st.number_input(
            plain(condition.label),
            value=float(condition.usual),
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
        return st.selectbox(plain(condition.label), condition.choices, key=key, width=200)
    text = st.text_input(
        f"{plain(condition.label)} (SMILES)",
        value=condition.usual,
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
