"""Putting repeat units in the place of monomers, and of words that may mean several polymers."""

from pathlib import Path

import streamlit as st

from engine.base.errors import UserError
from engine.base.wording import clipped, counted
from engine.candidates.offers import Offer, offers_for
from engine.candidates.store import CandidateList
from engine.chem.composition import is_composition
from engine.chem.listed_units import FoundUnit
from pages.parts.candidates.looking import Look
from pages.parts.formatting import plain, show_error
from pages.parts.page_guard import part

_MOST_SHOWN = 10
_MOST_LOOKED_AT = 100
_LEADS_TO = {
    "copolymer": "is a copolymer; with equal parts of its units, and their homopolymers, it is",
    "class": "is a class of polymers, such as",
}
_PLACED = "repeat units placed"


@part
def show_offers(look: Look) -> None:
    """Offer repeat units for the candidates without one, to be put in their place at once.

    Args:
        look: the list.
    """
    if words := st.session_state.pop(_PLACED, ""):
        st.toast(plain(words), icon=":material/check_circle:")
    waiting = tuple(look.without_unit[:_MOST_LOOKED_AT])
    offers = _offers(str(look.list_.path), waiting) if waiting else []
    if not offers:
        return
    words = f"Repeat units for {counted(len(offers), 'candidate')} without one"
    with st.expander(words, icon=":material/swap_horiz:", expanded=False):
        if len(offers) > _MOST_SHOWN:
            st.caption(f"The first {_MOST_SHOWN} are here; the others come after these.")
        _ask(look.list_, offers[:_MOST_SHOWN])


def _ask(list_: CandidateList, offers: list[Offer]) -> None:
    """A field for each, and one button."""
    with st.form("put repeat units", border=False):
        chosen = {each.candidate.id: _choose(list_, each) for each in offers}
        pressed = st.form_submit_button(
            "Put these in their place", icon=":material/swap_horiz:", type="primary"
        )
    st.caption("Ids, notes and columns of the file stay; a second choice stands at the end.")
    if not pressed:
        return
    units = {
        candidate: [(unit.smiles, _name(unit)) for unit in own]
        for candidate, own in chosen.items()
        if own
    }
    if not units:
        st.warning("No repeat unit is chosen yet.", icon=":material/edit:")
        return
    try:
        placed = list_.put_units(units)
    except UserError as error:
        show_error(error)
        return
    st.session_state[_PLACED] = f"{counted(placed, 'candidate')} got a repeat unit."
    st.rerun()


def _choose(list_: CandidateList, offer: Offer) -> list[FoundUnit]:
    """The repeat units that are chosen for a candidate; of a sure one, that."""
    leads_to = "makes" if offer.is_of_monomer else _LEADS_TO.get(offer.how, "may mean")
    return st.multiselect(
        plain(f"{clipped(offer.candidate.given)} {leads_to}"),
        offer.units,
        default=[offer.only] if offer.only else [],
        format_func=_words,
        key=f"unit for {list_.id} {offer.candidate.id}",
        placeholder="Choose, or leave it",
    )


def _name(unit: FoundUnit) -> str:
    """The name of the polymer; none of a composition, of which amounts would be a part."""
    return "" if is_composition(unit.smiles) else unit.name


def _words(unit: FoundUnit) -> str:
    name = f"{unit.name}, {unit.smiles}" if unit.name else unit.smiles
    return f"{name} ({unit.reaction})" if unit.reaction else name


@st.cache_resource(max_entries=20, show_spinner=False)
def _offers(path: str, without_unit: tuple[int, ...]) -> list[Offer]:
    return offers_for(CandidateList(Path(path)).candidates(without_unit))
