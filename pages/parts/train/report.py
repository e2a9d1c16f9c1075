"""What a check found in a table, for people to read."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from engine.runs import learnable, unlearned_words
from engine.settings.properties import Property
from engine.table import Finding, PropertySummary, Report, Table
from engine.table.composition_findings import composition_words
from engine.table.written import csv_bytes
from pages.parts.documents import explained
from pages.parts.formatting import number, plain
from pages.parts.page_guard import part

_BARS = 24
_NOISE = 1e-12
"""Labels that differ by less than this share of the largest one are drawn as equal."""
_SEVERITIES = {
    "error": (":red[:material/error:]", "To be mended"),
    "excluded": (":red[:material/block:]", "Rows left out"),
    "warning": (":orange[:material/warning:]", "Worth a look"),
    "note": (":blue[:material/info:]", "For information"),
}
_FORMATS = {
    "csv": "a text table",
    "parquet": "a Parquet file",
    "xlsx": "an Excel workbook",
    "mol": "a file of structures",
    "smiles": "a list of SMILES",
}
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
DECIMALS = {".": "point", ",": "comma"}


@part
def show_report(
    table: Table, place: int = 0, open_rows: Callable[[Finding], None] | None = None
) -> None:
    """Show how a table was read, what is in it, and what is odd about it.

    Args:
        table: the checked table.
        place: its number among several, so that each has widgets of its own.
        open_rows: opens the rows that a finding names to be edited, where they can be.
    """
    report = table.report
    with st.container(horizontal=True):
        st.metric("Rows read", f"{report.rows:,}", border=True)
        st.metric("Rows kept", f"{report.kept:,}", border=True)
        st.metric("Rows left out", f"{report.rows - report.kept:,}", border=True)
        count = f"{len(report.properties):,}"
        st.metric("Properties", count, border=True, help=explained("Property"))
    st.caption(plain(_reading_words(report)))
    _show_properties(table)
    _show_findings(report.findings, place, open_rows)
    _show_excluded(table, place)


def _reading_words(report: Report) -> str:
    reading, columns = report.reading, report.columns
    words = [f"Read as {_FORMATS[reading.format]}"]
    if reading.separator:
        words.append(f"separated by {SEPARATORS.get(reading.separator, reading.separator)}")
    if reading.encoding:
        words.append(f"encoding {reading.encoding.removesuffix('-sig').upper()}")
    words.append(f"decimal {DECIMALS[reading.decimal]}")
    ids = f"ids in “{columns.id}”" if columns.id else "row numbers serve as ids"
    if not columns.says_more:
        return f"{', '.join(words)}. SMILES in “{columns.smiles}”, {ids}."
    units = composition_words(columns)
    return f"{', '.join(words)}. {units[0].upper()}{units[1:]}; {ids}."


@part
def _show_properties(table: Table) -> None:
    if not table.properties:
        st.info(
            "No column with numbers was found, so there is nothing to learn. Choose the property "
            "columns under “Change how the table is read and what its columns are”.",
            icon=":material/info:",
        )
        return
    learned = {table.properties[k].name for k in learnable(table)}
    rows = [
        _property_row(property_, summary, table.labels[:, k], property_.name in learned)
        for k, (property_, summary) in enumerate(
            zip(table.properties, table.report.properties, strict=True)
        )
    ]
    st.markdown("##### Properties")
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        row_height=44,
        column_config={
            "Labels": st.column_config.NumberColumn(
                format="localized", help="How many rows have a value for this property."
            ),
            "Distribution": st.column_config.BarChartColumn(
                help="How the labels are spread from the lowest to the highest.", width="small"
            ),
            "Spread": st.column_config.TextColumn(help="Standard deviation of the labels."),
        },
    )
    rest = " The others are learned without it." if learned else ""
    for words in unlearned_words(table):
        st.warning(plain(f"{words}{rest}"), icon=":material/warning:")


def _property_row(
    property_: Property, summary: PropertySummary, labels: np.ndarray, learned: bool
) -> dict[str, object]:
    title = (
        property_.title
        if property_.title == property_.name
        else f"{property_.name}: {property_.title}"
    )
    return {
        "Property": title if property_.unit else f"{title} (no unit)",
        "Labels": summary.labels,
        "Distribution": _bars(property_.scaled(labels[np.isfinite(labels)])),
        "Lowest": number(property_, summary.low),
        "Median": number(property_, summary.median),
        "Mean": number(property_, summary.mean),
        "Highest": number(property_, summary.high),
        "Spread": number(property_.errors, summary.std),
        "Learned": "yes" if learned else "too few labels",
    }


def _bars(labels: np.ndarray) -> np.ndarray:
    """How many labels lie in each section between the lowest and the highest."""
    # As shares of the largest: no difference between them overflows, and noise in the last digits
    # is as small for large labels as for small ones.
    largest = np.abs(labels).max()
    shares = labels / largest if largest else labels
    low, high = shares.min(), shares.max()
    if high - low < _NOISE:
        low, high = low - 0.5, high + 0.5
    bars, _ = np.histogram(shares, bins=_BARS, range=(low, high))
    return bars


def _show_findings(
    findings: list[Finding], place: int, open_rows: Callable[[Finding], None] | None
) -> None:
    st.markdown("##### Findings")
    if not findings:
        st.success("Nothing odd was found.", icon=":material/check_circle:")
        return
    with st.container(border=True):
        for severity, (icon, title) in _SEVERITIES.items():
            of_this = [finding for finding in findings if finding.severity == severity]
            if of_this:
                st.caption(f"**{title}**")
            for index, finding in enumerate(of_this):
                _show_finding(icon, finding, f"finding {place} {severity} {index}", open_rows)


def _show_finding(
    icon: str, finding: Finding, key: str, open_rows: Callable[[Finding], None] | None
) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"words beside {key}"):
        st.markdown(f"{icon} {plain(finding.message)}", width="stretch")
        if not finding.rows:
            return
        with st.popover("Rows", key=key):
            st.caption("Row numbers as a spreadsheet shows them; lines above the header count.")
            st.code(", ".join(map(str, finding.rows)), language=None, wrap_lines=True)
        # Rows that do not fit the header have no cells to be edited.
        if open_rows and finding.kind != "misfit_rows":
            st.button(
                "Edit",
                key=f"edit {key}",
                icon=":material/edit:",
                on_click=open_rows,
                args=(finding,),
                help="Open these rows below, to change or drop them.",
            )


@part
def _show_excluded(table: Table, place: int) -> None:
    if table.excluded.empty:
        return
    with st.expander(f"Rows left out ({len(table.excluded):,})", icon=":material/block:"):
        st.dataframe(
            table.excluded,
            hide_index=True,
            column_config={
                "row": st.column_config.NumberColumn("Row", format="%d"),
                "id": "Id",
                "reason": st.column_config.TextColumn("Reason", width="large"),
            },
        )
        st.download_button(
            "Download excluded.csv",
            csv_bytes(table.excluded),
            "excluded.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            key=f"download excluded {place}",
        )
