"""The kit for Kaggle on the Submission page: what it brings, making it, where it lies."""

import shlex
from pathlib import Path

import streamlit as st

from engine.base.wording import counted
from engine.base.workspace import COMMAND
from engine.kaggle.kit import Kit
from engine.kaggle.workspace_kits import (
    KEPT,
    make_workspace_kit,
    remove_workspace_kit,
    workspace_kit,
)
from engine.runs import shown_name
from pages.parts.formatting import plain
from pages.parts.monitor.run_actions import attempt, show_problem
from pages.parts.page_guard import part

_PREDICTS, _TRAINS = "predicts", "trains"


@part
def offer_kaggle_kit(folder: Path) -> None:
    """A notebook and a dataset by which the model predicts on Kaggle, where there is no network."""
    with st.expander("On Kaggle, without network", icon=":material/inventory_2:"):
        st.caption(
            "Makes a notebook and a dataset that write submission.csv there. For the dataset, pip "
            "downloads some hundred MB of packages to the machine on which this app runs, which "
            f"takes minutes. The newest {KEPT} kits are kept."
        )
        st.page_link(
            "pages/help.py",
            label="What to do on Kaggle, and what the notebook does",
            icon=":material/help:",
            query_params={"doc": "kaggle"},
        )
        words = {
            _PREDICTS: f"predicts with the model “{plain(shown_name(folder))}”",
            _TRAINS: "trains a model there, and predicts with that",
        }
        does = st.radio("The notebook", list(words), format_func=words.__getitem__, key="kit does")
        model = folder if does == _PREDICTS else None
        kit = workspace_kit(model)
        label = "Make the kit anew" if kit else "Make the kit"
        if st.button(label, icon=":material/play_arrow:", key="make the kit"):
            _make(model)
            st.rerun()
        show_problem()
        if kit:
            _show(kit, model)


def _make(model: Path | None) -> None:
    bar = st.progress(0.0, text="Making the wheel…")

    def show(what: str, done: int, total: int) -> None:
        bar.progress(min(done / max(total, 1), 1.0), text=f"{what.capitalize()}: {done}/{total}")

    try:
        make_workspace_kit(model, show)
    finally:
        bar.empty()


def _show(kit: Kit, model: Path | None) -> None:
    """What was made, where it lies, and how to get it from there."""
    brings = f" and the model “{plain(kit.model)}”" if kit.model else ", and no model"
    st.success(
        f"The dataset, made {kit.made[:10]}, has {kit.megabytes:,.0f} MB: "
        f"{counted(kit.wheels, 'wheel')}{brings}.",
        icon=":material/check_circle:",
    )
    st.markdown(
        "It lies on the machine on which this app runs, with the notebook and a README beside it. "
        "If that is another machine than yours, copy the folder from there (it is too large for a "
        "download from here):"
    )
    origin = shlex.quote(f"SERVER:{kit.folder}")
    st.code(f"scp -r {origin} kaggle-kit", language=None, wrap_lines=True)
    if model:
        st.markdown(
            "Or make the kit on your own machine: download the model on the *Models* page as one "
            f"file, then `{COMMAND} models import` and `{COMMAND} kaggle`."
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            f"Download {kit.notebook.name}",
            kit.notebook.read_bytes(),
            kit.notebook.name,
            "application/x-ipynb+json",
            icon=":material/download:",
            on_click="ignore",
        )
        with st.popover("Remove", icon=":material/delete:"):
            st.write("The kit can be made again, which takes minutes.")
            st.button(
                "Yes, remove it",
                type="primary",
                key="remove the kit",
                on_click=attempt,
                args=(remove_workspace_kit, model),
            )
