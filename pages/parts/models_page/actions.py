"""What can be done with one model: default, name, download, removal; and what it is."""

import time
from contextlib import suppress
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.base.workspace import subfolder
from engine.inference import bundle
from engine.inference.bundle import promote, reset_default
from engine.inference.packing import pack
from engine.runs import (
    KnownModel,
    find_imported,
    remove_imported,
    removed_models,
    rename_model,
    restore_imported,
)
from engine.runs.records import LONGEST
from engine.runs.trash import DAYS
from pages.parts.formatting import date_and_time, file_name, file_size, plain
from pages.parts.model_description import describe_model
from pages.parts.monitor.run_actions import attempt
from pages.parts.monitor.run_actions import show_problem as show_problem
from pages.parts.page_guard import part

_PACKED = "models packed"
_REMOVED = "models removed"
"""In the session: the model that was packed last, with its file; the one that was removed last."""
_KEPT_SECONDS = 3600.0
"""How long a packed model waits to be fetched."""


@part
def show_selected(model: KnownModel, is_default: bool) -> None:
    """A model's name, what can be done with it, and what it says of itself."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(plain(model.name), anchor=False, width="stretch")
        if is_default:
            st.badge("Default model", icon=":material/star:", color="green")
    buttons, below = st.container(horizontal=True, vertical_alignment="center"), st.empty()
    with buttons:
        _offer_default(model, is_default)
        _offer_file(model, below)
        _offer_name(model)
        _offer_removal(model)
    with st.container(horizontal=True, vertical_alignment="center"):
        _show_links(model)
    if imported := find_imported(model.id) if model.kind == "imported" else None:
        by = f" by {imported.owner}" if imported.owner else ""
        words = f"Imported from {imported.file}{by} on {date_and_time(imported.taken)}."
        st.caption(plain(words))
    describe_model(model.folder)


def _offer_default(model: KnownModel, is_default: bool) -> None:
    if not is_default:
        st.button(
            "Go back to the shipped model"
            if model.kind == "shipped"
            else "Make this the default model",
            type="primary",
            icon=":material/star:",
            on_click=_make_default,
            args=(model,),
            help="Pages and commands then use it unless another model is chosen.",
        )
    elif model.kind != "shipped" and (bundle.SHIPPED / bundle.INFO).is_file():
        st.button(
            "Go back to the shipped model", icon=":material/undo:", on_click=attempt, args=(_reset,)
        )


def _make_default(model: KnownModel) -> None:
    done = attempt(_reset) if model.kind == "shipped" else attempt(promote, model.folder)
    if done:
        st.toast(f"{plain(model.name)} is now the default model.", icon=":material/star:")


def _reset() -> None:
    reset_default()


def _offer_name(model: KnownModel) -> None:
    if model.kind not in ("run", "imported"):
        return
    with st.popover("Rename", icon=":material/edit:"):
        st.text_input(
            "Name",
            model.name,
            max_chars=LONGEST,
            key=f"model name {model.id}",
            on_change=_rename,
            args=(model,),
            help="Pages and commands know the model by it. What the model says of itself stays "
            "as it is, so that it remains proven.",
        )
        if model.kind == "run":
            st.caption("The run gets this name too.")


def _rename(model: KnownModel) -> None:
    key = f"model name {model.id}"
    if not attempt(rename_model, model.id, st.session_state[key]):
        st.session_state[key] = model.name


def _offer_removal(model: KnownModel) -> None:
    imported = find_imported(model.id) if model.kind == "imported" else None
    if imported is None:
        return
    with st.popover("Remove", icon=":material/delete:"):
        st.write(
            f"The model leaves all lists. For {DAYS} days it can be restored. The default model "
            "stays as it is, also where it is a copy of this one."
        )
        st.button(
            "Yes, remove it",
            type="primary",
            key="remove model",
            on_click=_remove,
            args=(model.id,),
        )


def _remove(model_id: str) -> None:
    imported = find_imported(model_id)
    if imported and attempt(remove_imported, imported):
        st.query_params.pop("model", None)
        st.session_state[_REMOVED] = model_id


def _show_links(model: KnownModel) -> None:
    """The pages that use a model."""
    links = [
        ("predict", "Predict with it", "experiment", {"model": model.id}),
        ("submission", "Make a submission", "table_view", {"model": model.id}),
    ]
    if model.kind == "run":
        links.append(("errors", "See its errors", "troubleshoot", {"run": model.id}))
        links.append(("monitor", "See its run", "monitoring", {"run": model.id}))
    for page, label, icon, query in links:
        st.page_link(f"pages/{page}.py", label=label, icon=f":material/{icon}:", query_params=query)


@part
def _offer_file(model: KnownModel, place: DeltaGenerator) -> None:
    """The button that packs a model, and then the one that fetches the file."""
    known, path = st.session_state.get(_PACKED, ("", ""))
    button = st.empty()
    # The default may be another one by now, under the same id.
    key = f"{model.id} {(model.folder / bundle.INFO).stat().st_mtime_ns}"
    if known != key or not Path(path).is_file():
        if not button.button(
            "Download as one file",
            icon=":material/folder_zip:",
            help="A ZIP archive of the model and its card, to keep or to give away. The model of a "
            "run holds no row of its table.",
        ):
            return
        path = str(_packed(model, place))
        st.session_state[_PACKED] = key, path
    name = f"{file_name(model.name, model.id)}.zip"
    button.download_button(
        f"Save {plain(name)} ({file_size(Path(path).stat().st_size)})",
        Path(path).read_bytes,
        name,
        "application/zip",
        type="primary",
        icon=":material/download:",
        on_click="ignore",
        key="download model",
    )


def _packed(model: KnownModel, place: DeltaGenerator) -> Path:
    """The archive of a model, in the workspace."""
    folder = subfolder("cache", "packed")
    for old in folder.iterdir():
        with suppress(OSError):  # somebody else removes it too
            if old.stat().st_mtime < time.time() - _KEPT_SECONDS:
                old.unlink()

    def show(_: str, done: int, total: int) -> None:
        place.progress(done / total, f"Packing {done:,} of {total:,} files…")

    try:
        pack(model.folder, folder / f"{model.id}.zip", show)
    finally:
        place.empty()
    return folder / f"{model.id}.zip"


@part
def show_removed() -> None:
    """Say that a model was just removed, with a button that undoes it, and list the others."""
    removed = removed_models()
    just = next((each for each in removed if each.id == st.session_state.get(_REMOVED)), None)
    if just:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/delete: **{plain(just.name)}** is removed.")
            st.button("Undo", icon=":material/undo:", on_click=_restore, args=(just.id,))
    others = [each for each in removed if each is not just]
    if not others:
        return
    with st.expander(f"Removed models ({len(others):,})", icon=":material/delete:"):
        for each in others:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{plain(each.name)}**, imported {date_and_time(each.taken)}")
                st.button(
                    "Restore",
                    icon=":material/undo:",
                    key=f"restore model {each.id}",
                    on_click=_restore,
                    args=(each.id,),
                )
        st.caption(
            f"A removed model is gone for good after {DAYS} days, or when the trash is emptied on "
            "the Monitor page."
        )


def _restore(model_id: str) -> None:
    if attempt(restore_imported, model_id):
        st.session_state.pop(_REMOVED, None)
        st.query_params["model"] = model_id
