"""A page for the tests of the molecule editor: text → editor → text."""

import json

import streamlit as st

from engine.chem import draw
from pages.parts.components import molecule_editor

st.set_page_config(page_title="Editor harness", layout="wide")


def show(where: str, **state: object) -> None:
    """Write down a state where the test finds it."""
    with st.container(key=where):
        st.code(json.dumps(state), language=None)


text = st.text_input("SMILES", "*CC(*)c1ccccc1", key="text")
returned = molecule_editor(text, key="editor")
# What the canvas itself holds, so that the test does not read its own text back.
value = st.session_state.get("editor")
drawn = draw.from_molblock(value["molfile"]) if value else "none"
show("state", asked=text, returned=returned, drawn=drawn, value=value)
if st.button("Run again"):
    st.write("ran again")

show("second-state", returned=molecule_editor("*CCO*", key="second", height=300))

fed_back = molecule_editor(st.session_state.get("fed back", "*CC*"), key="third", height=300)
st.session_state["fed back"] = fed_back
load = (st.session_state.get("third") or {}).get("load")
show("third-state", returned=fed_back, load=load)
