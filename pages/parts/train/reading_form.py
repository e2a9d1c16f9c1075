"""The form in which the user says how a table is read: its cells, its columns, and their units."""

import streamlit as st

from engine.base.errors import UserError
from engine.settings.properties import accepted_units
from engine.table import Columns, RawTable, Table, guess_columns
from engine.table.headers import read_header
from engine.table.mended import composition_said, with_mends
from engine.table.mending import NO_COMPOSITION, Mending
from engine.table.unit_columns import in_one_order
from pages.parts.formatting import plain, show_error
from pages.parts.page_guard import part
from pages.parts.train.column_table import ColumnChoice, choose_columns
from pages.parts.train.report import DECIMALS, SEPARATORS
from pages.parts.train.said import cells_key, columns_key, guessed, said, say, that_fit

_ENCODINGS = (
    "utf-8",
    "utf-16",
    "windows-1252",
    "windows-1250",
    "windows-1251",
    "koi8-r",
    "latin-1",
    "shift_jis",
    "euc-kr",
    "big5",
    "gb18030",
)
_AS_FOUND = "as found"
_UNCHECKED = "train unchecked"
"""In the session: whether the form says something new."""


@part
def show_reading_form(file: dict, cells: RawTable | None, table: Table | None) -> None:
    """Let the user overrule how a table was read.

    Args:
        file: from `intake.choose_file`.
        cells: its cells as they are in the file; None when it could not be read.
        table: the checked table; None when it could not be used.
    """
    # Other columns are other widgets: what was chosen for the old ones does not fit them.
    key = columns_key(file)
    with st.expander(
        "Change how the table is read and what its columns are",
        icon=":material/tune:",
        expanded=table is None,
    ):
        reading = _reading_widgets(cells, cells_key(file))
        chosen = choose_columns(cells, key) if cells else None
        units = _unit_widgets(table, key) if table else dict(said().units)
        _offer_check(cells, reading, chosen, units)


def is_unchecked() -> bool:
    """Whether the form says something that the table was not checked with yet."""
    return bool(st.session_state.get(_UNCHECKED))


def _offer_check(
    cells: RawTable | None, reading: dict, chosen: ColumnChoice | None, units: dict[str, str]
) -> None:
    """A button that checks the table as the form says; a warning while it says something new."""
    problem = None
    changes: dict[str, object] = {}
    try:
        changes = _changes(cells, reading, chosen, units)
    except UserError as error:
        problem = error
    st.session_state[_UNCHECKED] = bool(problem) or said().but(**changes) != said()
    if is_unchecked():
        st.warning("These changes are not in force yet: check the table again with them.")
    if st.button("Check again", icon=":material/refresh:", key="train check again"):
        if problem:
            show_error(problem)
        else:
            say(**changes)
            st.rerun()


def _changes(
    cells: RawTable | None, reading: dict, chosen: ColumnChoice | None, units: dict[str, str]
) -> dict[str, object]:
    """What the form says, by the fields of a mending.

    Raises:
        UserError: when the chosen columns cannot be used.
    """
    before = said()
    columns: dict[str, object] = {"smiles": None, "id": None, "properties": None, "conditions": ()}
    columns |= NO_COMPOSITION
    # Columns were chosen among those of the old reading; the new one may have others.
    if cells and chosen and all(getattr(before, name) == reading[name] for name in reading):
        used = _completed(cells, chosen)
        if used != guessed(cells, chosen.renamed):
            columns = {
                "smiles": used.smiles,
                "id": used.id or "",
                "properties": used.properties,
                "conditions": used.conditions,
                **composition_said(used),
            }
        columns["renamed"] = chosen.renamed
        columns["scales"] = that_fit(chosen.scales, used)
        units = that_fit(_under_new_names(units, before.renamed, chosen.renamed), used)
    return {**reading, **columns, "units": units}


def _under_new_names(
    units: dict[str, str], before: dict[str, str], now: dict[str, str]
) -> dict[str, str]:
    """Units that were said of columns which have been renamed since."""
    own = {new: old for old, new in before.items()}
    return {now.get(own.get(name, name), own.get(name, name)): u for name, u in units.items()}


def _completed(cells: RawTable, chosen: ColumnChoice) -> Columns:
    """The chosen columns; where no property is among them, every column of numbers is one.

    Raises:
        UserError: when columns do not fit together, or too many hold numbers.
    """
    if not chosen.smiles or len(chosen.ids) > 1 or len(chosen.architectures) > 1:
        what = "id" if len(chosen.ids) > 1 else "architecture"
        what = what if chosen.smiles else "repeat unit"
        raise UserError(f"Choose one column as the {what}, and another role for the others.")
    if len(chosen.smiles) > 1 and not (chosen.fractions or chosen.architectures):
        raise UserError(
            "Choose the columns of fractions, too, where rows hold several repeat units; else "
            "choose one column as the repeat unit, and another role for the others."
        )
    raw = with_mends(cells, Mending(renamed=chosen.renamed))
    units, fractions = in_one_order(raw, chosen.smiles, chosen.fractions)
    return guess_columns(
        raw,
        smiles=units[0],
        id=chosen.ids[0] if chosen.ids else "",
        properties=chosen.properties or None,
        conditions=chosen.conditions,
        units=units[1:],
        fractions=fractions,
        basis=chosen.basis,
        one_architecture=chosen.one_architecture,
        architecture=chosen.architectures[0] if chosen.architectures else "",
    )


def _reading_widgets(cells: RawTable | None, key: str) -> dict:
    """The user's word on how the file is read, by the name of a mending's field."""
    text = cells is None or cells.reading.format == "csv"
    separator, encoding, decimal = st.columns(3)
    given: dict = {}
    if text:
        given["separator"] = _choice(
            separator, "Cells are separated by", "separator", SEPARATORS, key
        )
        encodings = dict(zip(_ENCODINGS, map(str.upper, _ENCODINGS), strict=True))
        given["encoding"] = _choice(encoding, "Text encoding", "encoding", encodings, key)
    given["decimal"] = _choice(decimal, "Decimal sign", "decimal", DECIMALS, key)
    if cells and cells.reading.sheet:
        given["sheets"] = _sheet_widget(cells, key)
    return given


def _sheet_widget(cells: RawTable, key: str) -> tuple[str, ...]:
    """The sheets that are read; empty for the one that was found."""
    reading = cells.reading
    read = [reading.sheet, *reading.joined_sheets]
    if not (reading.joined_sheets or reading.other_sheets):
        return said().sheets
    chosen = st.multiselect(
        "Sheets",
        [*read, *reading.other_sheets],
        default=read,
        key=f"sheets {key}",
        help="Several sheets with the same columns are joined, one below the other.",
    )
    return said().sheets if chosen == read else tuple(chosen)


def _choice(place, label: str, name: str, options: dict[str, str], key: str) -> str | None:
    current = getattr(said(), name)
    values = [None, *options]
    return place.selectbox(
        label,
        values,
        index=values.index(current) if current in values else 0,
        format_func=lambda value: options.get(value, _AS_FOUND),
        key=f"{name} {key}",
    )


def _unit_widgets(table: Table, key: str) -> dict[str, str]:
    """The unit of each property where the user says one."""
    if not table.properties:
        return {}
    st.caption("The unit in which the table gives each property")
    units = {}
    places = st.columns(min(len(table.properties), 5))
    columns = table.report.columns.properties
    for number, (property_, column) in enumerate(zip(table.properties, columns, strict=True)):
        place = places[number % len(places)]
        in_header = read_header(column).unit
        accepted, given = accepted_units(property_.name), said().units.get(property_.name)
        if accepted:
            values = [None, *accepted]
            units[property_.name] = place.selectbox(
                plain(property_.name),
                values,
                index=values.index(given) if given in values else 0,
                format_func=lambda unit, found=in_header, own=accepted[0]: (
                    unit or (f"as in its name ({found})" if found else f"not said ({own})")
                ),
                key=f"unit {property_.name} {key}",
            )
        else:
            unit = place.text_input(
                plain(property_.name),
                property_.unit,
                placeholder="such as MPa",
                max_chars=20,
                key=f"unit {property_.name} {key}",
            )
            # The table's own unit is nothing that the user has said.
            units[property_.name] = unit if given or unit != property_.unit else None
    return {name: unit for name, unit in units.items() if unit}
