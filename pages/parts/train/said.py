"""What the user says on how the table is read and mended, kept in the session."""

import streamlit as st

from engine.base.errors import UserError
from engine.table import Columns, RawTable, Table, guess_columns
from engine.table.headers import read_headers
from engine.table.mended import columns_of, with_mends
from engine.table.mending import NO_COMPOSITION, Mending, fitting

_SAID = "train mending"
_ASIDE = "train mending aside"
"""Dropped rows, changed cells and new names that do not fit the table as it is read now."""


def said() -> Mending:
    """All that the user said; as it is by default when nothing was said."""
    return st.session_state.setdefault(_SAID, Mending())


def say(**changes: object) -> None:
    """Say something else, by the names of a mending's fields."""
    st.session_state[_SAID] = said().but(**changes)


def say_all(mending: Mending) -> None:
    """Say something else altogether."""
    st.session_state[_SAID] = mending


def forget() -> None:
    """Begin with another table, of which nothing was said."""
    st.session_state[_SAID] = st.session_state[_ASIDE] = Mending()


def aside() -> Mending:
    """What was said of the table as it was read before, and does not fit it now."""
    return st.session_state.setdefault(_ASIDE, Mending())


def fit(cells: RawTable) -> None:
    """Put aside what does not fit a table that was read anew, and take up again what does."""
    now, before = said(), aside()
    changed = {(each.row, each.column): each for each in (*before.changed, *now.changed)}
    dropped = {each.row: each for each in (*before.dropped, *now.dropped)}
    whole = now.but(
        changed=tuple(changed.values()),
        dropped=tuple(dropped.values()),
        renamed={**before.renamed, **now.renamed},
    )
    fits, rest = fitting(whole, cells)
    st.session_state[_ASIDE] = rest
    if fits.properties is None:
        columns = guessed(cells, fits.renamed)
        units, scales = (that_fit(each, columns) for each in (fits.units, fits.scales))
        fits = fits.but(units=units, scales=scales)
    say_all(fits)


def that_fit(given: dict[str, str], columns: Columns | None) -> dict[str, str]:
    """What is said of columns that are properties; all while nobody knows which columns are.

    Args:
        given: units or scales, by a column's name or by its property's.
        columns: that are used, if that is known.
    """
    if columns is None:
        return given
    headers = read_headers(columns.properties).items()
    names = {name for column, header in headers for name in (column, header.name)}
    return {name: what for name, what in given.items() if name in names}


def guessed(cells: RawTable, renamed: dict[str, str]) -> Columns | None:
    """The columns that would be guessed, with new names for some; None where none can be."""
    try:
        return guess_columns(with_mends(cells, Mending(renamed=renamed)))
    except UserError:
        return None


def columns_said(cells: RawTable) -> Columns | None:
    """The columns that are used; None where they cannot be found."""
    try:
        return columns_of(with_mends(cells, said()), said())
    except UserError:
        return None


def chosen_columns(table: Table) -> Columns | None:
    """The columns if the user chose others than would be guessed, else None."""
    return table.report.columns if said().smiles or said().scales else None


def cells_key(file: dict) -> str:
    """What tells one reading of a file's cells from another."""
    mending = said()
    units = mending.smiles, mending.further_units, mending.fractions, mending.architecture
    long = (mending.long, units, mending.renamed) if mending.long else ""
    return f"{file['key']} {mending.reading} {long}"


def columns_key(file: dict) -> str:
    """The same with what is said of columns and units."""
    mending = said()
    columns = mending.smiles, mending.id, mending.properties, mending.conditions, mending.renamed
    columns += tuple(getattr(mending, name) for name in NO_COMPOSITION)
    return f"{cells_key(file)} {columns} {mending.units} {mending.scales}"


def mending_key(file: dict) -> str:
    """The same with all that is said."""
    return f"{file['key']} {said().model_dump_json()}"
