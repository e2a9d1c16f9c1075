"""Train: from a table to a started run."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from engine.base.errors import UserError
from engine.cluster.settings import checked_cluster
from engine.runs import (
    MIN_LABELS,
    RunConfig,
    clone_command_for,
    command_for,
    learnable,
    mending_file,
    start_run,
    with_kept_folds,
)
from engine.runs.records import Where
from engine.table import Finding, Table, leave_out
from pages.parts import page_guard
from pages.parts.auth import owner
from pages.parts.formatting import plain, show_error
from pages.parts.layout import check_limits, heading
from pages.parts.train import intake, sources
from pages.parts.train.mends import mending_text, show_mending
from pages.parts.train.reading_form import is_unchecked, show_reading_form
from pages.parts.train.report import show_report
from pages.parts.train.resource_estimate import stop_measuring
from pages.parts.train.row_editor import open_rows
from pages.parts.train.said import mending_key, said
from pages.parts.train.settings import choose_settings
from pages.parts.train.source_doctor import show_source_doctor

_STARTING = "train starting"
"""In the session: "asked" from the click on, "now" while the run is being started."""
_STARTED = "train started"
"""In the session: the ids of runs that were started and are not shown yet, one at most."""


def main() -> None:
    """The whole page."""
    _go_to_started_run()
    heading("Train", "From your own table to a model, in four steps.")
    st.header("1 · Table", divider="gray")
    check_limits()
    file = intake.choose_file()
    if file is None:
        _show_empty()
        return
    further = [] if "cloned" in file else sources.choose_further(file)
    st.header("2 · What is in it", divider="gray")
    table = intake.check_file(file)
    if table is None:
        return
    chosen = sources.Joined(table, [], [], table)
    if further:
        joined = sources.join_further(file, table, further)
        if joined is None:
            _show_mending(file, table)
            return
        key = f"{mending_key(file)} {[each['key'] for each in further]} {joined.words}"
        show_source_doctor(joined.table, key)
        _show_reports(file, joined.table)
        chosen = joined
    else:
        show_report(table, open_rows=_opener(file))
        if "cloned" not in file:
            _show_mending(file, table)
    if chosen.table.sources:
        harmful = intake.harmful(file, chosen.table)
        chosen = sources.choose_left_out(chosen, harmful, file["key"])
    if not learnable(chosen.table):
        st.error(
            "This table cannot be trained on: it needs at least one column of numbers with "
            f"{MIN_LABELS} labels on rows that can be read. Choose another table, or other "
            "columns above.",
            icon=":material/error:",
        )
        return
    _settings_and_start(file, chosen)


@page_guard.part
def _show_reports(file: dict, table: Table) -> None:
    """What is in each of several tables."""
    tabs = st.tabs([plain(part.name) for part in table.parts])
    for place, (tab, part) in enumerate(zip(tabs, table.parts, strict=True)):
        with tab:
            show_report(part, place, None if place else _opener(file))
            if not place:
                _show_mending(file, part)


def _opener(file: dict) -> Callable[[Finding], None] | None:
    """What opens the rows of a finding; a run's table stays as it was."""
    return None if "cloned" in file else partial(open_rows, file)


@page_guard.part
def _show_mending(file: dict, table: Table) -> None:
    cells = intake.cells_of(file)
    show_mending(file, cells, table)
    show_reading_form(file, cells, table)


def _show_empty() -> None:
    st.info(
        "Upload a table to begin, or take the sample table: it has glass transition temperatures "
        "and densities of common polymers and trains in about a minute.",
        icon=":material/arrow_upward:",
    )
    with st.container(horizontal=True):
        st.page_link("pages/predict.py", label="Predict without training", icon=":material/bolt:")
        st.page_link("pages/monitor.py", label="See earlier runs", icon=":material/monitoring:")


@st.fragment
@page_guard.part
def _settings_and_start(file: dict, chosen: sources.Joined) -> None:
    # A fragment: a click in the settings does not draw the table's report anew.
    if st.session_state.get(_STARTING) == "asked":
        # Started from the whole page: a fragment inside this one that is still ticking when the
        # page is left would be drawn into the next page, which would then stay white.
        st.session_state[_STARTING] = "now"
        stop_measuring()
        st.rerun()
    st.header("3 · Settings", divider="gray")
    config = choose_settings(file, chosen.table, measure=not st.session_state.get(_STARTING))
    st.header("4 · Start", divider="gray")
    _show_start(file, chosen, config)


def _show_start(file: dict, chosen: sources.Joined, config: RunConfig | None) -> None:
    on = _choose_place()
    with st.container():
        if config:
            st.caption("The same from a terminal:")
            command = _command(file, chosen, config) + (" --on slurm" if on == "slurm" else "")
            st.code(command, language="bash", wrap_lines=True)
            if said().only_in_a_file:
                _offer_mending(file, chosen.table)
    starting = bool(st.session_state.get(_STARTING))
    accepted = _accepted(file, chosen.table)
    if is_unchecked():
        st.warning(
            "What you changed of the columns is not in force yet: press *Check again* above.",
            icon=":material/refresh:",
        )
    st.button(
        "Train",
        type="primary",
        icon=":material/play_arrow:",
        disabled=starting or config is None or not accepted or is_unchecked(),
        on_click=_mark_starting,
    )
    if problem := st.session_state.pop("train problem", None):
        show_error(UserError(problem))
    if starting and config:
        _start(file, chosen, config, on)


def _choose_place() -> Where:
    """Where the run is carried out: a question where this user has checked a cluster."""
    try:
        checked_cluster()
    except UserError:
        return "here"
    places: dict[Where, str] = {"here": "This machine", "slurm": "The Slurm cluster"}
    return st.radio(
        "Where",
        list(places),
        format_func=lambda place: places[place],
        horizontal=True,
        key="train place",
        help="The times above are those of this machine.",
    )


def _offer_mending(file: dict, table: Table) -> None:
    """Offer the file that the command names."""
    name = mending_file(file["name"])
    st.download_button(
        f"Download {plain(name)}",
        lambda: mending_text(table),
        name,
        icon=":material/download:",
        on_click="ignore",
        help="What you mended, for the command above. Keep it beside the table.",
    )


def _accepted(file: dict, table: Table) -> bool:
    """Whether the table may be trained on as it is: it has no errors, or the user accepts them."""
    errors = [] if "cloned" in file else table.report.errors
    if not errors:
        return True
    for finding in errors:
        st.warning(plain(finding.message), icon=":material/error:")
    return st.checkbox(
        "The table is as it should be: train all the same",
        key=f"train accept {file['key']} {len(errors)}",
    )


def _command(file: dict, chosen: sources.Joined, config: RunConfig) -> str:
    if "cloned" in file:
        return clone_command_for(config, file["cloned"][0], chosen.words)
    name = "assets/textbook.csv" if file["name"] == intake.SAMPLE else file["name"]
    first = chosen.table.sources[0].name if chosen.table.sources else ""
    command = command_for(config, name, said(), chosen.words, first)
    return f"{command} --accept" if chosen.table.report.errors else command


def _mark_starting() -> None:
    # In a callback, which runs before the page is drawn: the button is disabled at once.
    st.session_state[_STARTING] = "asked"


def _start(file: dict, chosen: sources.Joined, config: RunConfig, on: Where) -> None:
    name, table = owner(), chosen.table
    if "cloned" in file and chosen.left_out:
        whole, config = with_kept_folds(chosen.whole, config)
        table = leave_out(whole, chosen.left_out)
    # A list that the session holds already: another click may end this script at any call to
    # Streamlit, even one that puts something into the session, but not while the list grows.
    started = st.session_state.setdefault(_STARTED, [])
    with st.spinner("Starting the run…"):
        try:
            started.append(start_run(table, config, name, on).id)
        except UserError as error:
            st.session_state["train problem"] = str(error)
        finally:
            st.session_state[_STARTING] = None
    if not started:
        st.rerun()
    _go_to_started_run()


def _go_to_started_run() -> None:
    if st.session_state.get(_STARTED):
        # Before the run is forgotten: this script may end here too, and must not start it again.
        st.session_state[_STARTING] = None
        run_id = st.session_state.pop(_STARTED)[-1]
        st.switch_page("pages/monitor.py", query_params={"run": run_id})


page_guard.draw(main)
