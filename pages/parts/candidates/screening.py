"""Screening a long file: what is asked for, the best rows so far, and what it came to."""

from pathlib import Path
from typing import NamedTuple

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from engine.base.errors import UserError
from engine.candidates import lists, screening
from engine.candidates.job import Job
from engine.candidates.screening import Screening
from engine.candidates.store import CandidateList
from engine.inference.bundle import read_info
from engine.inference.specification import LONGEST, read_specification
from engine.settings.properties import Property
from pages.parts.candidates.lists import current_list, look_at_list
from pages.parts.candidates.specification import suggest_specification
from pages.parts.formatting import number_format, plain, show_error, unit_of
from pages.parts.layout import columns, upload_table
from pages.parts.page_guard import part
from pages.parts.pictures import picture_address

_FILES = "screened files"
_PICTURE = 160, 80


@part
def show_screening(
    list_: CandidateList | None, folder: Path, given: dict[str, float | str]
) -> None:
    """The fields that take a long file, of which only the best rows become candidates.

    Args:
        list_: where they are put; None for a list that is made for them.
        folder: the model's.
        given: the conditions at which it predicts, by name.
    """
    if list_ is not None:
        _show_told(list_)
        if screening.pending(list_) is not None:
            return
    number = st.session_state.get(_FILES, 0)
    with st.expander("Screen a long file", icon=":material/filter_alt:"):
        asked = _ask(list_, number)
    if asked.begin and asked.file is not None:
        file = asked.file
        try:
            wanted = Screening(
                file=file.name,
                suffix=Path(file.name).suffix[:10],
                model=str(folder),
                given=given,
                specification=read_specification(asked.text, read_info(folder).answers),
                top=asked.top,
                inside_only=asked.inside_only,
            )
            wanted.check()  # before a list is made for it
            own = _list_for(file.name) if asked.onto_new else list_ or current_list()
            screening.start_screening(own, wanted, file.getbuffer())
            suggest_specification(own, asked.text)
        except UserError as error:
            show_error(error)
            return
        # Another field after each file, so that none is screened twice.
        st.session_state[_FILES] = number + 1
        look_at_list(own.id)
        st.rerun()


class _Asked(NamedTuple):
    """What the fields say.

    Attributes:
        file: that is to be screened; None before it is there.
        text: the specification.
        top: how many of the best are wanted.
        inside_only: whether these have to lie in the applicability domain.
        onto_new: whether they are put on a new list.
        begin: whether the button was pressed.
    """

    file: UploadedFile | None
    text: str
    top: int
    inside_only: bool
    onto_new: bool
    begin: bool


def _ask(list_: CandidateList | None, number: int) -> _Asked:
    """Fields for a file and for what is wanted of it."""
    st.caption(
        "A file of any number of repeat units is predicted in the background, and only the "
        "best of its rows become candidates."
    )
    file = upload_table(
        "Table to screen",
        f"screened file {number}",
        "A table with a column of SMILES or of polymers' names, or a list of SMILES.",
    )
    left, right = columns("screening", [4, 1], 150, "bottom")
    text = left.text_input(
        "What should they be?",
        value=list_.setting("specification") if list_ else "",
        key=f"screening specification {list_.id if list_ else ''}",
        max_chars=LONGEST,
        placeholder="Tg > 150, Density < 1.2, Tc as high as possible",
        help="Ends that rows have to meet, and one property that should be as high or as low "
        "as possible: the best by it are chosen. Without such a property, those are that most "
        "likely meet the ends.",
    )
    top = right.number_input(
        "How many of the best", 1, screening.MOST_BEST, 100, key="how many of the best"
    )
    inside_only = st.checkbox(
        "Only inside the applicability domain",
        key="screening inside only",
        help="Of a unit outside, the model knows no unit like it, and errs more.",
    )
    onto_new = bool(
        list_ is not None
        and list_.count()
        and st.checkbox(
            "Put the best on a new list",
            value=True,
            key="screening onto a new list",
            help="Otherwise they come after what this list holds already.",
        )
    )
    begin = st.button(
        "Screen",
        icon=":material/filter_alt:",
        type="primary",
        disabled=file is None,
        key="screen",
    )
    return _Asked(file, text, int(top), inside_only, onto_new, begin)


def _list_for(file: str) -> CandidateList:
    """A new list for the best rows of a file, which has its name."""
    return lists.create_list(lists.free_list_name(f"Best of {file}"))


def show_best_so_far(list_: CandidateList) -> None:
    """What is screened, and the best rows found so far, drawn, with what is asked of them."""
    wanted, best = screening.pending(list_), screening.best_so_far(list_)
    if wanted is None:
        return
    st.caption(plain(f"Looking for {_what(wanted)}."))
    if not best.units:
        return
    names = {each.name for each in wanted.specification}
    asked = [each for each in read_info(Path(wanted.model)).answers if each.name in names]
    st.caption("The best so far, as this model predicts them:")
    st.dataframe(
        {
            "": [picture_address(unit, *_PICTURE) for unit in best.units],
            "Repeat unit": best.units,
            "Row": best.ids,
            **{_title(each): best.values.get(each.name, []) for each in asked},
        },
        column_config={
            "": st.column_config.ImageColumn(width="medium"),
            **{
                _title(each): st.column_config.NumberColumn(format=number_format(each))
                for each in asked
            },
        },
        hide_index=True,
        row_height=_PICTURE[1],
        key="best so far",
    )


def offer_to_go_on_or_discard(list_: CandidateList, why: str, job: Job) -> bool:
    """Say that a screening was interrupted; returns whether it is to go on.

    Args:
        list_: the list.
        why: it was, in a sentence.
        job: that was at it.
    """
    wanted = screening.pending(list_)
    what = f" It looks for {_what(wanted)}." if wanted else ""
    far = f", {job.done:,} of {job.total:,} rows," if job.total else ""
    st.warning(
        plain(f"{why}{what} What is done{far} is kept."),
        icon=":material/pause_circle:",
    )
    left, right, _ = st.columns([1, 1, 4])
    if right.button("Discard it", key="discard screening"):
        screening.discard(list_)
        st.rerun()
    return left.button("Go on", icon=":material/play_arrow:", key="go on screening")


def _what(wanted: Screening) -> str:
    words = ", ".join(each.words() for each in wanted.specification)
    return f"the {wanted.top:,} best of {wanted.file} by “{words}”"


def _show_told(list_: CandidateList) -> None:
    """What the last screening came to."""
    if not (words := screening.told(list_)):
        return
    left, right = columns("what-was-screened", [8, 1], 60, "center")
    left.success(plain(words), icon=":material/check_circle:")
    if right.button("Close", type="tertiary", key="close what was screened"):
        screening.forget_told(list_)
        st.rerun()


def _title(property_: Property) -> str:
    return f"{property_.title} ({unit_of(property_)})"
