"""The polymers with known values that are most like the one that is shown."""

from pathlib import Path

import streamlit as st

from engine.base.wording import listed
from engine.chem import draw
from engine.chem.composition import is_composition
from engine.chem.description import title_of_composition
from engine.chem.difference import differing_atoms
from engine.chem.listed_units import name_of
from engine.chem.repeat_unit import canonical_unit
from engine.inference.bundle import BundleInfo
from engine.runs.known_labels import KnownLabel, NearPolymer
from engine.settings.properties import Property
from pages.parts import models
from pages.parts.formatting import number, plain, title_with_name
from pages.parts.page_guard import part
from pages.parts.pictures import show_picture

_DIFFERENT, _SHARE = (0.70, 0.45, 0.95), 0.5
"""The colour behind atoms that the other unit lacks, and how much of it there is."""

_UNITS = (
    "The unit that is shown stands below each of them; marked in both are the atoms that the other "
    "one lacks."
)
_COMPOSITIONS = (
    "Units count by their fractions, and the architecture counts as a surrounding of its own. The "
    "composition that is shown stands below each of them."
)


@part
def show_nearest_known(info: BundleInfo, folder: Path, smiles: str) -> None:
    """Of each property with values that may be shown, the nearest polymers that have one.

    Args:
        info: the model's description.
        folder: the model's.
        smiles: the repeat unit that is shown.
    """
    with st.spinner("Looking for the most similar polymers…"):
        near = models.nearest_known(folder, smiles)
    if not near:
        return
    properties = {each.name: each for each in info.properties}
    kinds = {label.kind for own in near.values() for each in own for label in each.labels}
    title = "Nearest measured polymers" if "measured" in kinds else "Nearest polymers of the table"
    with st.expander(title, icon=":material/hub:"):
        st.caption(
            "The most similar polymers whose value is known, all learned by the model: measured "
            "ones, or where there are none, others, which is said. Similarity: Tanimoto, of the "
            "atoms' surroundings (Morgan counts) in the repeat units; 1 is the same, below about "
            "0.4 there is little in common. "
            + (_COMPOSITIONS if is_composition(smiles) else _UNITS)
        )
        for names, polymers in _together(near):
            # The values say themselves whose they are.
            titles = [title_with_name(properties[properties[name].base]) for name in names]
            st.markdown(f"**{plain(listed(titles, most=len(titles)))}**")
            with st.container(horizontal=True):
                for place in range(len(polymers)):
                    labels = {properties[name]: near[name][place] for name in names}
                    _show(labels, canonical_unit(smiles))


def _together(near: dict[str, list[NearPolymer]]) -> list[tuple[list[str], list[NearPolymer]]]:
    """The properties that have the same nearest polymers, and these."""
    found: dict[tuple[str, ...], list[str]] = {}
    for name, polymers in near.items():
        found.setdefault(tuple(each.smiles for each in polymers), []).append(name)
    return [(names, near[names[0]]) for names in found.values()]


def _show(labels: dict[Property, NearPolymer], shown: str) -> None:
    """One polymer: the drawings of both, its name, its values with their references.

    Args:
        labels: the polymer with its labels of each property.
        shown: the canonical repeat unit that is shown.
    """
    polymer = next(iter(labels.values()))
    unit = canonical_unit(polymer.smiles)
    several = is_composition(shown) or is_composition(unit)
    only_shown, only_near = ((), ()) if several else _differing_atoms(shown, unit)
    with st.container(border=True, width=260):
        st.markdown(f"**{plain(_title(polymer.smiles))}**")
        show_picture(unit, 220, 110, _marked(only_near))
        by_reference: dict[str, list[str]] = {}
        for property_, near in labels.items():
            for label in near.labels:
                name = f"{property_.base} " if len(labels) > 1 else ""
                value = name + number(property_, label.value)
                by_reference.setdefault(_reference(label), []).append(value)
        for reference, values in by_reference.items():
            lines = [f"{values[0]} · {reference}"] if len(values) == 1 else [*values, reference]
            st.markdown("  \n".join(map(plain, lines)))
        st.caption(f"similarity {polymer.similarity:.2f}")
        show_picture(shown, 220, 90, _marked(only_shown))


def _title(smiles: str) -> str:
    """The name of a polymer, or its repeat unit; of a composition, those of its units."""
    if is_composition(smiles):
        return title_of_composition(smiles)
    return name_of(smiles) or smiles


def _reference(label: KnownLabel) -> str:
    """Where a value comes from, and how it was obtained, unless it was measured."""
    kind = "" if label.kind in ("", "measured") else f"{label.kind}, "
    return f"{kind}{label.reference}"


def _marked(atoms: tuple[int, ...]) -> draw.Colours:
    colour = draw.behind(_DIFFERENT, _SHARE, st.context.theme.type == "dark")
    return tuple((atom, colour) for atom in atoms)


@st.cache_data(max_entries=2000, show_spinner=False)
def _differing_atoms(one: str, other: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return differing_atoms(one, other)
