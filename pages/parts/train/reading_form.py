"""What the user says on how a table is to be read, and the form to say it in.

It is kept in the session as `train overrules`: an empty dictionary until something is said, then
`reading` (separator, encoding and decimal sign), `columns` and `units`.
"""

import streamlit as st

from engine.base.errors import UserError
from engine.settings.properties import accepted_units
from engine.table import Columns, RawTable, Table, guess_columns
from engine.table.replicates import Replicates
from pages.parts.formatting import show_error
from pages.parts.train.report import DECIMALS, SEPARATORS

_OVERRULES = "train overrules"
_ENCODINGS = ("utf-8", "utf-16", "windows-1252", "latin-1", "shift_jis", "gb18030")
_AS_FOUND = "as found"
_REPLICATES: dict[Replicates, str] = {
    "keep": "keep all",
    "median": "one row, median",
    "mean": "one row, mean",
}


def overrules() -> dict:
    """All that the user said; empty when nothing was said."""
    return st.session_state.setdefault(_OVERRULES, {})


def forget_overrules() -> None:
    """Begin with another table, of which nothing was said."""
    st.session_state[_OVERRULES] = {}


def overrule(reading: dict[str, str], columns: Columns | None, units: dict[str, str]) -> None:
    """Keep what was said; `columns` is None for those that would be guessed."""
    kept = {name: overrules()[name] for name in ("replicates", "long") if name in overrules()}
    said = {"reading": reading, "columns": columns, "units": units}
    st.session_state[_OVERRULES] = {**said, **kept}


def replicates() -> Replicates:
    """What the user said is to be done with rows of one repeat unit."""
    return overrules().get("replicates", "keep")


def choose_replicates(file: dict, table: Table) -> None:
    """Let the user average rows of one repeat unit, where there are any."""
    kinds = {finding.kind for finding in table.report.findings}
    if not kinds & {"duplicate", "replicates"}:
        return
    key = f"train replicates {file['key']}"
    st.session_state.setdefault(key, replicates())
    st.segmented_control(
        "Rows of one repeat unit",
        [*_REPLICATES],
        format_func=lambda how: _REPLICATES[how],
        key=key,
        on_change=_take_replicates,
        args=(key,),
        help="Several measurements of one polymer become one row, whose labels are the median or "
        "the mean of theirs. The findings then say how far such labels lie apart.",
    )


def _take_replicates(key: str) -> None:
    _say("replicates", st.session_state[key] or "keep")


def long_format() -> bool:
    """Whether the user said that each row of the table names its property."""
    return overrules().get("long", False)


def choose_long_format(file: dict, table: Table) -> None:
    """Let the user give each property of a table in long format a column."""
    found = any(finding.kind == "long_format" for finding in table.report.findings)
    if not found and not long_format():
        return
    key = f"train long {file['key']}"
    st.session_state.setdefault(key, long_format())
    st.checkbox(
        "Each row names its property: give each property a column",
        key=key,
        on_change=lambda: _say("long", st.session_state[key]),
    )


def _say(name: str, what: object) -> None:
    said = overrules() or {"reading": {}, "columns": None, "units": {}}
    st.session_state[_OVERRULES] = {**said, name: what}


def reading_flags() -> dict[str, str]:
    """What the user said on separator, encoding and decimal sign, by the name of its option."""
    return dict(overrules().get("reading", {}))


def chosen_columns(table: Table) -> Columns | None:
    """The columns if the user chose others than would be guessed, else None."""
    return table.report.columns if overrules().get("columns") else None


def given_units() -> dict[str, str]:
    """The units in which the user said that the properties are given."""
    return dict(overrules().get("units", {}))


def drop_units_of_other_columns(raw: RawTable) -> None:
    """Forget the units of columns that a table does not have when it is read in another way."""
    said = overrules()
    if said and not said["columns"]:
        said["units"] = _units_that_fit(said["units"], _guessed(raw))


def reading_key(file: dict, said: dict) -> str:
    """What tells one reading of a file from another.

    Args:
        file: from `intake.choose_file`.
        said: `overrules()`, or `reading_flags()` alone, which decide the cells of the table.
    """
    return f"{file['key']} {sorted((name, repr(value)) for name, value in said.items())}"


def show_reading_form(file: dict, raw: RawTable | None, table: Table | None) -> None:
    """Let the user overrule how a table was read.

    Args:
        file: from `intake.choose_file`.
        raw: its cells; None when it could not be read.
        table: the checked table; None when it could not be used.
    """
    # Other columns are other widgets: what was chosen for the old ones does not fit them.
    key = reading_key(file, reading_flags())
    with (
        st.expander("Change how the table is read", icon=":material/tune:", expanded=table is None),
        st.form(f"reading {key}", border=False),
    ):
        reading = _reading_widgets(raw, key)
        chosen = _column_widgets(raw, table, key) if raw else None
        units = _unit_widgets(table, key) if table else given_units()
        if st.form_submit_button("Check again", icon=":material/refresh:"):
            try:
                _take_form(raw, reading, chosen, units)
            except UserError as error:
                show_error(error)


def _take_form(
    raw: RawTable | None, reading: dict[str, str], chosen: Columns | None, units: dict[str, str]
) -> None:
    """Keep what the form says on this file and start over.

    Raises:
        UserError: when the chosen columns cannot be used; what was said before is kept.
    """
    columns = None
    # Columns were chosen among those of the old reading; the new one may have others.
    if raw and reading == reading_flags():
        guessed = _guessed(raw)
        used = _completed(raw, chosen) if chosen else guessed
        columns = None if used == guessed else used
        units = _units_that_fit(units, used)
    overrule(reading, columns, units)
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
