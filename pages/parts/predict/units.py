"""The repeat units that are shown: one, or those of a composition with their amounts.

The text field and the drawing hold the chosen one of them. What is changed here, callbacks change,
before the page is drawn.
"""

from contextlib import suppress
from typing import NamedTuple

import streamlit as st

from engine.base.wording import clipped
from engine.chem.architectures import ARCHITECTURES, Architecture
from engine.chem.composition import MOST_UNITS, is_composition
from engine.chem.entered_units import EnteredUnits, entered, unit_named
from engine.chem.listed_units import name_of
from engine.chem.panels import percent_words
from engine.chem.polymers import moles_of, weights_of
from engine.chem.smiles import BadSmilesError
from pages.parts.formatting import plain
from pages.parts.page_guard import part
from pages.parts.pictures import show_picture

_HELD, _AMOUNTS = "units shown", "amounts entered"
_MOLE, _WEIGHT = "by mole", "by weight"
_BY = "fractions by"
_LONGEST_NAME = 40


class _Held(NamedTuple):
    """What the session holds, in one entry: an event may end a script between two.

    Attributes:
        units: as they were when the field was last told.
        place: of the unit that the text field and the drawing hold.
        is_told: whether the field holds that unit's text, and not yet what it held before.
    """

    units: EnteredUnits = EnteredUnits(("",))
    place: int = 0
    is_told: bool = True


def _held() -> _Held:
    return st.session_state.get(_HELD, _Held())


def _hold(**changes: object) -> None:
    st.session_state[_HELD] = _held()._replace(**changes)


def shown() -> EnteredUnits:
    """The units, with what the text field holds as the chosen one."""
    units, place, is_told = _held()
    if not is_told or field_key() not in st.session_state:
        return units
    text = st.session_state[field_key()].strip()
    if is_composition(text):
        # One that cannot be read: it stands for all of them, as it was meant to.
        return EnteredUnits((text,))
    return units.changed(place, unit_named(text) if len(units.texts) > 1 else text)


def chosen() -> int:
    """The place of the unit that the text field and the drawing hold."""
    return _held().place


def field_key() -> str:
    """The key of the text field, which is one of its own for each place.

    A late browser sends what another unit's field held, which must not be taken for this one's.
    """
    return f"smiles {chosen() + 1}" if chosen() else "smiles"


def put(smiles: str) -> None:
    """Show another repeat unit, of a composition in place of the chosen one.

    For callbacks, or before the text field is drawn.

    Args:
        smiles: of the unit; a composition stands in place of all that is shown.
    """
    if is_composition(smiles):
        open_text(smiles)
    else:
        _tell(smiles)


def put_at(place: int, smiles: str) -> None:
    """Show another repeat unit of a composition, which is not the chosen one; for a callback.

    Args:
        place: of the unit.
        smiles: of the unit.
    """
    _hold(units=shown().changed(place, smiles))


def tell_field() -> None:
    """Have the text field hold the chosen unit, if it could not be told yet; before it is drawn."""
    units, place, is_told = _held()
    if not is_told:
        _show(units, place)


def _tell(text: str) -> None:
    """Have the text field hold a text."""
    st.session_state[field_key()] = text
    _hold(is_told=True)


def open_text(text: str) -> None:
    """Show a repeat unit or a composition in place of all that is shown.

    For callbacks, or before the text field is drawn.
    """
    units = EnteredUnits((text,))
    if is_composition(text):
        with suppress(BadSmilesError):
            units = entered(text)
    _show(units, chosen())


def take_entered() -> None:
    """Open the composition that was entered into the text field, if it is one; for a callback."""
    text = st.session_state[field_key()].strip()
    if is_composition(text) and _held().is_told:
        open_text(text)


def _show(units: EnteredUnits, place: int) -> None:
    place = place if place < len(units.texts) else 0
    st.session_state[_HELD] = _Held(units, place, is_told=False)
    _tell(units.texts[place])


def _choose(place: int) -> None:
    _show(shown(), place)


def _add(architecture: Architecture) -> None:
    units = shown().with_unit("", architecture)
    _show(units, len(units.texts) - 1)


def _remove(place: int) -> None:
    units, at = shown(), chosen()
    _show(units.without(place), at - (at > place))


@part
def show_add(architecture: Architecture) -> None:
    """The button that adds a repeat unit, where there can be one more.

    Args:
        architecture: of a composition that is begun.
    """
    if len(shown().texts) < MOST_UNITS:
        st.button(
            "Add a unit",
            icon=":material/add:",
            key="add unit",
            help="Make it a copolymer or a blend: of up to six repeat units, with their amounts. A "
            "model that learned homopolymers only answers such with mixing rules.",
            on_click=_add,
            args=(architecture,),
        )


@part
def show_units() -> None:
    """The units of a composition with their pictures and amounts; nothing of a single one."""
    units = shown()
    count = len(units.texts)
    _hold(units=units, place=chosen() if chosen() < count else 0)
    if count > 1:
        with st.container(horizontal=True, gap="small", key="units-of-composition"):
            for place in range(count):
                _card(units, place)
        _show_amounts(units)


def _card(units: EnteredUnits, place: int) -> None:
    """One unit: its picture, its fraction, and what can be done with it."""
    text, is_chosen = units.texts[place], place == chosen()
    with st.container(border=True, width=168, horizontal_alignment="center", gap="xsmall"):
        if text:
            show_picture(text, 132, 84)
        else:
            st.caption("not entered yet")
        st.markdown(f"**Unit {place + 1}: {percent_words(units.fractions[place])}**")
        if name := _name(text):
            st.caption(plain(name))
        with st.container(horizontal=True, horizontal_alignment="center", gap="xsmall"):
            st.button(
                "In the editor" if is_chosen else "Edit",
                key=f"edit unit {place + 1}",
                type="tertiary",
                disabled=is_chosen,
                help=None if is_chosen else f"Put unit {place + 1} into the field and the drawing.",
                on_click=_choose,
                args=(place,),
            )
            st.button(
                "Remove",
                key=f"remove unit {place + 1}",
                type="tertiary",
                on_click=_remove,
                args=(place,),
            )


def _name(text: str) -> str:
    """The name of a unit's polymer; empty where it has none, or cannot be read."""
    with suppress(BadSmilesError):
        return clipped(name_of(text), _LONGEST_NAME) if text else ""
    return ""


def _show_amounts(units: EnteredUnits) -> None:
    """Fields for the units' amounts and for how they follow each other."""
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        by_weight = _choose_measure(units)
        _choose_architecture(units)
    amounts = _amounts(units, by_weight)
    if len(units.texts) == 2:
        _two(amounts, by_weight)
    else:
        _several(amounts, by_weight)
    if by_weight:
        words = ", ".join(percent_words(each) for each in units.fractions)
        st.caption(f"By the masses of the units: {words}.")


def is_by_weight() -> bool:
    """Whether the page shows amounts by weight."""
    return st.session_state.get(_BY) == _WEIGHT


def _choose_measure(units: EnteredUnits) -> bool:
    """Whether amounts are by weight."""
    chosen_ = st.segmented_control(
        "Fractions", [_MOLE, _WEIGHT], default=_MOLE, key=_BY, required=True
    )
    if chosen_ == _WEIGHT and _weights(units) is None:
        st.caption("By mole, until all units can be read.")
        return False
    return chosen_ == _WEIGHT


def _choose_architecture(units: EnteredUnits) -> None:
    # As `_put` has it for numbers.
    place = ARCHITECTURES.index(units.architecture)
    default = {"index": place}
    if st.session_state.get("architecture") != units.architecture:
        st.session_state["architecture"], default = units.architecture, {}
    st.selectbox(
        "Architecture",
        ARCHITECTURES,
        format_func=lambda name: name or "unknown",
        key="architecture",
        **default,
        width=170,
        help="How the units follow each other along the chain.",
        on_change=_set_architecture,
    )


def _set_architecture() -> None:
    _hold(units=shown()._replace(architecture=st.session_state["architecture"]))


def _weights(units: EnteredUnits) -> list[float] | None:
    """The weight fraction of each unit; None where one cannot be read."""
    try:
        return weights_of(units.texts, units.fractions).tolist()
    except BadSmilesError:
        return None


def _amounts(units: EnteredUnits, by_weight: bool) -> list[float]:
    """The amounts as the fields show them: as they were entered, or the fractions."""
    asked = units.shares, by_weight
    kept = st.session_state.get(_AMOUNTS)
    if kept and kept[0] == asked:
        return kept[1]
    fractions = (_weights(units) if by_weight else None) or units.fractions
    return [round(each, 4) for each in fractions]


def _take(amounts: list[float], by_weight: bool) -> None:
    """Take amounts that were entered; for a callback."""
    units = shown()
    # A late browser sends amounts of units that are shown no more.
    if len(amounts) != len(units.texts):
        return
    shares = tuple(moles_of(units.texts, amounts) if by_weight else amounts)
    _hold(units=units._replace(shares=shares))
    st.session_state[_AMOUNTS] = ((shares, by_weight), amounts)


def _put(key: str, value: float) -> dict[str, float]:
    """Have a field show a value; one that does so already is left to who may be changing it.

    Returns:
        What the field is to be drawn with. Where the script is run twice before a browser draws a
        field, the browser hears of the second time alone, when the session's value is not new: a
        field without a default would then begin with 0, and send that as if it had been entered.
    """
    if st.session_state.get(key) == value:
        return {"value": value}
    st.session_state[key] = value
    return {}


def _two(amounts: list[float], by_weight: bool) -> None:
    """A slider and a number for the second of two units; the first has the rest."""
    what = "Weight fraction of unit 2" if by_weight else "Mole fraction of unit 2"
    limits = {"min_value": 0.0, "max_value": 1.0, "step": 0.01, "on_change": _set_second}
    slider, field = "fraction slider", "fraction number"
    second = min(max(amounts[1] / (sum(amounts) or 1.0), 0.0), 1.0)
    # On one of its steps, or the arrow keys would not move it.
    shown_by_slider, shown_by_field = _put(slider, round(second, 2)), _put(field, second)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        st.slider(
            what, key=slider, format="%.2f", args=(slider, by_weight), **limits, **shown_by_slider
        )
        st.number_input(
            f"{what}, as a number",
            key=field,
            format="%g",
            label_visibility="collapsed",
            width=120,
            args=(field, by_weight),
            **limits,
            **shown_by_field,
        )


def _set_second(key: str, by_weight: bool) -> None:
    second = round(st.session_state[key], 6)
    _take([round(1 - second, 6), second], by_weight)


def _several(amounts: list[float], by_weight: bool) -> None:
    """A number for each of three units or more."""
    with st.container(horizontal=True, gap="small"):
        for place, amount in enumerate(amounts):
            key = f"amount of unit {place + 1}"
            default = _put(key, float(amount))
            st.number_input(
                f"Unit {place + 1}",
                min_value=0.0,
                max_value=1e6,
                step=0.05,
                format="%g",
                key=key,
                width=130,
                on_change=_set_one,
                args=(key, place, amounts, by_weight),
                **default,
            )
    total = sum(amounts)
    measure = "by weight" if by_weight else "by mole"
    if not total:
        st.caption("All amounts are 0, so all units count alike.")
    elif abs(total - 1) > 5e-4:
        st.caption(
            plain(f"Amounts {measure}: they add up to {total:.4g}, and each is divided by that.")
        )
    else:
        st.caption(f"Amounts {measure}; whatever they add up to, each is divided by the sum.")


def _set_one(key: str, place: int, amounts: list[float], by_weight: bool) -> None:
    changed = [*amounts]
    changed[place] = st.session_state[key]
    _take(changed, by_weight)
