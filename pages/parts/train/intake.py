"""Choosing a table, saying how it is to be read, and checking it once."""

from hashlib import sha256

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.base.errors import UserError
from engine.base.workspace import ASSETS
from engine.runs import Run, clone_of
from engine.settings.properties import accepted_units
from engine.table import Columns, RawTable, Table, check_table, guess_columns, read_table
from pages.parts.formatting import file_size, plain, show_error
from pages.parts.layout import upload_table
from pages.parts.train.report import DECIMALS, SEPARATORS

SAMPLE = "textbook.csv"
CLONED_SETTINGS = "train cloned settings"
"""In the session: the settings of the run to clone, until the fields have taken them."""
_ENCODINGS = ("utf-8", "utf-16", "windows-1252", "latin-1", "shift_jis", "gb18030")
_AS_FOUND = "as found"


def choose_file() -> dict | None:
    """Show the upload and the sample button; returns the chosen file.

    Returns:
        Its `name`, `data` and `key`, and, when it is a run's table, the run's id and name as
        `cloned`; None when there is none.
    """
    number = st.session_state.setdefault("train uploads", 0)
    upload_table(
        "Your table: CSV, TSV, Parquet or XLSX",
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


def take_clone(run: Run) -> None:
    """Take the table of a run as if it had been uploaded.

    Raises:
        UserError: when the run's files are gone.
    """
    clone = clone_of(run)
    st.session_state["train uploads"] = st.session_state.get("train uploads", 0) + 1
    _take(clone.table_name, clone.table)
    st.session_state["train file"]["cloned"] = run.id, run.name
    config = clone.config
    st.session_state["train overrules"] = {
        "reading": {},
        "columns": config.columns,
        "units": config.units,
    }
    st.session_state[CLONED_SETTINGS] = config


def check_file(file: dict) -> Table | None:
    """Read and check a file, at most once for each way to read it; None when it cannot be used."""
    overrules = st.session_state.setdefault("train overrules", {})
    # There also when nothing is left to do, so that what follows never changes its place.
    place = st.empty()
    try:
        key = _key(file, overrules["reading"] if overrules else {})
        raw = _once("raw", key, _read, file, place)
    except UserError as error:
        show_error(error)
        _reading_form(file, None, None)
        return None
    try:
        return _once("checked", _key(file, overrules), _check, raw, place)
    except UserError as error:
        show_error(error)
        _reading_form(file, raw, None)
        return None


def change_reading(file: dict, table: Table) -> None:
    """Let the user overrule how a table was read."""
    _reading_form(file, table.raw, table)


def chosen_columns(table: Table) -> Columns | None:
    """The columns if the user chose other ones than would be guessed, else None."""
    chosen = st.session_state.get("train overrules", {}).get("columns")
    return table.report.columns if chosen else None


def given_units() -> dict[str, str]:
    """The units that the user said the properties are given in."""
    return dict(st.session_state.get("train overrules", {}).get("units", {}))


def reading_flags() -> dict[str, str]:
    """What the user said on separator, encoding and decimal sign, by the name of its option."""
    return dict(st.session_state.get("train overrules", {}).get("reading", {}))


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
    key = sha256(name.encode() + b"\0" + data).hexdigest()[:16]
    st.session_state["train file"] = {"name": name, "data": data, "key": key}
    st.session_state["train overrules"] = {}
    st.session_state.pop("train problem", None)


def _key(file: dict, overrules: dict) -> str:
    return f"{file['key']} {sorted((name, repr(value)) for name, value in overrules.items())}"


def _once(what: str, key: str, make, *args):
    """What `make` made of this key the last time, or makes now; errors are not kept."""
    kept = st.session_state.get(f"train {what}")
    if kept is None or kept[0] != key:
        kept = key, make(*args)
        st.session_state[f"train {what}"] = kept
    return kept[1]


def _read(file: dict, place: DeltaGenerator) -> RawTable:
    with place, st.spinner(f"Reading {plain(file['name'])}…"):
        raw = read_table(file["data"], file["name"], **reading_flags())
    overrules = st.session_state["train overrules"]
    if overrules and not overrules["columns"]:
        # Read in another way, the table may have other columns than those the units were said of.
        overrules["units"] = _units_that_fit(overrules["units"], _guessed(raw))
    return raw


def _check(raw: RawTable, place: DeltaGenerator) -> Table:
    def progress(done: int, total: int) -> None:
        place.progress(done / max(total, 1), f"Checking row {done:,} of {total:,}…")

    overrules = st.session_state["train overrules"]
    try:
        return check_table(raw, overrules.get("columns"), overrules.get("units"), progress)
    finally:
        place.empty()


def _reading_form(file: dict, raw: RawTable | None, table: Table | None) -> None:
    overrules = st.session_state["train overrules"]
    # Other columns are other widgets: what was chosen for the old ones does not fit them.
    key = _key(file, overrules.get("reading", {}))
    with (
        st.expander("Change how the table is read", icon=":material/tune:", expanded=table is None),
        st.form(f"reading {key}", border=False),
    ):
        reading = _reading_widgets(raw, key)
        chosen = _column_widgets(raw, table, key) if raw else None
        units = _unit_widgets(table, key) if table else given_units()
        if st.form_submit_button("Check again", icon=":material/refresh:"):
            try:
                _overrule(raw, reading, chosen, units)
            except UserError as error:
                show_error(error)


def _overrule(
    raw: RawTable | None, reading: dict[str, str], chosen: Columns | None, units: dict[str, str]
) -> None:
    """Keep the user's word for this file and start over.

    Raises:
        UserError: when the chosen columns cannot be used; the user's earlier word is kept.
    """
    kept = {"reading": reading, "columns": None, "units": units}
    # Columns were chosen among those of the old reading; the new one may have others.
    if raw and reading == reading_flags():
        guessed = _guessed(raw)
        columns = _completed(raw, chosen) if chosen else guessed
        kept["columns"] = None if columns == guessed else columns
        kept["units"] = _units_that_fit(units, columns)
    st.session_state["train overrules"] = kept
    st.rerun()


def _completed(raw: RawTable, chosen: Columns) -> Columns:
    """The chosen columns; where no property is among them, every column of numbers is one.

    Raises:
        UserError: when a column is used twice, or too many hold numbers.
    """
    if chosen.properties:
        return chosen
    return guess_columns(raw, smiles=chosen.smiles, id=chosen.id or "")


def _units_that_fit(units: dict[str, str], columns: Columns | None) -> dict[str, str]:
    """The units of columns that are properties; all while nobody knows which columns are."""
    if columns is None:
        return units
    return {name: unit for name, unit in units.items() if name in columns.properties}


def _guessed(raw: RawTable) -> Columns | None:
    try:
        return guess_columns(raw)
    except UserError:
        return None


def _reading_widgets(raw: RawTable | None, key: str) -> dict[str, str]:
    """The user's word on how the file is read, by the name of `read_table`'s argument."""
    text = raw is None or raw.reading.format == "csv"
    separator, encoding, decimal = st.columns(3)
    given = {}
    if text:
        given["separator"] = _choice(
            separator, "Cells are separated by", "separator", SEPARATORS, key
        )
        encodings = dict(zip(_ENCODINGS, map(str.upper, _ENCODINGS), strict=True))
        given["encoding"] = _choice(encoding, "Text encoding", "encoding", encodings, key)
    given["decimal"] = _choice(decimal, "Decimal sign", "decimal", DECIMALS, key)
    return {name: value for name, value in given.items() if value}


def _choice(place, label: str, name: str, options: dict[str, str], key: str) -> str | None:
    current = reading_flags().get(name)
    values = [None, *options]
    return place.selectbox(
        label,
        values,
        index=values.index(current) if current in values else 0,
        format_func=lambda value: options.get(value, _AS_FOUND),
        key=f"{name} {key}",
    )


def _column_widgets(raw: RawTable, table: Table | None, key: str) -> Columns | None:
    """The columns that the user chose; None without a SMILES column."""
    names = list(raw.frame)
    current = table.report.columns if table else None
    smiles_place, id_place = st.columns(2)
    smiles = smiles_place.selectbox(
        "SMILES column",
        names,
        index=names.index(current.smiles) if current else None,
        placeholder="Choose the column with the repeat units",
        key=f"smiles {key}",
    )
    ids = [None, *names]
    id_ = id_place.selectbox(
        "Id column",
        ids,
        index=ids.index(current.id) if current else 0,
        format_func=lambda name: "none: use row numbers" if name is None else name,
        key=f"id {key}",
    )
    properties = st.multiselect(
        "Property columns",
        names,
        default=list(current.properties) if current else None,
        placeholder="Leave empty to take every column of numbers",
        key=f"properties {key}",
    )
    if smiles is None:
        return None
    return Columns(smiles=smiles, id=id_, properties=tuple(properties))


def _unit_widgets(table: Table, key: str) -> dict[str, str]:
    """The unit of each property where the user says one."""
    if not table.properties:
        return {}
    st.caption("The unit in which the table gives each property")
    units = {}
    places = st.columns(min(len(table.properties), 5))
    for number, property_ in enumerate(table.properties):
        place = places[number % len(places)]
        accepted, given = accepted_units(property_.name), given_units().get(property_.name)
        if accepted:
            values = [None, *accepted]
            units[property_.name] = place.selectbox(
                property_.name,
                values,
                index=values.index(given) if given in values else 0,
                format_func=lambda unit, own=accepted[0]: unit or f"not said ({own})",
                key=f"unit {property_.name} {key}",
            )
        else:
            units[property_.name] = place.text_input(
                property_.name,
                property_.unit,
                placeholder="such as MPa",
                max_chars=20,
                key=f"unit {property_.name} {key}",
            )
    return {name: unit for name, unit in units.items() if unit}
