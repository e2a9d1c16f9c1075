"""A model on an uploaded table of labels, for the Errors page."""

from hashlib import sha256
from pathlib import Path

import streamlit as st

from engine.inference.bundle import DEFAULT_ID, INFO, BundleInfo, read_info
from engine.inference.scoring import score_rows
from engine.table import Table
from engine.table.conditions import condition_columns
from engine.table.mended import check_mended, read_cells, with_learned_columns
from engine.table.mending import Mending
from engine.table.unseen_units import demand_all_units
from pages.parts import models
from pages.parts.errors.evaluation import Evaluation
from pages.parts.formatting import plain
from pages.parts.layout import check_limits, columns, upload_table
from pages.parts.train.intake import as_file
from pages.parts.train.report import show_report

_CHECKED, _SCORED = "errors checked", "errors scored"
"""In the session: the table that was checked last, and what was scored last, each with its key."""


def choose_scored_table() -> Evaluation | None:
    """Let the user choose a model and upload a table; None until its errors are known.

    Raises:
        UserError: when the table cannot be read, or labels none of the model's properties.
    """
    left, right = columns("errors-scored", [1, 1], 300)
    with left:
        folder = models.choose_model("errors")
    if folder is None:
        models.show_no_model()
        return None
    check_limits()
    uploaded = upload_table(
        "Table with labels: CSV, TSV, Parquet, XLSX, SDF or a list of SMILES",
        "errors table",
        "A column with the SMILES of repeat units, and a column of numbers for one or more of the "
        "model's properties.",
        right,
    )
    if uploaded is None:
        st.info(
            "Upload a table with measured or simulated values: the model predicts its repeat "
            "units, and its errors are shown as those of a run are. Errors on what the model was "
            "trained on are told apart.",
            icon=":material/upload_file:",
        )
        return None
    file = as_file(uploaded.name, uploaded.getvalue())
    table = checked_table(file, read_info(folder))
    with st.expander(f"What was read from {plain(table.name)}", icon=":material/table:"):
        show_report(table)
    if not accepted_as_it_is(file, table):
        return None
    return _evaluated(folder, file, table)


def checked_table(file: dict, info: BundleInfo | None = None) -> Table:
    """The table, checked once.

    Args:
        file: as it was uploaded.
        info: of the model, which remembers the columns of compositions that it learned from.
    """
    learned, conditions = (info.polymer_columns, info.conditions) if info else (None, [])
    asked = file["key"], learned, conditions
    key, table = st.session_state.get(_CHECKED, (None, None))
    if key != asked:
        bar = st.progress(0.0, f"Reading {plain(file['name'])}…")

        def show(done: int, total: int) -> None:
            bar.progress(done / max(total, 1), f"Checking row {done:,} of {total:,}…")

        try:
            raw = read_cells(file["data"], Mending(), file["name"])
            apart = tuple(condition_columns(raw, conditions).values())
            mending = with_learned_columns(Mending(conditions=apart), raw, learned)
            table = check_mended(raw, mending.but(conditions=()), show)
            demand_all_units(table.raw, table.report.columns, apart)
        finally:
            bar.empty()
        st.session_state[_CHECKED] = asked, table
    return table


def accepted_as_it_is(file: dict, table: Table) -> bool:
    """Whether the table may be scored as it is: it has no errors, or the user accepts them."""
    errors = table.report.errors
    if not errors:
        return True
    for finding in errors:
        st.warning(plain(finding.message), icon=":material/error:")
    return st.checkbox(
        "The table is as it should be: compare all the same",
        key=f"errors accept {file['key']}",
    )


def _evaluated(folder: Path, file: dict, table: Table) -> Evaluation:
    """The errors on a table, computed once for each model and table."""
    key = f"{folder} {(folder / INFO).stat().st_mtime_ns} {file['key']}"
    known, evaluation, unpredicted = st.session_state.get(_SCORED, (None, None, ""))
    if known != key:
        bar = st.progress(0.0, models.LOADING)

        def show(kind: str, done: int, total: int) -> None:
            words = f"{kind.capitalize()}: {done:,} of {total:,} repeat units"
            bar.progress(done / max(total, 1), words)

        try:
            scored = score_rows(models.load_predictor(folder), table, show)
            rows = scored.rows(show)
        finally:
            bar.empty()
        model = st.session_state.get("model on errors", DEFAULT_ID)
        name = f"{model}-{sha256(key.encode()).hexdigest()[:8]}"
        evaluation = Evaluation(name, read_info(folder), rows, model)
        unpredicted = scored.unpredicted_words
        st.session_state[_SCORED] = key, evaluation, unpredicted
    if unpredicted:
        st.warning(plain(unpredicted), icon=":material/warning:")
    models.show_deviation(folder)
    return evaluation
