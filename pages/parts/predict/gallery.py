"""The polymers of the textbook table, and pictures of those that are well known."""

import math
from collections.abc import Callable

import pandas as pd
import streamlit as st

from engine.base.workspace import ASSETS
from engine.chem.names import named_polymers
from engine.chem.repeat_unit import canonical_unit
from engine.chem.smiles import canonical
from pages.parts.molecule import Textbook
from pages.parts.page_guard import part
from pages.parts.pictures import show_picture

WELL_KNOWN = (
    "Polyethylene",
    "Polypropylene (atactic)",
    "Polystyrene",
    "Poly(vinyl chloride)",
    "Poly(methyl methacrylate)",
    "Polytetrafluoroethylene",
    "Poly(ethylene terephthalate)",
    "Nylon 6,6",
    "Bisphenol A polycarbonate",
    "cis-1,4-Polyisoprene (natural rubber)",
    "Polydimethylsiloxane",
    "Poly(ether ether ketone)",
)
_SHORT = {
    "Polypropylene (atactic)": "Polypropylene",
    "Bisphenol A polycarbonate": "Polycarbonate",
    "cis-1,4-Polyisoprene (natural rubber)": "Natural rubber",
    "Poly(ether ether ketone)": "PEEK",
    "Poly(ethylene terephthalate)": "PET",
    "Poly(methyl methacrylate)": "PMMA",
    "Poly(vinyl chloride)": "PVC",
    "Polytetrafluoroethylene": "PTFE",
    "Polydimethylsiloxane": "Silicone (PDMS)",
}


@st.cache_data(show_spinner=False)
def textbook() -> dict[str, Textbook]:
    """The textbook table by canonical SMILES."""
    frame = pd.read_csv(ASSETS / "textbook.csv")
    properties = [column for column in frame if f"{column}_source" in frame]
    polymers = {}
    for row in frame.to_dict("records"):
        values = {
            name.casefold(): (float(row[name]), str(row[f"{name}_source"]))
            for name in properties
            if math.isfinite(row[name])
        }
        polymers[canonical(row["SMILES"])] = Textbook(row["name"], row["SMILES"], values)
    return polymers


def textbook_title(smiles: str) -> str:
    """The name of a textbook polymer, with its abbreviations."""
    name, short = textbook()[smiles].name, _abbreviations().get(smiles)
    return f"{name} · {', '.join(short)}" if short else name


@st.cache_data(show_spinner=False)
def _abbreviations() -> dict[str, tuple[str, ...]]:
    return {polymer.smiles: polymer.abbreviations for polymer in named_polymers()}


def textbook_value(smiles: str) -> Textbook | None:
    """The textbook's row of a polymer, however its repeat unit is drawn; None if it has none."""
    name = _drawings().get(canonical_unit(smiles))
    return textbook()[name] if name else None


@st.cache_data(show_spinner=False)
def _drawings() -> dict[str, str]:
    """The textbook's drawing of each polymer, by its canonical repeat unit."""
    return {canonical_unit(smiles): smiles for smiles in textbook()}


@part
def show_well_known(load: Callable[[str], None]) -> None:
    """A grid of well-known polymers.

    Args:
        load: called with a SMILES when its polymer is chosen.
    """
    by_name = {polymer.name: polymer for polymer in textbook().values()}
    with st.container(horizontal=True, gap="small"):
        for name in WELL_KNOWN:
            polymer = by_name.get(name)
            if polymer is None:
                continue
            with st.container(border=True, width=146, horizontal_alignment="center", gap="xsmall"):
                show_picture(polymer.smiles, 112, 80)
                st.button(
                    _SHORT.get(name, name),
                    key=f"load {name}",
                    help=name,
                    type="tertiary",
                    on_click=load,
                    args=(polymer.smiles,),
                )
