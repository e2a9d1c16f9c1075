"""Predict: draw or paste a repeat unit and read its properties."""

from contextlib import suppress
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.base.errors import UserError
from engine.chem.architectures import Architecture
from engine.chem.composition import is_composition
from engine.chem.finding import find, told
from engine.chem.notations import NotationError, as_smiles
from engine.chem.repeat_unit import canonical_unit
from engine.chem.smiles import MAX_LENGTH, BadSmilesError, canonical
from engine.inference.bundle import BundleInfo, read_info
from engine.inference.composition_words import architecture_words, assumed_words
from pages.parts import models, page_guard
from pages.parts.address import asked_anew, keep_in_address
from pages.parts.components import molecule_editor
from pages.parts.conditions import choose_conditions
from pages.parts.formatting import plain, show_error
from pages.parts.layout import columns, heading
from pages.parts.model_description import describe_model
from pages.parts.molecule import Molecule
from pages.parts.predict import gallery, reading, units
from pages.parts.predict.answers import show_answers, show_caveats
from pages.parts.predict.cards import measured_labels, show_cards
from pages.parts.predict.condition_curve import show_curve
from pages.parts.predict.groups import show_group_effects
from pages.parts.predict.keeping import remember_answer, show_history, show_keep
from pages.parts.predict.neighbours import show_nearest_known
from pages.parts.predict.over_composition import show_over_composition
from pages.parts.predict.rule_answers import show_rule_answers
from pages.parts.predict.shown_composition import ShownComposition
from pages.parts.predict.what_if import show_variants

# Polystyrene, so that there is something to see at once.
EXAMPLE = "*CC(*)c1ccccc1"


def load_chosen(key: str, given: str | None) -> None:
    """Show the textbook polymer that a list was set to; `given` is what the page set it to."""
    chosen = st.session_state[key]
    # A late browser sends what the page has set, and Streamlit takes it for a choice.
    if chosen and chosen != given:
        units.put(chosen)


def load_named() -> None:
    """Show the polymer whose name was entered, where that leaves no doubt; for a callback.

    A composition that was entered is opened in place of all that is shown.
    """
    units.take_entered()
    text = st.session_state[units.field_key()].strip()
    if "*" not in text and (found := find(text)).only:
        units.put(found.only.smiles)
        st.session_state["found by name"] = found.only.smiles, told(found)


def smiles_field() -> str:
    """The text field; it starts with what the address asks for, or else what was shown last.

    Returns:
        The repeat unit that is shown; of a composition, the chosen one.
    """
    drawn, beside = st.session_state.pop("drawn", (None, None))
    # A text that was entered meanwhile is newer than the drawing.
    if drawn is not None and st.session_state.get(units.field_key(), beside) == beside:
        units.put(drawn)
    asked = asked_anew("smiles", by_history_alone=True)
    if asked is not None or units.field_key() not in st.session_state:
        units.open_text(asked or st.session_state.get("smiles shown", EXAMPLE))
        load_named()
    units.tell_field()
    text = st.text_input(
        "Repeat unit as SMILES, or a name",
        key=units.field_key(),
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
    found = reading.offered(text)
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
    st.session_state["drawn"] = drawn, st.session_state[units.field_key()]
    st.rerun()


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


@page_guard.part
def results(
    folder: Path, smiles: str, details: DeltaGenerator, composition: ShownComposition | None
) -> None:
    """The predicted properties of a molecule, at a glance and in detail.

    Args:
        folder: the model's.
        smiles: canonical, of a unit or a composition.
        details: where members, neighbours and reasons are shown.
        composition: the units and amounts that are shown, where there are several.
    """
    info = models.shown_info(folder)
    given = choose_conditions(info, in_address=True)
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
    if composition:
        learned = architecture_words(info, composition.architecture)
        for words in filter(None, [learned, assumed_words(info, smiles)]):
            st.caption(words)
    textbook = gallery.textbook_value(smiles)
    known = models.known_labels(folder, smiles)
    molecule = Molecule(predicted, uncertainty or {}, textbook, known)
    show_answers(info, molecule)
    show_keep(smiles)
    show_caveats(
        info, {each.name for each in info.answers if not measured_labels(info, each, molecule)}
    )
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
        show_variants(info, folder, smiles, given, units.put)
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
    unit, composition = reading.canonical_or_none(text), reading.composition_or_none()
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
        reading.remarks(text, unit)
        reading.remarks_on_others()
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
        if len(units.shown().texts) > 1:
            st.caption(f"One that is clicked becomes unit {units.chosen() + 1} of the composition.")
        gallery.show_well_known(units.put)
    if folder is not None:
        with st.expander("About this model", icon=":material/info:"):
            describe_model(folder)


page_guard.draw(main)
