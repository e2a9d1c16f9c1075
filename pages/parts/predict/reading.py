"""How what is entered is read, and what to say where it is no repeat unit or leaves a doubt."""

from functools import partial

import streamlit as st

from engine.base.wording import clipped, listed
from engine.chem.composition import is_composition
from engine.chem.finding import Found, find, told
from engine.chem.pieces import loose_pieces, pieces_problem, without_loose_pieces
from engine.chem.polymers import joining_problem, with_single_ends
from engine.chem.smiles import BadSmilesError, attachment_points, canonical, parse
from pages.parts.formatting import plain
from pages.parts.offers import offer_units
from pages.parts.page_guard import part
from pages.parts.predict import units
from pages.parts.predict.shown_composition import ShownComposition

_LEARNED_TWO = " The models learned from such units, so the values below may be far off."


def canonical_or_none(text: str) -> str | None:
    """The canonical SMILES, or None for a text that cannot be read or is no one polymer."""
    if is_composition(text) or offered(text):
        return None
    try:
        return canonical(text)
    except BadSmilesError:
        return None


def composition_or_none() -> ShownComposition | None:
    """What is shown, where it has several units and all of them can be read."""
    entered = units.shown()
    each = [canonical_or_none(text) for text in entered.texts]
    read = tuple(unit for unit in each if unit)
    if len(read) < max(2, len(each)) or not all("*" in unit for unit in read):
        return None
    return ShownComposition.of(entered, read)


@part
def remarks(text: str, smiles: str | None) -> None:
    """What is wrong with the molecule, or what else a text may stand for."""
    if not text:
        several = len(units.shown().texts) > 1
        what = f"unit {units.chosen() + 1}" if several else "a repeat unit"
        st.info(f"Draw {what}, paste its SMILES, enter a name, or choose a polymer.")
        return
    if found := offered(text):
        st.info(plain(told(found)), icon=":material/search:")
        offer_units(found.offers, units.put, "smiles")
        return
    if is_composition(text):
        _tell_bad_composition(text)
        return
    try:
        points = attachment_points(parse(text))
    except BadSmilesError as error:
        st.error(
            f"This is no known name, and no SMILES that can be read: {plain(str(error))}. Correct "
            "the text or the drawing.",
            icon=":material/error:",
        )
        return
    if pieces_problem(smiles or text):
        _offer_single_unit(text)
    elif points != 2:
        # Of a composition with a molecule that is joined to nothing, there are no values.
        alone = len(units.shown().texts) == 1
        st.warning(
            f"This molecule has {points or 'no'} attachment point{'s' * (points != 1)} (`*`). A "
            "repeat unit has exactly two, where it is joined to its neighbours in the chain."
            + (_LEARNED_TWO if points or alone else ""),
            icon=":material/warning:",
        )
        offer_units(find(text).units, units.put, "smiles")
    elif problem := joining_problem(smiles or text):
        st.warning(
            f"Copies of this unit cannot be joined to a chain: {plain(problem)}. The models "
            "learned from units that can, so the values below may be far off.",
            icon=":material/warning:",
        )
        if mended := with_single_ends(text):
            st.button(
                "Draw both ends as single bonds",
                icon=":material/build:",
                on_click=units.put,
                args=(mended,),
            )


def _tell_bad_composition(text: str) -> None:
    """Say why a text of several units cannot be read."""
    try:
        canonical(text)
    except BadSmilesError as error:
        st.error(
            f"This composition cannot be read: {plain(str(error))}. Write repeat units, their "
            "mole fractions and, if it is known, an architecture, with | between them.",
            icon=":material/error:",
        )


@part
def remarks_on_others() -> None:
    """Which units of a composition, beside the chosen one, are not entered or cannot be read."""
    for place, text in enumerate(units.shown().texts):
        if place == units.chosen():
            continue
        unit = canonical_or_none(text)
        if not text:
            st.info(f"Unit {place + 1} is not entered yet.", icon=":material/edit:")
        elif found := offered(text):
            st.info(plain(f"Unit {place + 1}: {told(found)}"), icon=":material/search:")
            offer_units(found.units, partial(units.put_at, place), f"unit {place + 1}")
        elif unit is None or attachment_points(parse(unit)) != 2:
            st.warning(
                plain(f"Unit {place + 1}, “{clipped(text)}”, is no repeat unit with two `*`."),
                icon=":material/warning:",
            )


def offered(text: str) -> Found | None:
    """What a text without `*` may stand for that is not one polymer; None for one or nothing."""
    found = None if "*" in text else find(text)
    return found if found and found.offers and not found.only else None


def _offer_single_unit(text: str) -> None:
    """Say that several molecules are no repeat unit, and offer the one that is bonded."""
    st.warning(
        "These are several molecules side by side, and a repeat unit is one. The models learned "
        "from single units.",
        icon=":material/warning:",
    )
    if loose := loose_pieces(text):
        st.button(
            plain(f"Leave out {listed(list(dict.fromkeys(loose)))}"),
            icon=":material/build:",
            on_click=units.put,
            args=(without_loose_pieces(text),),
        )
