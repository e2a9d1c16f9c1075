"""Monitor: all runs, and one of them live."""

import streamlit as st

from engine.base.errors import UserError
from engine.runs import (
    Run,
    find_run,
    list_runs,
    problems_of,
    read_progress,
    starts_from_encoder,
    trashed,
    unreadable,
)
from engine.runs.feed import follow_metrics
from engine.settings.presets import PRESETS
from pages.parts import page_guard
from pages.parts.exclusions import show_exclusions
from pages.parts.formatting import date_and_time, plain
from pages.parts.layout import heading
from pages.parts.monitor.curves import show_curves
from pages.parts.monitor.run_actions import (
    go_to_clone,
    offer_management,
    offer_resume,
    offer_stop,
    show_deleted,
    show_place,
    show_problem,
)
from pages.parts.monitor.run_details import (
    STATES,
    settings_of,
    show_downloads,
    show_figures,
    show_mending,
    show_model,
)
from pages.parts.monitor.run_list import preset_title, show_list
from pages.parts.monitor.run_status import (
    announce,
    announce_stages,
    show_grid,
    show_history,
    show_log,
    show_progress,
    show_state,
)


def main() -> None:
    """The whole page."""
    go_to_clone()
    heading("Monitor", "Every run and how far it is, live.")
    runs = list_runs()
    for problem in unreadable():
        st.warning(plain(problem), icon=":material/broken_image:")
    if not runs:
        if not trashed():
            _say_nothing_trained()
        show_deleted()
        st.page_link("pages/train.py", label="Train on a table", icon=":material/model_training:")
        return
    run = _selected(runs)
    # A fragment that runs again while any run is alive, so that the list keeps up.
    every = 3.0 if any(run.alive for run in runs) else None
    st.fragment(show_list, run_every=every)(run.id if run else "")
    show_deleted()
    show_problem()
    if run:
        _show_run(run)


def _say_nothing_trained() -> None:
    st.info(
        "Nothing has been trained yet. A run appears here as soon as you start one; it goes on "
        "when you close this page.",
        icon=":material/monitoring:",
    )


def _selected(runs: list[Run]) -> Run | None:
    """The run that the address names, or the newest that is not archived."""
    wanted = st.query_params.get("run")
    if wanted is None:
        newest = next((run for run in runs if not run.archived), runs[0])
        st.query_params["run"] = newest.id
        return newest
    try:
        return find_run(wanted)
    except UserError:
        st.error(
            plain(f"There is no run “{wanted}” in this workspace; choose one from the list."),
            icon=":material/error:",
        )
        return None


def _show_run(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="words beside run"):
        st.header(plain(run.name), anchor=False, width="stretch")
        st.page_link(
            "pages/compare.py",
            label="Compare",
            icon=":material/compare_arrows:",
            query_params={"runs": run.id},
        )
        with st.container(width="content"):
            # Drawn even when empty: otherwise Manage would take its place, open if it was open.
            offer_stop(run)
        offer_management(run)
    for problem in problems_of(run):
        st.warning(plain(problem), icon=":material/broken_image:")
    _show_settings(run)
    announce(run)
    if run.alive:
        st.fragment(_show_alive, run_every=1.0)(run.id, run.state)
    else:
        _show_ended(run)
    with st.expander(
        "Log", icon=":material/terminal:", expanded=run.state == "failed", key=f"log {run.id}"
    ):
        st.fragment(show_log, run_every=3.0 if run.alive else None)(run.id)
    show_history(run)
    show_mending(run)
    if not run.alive:
        show_downloads(run)


def _start_of_networks(settings: dict) -> str:
    """From what networks start, of presets in which some start from the encoder."""
    if starts_from_encoder(settings):
        return ", PolyGIN from the pretrained encoder"
    named = PRESETS.get(str(settings.get("preset")))
    return ", PolyGIN from random weights" if named and named.starts_from_encoder else ""


@page_guard.part
def _show_settings(run: Run) -> None:
    settings = settings_of(run)
    words = [
        f"table {settings['table']}" if "table" in settings else "",
        f"preset “{preset_title(settings)}”{_start_of_networks(settings)}" if settings else "",
        f"folds {settings['folds'].rpartition('/')[2]}" if settings else "",
        f"seed {settings['seed']}" if settings else "",
        f"started {date_and_time(run.started)}"
        if run.started
        else f"queued {date_and_time(run.created)}",
        f"by {run.owner}" if run.owner else "",
    ]
    st.caption(plain(" · ".join(word for word in words if word)))
    if run.note:
        st.markdown(f":material/sticky_note_2: {plain(run.note)}")
    show_exclusions(run)


@page_guard.part
def _show_alive(run_id: str, state: str) -> None:
    try:
        run = find_run(run_id)
    except UserError:
        st.rerun()  # deleted meanwhile; the whole page says so
    if run.state != state:
        st.rerun()
    metrics = follow_metrics(run)
    show_state(run, metrics)
    if state == "queued":
        show_place(run)
        if metrics.empty:
            return
    else:
        progress = read_progress(run)
        announce_stages(run, progress)
        show_progress(progress, metrics)
    show_grid(run, metrics)
    show_curves(run, metrics)


@page_guard.part
def _show_ended(run: Run) -> None:
    metrics = follow_metrics(run)
    show_state(run, metrics)
    if run.state == "done":
        if run.reason:
            st.warning(plain(run.reason), icon=":material/info:")
        show_figures(run)
        show_model(run)
    else:
        show = st.error if run.state == "failed" else st.warning
        show(plain(run.reason or "It ended before it was done."), icon=STATES[run.state][1])
        offer_resume(run)
    show_grid(run, metrics)
    show_curves(run, metrics)


page_guard.draw(main)
