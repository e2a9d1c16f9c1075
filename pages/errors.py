"""Errors: where a model's predictions are good, and where they are not."""

import streamlit as st

from engine.runs import list_runs
from engine.settings.properties import Property
from pages.parts import page_guard
from pages.parts.errors.evaluation import Evaluation, choose_run, evaluation_of_run
from pages.parts.errors.explore import show_explore
from pages.parts.errors.filters import forget_label_range
from pages.parts.errors.label_doctor import show_label_doctor
from pages.parts.errors.overview import show_empty, show_overview
from pages.parts.errors.scored_table import choose_scored_table
from pages.parts.formatting import plain, title_with_name
from pages.parts.layout import choose_section, columns, forget_stale_choice, heading

RUN, TABLE = "A run, out-of-fold", "A model on a table"
_ADDRESS = "errors address"
"""In the session: the parameters of the address that was shown last."""
SECTIONS = {
    "Overview": show_overview,
    "Explore": show_explore,
    "Label doctor": show_label_doctor,
}
"""Each is called with the evaluation and the property that were chosen."""


def restore_address() -> None:
    """Take up what was shown last where the way back from Predict leads to an address of Predict's.

    A link with parameters puts them behind this page's own path first, and only then opens the
    other page: the first step back is to that address.
    """
    if "smiles" in st.query_params and (known := st.session_state.get(_ADDRESS)):
        st.query_params.from_dict(known)
        st.rerun()


def keep_address() -> None:
    """Remember what is shown, for the way back."""
    params = st.query_params
    st.session_state[_ADDRESS] = {key: params.get_all(key) for key in params}


def choose_evaluation() -> Evaluation | None:
    """A finished run's out-of-fold predictions, or those of a model on an uploaded table."""
    place = heading(
        "Errors", "How far off the predictions of a model are, on which molecules, and why."
    )
    runs = [run for run in list_runs() if run.state == "done"]
    with place:
        kind = st.segmented_control(
            "Errors of",
            [RUN, TABLE],
            default=RUN,
            required=True,
            key="of",
            bind="query-params",
            help="Each molecule of a run's table was predicted by models that had not seen it. Any "
            "other model can be compared with a table of labels that you upload.",
        )
        if kind == RUN and runs:
            return evaluation_of_run(choose_run(runs))
    if kind == TABLE:
        return choose_scored_table()
    show_empty()
    return None


def choose_property(properties: list[Property]) -> Property:
    """Segments for a few properties, a list for many."""
    by_name = {each.name: each for each in properties}
    forget_stale_choice("property", list(by_name))
    if len(by_name) > 6:
        name = st.selectbox(
            "Property",
            list(by_name),
            format_func=lambda name: title_with_name(by_name[name]),
            key="property",
            bind="query-params",
            on_change=forget_label_range,
        )
    else:
        name = st.segmented_control(
            "Property",
            list(by_name),
            default=properties[0].name,
            required=True,
            format_func=plain,
            key="property",
            bind="query-params",
            on_change=forget_label_range,
        )
    return by_name[name]


def main() -> None:
    """The whole page."""
    restore_address()
    evaluation = choose_evaluation()
    if evaluation is None:
        return
    labelled = {*evaluation.rows["property"]}
    left, right = columns("errors-section", [1, 1], 260, "bottom")
    with left:
        section = choose_section("Section", list(SECTIONS), "section")
    with right:
        property_ = choose_property(
            [each for each in evaluation.info.properties if each.name in labelled]
        )
    keep_address()
    SECTIONS[section](evaluation, property_)


page_guard.draw(main)
