"""What can be taken away from the Errors page: all predictions, and the report on a run."""

import pandas as pd
import streamlit as st

from engine.runs import Run
from engine.runs.html_report import html_report
from engine.table.written import csv_bytes
from pages.parts.errors.evaluation import Evaluation
from pages.parts.page_guard import part

_REPORT = "errors report"
"""In the session: the id of the run whose report was made last, and the report."""


@part
def show_downloads(evaluation: Evaluation) -> None:
    """Offer the table of all predictions, and the report where they are of a run."""
    with st.container(horizontal=True, vertical_alignment="center"):
        kind = "out-of-fold" if evaluation.run else "scored"
        st.download_button(
            "All labels and predictions (CSV)",
            _as_csv(evaluation.key, evaluation.rows),
            f"{evaluation.key}-{kind}.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            help="One row for each label: the label, each member's prediction, the blend and its "
            "90 % interval; of a run also the fold.",
        )
        if evaluation.run:
            _offer_report(evaluation.run)


def _offer_report(run: Run) -> None:
    known, text = st.session_state.get(_REPORT, (None, ""))
    if known != run.id:
        if not st.button(
            "Make a report of this run",
            icon=":material/summarize:",
            help="One HTML file that opens without a network: figures, parity plots, errors by "
            "chemical class, the largest errors drawn.",
        ):
            return
        text = _make_report(run)
        st.session_state[_REPORT] = run.id, text
    st.download_button(
        "Report (HTML)",
        text.encode(),
        f"{run.id}-errors.html",
        "text/html",
        type="primary",
        icon=":material/download:",
        on_click="ignore",
    )


def _make_report(run: Run) -> str:
    bar = st.progress(0.0, "Making the report…")

    def show(kind: str, done: int, total: int) -> None:
        bar.progress(done / max(total, 1), f"{kind.capitalize()}: {done:,} of {total:,}")

    try:
        return html_report(run, show)
    finally:
        bar.empty()


@st.cache_data(max_entries=5, show_spinner=False)
def _as_csv(key: str, _rows: pd.DataFrame) -> bytes:
    return csv_bytes(_rows)
