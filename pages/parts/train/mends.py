"""Mending the table on the page: offers with one click, rows to edit, and what was done."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from engine.chem.notations import stand_in_ends
from engine.runs import mending_file
from engine.table import RawTable, Table
from engine.table.fixing import mended_frame
from engine.table.long_format import find_long_format
from engine.table.mending import (
    BoundsUse,
    FragmentsUse,
    Mending,
    MonomersUse,
    Replicates,
    change_words,
    drop_words,
    mending_sentences,
)
from engine.table.mending_file import written_mending
from engine.table.written import csv_bytes
from pages.parts.formatting import plain
from pages.parts.page_guard import part
from pages.parts.train.row_editor import show_row_editor
from pages.parts.train.said import aside, said, say, say_all

_REPLICATES: dict[Replicates, str] = {
    "keep": "keep all",
    "median": "one row, median",
    "mean": "one row, mean",
}
_FRAGMENTS: dict[FragmentsUse, str] = {
    "refuse": "leave out the row",
    "leave-out": "leave out the molecules",
}
_MONOMERS: dict[MonomersUse, str] = {
    "refuse": "leave out the row",
    "make-units": "make their units",
}
_BOUNDS: dict[BoundsUse, str] = {"learn": "learn as bounds", "leave-out": "leave out"}
_SHOWN = 40
"""Mends that are listed one by one."""


@part
def show_mending(file: dict, cells: RawTable, table: Table) -> None:
    """Let the user mend the table, and show how it is mended.

    Args:
        file: from `intake.choose_file`.
        cells: of the file, before they are mended.
        table: the checked table.
    """
    with st.container():
        _offers(file, cells, table)
    with st.container():
        show_row_editor(file, cells, table)
    with st.container():
        show_mends(file, table)


@part
def _offers(file: dict, cells: RawTable, table: Table) -> None:
    """What can be mended with one click, where there is something to mend so."""
    kinds = {finding.kind for finding in table.report.findings}
    _offer_long_format(file, cells)
    if "chain_ends" in kinds:
        elements = stand_in_ends([text for text in table.smiles if text])
        named = " and ".join(f"[{element}]" for element in elements)
        st.button(
            plain(f"{named} stand for `*`: read them so"),
            icon=":material/link:",
            on_click=say,
            kwargs={"chain_ends": elements},
        )
    if "fragments" in kinds or said().fragments != "refuse":
        _choose(
            file,
            "fragments",
            "Molecules beside a repeat unit",
            _FRAGMENTS,
            "Counter-ions, solvents and salts are no part of the chain. Their rows are left out, "
            "or the repeat units are learned without them.",
        )
    if "monomers" in kinds or said().monomers != "refuse":
        _choose(
            file,
            "monomers",
            "Monomers in place of repeat units",
            _MONOMERS,
            "A monomer has no `*`, where the chain goes on. Each that makes one repeat unit alone, "
            "such as styrene, may stand for that.",
        )
    reading = cells.reading
    if reading.alike_sheets:
        sheets = (reading.sheet, *reading.joined_sheets, *reading.alike_sheets)
        st.button(
            plain(f"Join the sheets {', '.join(sheets)}"),
            icon=":material/table_rows:",
            on_click=say,
            kwargs={"sheets": sheets},
            help="They have the same columns, and become one table.",
        )
    if kinds & {"cell_above", "cell_below"}:
        _choose_bounds(file)
    if kinds & {"duplicate", "replicates"}:
        _choose_replicates(file)


def _offer_long_format(file: dict, cells: RawTable) -> None:
    long = find_long_format(cells)
    if not long and not said().long:
        return
    words = f"{long.name}={long.value}" if long else said().long
    # The key tells what is said, and the value is the field's own: one that is put into the session
    # does not reach the browser when a click ends the page's first run.
    key = f"train long {file['key']} {said().long}"
    st.checkbox(
        "Each row names its property: give each property a column",
        bool(said().long),
        key=key,
        on_change=lambda: say(long=words if st.session_state[key] else None),
    )


def _choose_bounds(file: dict) -> None:
    _choose(
        file,
        "bounds",
        "Labels such as > 300",
        _BOUNDS,
        "A model can learn that a label lies above or below a bound, and is then wrong only "
        "beyond it.",
    )


def _choose_replicates(file: dict) -> None:
    _choose(
        file,
        "replicates",
        "Rows of one repeat unit",
        _REPLICATES,
        "Several measurements of one polymer become one row, whose labels are the median or "
        "the mean of theirs. The findings then say how far such labels lie apart.",
    )


def _choose(file: dict, field: str, label: str, words: Mapping[Any, str], help: str) -> None:
    """Segments for one field of the mending, of which the first is its default.

    Args:
        file: from `intake.choose_file`.
        field: of `Mending`.
        label, help: of the segments.
        words: by the field's values.
    """
    now, default = getattr(said(), field), next(iter(words))
    key = f"train {field} {file['key']} {now}"
    st.segmented_control(
        label,
        [*words],
        default=now,
        format_func=lambda value: words[value],
        key=key,
        on_change=lambda: say(**{field: st.session_state[key] or default}),
        help=help,
    )


@part
def show_mends(file: dict, table: Table | None) -> None:
    """What was mended, with a way back for each and for all, and the files that say it.

    Args:
        file: from `intake.choose_file`.
        table: the checked table; None when it cannot be used.
    """
    _show_aside()
    steps = _steps(said())
    if not steps:
        return
    with st.expander(f"Mended by you ({len(steps):,})", icon=":material/build:", expanded=True):
        for number, (words, without) in enumerate(steps[:_SHOWN]):
            with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
                st.markdown(plain(words), width="stretch")
                st.button("Undo", key=f"train undo {number}", on_click=say_all, args=(without,))
        if len(steps) > _SHOWN:
            st.caption(f"And {len(steps) - _SHOWN:,} more, which the file of mends lists.")
        with st.container(horizontal=True):
            if len(steps) > 1:
                st.button("Undo all", icon=":material/undo:", on_click=say_all, args=(_undone(),))
            if table is not None:
                offer_files(file, table)


def offer_files(file: dict, table: Table) -> None:
    """Offer the mended table and the file that says what was done."""
    name = mending_file(file["name"])
    _download("Mended table (CSV)", lambda: _as_csv(table), name.replace(".yaml", ".csv"))
    _download("What was done (YAML)", lambda: mending_text(table), name)


def mending_text(table: Table) -> bytes:
    """What was done to a table, as a file that `train --mend` takes."""
    return written_mending(table.mendings[0], mending_sentences(said())).encode()


def _as_csv(table: Table) -> bytes:
    return csv_bytes(mended_frame(table)[0])


def _download(label: str, make: Callable[[], bytes], name: str) -> None:
    st.download_button(
        label, make, name, icon=":material/download:", on_click="ignore", key=f"train {label}"
    )


def _show_aside() -> None:
    left = aside()
    count = len(left.changed) + len(left.dropped) + len(left.renamed)
    if count:
        fit, back = ("does", "comes") if count == 1 else ("do", "come")
        st.caption(
            f":material/history: {count:,} of your mends {fit} not fit the table as it is read now "
            f"and {back} back with the earlier reading."
        )


def _steps(mending: Mending) -> list[tuple[str, Mending]]:
    """Each step that can be undone in words, and the mending without it."""
    steps = []
    if mending.sheets:
        words = f"Read from the sheet {', '.join(mending.sheets)}."
        steps.append((words, mending.but(sheets=())))
    if mending.chain_ends:
        words = f"{', '.join(mending.chain_ends)} stand for `*`."
        steps.append((words, mending.but(chain_ends=())))
    for old, new in mending.renamed.items():
        steps.append((f"“{old}” is called “{new}”.", _without_name(mending, old, new)))
    for change in mending.changed:
        rest = tuple(each for each in mending.changed if each is not change)
        steps.append((change_words(change), mending.but(changed=rest)))
    for row in mending.dropped:
        rest = tuple(each for each in mending.dropped if each is not row)
        steps.append((drop_words(row), mending.but(dropped=rest)))
    return steps


def _without_name(mending: Mending, old: str, new: str) -> Mending:
    """The same where a column has the file's own name again, wherever it is named."""

    def named(name: str | None) -> str | None:
        return old if name == new else name

    def all_named(names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return names and tuple(old if name == new else name for name in names)

    return mending.but(
        renamed={name: its for name, its in mending.renamed.items() if name != old},
        smiles=named(mending.smiles),
        id=named(mending.id),
        architecture=named(mending.architecture),
        properties=all_named(mending.properties),
        conditions=all_named(mending.conditions),
        further_units=all_named(mending.further_units),
        fractions=all_named(mending.fractions),
        scales={named(name): scale for name, scale in mending.scales.items()},
        units={named(name): unit for name, unit in mending.units.items()},
    )


def _undone() -> Mending:
    mending = said()
    for old, new in mending.renamed.items():
        mending = _without_name(mending, old, new)
    return mending.but(sheets=(), chain_ends=(), changed=(), dropped=())
