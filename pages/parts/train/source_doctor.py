"""How the sources of a property differ on the polymers that they share, to look at."""

import pandas as pd
import streamlit as st

from engine.settings.properties import Property
from engine.table import Table
from engine.table.source_report import SourcePair, compare_sources
from pages.parts.charts import source_scatter
from pages.parts.formatting import number, plain
from pages.parts.layout import columns
from pages.parts.page_guard import part


@part
def show_source_doctor(table: Table, key: str) -> None:
    """Compare the sources two by two.

    Args:
        table: as `join_tables` makes it.
        key: of what was joined and how; the comparison is kept for it.
    """
    pairs = _compared(table, key)
    if not pairs:
        return
    st.markdown("##### How the sources differ")
    for pair in pairs:
        if pair.warning:
            st.warning(plain(pair.warning), icon=":material/warning:")
    titles = [f"{pair.quantity}: {pair.second} against {pair.first}" for pair in pairs]
    chosen = 0
    if len(pairs) > 1:
        chosen = st.selectbox(
            "Two sources of a property",
            range(len(pairs)),
            format_func=lambda place: f"{titles[place]} · {len(pairs[place].shared)} shared",
            key=f"doctor pair {len(pairs)}",
        )
    property_ = next(p for p in table.properties if p.base == pairs[chosen].quantity)
    _show_pair(pairs[chosen], property_, titles[chosen])


def _compared(table: Table, key: str) -> list[SourcePair]:
    last = st.session_state.get("train compared")
    if last is None or last[0] != key:
        with st.spinner("Comparing the sources…"):
            last = key, compare_sources(table)
        st.session_state["train compared"] = last
    return last[1]


def _show_pair(pair: SourcePair, property_: Property, title: str) -> None:
    if not pair.shared:
        st.info(
            plain(
                f"{title}: no polymer is in both, so nothing can be read off. The model still "
                "learns how they differ, from polymers that are alike."
            ),
            icon=":material/info:",
        )
        return
    left, right = columns("doctor", [1.5, 1], 280)
    with left:
        st.plotly_chart(
            source_scatter(pair),
            key=f"doctor chart {title}",
            alt=f"{title}: the values of {len(pair.shared):,} polymers in one source against "
            "those in the other.",
        )
        st.caption("Dashed: both values are equal. Solid: they differ by the offset.")
    with right:
        st.metric("Shared polymers", f"{len(pair.shared):,}")
        if pair.offset is not None:
            st.metric(
                "Offset (median)",
                plain(number(property_, pair.offset, sign=True)),
                help=f"Median of {plain(pair.second)} less {plain(pair.first)}.",
            )
            st.metric(
                "Scatter around it",
                plain(number(property_, pair.scatter)),
                help="Standard deviation of the differences, hardly moved by single outliers.",
            )
        if pair.slope is not None:
            st.metric(
                "Slope",
                f"{pair.slope:.2f}",
                help=f"By how much {plain(pair.second)} rises where {plain(pair.first)} rises by "
                "1; Theil and Sen’s estimate, no unit.",
            )
    if pair.conflicts:
        st.caption(
            "Values that differ by far more than the offset: one of the two may be of another "
            "polymer, or in another unit."
        )
        rows = [(each.smiles, each.first, each.second) for each in pair.conflicts]
        st.dataframe(
            pd.DataFrame(
                rows,
                columns=["SMILES", _with_unit(pair.first, pair), _with_unit(pair.second, pair)],
            ),
            hide_index=True,
        )


def _with_unit(source: str, pair: SourcePair) -> str:
    return f"{source} ({pair.unit})" if pair.unit else source
