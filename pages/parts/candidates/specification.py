"""Asking what candidates should be, and saying how that was understood."""

import streamlit as st

from engine.base.errors import UserError
from engine.candidates.answers import Answers
from engine.candidates.store import CandidateList
from engine.inference.against_measured import caveat
from engine.inference.specification import LONGEST, Requirement, read_specification
from engine.settings.properties import Property
from pages.parts.formatting import plain, show_error, title_with_name, unit_of
from pages.parts.layout import columns
from pages.parts.page_guard import part

_SETTING = "specification"
_DIRECTIONS = {"does not matter": "", "as high as possible": "high", "as low as possible": "low"}


def ask_specification(list_: CandidateList, answers: Answers | None) -> list[Requirement]:
    """The requirements of a list, which stay with it; empty where there are none.

    Args:
        list_: the list.
        answers: of the model; without any, there is nothing to require yet.
    """
    return (_ask(list_, answers) or []) if answers is not None else []


def suggest_specification(list_: CandidateList, text: str) -> None:
    """Let a list without a specification have this one; before its field is shown."""
    if not list_.setting(_SETTING).strip():
        list_.set(_SETTING, text)
        st.session_state[_key(list_)] = text


def _key(list_: CandidateList) -> str:
    return f"specification of {list_.id}"


@part
def _ask(list_: CandidateList, answers: Answers) -> list[Requirement]:
    key = _key(list_)
    if key not in st.session_state:
        st.session_state[key] = list_.setting(_SETTING)
    left, right = columns("specification", [4, 1], 150, "bottom")
    with left:
        text = st.text_input(
            "Specification: what should they be?",
            key=key,
            max_chars=LONGEST,
            placeholder="Tg > 150, Density < 1.2, Tc as high as possible",
            on_change=lambda: list_.set(_SETTING, st.session_state[key]),
            help="Requirements with commas between them: “Tg > 150”, “1.1 < Density < 1.3”, "
            "“Tg between 100 and 200 °C”, “Tc as high as possible”. The probability of meeting "
            "them comes from the same errors as the intervals, and of a measured value from "
            "whether that meets them; of all together it is the product, "
            "as if errors of different properties had nothing to do with each other.",
        )
    with right, st.popover("Add one", icon=":material/tune:"):
        _show_builder(list_, key, answers.properties)
    try:
        requirements = read_specification(text, answers.properties)
    except UserError as error:
        show_error(error)
        return []
    _show_understood(requirements, answers)
    return requirements


def _show_builder(list_: CandidateList, key: str, properties: list[Property]) -> None:
    """Fields that write a requirement."""
    by_title = {title_with_name(each): each for each in properties}
    property_ = by_title[st.selectbox("Property", list(by_title), key="requirement property")]
    unit = unit_of(property_)
    low = st.number_input(f"At least ({unit})", value=None, key="requirement low", format="%g")
    high = st.number_input(f"At most ({unit})", value=None, key="requirement high", format="%g")
    direction = st.radio("And", list(_DIRECTIONS), key="requirement direction")

    def add() -> None:
        try:
            made = Requirement(
                name=property_.name,
                low=low,
                high=high,
                low_meets=True,
                high_meets=True,
                direction=_DIRECTIONS[direction],
            )
        except ValueError:
            return
        if words := made.words(property_.unit):
            before = st.session_state[key].strip().rstrip(",")
            st.session_state[key] = f"{before}, {words}" if before else words
            list_.set(_SETTING, st.session_state[key])

    if low is not None and high is not None and low >= high:
        st.caption("The lower end has to be below the upper one.")
    st.button("Add to the specification", icon=":material/add:", on_click=add)


def _show_understood(requirements: list[Requirement], answers: Answers) -> None:
    """Each requirement as it was read, with its unit."""
    if not requirements:
        return
    units = {each.name: each.unit for each in answers.properties}
    words = [plain(each.words(units[each.name])) for each in requirements]
    without = [
        each.name for each in requirements if each.has_ends and each.name not in answers.intervals
    ]
    text = "Understood as: " + " · ".join(words)
    if without:
        text += (
            f". Of {', '.join(map(plain, without))} there is no probability: the model has no "
            "interval of it."
        )
    asked = {each.name for each in requirements}
    known = [
        plain(f"{each.title}: {words}.")
        for each in answers.properties
        if each.name in asked and (words := caveat(each, answers.like.get(each.name, "")))
    ]
    st.caption("  \n".join([text, *known]))
