"""Predicting what waits on a list: a few at once, many in a process that outlives the page."""

from pathlib import Path

import streamlit as st

from engine.base.wording import counted
from engine.candidates.answers import model_key
from engine.candidates.job import Job, is_to_stop, job_of, start_job, stop_job
from engine.candidates.predicting import predict_waiting, write_hints
from engine.candidates.screening import pending
from engine.candidates.store import CandidateList
from pages.parts import models
from pages.parts.candidates.screening import offer_to_go_on_or_discard, show_best_so_far
from pages.parts.formatting import duration, plain
from pages.parts.page_guard import part

AT_ONCE = 64
"""Candidates that the page predicts itself: that takes less time than to start a process."""

_REFRESH = "2s"


@part
def predict_what_waits(list_: CandidateList, folder: Path, given: dict[str, float | str]) -> None:
    """Predict the candidates that the model has not answered yet, or show how far that is."""
    job = job_of(list_)
    if job.at_work:
        _show_progress(list_)
        return
    if pending(list_) is not None:
        if offer_to_go_on_or_discard(list_, _why(job, "Screening"), job):
            start_job(list_, folder, given)
            st.rerun()
        return
    waiting = list_.waiting(model_key(folder, given))
    if not waiting:
        return
    if len(waiting) <= AT_ONCE:
        bar = st.progress(0.0, text=models.LOADING)
        known = models.measured_labels(folder)
        predict_waiting(list_, models.load_predictor(folder), given, known=known)
        write_hints(list_)
        bar.empty()
    elif job.state in ("stopped", "cut off", "failed") and job.model == str(folder):
        _offer_to_go_on(list_, folder, given, job, len(waiting))
    else:
        start_job(list_, folder, given)
        st.rerun()


def _offer_to_go_on(
    list_: CandidateList, folder: Path, given: dict[str, float | str], job: Job, waiting: int
) -> None:
    wait = f"{counted(waiting, 'candidate')} of this list wait to be predicted."
    st.warning(
        plain(f"{_why(job, 'Predicting')} {wait}"),
        icon=":material/pause_circle:",
    )
    if st.button("Go on", icon=":material/play_arrow:"):
        start_job(list_, folder, given)
        st.rerun()


def _why(job: Job, what: str) -> str:
    """Why a process is not at work any more."""
    return {
        "failed": f"{what} failed: {job.words}",
        "stopped": f"{what} was stopped.",
    }.get(job.state, f"{what} was cut off, as by a restart of this machine.")


@st.fragment(run_every=_REFRESH)
@part
def _show_progress(list_: CandidateList) -> None:
    """How far the process is; the whole page is drawn anew when it has ended."""
    job = job_of(list_)
    if not job.at_work:
        st.rerun(scope="app")
    left, right = st.columns([5, 1], vertical_alignment="center")
    share = job.done / job.total if job.total else 0.0
    words = (
        f"{job.doing or 'starting'}: {job.done:,} of {job.total:,}"
        if job.total
        else (f"{job.doing or 'starting'}…")
    )
    if job.doing.startswith(("predicting", "screening")) and job.seconds_left is not None:
        words += f", about {duration(job.seconds_left)} left"
    stopping = is_to_stop(list_)
    if stopping:
        words = f"Stopping after what is at work now; {words}"
    left.progress(min(share, 1.0), text=plain(words[:1].upper() + words[1:]))
    if right.button(
        "Stop", icon=":material/stop_circle:", key="stop predicting", disabled=stopping
    ):
        stop_job(list_)
        st.rerun(scope="fragment")
    show_best_so_far(list_)
    is_screened = pending(list_) is not None
    if not is_screened and st.button(
        "Show what is predicted so far", type="tertiary", key="show so far"
    ):
        st.rerun(scope="app")
