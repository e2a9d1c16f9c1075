"""Submission: predict a table, also in the form that a competition asks for."""

from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import streamlit as st

from engine.base.wording import counted
from engine.inference.bundle import INFO, BundleInfo, read_info
from engine.inference.predict import Progress
from engine.inference.predicted_tables import Unpredicted, predict_file
from engine.inference.submission import make_submission, not_asked_for_words
from engine.table import read_table
from engine.table.conditions import condition_columns
from engine.table.mending import FragmentsUse
from engine.table.streaming import stream_of
from engine.table.written import csv_bytes
from pages.parts import models, page_guard
from pages.parts.conditions import choose_conditions
from pages.parts.documents import explained
from pages.parts.formatting import plain, unit_of
from pages.parts.kaggle_kit import offer_kaggle_kit
from pages.parts.layout import check_limits, columns, heading, upload_table

STEPS = {
    "graphs": "Reading the molecules",
    "descriptors": "Computing descriptors (numbers that trees and the Gaussian process learn from)",
}
PREVIEW = 100
MOST_NAMED = 14
AS_PREDICT = "the answers on Predict"


def inputs_key(folder: Path, files: list, given: dict[str, float | str]) -> str:
    """What tells one set of inputs from another: the files' contents, the model, conditions."""
    about = f"{folder} {(folder / INFO).stat().st_mtime_ns} {sorted(given.items())}"
    digest = sha256(about.encode())
    for file in files:
        digest.update(sha256(file.getbuffer()).digest() if file else b"none")
    return digest.hexdigest()


class Choices(NamedTuple):
    """How a table is predicted, as it is chosen on the page.

    Attributes:
        source: whose values predictions are like; None for the default.
        intervals: whether the file has intervals, and whether each unit is in the domain.
        fragments: what is done about molecules beside a repeat unit.
    """

    source: str | None
    intervals: bool
    fragments: FragmentsUse


def make_file(folder: Path, test, sample, given: dict[str, float | str], choices: Choices) -> dict:
    """Predict; returns what the page shows, as plain bytes and frames.

    Conditions that the test table has a column of are its own, the others as they are given.

    Raises:
        UserError: when a file cannot be used.
    """
    bar = st.progress(0.0, text="Reading the tables…")

    def show(kind: str, done: int, total: int) -> None:
        if kind == "descriptors" and done == total:
            bar.progress(1.0, text=f"Predicting {total:,} molecules…")
        else:
            words = f"{STEPS.get(kind, 'Predicting')}: {done:,} of {total:,} molecules"
            bar.progress(done / max(total, 1), text=words)

    try:
        table = read_table(test.getvalue(), test.name)
        predictor = models.load_predictor(folder)
        own = condition_columns(table, predictor.info.conditions)
        for_all = {name: value for name, value in given.items() if name not in own}
        if sample is None:
            made = _predicted(predictor, table, for_all, choices, show)
        else:
            wanted = read_table(sample.getvalue(), sample.name)
            made = _submitted(predictor, table, wanted, for_all, choices, show)
    finally:
        bar.empty()
    return {**made, "heads": {each.name: each.label for each in predictor.info.properties}}


def _predicted(predictor, table, given, choices: Choices, show: Progress) -> dict:
    """Each row of a table predicted; cells that have no prediction are empty."""
    out = StringIO()
    missing = predict_file(
        predictor,
        stream_of(table),
        out,
        show,
        choices.intervals,
        predictor.info.columns_for(choices.source),
        conditions=given,
        fragments=choices.fragments,
    )
    csv = out.getvalue()
    head = pd.read_csv(StringIO(csv), nrows=PREVIEW)
    return {
        "name": "predictions.csv",
        "csv": csv.encode(),
        "preview": head.dropna(axis=1, how="all"),
        "rows": missing.of,
        "columns": list(head.columns),
        "units": next((name for name in head if "*" in str(head[name].iloc[0])), head.columns[1]),
        "empty": missing,
    }


def _submitted(predictor, table, sample, given, choices: Choices, show: Progress) -> dict:
    """A submission with the ids, order and columns of a sample."""
    made = make_submission(
        predictor,
        table,
        sample,
        show,
        choices.source,
        conditions=given,
        fragments=choices.fragments,
    )
    spare = made.not_asked_for
    return {
        "name": "submission.csv",
        "csv": made.frame.to_csv(index=False).encode(),
        "preview": made.frame.head(PREVIEW),
        "rows": len(made.frame),
        "columns": list(made.frame.columns),
        "filled": made.filled,
        "warned": made.warned,
        "spare": not_asked_for_words(spare, sample.name) if spare else "",
    }


@page_guard.part
def show_result(result: dict, test_name: str) -> None:
    """The finished file: what it holds, a preview, and the download."""
    unnamed = len(result["columns"]) - MOST_NAMED
    more = f" and {unnamed} more" if unnamed > 0 else ""
    columns_ = f"Columns: {plain(', '.join(result['columns'][:MOST_NAMED]))}{more}."
    words = f"**{counted(result['rows'], 'row')}** from {plain(test_name)}"
    lost = result["empty"].count if "empty" in result else len(result["filled"])
    in_vain = 0 < result["rows"] <= lost
    if in_vain:
        words += ", none of them predicted"
    elif lost and "empty" in result:
        words += f", {result['rows'] - lost:,} of them predicted"
    if "filled" in result:
        words += ", a number in every cell"
    if in_vain:
        st.error(f"{words}. {columns_}", icon=":material/error:")
    else:
        st.success(f"{words}. {columns_}", icon=":material/check_circle:")
    st.download_button(
        f"Download {result['name']}",
        result["csv"],
        result["name"],
        "text/csv",
        type="secondary" if in_vain else "primary",
        icon=":material/download:",
        on_click="ignore",
    )
    if result.get("spare"):
        st.warning(plain(result["spare"]), icon=":material/warning:")
    if "empty" in result:
        show_empty(result["empty"])
    else:
        if len(result["filled"]):
            show_filled(result["filled"])
        if len(result["warned"]):
            show_warned(result["warned"])
    st.subheader("Preview")
    if result["rows"] > PREVIEW:
        st.caption(f"The first {PREVIEW} of {result['rows']:,} rows.")
    numbers = result["preview"].select_dtypes("float").columns
    heads: dict[str, object] = {
        name: st.column_config.NumberColumn(result["heads"].get(name, name), format="%.4g")
        for name in numbers
    }
    if "units" in result:
        # Long ones would leave no place for a number on a telephone.
        heads[result["units"]] = st.column_config.TextColumn(width="medium")
    st.dataframe(result["preview"], hide_index=True, column_config=heads, placeholder="–")


@page_guard.part
def show_empty(missing: Unpredicted) -> None:
    """The rows that could not be predicted, and how many are to be taken with care."""
    if missing.unread:
        st.warning(plain(missing.unread), icon=":material/warning:")
    if missing.count:
        more = f" The first {len(missing.first)}:" if missing.count > len(missing.first) else ""
        st.warning(
            f"{counted(missing.count, 'row')} could not be predicted: the cells are empty, and the "
            f"column “problem” of the file says why.{more}",
            icon=":material/warning:",
        )
        st.dataframe(missing.first, hide_index=True)
    if missing.warned:
        have = "has" if missing.warned == 1 else "have"
        st.warning(
            f"{counted(missing.warned, 'row')} {have} what no training unit has; the column "
            "“warning” of the file says what.",
            icon=":material/warning:",
        )


@page_guard.part
def show_filled(filled: pd.DataFrame) -> None:
    """The rows that could not be predicted."""
    count = len(filled)
    st.warning(
        f"{counted(count, 'row')} of the test table could not be predicted. Where the submission "
        "needs them, they hold the medians of the training table. They are listed below with the "
        "reason.",
        icon=":material/warning:",
    )
    st.dataframe(filled, hide_index=True)
    st.download_button(
        "Download this list",
        csv_bytes(filled),
        "filled-rows.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


def show_warned(warned: pd.DataFrame) -> None:
    """The rows whose repeat units have what no training unit has."""
    count = len(warned)
    st.warning(
        f"The repeat units of {counted(count, 'row')} have what no training unit has, so their "
        "values can be far off. They are in the file, and listed below with the reason.",
        icon=":material/warning:",
    )
    st.dataframe(warned, hide_index=True)


def upload_files() -> list:
    """The two upload fields, side by side."""
    left, right = columns("submission-files", [1, 1], 300)
    test = upload_table(
        "Table of repeat units (test.csv)",
        "test table",
        "A table with a SMILES column, and usually an id column; or with columns of compositions, "
        "such as smiles_A, smiles_B and frac_A.",
        left,
    )
    sample = upload_table(
        "Sample submission (sample_submission.csv), optional",
        "sample submission",
        "Its ids, their order and its columns are kept exactly; its values are not used.",
        right,
    )
    st.caption(
        "With a sample submission the file has exactly its ids, order and columns, and a number in "
        "every cell. Without one it has the rows and the order of the table: its id column (or the "
        "row number, if it has none), one column for each property that the model predicts, and "
        "what is to be said of a row; of compositions, all columns of the table too."
    )
    return [test, sample]


def choose(info: BundleInfo, with_sample: bool) -> Choices:
    """The settings below the files."""
    source, intervals = None, False
    if info.sources:
        names = [each.name for each in info.sources]
        # A competition's table is the first one; whoever predicts a list expects what Predict says.
        label = st.selectbox(
            "Values like those of",
            names if with_sample else [AS_PREDICT, *names],
            key=f"submission-source-{with_sample}",
            help="Sources of one property differ. Predict answers as measured where it can. The "
            "file holds predictions alone: where Predict shows a measured value first, the file "
            "has what the model says.",
        )
        source = None if label == (names[0] if with_sample else AS_PREDICT) else label
    if not with_sample and info.has_intervals:
        intervals = st.checkbox(
            "Add 90 % intervals, and whether each unit is in the domain",
            help=f"{explained('Conformal interval')} {explained('Applicability domain')}",
        )
    left_out = st.checkbox("Leave out molecules beside a repeat unit, such as counter-ions")
    return Choices(source, intervals, "leave-out" if left_out else "refuse")


def main() -> None:
    """The whole page."""
    words = "Upload a table of repeat units and download their predictions, or a submission."
    with heading("Submission", words):
        folder = models.choose_model("submission", newest_first=True)
    if folder is None:
        models.show_no_model()
        return
    info = read_info(folder)
    by_name = {property_.name: property_ for property_ in info.properties}
    columns_ = info.submission_columns.items()
    names = ", ".join(f"{column} ({unit_of(by_name[name])})" for column, name in columns_)
    st.markdown(f"This model predicts {plain(names)}.")
    check_limits()
    predict_upload(folder, info)
    offer_kaggle_kit(folder)


def predict_upload(folder: Path, info: BundleInfo) -> None:
    """Take the files in, and predict them when that is asked for."""
    files = upload_files()
    if files[0] is None:
        st.info("Upload the table to go on.", icon=":material/upload_file:")
        return
    given = choose_conditions(info, "At these conditions, where the table has no column of them")
    if given is None:
        return
    choices = choose(info, files[1] is not None)
    key = inputs_key(folder, files, {**given, "choices": repr(choices)})
    result = st.session_state.get("submission", {})
    if result.get("key") != key and st.button(
        "Make the submission" if files[1] else "Predict the table",
        type="primary",
        icon=":material/play_arrow:",
    ):
        with st.spinner("Predicting. The first time, loading the models takes a few seconds…"):
            result = {"key": key, **make_file(folder, *files, given, choices)}
        st.session_state["submission"] = result
        # The button has done its work; it comes back when an input changes.
        st.rerun()
    if result.get("key") == key:
        models.show_deviation(folder)
        show_result(result, files[0].name)


page_guard.draw(main)
