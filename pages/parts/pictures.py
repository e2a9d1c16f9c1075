"""Pictures of molecules."""

from base64 import b64encode

import streamlit as st

from engine.chem import draw
from engine.chem.description import described
from engine.chem.smiles import BadSmilesError
from pages.parts.formatting import plain


def show_picture(smiles: str, width: int, height: int, colours: draw.Colours = ()) -> None:
    """Show a molecule, drawn for the present theme, or say why it cannot be drawn.

    Args:
        smiles: of the molecule.
        width, height: in pixels.
        colours: behind some atoms.
    """
    try:
        image = _svg(smiles, width, height, st.context.theme.type == "dark", colours)
    except BadSmilesError as error:
        st.caption(f"No drawing: {plain(str(error))}.")
        return
    st.image(image, width=width, alt=described(smiles))


def picture_address(smiles: str, width: int, height: int) -> str | None:
    """A molecule's drawing as an address that holds it, for cells of tables; None without one."""
    try:
        image = _svg(smiles, width, height, st.context.theme.type == "dark", ())
    except BadSmilesError:
        return None
    return address_of_svg(image)


def address_of_svg(image: str) -> str:
    """A drawing as an address that holds it."""
    return f"data:image/svg+xml;base64,{b64encode(image.encode()).decode()}"


@st.cache_data(max_entries=2000, show_spinner=False)
def _svg(smiles: str, width: int, height: int, dark: bool, colours: draw.Colours) -> str:
    return draw.svg(smiles, width, height, dark, colours)
