"""What the Errors page looks at: labels beside the predictions of one model."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from engine.inference.bundle import BundleInfo, read_info
from engine.inference.error_analysis import with_intervals
from engine.runs import Run, read_out_of_fold
from pages.parts.address import asked_anew, complaint, keep_in_address
from pages.parts.formatting import plain
from pages.parts.layout import forget_stale_choice
from pages.parts.models import distinct_labels, run_label

_RUN = "errors run"


@dataclass(frozen=True)
class Evaluation:
    """Labels beside a model's predictions.

    Attributes:
        key: tells it from others; fit for a file's name.
        info: of the model.
        rows: one for each label, as `engine.inference.error_analysis.with_intervals` has them;
            those of a table have no fold, but `seen`.
        model: by which the Predict page knows the model.
        run: whose out-of-fold predictions they are; None for a model on a table.
    """

    key: str
    info: BundleInfo
    rows: pd.DataFrame
    model: str
    run: Run | None = None


def choose_run(runs: list[Run]) -> Run:
    """The run that the address names (`?run=`), or the newest; the user may choose another."""
    by_id = {run.id: run for run in runs}
    asked = asked_anew("run")
    wanted = next((run.id for run in runs if asked in (run.id, run.name)), None)
    labels = distinct_labels({run.id: run_label(run) for run in runs})
    forget_stale_choice(_RUN, list(by_id))
    if wanted:
        st.session_state[_RUN] = wanted
    chosen = st.selectbox(
        "Finished run", list(by_id), format_func=lambda key: labels[key], key=_RUN
    )
    keep_in_address("run", chosen)
    in_vain = "There is no finished run {}; the newest one is shown."
    if words := complaint("run", asked, wanted is not None, in_vain):
        st.warning(plain(words))
    return by_id[chosen]


def evaluation_of_run(run: Run) -> Evaluation:
    """The out-of-fold predictions of a finished run.

    Raises:
        UserError: when its files are missing or damaged.
    """
    info = read_info(run.bundle)
    rows = _out_of_fold(run.id, run, info)
    return Evaluation(run.id, info, rows, run.id, run)


@st.cache_data(max_entries=5, show_spinner=False)
def _out_of_fold(run_id: str, _run: Run, _info: BundleInfo) -> pd.DataFrame:
    """The out-of-fold table of a finished run, which does not change any more."""
    return with_intervals(read_out_of_fold(_run), _info)
