"""Taking a list home: as a table, with drawings, or as a sheet for a meeting."""

from collections.abc import Callable
from hashlib import sha256
from typing import NamedTuple

import streamlit as st

from engine.candidates import downloads
from engine.candidates.downloads import MOST_DRAWN, Chosen, Progress
from engine.chem.composition import is_composition
from pages.parts.candidates.looking import Look
from pages.parts.formatting import file_name, plain
from pages.parts.page_guard import part

_MADE = "file of candidates"
_SHEET = "HTML sheet for a meeting, with drawings"
_SDF = "SDF, structures with all columns"
_WITHOUT_UNITS = ("CSV", "Parquet")
"""Files whose columns have plain names, as programs want them."""

_FORMATS: dict[str, tuple[str, str, Callable[[Chosen, Progress], bytes]]] = {
    "CSV": ("csv", "text/csv", lambda chosen, show: downloads.as_csv(chosen)),
    "Parquet": (
        "parquet",
        "application/vnd.apache.parquet",
        lambda chosen, show: downloads.as_parquet(chosen),
    ),
    "Excel workbook (XLSX), with drawings": (
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        downloads.as_workbook,
    ),
    _SDF: ("sdf", "chemical/x-mdl-sdfile", downloads.as_sdf),
}


class _File(NamedTuple):
    """A file that was made.

    Attributes:
        key: of what is asked for.
        state: of the list at that time.
        content, name, kind: of the file.
    """

    key: str
    state: str
    content: bytes
    name: str
    kind: str


@part
def show_downloads(
    look: Look, shown: list[int], selected: list[int], properties: list[str], model: str
) -> None:
    """Let the user take a file of the candidates that are shown, or of those selected.

    Args:
        look: the list.
        shown, selected: their numbers, in order.
        properties: the names of those that the table shows, which are on the sheet.
        model: the model's name, for the sheet.
    """
    with st.expander("Download", icon=":material/download:"):
        which = shown
        if selected:
            choices = {
                f"the {len(selected)} selected": selected,
                f"all {len(shown):,} shown": shown,
            }
            which = choices[st.radio("Candidates", list(choices), horizontal=True)]
        form = st.selectbox("File", [*_FORMATS, _SHEET], key="candidates file form", width=380)
        drawn = form == _SHEET or "drawings" in form
        if drawn and len(which) > MOST_DRAWN:
            st.caption(f"With drawings: the first {MOST_DRAWN:,}, as they are ordered above.")
        if form == _SHEET and look.answers is not None:
            st.caption("With the properties that are shown in the table above.")
        if form == _SDF and not _tell_without_structure(look, which):
            return
        if form in _WITHOUT_UNITS and look.answers is not None:
            units = downloads.units_words(look.answers)
            st.caption(plain(f"Units: {units}; the columns “_low” and “_high” are in the same."))
        about = (look.list_.id, look.key, form, properties, which is shown or which)
        wanted, made = _digest(about), st.session_state.get(_MADE)
        is_there = made is not None and made.key == wanted
        state = _digest((look.list_.changes, which))
        label = "Make it anew" if is_there else "Make the file"
        if not (is_there and made.state == state) and st.button(
            label, icon=":material/description:"
        ):
            st.session_state[_MADE] = _File(
                wanted, state, *_made(look, which, form, properties, model)
            )
            st.rerun()
        if is_there:
            st.download_button(
                plain(f"Download {made.name}"),
                made.content,
                made.name,
                made.kind,
                type="primary",
                icon=":material/download:",
                on_click="ignore",
            )
            if made.state != state:
                # So it is at each look while the list is predicted.
                st.caption("The list has changed since this file was made.")


def _digest(about: object) -> str:
    return sha256(repr(about).encode()).hexdigest()


def _tell_without_structure(look: Look, which: list[int]) -> int:
    """How many candidates an SDF leaves out, and why; returns how many it would hold."""
    refused = {*look.without_unit, *(look.answers.problems if look.answers else {})}
    count = len({*which} & refused)
    if count:
        have = "has" if count == 1 else "have"
        st.caption(f"{count:,} of {len(which):,} {have} no structure and will be left out.")
    others = look.list_.candidates([each for each in which if each not in refused])
    several = sum(is_composition(each.unit or "") for each in others)
    if len(others) == several:
        st.warning(downloads.NOTHING_FOR_SDF, icon=":material/warning:")
    elif several:
        words = "is a composition" if several == 1 else "are compositions"
        st.caption(
            f"{several:,} of {len(which):,} {words}, which an SDF cannot hold, and will be left "
            "out: the other forms have them."
        )
    return len(others) - several


def _made(
    look: Look, which: list[int], form: str, properties: list[str], model: str
) -> tuple[bytes, str, str]:
    """A file's content, name and kind."""
    bar = st.progress(0.0, text="Making the file…")

    def show(done: int, total: int) -> None:
        if done % 20 == 0 or done == total:
            bar.progress(done / max(total, 1), text=f"Drawing {done:,} of {total:,}…")

    rows = {each.id: each for each in look.list_.candidates(which)}
    ordered = [rows[each] for each in which if each in rows]
    chosen = Chosen(ordered, look.answers, look.requirements, look.hints)
    name = file_name(look.list_.setting("name"), "candidates")
    if form == _SHEET:
        title = look.list_.setting("name")
        page = downloads.as_sheet(chosen, title, model, properties, show)
        made = page.encode(), f"{name}.html", "text/html"
    else:
        ending, kind, make = _FORMATS[form]
        made = make(chosen, show), f"{name}.{ending}", kind
    bar.empty()
    return made
