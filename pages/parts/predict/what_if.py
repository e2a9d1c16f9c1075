"""What the properties would be with another group at one place of the molecule."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import streamlit as st

from engine.base.wording import listed
from engine.chem.repeat_unit import canonical_unit
from engine.chem.variants import Place, Places, places_of, variants_of
from engine.inference.bundle import BundleInfo
from engine.inference.conformal import LEVEL
from engine.inference.variants import VariantPredictions, predict_variants
from engine.settings.properties import Property
from pages.parts import models
from pages.parts.formatting import (
    number,
    number_format,
    number_range,
    plain,
    title_with_name,
    without_unit,
)
from pages.parts.layout import columns, forget_stale_choice
from pages.parts.page_guard import part
from pages.parts.pictures import picture_address
from pages.parts.predict.keeping import keep
from pages.parts.predict.places import place_label, show_places

_GREY = "color: #8b9099"
_TAKEN = "variant taken or kept"
_ROW = 66
"""The height of a row with its drawing, in pixels."""
_MOST_HEIGHT = 8 * _ROW
_DIRECTIONS = {"highest first": False, "lowest first": True}


@st.fragment
@part
def show_variants(
    info: BundleInfo,
    folder: Path,
    smiles: str,
    given: dict[str, float | str],
    load: Callable[[str], None],
) -> None:
    """A table of variants of the molecule at a place that is chosen on the drawing.

    Args:
        info: the model's description.
        folder: the model's.
        smiles: the repeat unit that is shown.
        given: the conditions that are shown, at which variants are predicted too.
        load: called with a variant's SMILES when it is to become the molecule.
    """
    if st.session_state.pop(_TAKEN, False):
        # The molecule stands above, in what is no part of this fragment.
        st.rerun()
    # A model of units as drawn has another value of the unit as it is cut here.
    if not info.canonical_units:
        return
    if not st.toggle("What if a group were another?", key="show variants"):
        return
    places = places_of(smiles)
    if not places.places:
        st.info("This molecule has no place at which a group can be exchanged.")
        return
    place, everywhere, property_, ascending = _choose(info, places)
    with st.spinner(models.LOADING):
        found = _predicted(
            str(folder),
            info.created,
            places.smiles,
            places.places.index(place),
            everywhere,
            tuple(given.items()),
        )
    if not found.variants:
        st.info("No group of the list can stand at this place.")
        return
    _show_table(info, found, property_, ascending, load)
    st.caption(plain(_legend(found, place, property_)))


def _legend(found: VariantPredictions, place: Place, property_: Property) -> str:
    own = f"{property_.name} of the molecule: {number(property_, found.own[property_.name])}"
    return (
        f"Each row has another group in place of {place.name}; Show makes it the molecule, "
        "Keep puts it on your list of candidates. "
        f"Change: the variant’s value less that of the molecule, as the model predicts both "
        f"({own}). Groups that would not be stable at this place are left out; whether a variant "
        "can be made is not said. Grey, and last: guesses, since no training unit with that "
        "property has such atoms."
    )


def _choose(info: BundleInfo, places: Places) -> tuple[Place, bool, Property, bool]:
    """The place, whether all alike are changed, and what the table is ordered by and how."""
    left, right = columns("what-if", [1, 1.3], 300)
    with right:
        place = _choose_place(places)
        everywhere = _choose_everywhere(place)
        property_, ascending = _choose_order(info)
    with left, st.container(border=True, horizontal_alignment="center"):
        show_places(places, place, everywhere, _take_place)
    return place, everywhere, property_, ascending


def _choose_place(places: Places) -> Place:
    labels = {place_label(places, place): place for place in places.places}
    forget_stale_choice("variants at", list(labels))
    return labels[
        st.selectbox(
            "Place to change",
            list(labels),
            key="variants at",
            help="The numbers are those of the drawing, which can be clicked. Places that give "
            "the same polymers are one.",
        )
    ]


def _take_place(label: str) -> None:
    """Choose a place; for a callback."""
    st.session_state["variants at"] = label


def _choose_everywhere(place: Place) -> bool:
    """Whether all places like it are changed; asked only where that can be done."""
    count = len(place.sites)
    if count == 1 or not place.apart:
        return False
    return st.checkbox(f"Change all {count} alike places", key="variants everywhere")


def _choose_order(info: BundleInfo) -> tuple[Property, bool]:
    choices = {title_with_name(each): each for each in info.answers}
    forget_stale_choice("variants by", list(choices))
    with st.container(horizontal=True, gap="small"):
        name = st.selectbox("Sort by", list(choices), key="variants by", width=300)
        direction = st.selectbox("Order", list(_DIRECTIONS), key="variants order", width=150)
    return choices[name], _DIRECTIONS[direction]


@st.cache_data(max_entries=100, show_spinner=False)
def _predicted(
    folder: str,
    created: str,
    smiles: str,
    place: int,
    everywhere: bool,
    given: tuple[tuple[str, float | str], ...],
) -> VariantPredictions:
    """The variants at one place; `created` tells a model from another that had its folder."""
    places = places_of(smiles)
    variants = variants_of(places.smiles, places.places[place], everywhere)
    return predict_variants(models.load_predictor(Path(folder)), smiles, variants, dict(given))


def _show_table(
    info: BundleInfo,
    found: VariantPredictions,
    property_: Property,
    ascending: bool,
    load: Callable[[str], None],
) -> None:
    """A row for each variant, in order of a property, which stands first."""
    order = found.order(property_.name, ascending)
    others = [each for each in info.answers if each != property_]
    # As the page spells what it opens; the drawings are cut where that of the molecule is.
    units = [canonical_unit(found.variants[row].smiles) for row in order]
    frame = _table(info, found, [property_, *others], order, units)
    grey = _greyed(frame, found, [property_, *others], order)
    st.dataframe(
        frame.style.apply(lambda _: grey, axis=None),
        hide_index=True,
        row_height=_ROW,
        height=min(_MOST_HEIGHT, _ROW * len(order) + 40),
        column_config={
            "drawing": st.column_config.ImageColumn(pinned=True, width=110),
            "show": _button("take variant", _take, units, load),
            "keep": _button("keep variant", _keep, units),
            "domain": st.column_config.TextColumn(width="medium"),
            **{
                head: config
                for each in (property_, *others)
                for head, config in _configs(each).items()
            },
        },
        alt="Variants of the molecule with their predicted properties",
    )


def _table(
    info: BundleInfo,
    found: VariantPredictions,
    properties: list[Property],
    order: list[int],
    units: list[str],
) -> pd.DataFrame:
    """The cells, a row for each variant in that order.

    Args:
        info: of the model.
        found: of N variants.
        properties: the first stands before the domain, the others behind it.
        order: the N rows of `found`.
        units: the variants' repeat units, in that order.
    """
    first, *others = properties
    table: dict[str, list] = {
        "drawing": [picture_address(found.variants[row].smiles, 200, 2 * _ROW) for row in order],
        "variant": [found.variants[row].by for row in order],
        "show": ["Show"] * len(order),
        "keep": ["Keep"] * len(order),
        **_cells(found, first, order),
        "domain": [_domain_words(found, info, row) for row in order],
    }
    for each in others:
        table |= _cells(found, each, order)
    return pd.DataFrame(table | {"repeat unit": units})


def _greyed(
    frame: pd.DataFrame, found: VariantPredictions, properties: list[Property], order: list[int]
) -> pd.DataFrame:
    """The style of each cell: guesses are grey, and the names of those by which rows are ordered.

    Args:
        frame, properties, order: as for `_table`.
        found: of the variants.
    """
    grey = pd.DataFrame("", index=frame.index, columns=frame.columns)
    for each in properties:
        guesses = found.guesses[each.name].to_numpy()[order]
        grey.loc[guesses, list(_heads(each))] = _GREY
    grey.loc[found.guesses[properties[0].name].to_numpy()[order], ["variant", "domain"]] = _GREY
    return grey


def _button(key: str, act: Callable[..., None], *arguments: object) -> object:
    """A column whose words do something with their row."""
    return st.column_config.ButtonColumn(
        "", type="tertiary", key=key, on_click=act, args=arguments, width=70
    )


def _take(units: list[str], load: Callable[[str], None]) -> None:
    """Make the variant of the clicked row the molecule."""
    load(units[st.session_state["take variant"]["row"]])
    st.session_state[_TAKEN] = True


def _keep(units: list[str]) -> None:
    """Put the variant of the clicked row on the list of candidates."""
    keep(units[st.session_state["keep variant"]["row"]])
    st.session_state[_TAKEN] = True


def _heads(property_: Property) -> tuple[str, str, str]:
    """The heads of a property's columns: its value, the change, the interval."""
    errors = property_.errors
    unit = f" ({errors.unit})" if errors.unit else ""
    return property_.label, f"change of {property_.name}{unit}", f"{property_.name}, {LEVEL:.0%}"


def _cells(found: VariantPredictions, property_: Property, order: list[int]) -> dict[str, list]:
    name, bare = property_.name, without_unit(property_)
    value, change, interval = _heads(property_)
    ends = zip(found.low[name][order], found.high[name][order], strict=True)
    return {
        value: found.values[name][order].tolist(),
        change: found.changes[name][order].tolist(),
        interval: [number_range(bare, low, high) if low == low else "–" for low, high in ends],
    }


def _configs(property_: Property) -> dict[str, object]:
    """How a property's columns are written."""
    value, change, _ = _heads(property_)
    return {
        value: st.column_config.NumberColumn(format=number_format(property_)),
        change: st.column_config.NumberColumn(
            format=number_format(property_.errors).replace("%", "%+", 1)
        ),
    }


def _domain_words(found: VariantPredictions, info: BundleInfo, row: int) -> str:
    """Of which properties a variant is outside the domain, or what no training unit has."""
    if found.warnings[row]:
        return found.warnings[row]
    names = [name for name in info.answer_names if found.outside[name][row]]
    if not names:
        return "inside"
    return "outside" if len(names) == len(info.answer_names) else f"outside for {listed(names)}"
