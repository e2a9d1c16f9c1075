"""Candidates: polymers kept side by side, narrowed by a specification, and chosen."""

from pathlib import Path

import streamlit as st

from engine.base.wording import counted
from engine.candidates.screening import pending
from engine.candidates.store import CandidateList
from engine.inference.bundle import read_info
from pages.parts import models, page_guard
from pages.parts.candidates.adding import show_adding
from pages.parts.candidates.chart import show_chart
from pages.parts.candidates.columns import choose_columns
from pages.parts.candidates.compare import show_selected
from pages.parts.candidates.downloads import show_downloads
from pages.parts.candidates.lists import choose_list
from pages.parts.candidates.looking import Look, look_at
from pages.parts.candidates.placing import show_offers
from pages.parts.candidates.predicting import predict_what_waits
from pages.parts.candidates.screening import show_screening
from pages.parts.candidates.specification import ask_specification
from pages.parts.candidates.table import choose_view, show_table
from pages.parts.conditions import choose_conditions
from pages.parts.formatting import plain
from pages.parts.layout import heading


def main() -> None:
    """The whole page."""
    words = "Keep polymers side by side, say what they should be, and choose."
    with heading("Candidates", words):
        folder = models.choose_model("candidates")
    if folder is None:
        models.show_no_model()
        return
    list_ = choose_list()
    if list_ is None:
        show_adding(None, folder)
        if (given := choose_conditions(read_info(folder))) is not None:
            show_screening(None, folder, given)
        st.info(
            "There is no candidate yet. Paste some above, or press *Keep* beside an answer on the "
            "Predict page.",
            icon=":material/bookmark:",
        )
        return
    show_adding(list_, folder)
    given = choose_conditions(read_info(folder))
    if given is None:
        return
    show_screening(list_, folder, given)
    predict_what_waits(list_, folder, given)
    _show_list(list_, folder, given)


@page_guard.part
def _show_list(list_: CandidateList, folder: Path, given: dict[str, float | str]) -> None:
    """The specification, the table, and all that can be done with what is chosen in it."""
    look = look_at(list_, folder, given)
    if not look.ids:
        if pending(list_) is None:
            st.info("This list is empty.", icon=":material/bookmark:")
        return
    look = look._replace(requirements=ask_specification(list_, look.answers))
    shown = choose_view(look)
    _tell_without_unit(look)
    show_offers(look)
    columns = choose_columns(look, shown.by, shown.by_own)
    selected = show_table(look, shown.ids, columns)
    show_selected(look, selected)
    show_chart(look, shown.ids)
    properties = [each.name for each in columns.properties]
    show_downloads(look, shown.ids, selected, properties, read_info(folder).name)


def _tell_without_unit(look: Look) -> None:
    """How many candidates have no repeat unit; the table says why."""
    count = len(look.without_unit) + len(look.answers.problems if look.answers else ())
    if count:
        verb = "is" if count == 1 else "are"
        st.caption(
            plain(
                f"{counted(count, 'candidate')} {verb} not predicted, and the column “remark” says "
                "why."
            )
        )


page_guard.draw(main)
