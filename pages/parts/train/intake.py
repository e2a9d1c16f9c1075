"""Choosing the table of a run, and checking it once."""

from collections.abc import Callable
from hashlib import sha256

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.base.budget import cpu_budget
from engine.base.errors import UserError
from engine.base.workspace import ASSETS
from engine.inference.bundle import read_info
from engine.runs import Run, clone_of, find_run
from engine.table import Columns, RawTable, Table
from engine.table.mended import check_mended, read_cells
from pages.parts.formatting import file_size, plain, show_error
from pages.parts.layout import upload_table
from pages.parts.train import said
from pages.parts.train.mends import show_mends
from pages.parts.train.reading_form import show_reading_form
from pages.parts.train.row_editor import forget_rows

SAMPLE = "textbook.csv"


def choose_file() -> dict | None:
    """Show the upload and the sample button; returns the chosen file.

    Returns:
        Its `name`, `data` and `key`, and, when it is a run's table, the run's id and name as
        `cloned`; None when there is none.
    """
    number = st.session_state.setdefault("train uploads", 0)
    upload_table(
        "Your table: CSV, TSV, Parquet, XLSX, SDF or a list of SMILES",
        f"train upload {number}",
        "One row for each polymer: a column with the SMILES of its repeat unit, and a column "
        "of numbers for each property. Cells may be empty.",
        on_change=_take_upload,
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Use the sample table (155 textbook polymers)",
            icon=":material/menu_book:",
            on_click=_take_sample,
        )
        file = st.session_state.get("train file")
        if file:
            words = f"**{plain(file['name'])}** · {file_size(len(file['data']))}"
            if "cloned" in file:
                words = f"The table of run **{plain(file['cloned'][1])}**"
            st.markdown(f":material/table: {words}", width="content")
    return file


def as_file(name: str, data: bytes) -> dict:
    """A table as `choose_file` gives it; equal names and contents have equal keys."""
    key = sha256(name.encode() + b"\0" + data).hexdigest()[:16]
    return {"name": name, "data": data, "key": key}


def take_clone(run: Run) -> None:
    """Take the table of a run as if it had been uploaded.

    Raises:
        UserError: when the run's files are gone.
    """
    clone = clone_of(run)
    st.session_state["train uploads"] = st.session_state.get("train uploads", 0) + 1
    _take(clone.table_name, clone.table)
    st.session_state["train file"] |= {"cloned": (run.id, run.name), "clone": clone}
    columns = clone.config.columns or Columns(smiles="")
    said.say(
        smiles=columns.smiles,
        id=columns.id or "",
        properties=columns.properties,
        conditions=columns.conditions,
        scales=columns.scales,
        units=clone.config.units,
    )


def harmful(file: dict, table: Table) -> dict[str, str]:
    """The properties of other sources that harmed in the run that is cloned, and in what words."""
    if "cloned" not in file:
        return {}
    try:
        effects = read_info(find_run(file["cloned"][0]).bundle).source_effects
    except UserError:
        return {}
    bases = {property_.name: property_.base for property_ in table.properties}
    of_source = {(p.base, p.source): p.name for p in table.properties if not p.is_answer}
    answers = {property_.name for property_ in table.properties if property_.is_answer}
    harmed = {}
    for effect in effects:
        name = of_source.get((bases.get(effect.name, ""), effect.source))
        if effect.harms and name and effect.name in answers:
            harmed[name] = effect.sentence
    return harmed


def check_file(file: dict) -> Table | None:
    """Read and check a file, at most once for each way to read it; None when it cannot be used."""
    # Drawn even when nothing is left to do, so that what follows never changes its place.
    place = st.empty()
    with cpu_budget(file["name"]):
        return _checked_file(file, place)


def _checked_file(file: dict, place: DeltaGenerator) -> Table | None:
    """See `check_file`."""
    try:
        cells = _once("raw", lambda: said.cells_key(file), _read, file, place)
    except UserError as error:
        show_error(error)
        show_reading_form(file, None, None)
        return None
    try:
        table = _once("checked", lambda: said.mending_key(file), _check, cells, place)
        return file["clone"].with_sources(table) if "clone" in file else table
    except UserError as error:
        show_error(error)
        show_mends(file, None)
        show_reading_form(file, cells, None)
        return None


def cells_of(file: dict) -> RawTable:
    """The cells of a file that was read, before they are mended."""
    return _once("raw", lambda: said.cells_key(file), _read, file, st.empty())


def _take_upload() -> None:
    uploaded = st.session_state[f"train upload {st.session_state['train uploads']}"]
    if uploaded is None:
        st.session_state.pop("train file", None)
    else:
        _take(uploaded.name, uploaded.getvalue())


def _take_sample() -> None:
    # A fresh uploader: the old one would go on showing a file that is no longer used.
    st.session_state["train uploads"] += 1
    _take(SAMPLE, (ASSETS / SAMPLE).read_bytes())


def _take(name: str, data: bytes) -> None:
    st.session_state["train file"] = as_file(name, data)
    said.forget()
    forget_rows()
    st.session_state.pop("train problem", None)


def _once(name: str, key: Callable[[], str], make: Callable, *arguments: object):
    """What `make` returned for this key the last time, or returns now; errors are not kept."""
    last = st.session_state.get(f"train {name}")
    if last is None or last[0] != key():
        # `make` may put aside what does not fit, and so change the key.
        made = make(*arguments)
        last = st.session_state[f"train {name}"] = key(), made
    return last[1]


def _read(file: dict, place: DeltaGenerator) -> RawTable:
    with place, st.spinner(f"Reading {plain(file['name'])}…"):
        cells = read_cells(file["data"], said.said(), file["name"])
    said.fit(cells)
    return cells


def _check(cells: RawTable, place: DeltaGenerator) -> Table:
    def progress(done: int, total: int) -> None:
        place.progress(done / max(total, 1), f"Checking row {done:,} of {total:,}…")

    try:
        return check_mended(cells, said.said(), progress)
    finally:
        place.empty()
