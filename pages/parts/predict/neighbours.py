"""The measured polymers that are most like the one that is shown."""

from pathlib import Path

import streamlit as st

from engine.chem.finding import name_of
from engine.inference.bundle import BundleInfo
from engine.runs.known_labels import NearPolymer
from engine.settings.properties import Property
from pages.parts import models
from pages.parts.formatting import number, plain, title_with_name
from pages.parts.page_guard import part
from pages.parts.predict.gallery import show_picture


@part
def show_nearest_measured(info: BundleInfo, folder: Path, smiles: str) -> None:
    """Of each property with measured values, the nearest polymers that have one.

    Args:
        info: the model's description.
        folder: the model's.
        smiles: the repeat unit that is shown.
    """
    near = models.nearest_measured(folder, smiles)
    properties = {each.name: each for each in info.properties}
    near = {properties[name]: polymers for name, polymers in near.items() if name in properties}
    if not near:
        return
    with st.expander("Nearest measured polymers", icon=":material/hub:"):
        st.caption(
            "The most similar polymers whose value was measured, all learned by the model. "
            "Similarity: Tanimoto, of the atoms' surroundings (Morgan counts) in the repeat units; "
            "1 is the same, below about 0.4 there is little in common."
        )
        for property_, polymers in near.items():
            st.markdown(f"**{plain(title_with_name(property_))}**")
            with st.container(horizontal=True):
                for polymer in polymers:
                    _show(property_, polymer)


def _show(property_: Property, polymer: NearPolymer) -> None:
    """One polymer: its drawing, its name, its values with their references."""
    with st.container(border=True, width=260):
        show_picture(polymer.smiles, 220, 110)
        st.markdown(f"**{plain(name_of(polymer.smiles) or polymer.smiles)}**")
        for label in polymer.labels:
            st.markdown(plain(f"{number(property_, label.value)} · {label.reference}"))
        st.caption(f"similarity {polymer.similarity:.2f}")
