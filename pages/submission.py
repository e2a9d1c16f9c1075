"""Submission: predict a test table in the form that a competition asks for."""

from hashlib import sha256
from pathlib import Path

import pandas as pd
import streamlit as st

from engine.inference.bundle import INFO, read_info
from engine.inference.submission import make_submission, not_asked_for_words
from engine.table import read_table
from engine.table.conditions import condition_columns
from engine.table.mending import FragmentsUse
from engine.table.written import csv_bytes
from pages.parts import models, page_guard
from pages.parts.formatting import plain, unit_of
from pages.parts.layout import check_limits, columns, heading, upload_table
from pages.parts.predict.conditions import choose_conditions

STEPS = {
    "graphs": "Reading the molecules",
    "descriptors": "Computing descriptors (numbers that trees and the Gaussian process learn from)",
}
PREVIEW = 100


def inputs_key(folder: Path, files: list, given: dict[str, float | str]) -> str:
    """What tells one set of inputs from another: the files' contents, the model, conditions."""
    about = f"{folder} {(folder / INFO).stat().st_mtime_ns} {sorted(given.items())}"
    digest = sha256(about.encode())
    for file in files:
        digest.update(sha256(file.getbuffer()).digest() if file else b"none")
    return digest.hexdigest()


def make_file(
    folder: Path, test, sample, given: dict[str, float | str], fragments: FragmentsUse
) -> dict:
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
            words = f"{STEPS.get(kind, kind)}: {done:,} of {total:,} molecules"
            bar.progress(done / max(total, 1), text=words)

    try:
        table = read_table(test.getvalue(), test.name)
        wanted = read_table(sample.getvalue(), sample.name) if sample else None
        predictor = models.load_predictor(folder)
        own = condition_columns(table, predictor.info.conditions)
        for_all = {name: value for name, value in given.items() if name not in own}
        submission = make_submission(
            predictor, table, wanted, show, conditions=for_all, fragments=fragments
        )
    finally:
        bar.empty()
    return {
        "csv": submission.frame.to_csv(index=False).encode(),
        "preview": submission.frame.head(PREVIEW),
        "rows": len(submission.frame),
        "columns": list(submission.frame.columns),
        "filled": submission.filled,
        "warned": submission.warned,
        "spare": not_asked_for_words(submission.not_asked_for, sample.name)
        if submission.not_asked_for
        else "",
        "heads": {property_.name: property_.label for property_ in read_info(folder).properties},
    }


@page_guard.part
def show_result(result: dict, test_name: str) -> None:
    """The finished file: what it holds, a preview, and the download."""
    st.success(
        f"**{result['rows']:,} rows** from {plain(test_name)}, a number in every cell. "
        f"Columns: {plain(', '.join(result['columns']))}.",
        icon=":material/check_circle:",
    )
    st.download_button(
        "Download submission.csv",
        result["csv"],
        "submission.csv",
        "text/csv",
        type="primary",
        icon=":material/download:",
        on_click="ignore",
    )
    if result["spare"]:
        st.warning(plain(result["spare"]), icon=":material/warning:")
    if len(result["filled"]):
        show_filled(result["filled"])
    if len(result["warned"]):
        show_warned(result["warned"])
    st.subheader("Preview")
    if result["rows"] > PREVIEW:
        st.caption(f"The first {PREVIEW} of {result['rows']:,} rows.")
    st.dataframe(result["preview"], hide_index=True, column_config=result["heads"])


@page_guard.part
def show_filled(filled: pd.DataFrame) -> None:
    """The rows that could not be predicted."""
    count = len(filled)
    st.warning(
        f"{count:,} row{'s' * (count > 1)} of the test table could not be predicted. Where the "
        "submission needs them, they hold the medians of the training table. They are listed below "
        "with the reason.",
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
        f"The model can only guess in {count:,} row{'s' * (count > 1)}: no training unit has what "
        "their repeat units have. They are in the file, and listed below with the reason.",
        icon=":material/warning:",
    )
    st.dataframe(warned, hide_index=True)


def upload_files() -> list:
    """The two upload fields, side by side."""
    left, right = columns("submission-files", [1, 1], 300)
    test = upload_table(
        "Test table (test.csv)",
        "test table",
        "A table with a SMILES column, and usually an id column.",
        left,
    )
    sample = upload_table(
        "Sample submission (sample_submission.csv), optional",
        "sample submission",
        "Its ids, their order and its columns are kept exactly; its values are not used.",
        right,
    )
    st.caption(
        "With a sample submission the file has exactly its ids, order and columns. Without one it "
        "has the rows and the order of the test table: its id column (or the row number, if it has "
        "none) and one column for each property that the model predicts."
    )
    return [test, sample]


def main() -> None:
    """The whole page."""
    words = "Upload a table of repeat units and download a file with a number in every cell."
    with heading("Submission", words):
        folder = models.choose_model("submission")
    if folder is None:
        models.show_no_model()
        return
    info = read_info(folder)
    by_name = {property_.name: property_ for property_ in info.properties}
    columns_ = info.submission_columns.items()
    names = ", ".join(f"{column} ({unit_of(by_name[name])})" for column, name in columns_)
    st.markdown(f"This model predicts {plain(names)}.")
    if info.sources:
        first = plain(info.sources[0].name)
        st.caption(f"Values are like those of {first}, its first table, where that has them.")
    check_limits()
    files = upload_files()
    if files[0] is None:
        st.info("Upload the test table to go on.", icon=":material/upload_file:")
        return
    given = choose_conditions(info, "For rows of a table that has no column of them")
    if given is None:
        return
    fragments: FragmentsUse = "refuse"
    if st.checkbox("Leave out molecules beside a repeat unit, such as counter-ions"):
        fragments = "leave-out"
    key = inputs_key(folder, files, {**given, "fragments": fragments})
    result = st.session_state.get("submission", {})
    if result.get("key") != key and st.button(
        "Make the submission", type="primary", icon=":material/play_arrow:"
    ):
        with st.spinner("Predicting. The first time, loading the models takes a few seconds…"):
            result = {"key": key, **make_file(folder, *files, given, fragments)}
        st.session_state["submission"] = result
        # The button has done its work; it comes back when an input changes.
        st.rerun()
    if result.get("key") == key:
        models.show_deviation(folder)
        show_result(result, files[0].name)


page_guard.draw(main)
