"""Predict: draw or paste a repeat unit and read its properties."""

from contextlib import suppress
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.base.errors import UserError
from engine.base.wording import clipped, listed
from engine.chem.composition import Architecture, is_composition
from engine.chem.finding import Found, find, told
from engine.chem.notations import NotationError, as_smiles
from engine.chem.pieces import loose_pieces, pieces_problem, without_loose_pieces
from engine.chem.polymers import joining_problem, with_single_ends
from engine.chem.repeat_unit import canonical_unit
from engine.chem.smiles import MAX_LENGTH, BadSmilesError, attachment_points, canonical, parse
from engine.inference.bundle import BundleInfo, read_info
from pages.parts import models, page_guard
from pages.parts.address import asked_anew, keep_in_address
from pages.parts.components import molecule_editor
from pages.parts.conditions import choose_conditions
from pages.parts.formatting import plain, show_error
from pages.parts.layout import columns, heading
from pages.parts.model_description import describe_model
from pages.parts.molecule import Molecule
from pages.parts.offers import offer_units
from pages.parts.predict import gallery, units
from pages.parts.predict.answers import show_answers, show_caveats
from pages.parts.predict.cards import show_cards
from pages.parts.predict.condition_curve import show_curve
from pages.parts.predict.groups import show_group_effects
from pages.parts.predict.keeping import remember_answer, show_history, show_keep
from pages.parts.predict.mixing import show_mixing
from pages.parts.predict.neighbours import show_nearest_known
from pages.parts.predict.over_composition import show_over_composition
from pages.parts.predict.rule_answers import show_rule_answers
from pages.parts.predict.shown_composition import Composition
from pages.parts.predict.what_if import show_variants

# Polystyrene, so that there is something to see at once.
EXAMPLE = "*CC(*)c1ccccc1"
_LEARNED_TWO = " The models learned from such units, so the values below may be far off."


def load(smiles: str) -> None:
    """Show another molecule, of a composition as its chosen unit.

    For callbacks, or before the text field is drawn.
    """
    st.session_state["smiles"] = smiles


def load_chosen(key: str, given: str | None) -> None:
    """Show the textbook polymer that a list was set to; `given` is what the page set it to."""
    chosen = st.session_state[key]
    # A late browser sends what the page has set, and Streamlit takes it for a choice.
    if chosen and chosen != given:
        load(chosen)


def load_named() -> None:
    """Show the polymer whose name was entered, where that leaves no doubt; for a callback.

    A composition that was entered is opened in place of all that is shown.
    """
    units.take_entered()
    text = st.session_state["smiles"].strip()
    if "*" not in text and (found := find(text)).only:
        load(found.only.smiles)
        st.session_state["found by name"] = found.only.smiles, told(found)


def smiles_field() -> str:
    """The text field; it starts with what the address asks for, or else what was shown last.

    Returns:
        The repeat unit that is shown; of a composition, the chosen one.
    """
    drawn, beside = st.session_state.pop("drawn", (None, None))
    # A text that was entered meanwhile is newer than the drawing.
    if drawn is not None and st.session_state.get("smiles", beside) == beside:
        load(drawn)
    if (asked := asked_anew("smiles")) is not None or "smiles" not in st.session_state:
        units.open_text(asked or st.session_state.get("smiles shown", EXAMPLE))
        load_named()
    text = st.text_input(
        "Repeat unit as SMILES, or a name",
        key="smiles",
        max_chars=MAX_LENGTH,
        placeholder="for example *CC(*)C or PMMA",
        help="SMILES is a way to write a molecule as text. Mark with `*` the two places where "
        "the chain goes on. Names may be usual ones, abbreviations and trade names: nylon-6,6, "
        "PEEK, Kapton. For a monomer, or two with + between them, the units that they make are "
        "offered.",
        on_change=load_named,
    ).strip()
    unit, words = st.session_state.get("found by name", (None, ""))
    if text == unit:
        st.caption(plain(words))
    else:
        st.session_state.pop("found by name", None)
    whole = units.shown().text
    st.session_state["smiles shown"] = whole
    keep_in_address("smiles", whole, EXAMPLE)
    return text


@page_guard.part
def editor(text: str) -> None:
    """The drawing; an edit in it becomes the text."""
    # The editor knows SMILES alone.
    found = offered(text)
    shown = "" if found and found.how != "monomer" else text
    with suppress(NotationError):
        shown = as_smiles(shown)
    try:
        drawn = molecule_editor(shown, key="editor", height=360)
    except UserError as error:
        show_error(error)
        return
    if drawn is None or drawn == shown:
        return
    with suppress(BadSmilesError):
        if drawn == canonical(shown):
            return
    st.session_state["drawn"] = drawn, st.session_state["smiles"]
    st.rerun()


def canonical_or_none(text: str) -> str | None:
    """The canonical SMILES, or None for a text that cannot be read or is no one polymer."""
    if is_composition(text) or offered(text):
        return None
    try:
        return canonical(text)
    except BadSmilesError:
        return None


def composition_or_none() -> Composition | None:
    """What is shown, where it has several units and all of them can be read."""
    entered = units.shown()
    each = [canonical_or_none(text) for text in entered.texts]
    read = tuple(unit for unit in each if unit)
    if len(read) < max(2, len(each)) or not all("*" in unit for unit in read):
        return None
    return Composition.of(entered, read)


@page_guard.part
def textbook_list(smiles: str | None) -> None:
    """The searchable list of textbook polymers; it names the molecule that is shown."""
    polymers = gallery.textbook()
    named = smiles if smiles in polymers else None
    number, before = st.session_state.get("textbook list", (0, None))
    # A list of its own for each polymer, so that a late answer tells which one it belongs to.
    number += named != before
    st.session_state["textbook list"] = number, named
    key = f"textbook {number}"
    st.session_state[key] = named
    st.selectbox(
        "Textbook polymer",
        list(polymers),
        format_func=gallery.textbook_title,
        key=key,
        placeholder=f"Browse {len(polymers)} well-known polymers…",
        on_change=load_chosen,
        args=(key, named),
    )


@page_guard.part
def remarks(text: str, smiles: str | None) -> None:
    """What is wrong with the molecule, or what else a text may stand for."""
    if not text:
        several = len(units.shown().texts) > 1
        what = f"unit {units.chosen() + 1}" if several else "a repeat unit"
        st.info(f"Draw {what}, paste its SMILES, enter a name, or choose a polymer.")
        return
    if found := offered(text):
        st.info(plain(told(found)), icon=":material/search:")
        offer_units(found.units, load, "smiles")
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
        offer_units(find(text).units, load, "smiles")
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
                on_click=load,
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


@page_guard.part
def remarks_on_others() -> None:
    """Which units of a composition, beside the chosen one, are not entered or cannot be read."""
    for place, text in enumerate(units.shown().texts):
        if place == units.chosen():
            continue
        unit = canonical_or_none(text)
        if not text:
            st.info(f"Unit {place + 1} is not entered yet.", icon=":material/edit:")
        elif unit is None or attachment_points(parse(unit)) != 2:
            st.warning(
                plain(f"Unit {place + 1}, “{clipped(text)}”, is no repeat unit with two `*`."),
                icon=":material/warning:",
            )


def offered(text: str) -> Found | None:
    """What a text without `*` may stand for that is not one polymer; None for one or nothing."""
    found = None if "*" in text else find(text)
    return found if found and found.units and not found.only else None


@page_guard.part
def what_is_read(smiles: str, folder: Path | None) -> None:
    """The text that stands for a molecule, as the model has it."""
    if folder is not None and not read_info(folder).canonical_units:
        st.caption(
            "Canonical SMILES of this drawing. **This model reads repeat units as they are "
            "drawn**: a polymer that is drawn otherwise, such as with two units, gets other values."
        )
    else:
        what = "composition" if is_composition(smiles) else "repeat unit"
        st.caption(f"Canonical {what}: the same however the polymer was drawn")
        smiles = canonical_unit(smiles)
    st.code(smiles, language=None, wrap_lines=True)


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
            on_click=load,
            args=(without_loose_pieces(text),),
        )


@page_guard.part
def results(
    folder: Path, smiles: str, details: DeltaGenerator, composition: Composition | None
) -> None:
    """The predicted properties of a molecule, at a glance and in detail.

    Args:
        folder: the model's.
        smiles: canonical, of a unit or a composition.
        details: where members, neighbours and reasons are shown.
        composition: the units and amounts that are shown, where there are several.
    """
    info = models.shown_info(folder)
    given = choose_conditions(info)
    if given is None:
        return
    if is_composition(smiles) and composition and not info.learned_compositions:
        show_rule_answers(info, folder, composition, given)
        show_keep(smiles)
        with details:
            show_over_composition(info, folder, composition, given, None)
        return
    with st.spinner(models.LOADING):
        predicted, uncertainty, warning = models.predict_molecule(folder, smiles, given)
    if warning:
        st.warning(plain(warning), icon=":material/warning:")
    textbook = gallery.textbook_value(smiles)
    known = models.known_labels(folder, smiles)
    molecule = Molecule(predicted, uncertainty or {}, textbook, known)
    show_answers(info, molecule)
    show_keep(smiles)
    show_caveats(info, molecule)
    remember_answer(info, smiles, predicted["blend"])
    with details:
        if composition:
            show_over_composition(info, folder, composition, given, predicted["blend"])
        _show_details(info, folder, smiles, given, molecule)


def _show_details(
    info: BundleInfo, folder: Path, smiles: str, given: dict[str, float | str], molecule: Molecule
) -> None:
    """What stands behind the answers, and what may be done with the molecule."""
    st.subheader("Behind these values")
    st.caption(
        f"By the model “{plain(info.name)}”, trained on {info.rows:,} rows of "
        f"{plain(info.table)}. “About this model” below says how far off it is."
    )
    with st.expander("Members, training ranges and typical errors", icon=":material/stacks:"):
        show_cards(info, molecule)
    show_nearest_known(info, folder, smiles)
    show_curve(info, folder, smiles, given)
    if len(units.shown().texts) == 1:
        show_group_effects(info, folder, smiles)
        show_variants(info, folder, smiles, given, load)
        show_mixing(info, folder, smiles, given)
    models.show_deviation(folder)


def proposed_architecture(folder: Path | None) -> Architecture:
    """That of a composition that is begun: random where the model has learned from such."""
    domain = read_info(folder).domain if folder else None
    seen = domain.compositions.values() if domain else ()
    return "random" if any("random" in each.architectures for each in seen) else ""


def main() -> None:
    """The whole page."""
    with heading("Predict", "Draw, paste or name a polymer and read its properties."):
        folder = models.choose_model("predict")
    left, right = columns("predict-molecule", [1, 1], 320)
    with left:
        text = smiles_field()
        editor(text)
        units.show_add(proposed_architecture(folder))
    unit, composition = canonical_or_none(text), composition_or_none()
    smiles = composition.smiles if composition else unit
    if composition is None and len(units.shown().texts) > 1:
        smiles = None
    with left:
        if smiles:
            what_is_read(smiles, folder)
        textbook_list(unit)
        history = st.container()
    with right:
        units.show_units()
        remarks(text, unit)
        remarks_on_others()
        shown = st.container()
    details = st.container()
    with shown:
        if folder is None:
            models.show_no_model()
        elif smiles:
            results(folder, smiles, details, composition)
    with history:
        # With what was just answered.
        show_history(units.open_text)
    with st.container():
        st.subheader("Well-known polymers")
        gallery.show_well_known(load)
    if folder is not None:
        with st.expander("About this model", icon=":material/info:"):
            describe_model(folder)


page_guard.draw(main)
