"""Some rows of the table to be changed or dropped, opened by a finding that names them."""

from hashlib import sha256

import pandas as pd
import streamlit as st

from engine.table import Finding, RawTable, Table
from engine.table.headers import read_header
from engine.table.mending import CellChange, Cells, rows_to_drop
from pages.parts.formatting import plain
from pages.parts.page_guard import part
from pages.parts.train.said import columns_said, said, say_all

_OPEN = "train open rows"
"""In the session: the file's key, the rows, and what the finding says of them."""
_DRAFTS = "train drafts"
"""In the session: what was typed and is not applied yet: texts by row and column, and by row
whether it is kept."""
_BASE = "train rows base"
"""In the session: the key of the editor that is shown, and what it began with."""
_TOUCHED = "train rows touched"
"""In the session: that something was typed since the last run."""
_ROW, _KEEP = "Row", "Keep"
_PAGE = 200
_MANY, _TALLEST = 10, 460
"""Rows from which the editor scrolls, and its height in pixels then."""


def open_rows(file: dict, finding: Finding) -> None:
    """Open the rows that a finding names."""
    st.session_state[_OPEN] = {
        "key": file["key"],
        "rows": list(finding.rows),
        "words": finding.message,
        "column": finding.column,
    }
    st.toast("The rows are open below the findings.", icon=":material/edit_note:")


def forget_rows() -> None:
    """Begin with another table: no rows are open, and nothing is typed."""
    for key in (_OPEN, _DRAFTS, _BASE, _TOUCHED):
        st.session_state.pop(key, None)


def unapplied() -> int:
    """How many cells and rows were changed in the editor and not applied."""
    return len(_drafts())


def show_row_editor(file: dict, cells: RawTable, table: Table | None) -> None:
    """Show the rows that were opened, if any.

    Args:
        file: from `intake.choose_file`.
        cells: of the file, before they are mended.
        table: the checked table, whose columns come first.
    """
    opened = st.session_state.get(_OPEN)
    if opened and opened["key"] == file["key"]:
        _editor(opened, cells, table)


@st.fragment
@part
def _editor(opened: dict, cells: RawTable, table: Table | None) -> None:
    known = Cells(cells)
    rows = [row for row in opened["rows"] if row in known.places]
    with st.container(border=True):
        st.markdown(f":material/edit_note: {plain(opened['words'])}")
        rows = _one_page(rows)
        frame, key = _base_frame(rows, cells, known, _columns(cells, table, opened["column"]))
        edited = st.data_editor(
            frame,
            key=key,
            hide_index=True,
            width="stretch",
            height=_TALLEST if len(frame) > _MANY else "auto",
            disabled=[_ROW],
            column_config=_config(frame),
            on_change=_touch,
        )
        _keep_drafts(frame, edited, known)
        _buttons(cells, known)


def _one_page(rows: list[int]) -> list[int]:
    pages = -(-len(rows) // _PAGE)
    if pages < 2:
        return rows
    # Other rows have other pages, and each its own place.
    page = st.number_input(
        f"Page of {pages} ({len(rows):,} rows)",
        1,
        pages,
        key=f"train rows page {rows[0]} {len(rows)}",
        width=220,
    )
    return rows[(page - 1) * _PAGE : page * _PAGE]


def _columns(cells: RawTable, table: Table | None, about: str | None) -> list[str]:
    """The file's columns, those first that are used, and first of all the finding's own."""
    mending, names = said(), cells.column_names
    if table is None:
        return names
    used = table.report.columns
    now = {mending.renamed.get(name, name): name for name in names}
    order = [name for name in (used.id, used.smiles) if name]
    order += sorted(used.properties, key=lambda name: about not in (name, read_header(name).name))
    first = [now[name] for name in order if name in now]
    return [*first, *(name for name in names if name not in first)]


def _base_frame(
    rows: list[int], cells: RawTable, known: Cells, columns: list[str]
) -> tuple[pd.DataFrame, str]:
    """What the editor begins with, and its key.

    It must stay the same while the editor is shown: its changes are counted from it.
    """
    words = f"{rows} {columns} {said().model_dump_json()}"
    key = f"rows {sha256(words.encode()).hexdigest()[:16]}"
    kept = st.session_state.get(_BASE)
    touched = st.session_state.pop(_TOUCHED, False)
    # An editor that is shown again, as after another page, begins anew and has no changes.
    fresh = not touched and not st.session_state.get(key, {}).get("edited_rows")
    if kept is None or kept[0] != key or fresh:
        kept = st.session_state[_BASE] = key, _mended_frame(rows, cells, known, columns)
    return kept[1], key


def _mended_frame(
    rows: list[int], cells: RawTable, known: Cells, columns: list[str]
) -> pd.DataFrame:
    """Some rows with what was applied, and with what was typed and is not applied yet."""
    places = [known.places[row] for row in rows]
    frame = cells.frame[columns].iloc[places].fillna("").reset_index(drop=True)
    frame.insert(0, _free(_ROW, columns), rows)
    frame.insert(1, _free(_KEEP, columns), True)
    position = {row: place for place, row in enumerate(rows)}
    for row, column, what in _applied_and_drafts():
        if row in position and (column is None or column in columns):
            place = 1 if column is None else frame.columns.get_loc(column)
            frame.iat[position[row], place] = what
    return frame


def _touch() -> None:
    st.session_state[_TOUCHED] = True


def _free(name: str, columns: list[str]) -> str:
    """The name of a column of the editor, which no column of the table has."""
    return name if name not in columns else f"{name} "


def _applied_and_drafts() -> list[tuple[int, str | None, object]]:
    """What differs from the file: row, column (None for whether the row is kept) and content."""
    mending = said()
    applied = [(each.row, each.column, each.new or "") for each in mending.changed]
    dropped = [(each.row, None, False) for each in mending.dropped]
    return [*applied, *dropped, *((*place, what) for place, what in _drafts().items())]


def _config(frame: pd.DataFrame) -> dict:
    new_names = said().renamed
    row, keep, *others = frame.columns
    return {
        row: st.column_config.NumberColumn(
            format="%d",
            pinned=True,
            help="As a spreadsheet shows it.",
        ),
        keep: st.column_config.CheckboxColumn(
            pinned=True, help="Take the tick away to leave the row out."
        ),
        **{name: st.column_config.TextColumn(new_names.get(name, name)) for name in others},
    }


def _drafts() -> dict[tuple[int, str | None], object]:
    return st.session_state.setdefault(_DRAFTS, {})


def _keep_drafts(frame: pd.DataFrame, edited: pd.DataFrame, known: Cells) -> None:
    """Keep what was typed, so that it is there again when the page is left and seen again."""
    mending, drafts = said(), _drafts()
    applied = {(each.row, each.column): each.new or "" for each in mending.changed}
    dropped = {each.row for each in mending.dropped}
    row_name, keep_name, *columns = frame.columns
    for position, row in enumerate(frame[row_name].tolist()):
        keep = bool(edited[keep_name].iloc[position])
        _note(drafts, (row, None), keep, row not in dropped)
        for column in columns:
            text = edited[column].iloc[position]
            text = "" if text is None or text != text else str(text).strip()
            in_file = known.text(row, column) or ""
            _note(drafts, (row, column), text, applied.get((row, column), in_file))


def _note(drafts: dict, place: tuple[int, str | None], now: object, applied: object) -> None:
    if now != applied:
        drafts[place] = now
    else:
        drafts.pop(place, None)


def _buttons(cells: RawTable, known: Cells) -> None:
    count = unapplied()
    with st.container(horizontal=True, vertical_alignment="center"):
        apply = st.button("Apply", type="primary", icon=":material/check:", disabled=not count)
        discard = st.button("Discard", disabled=not count, help="Take back what is not applied.")
        close = st.button("Close")
        if count:
            st.caption(f"{count:,} not applied yet")
    if apply:
        _apply(cells, known)
    if discard:
        _drafts().clear()
    if apply or discard:
        st.session_state.pop(_BASE, None)
    if apply or close:
        # What the finding says may be true no more; it is there again if it is.
        st.session_state.pop(_OPEN, None)
    if apply or discard or close:
        st.rerun()


def _apply(cells: RawTable, known: Cells) -> None:
    """Take what was typed into the mending; what is of another reading waits."""
    fits = {
        place: what
        for place, what in _drafts().items()
        if place[0] in known.places and (place[1] is None or place[1] in cells.frame)
    }
    changed = [
        CellChange(row=row, column=column, old=known.text(row, column), new=str(text) or None)
        for (row, column), text in fits.items()
        if column is not None
    ]
    gone = [row for (row, column), kept in fits.items() if column is None and not kept]
    back = {row for (row, column), kept in fits.items() if column is None and kept}
    mending = said()
    mending = mending.but(dropped=tuple(each for each in mending.dropped if each.row not in back))
    say_all(mending.with_changes(changed, rows_to_drop(cells, gone, _known_by(cells))))
    for place in fits:
        del _drafts()[place]


def _known_by(cells: RawTable) -> list[str]:
    """The columns by which a dropped row is known again: the ids and the repeat units."""
    columns = columns_said(cells)
    names = [columns.id, *columns.polymer] if columns else []
    return [said().own_names.get(name, name) for name in names if name]
