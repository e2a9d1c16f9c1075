"""Monitor: all runs, and one of them live."""

import time

import pandas as pd
import streamlit as st

from engine.errors import UserError
from engine.runs import (
    Progress,
    Run,
    find_run,
    list_runs,
    read_log,
    read_metrics,
    read_progress,
    stop_run,
)
from engine.training.presets import PRESETS
from pages.parts import live
from pages.parts.components import live_chart
from pages.parts.layout import columns, heading
from pages.parts.runs import (
    STATES,
    badge,
    properties_of,
    settings_of,
    show_downloads,
    show_figures,
    show_model,
)
from pages.parts.spans import duration, moment, time_left
from pages.parts.words import plain

# From this many runs on, the list can be searched.
_MANY = 8
_CHARTS_IN_A_ROW = 3
_TOASTS = {
    "done": (":material/check_circle:", "is done"),
    "stopped": (":material/stop_circle:", "has stopped"),
    "failed": (":material/error:", "has failed"),
    "interrupted": (":material/power_off:", "was interrupted"),
}


def main() -> None:
    """The whole page."""
    heading("Monitor", "Every run and how far it is; what is learning now, live.")
    runs = list_runs()
    if not runs:
        _show_empty()
        return
    run = _selected(runs)
    # A fragment of its own while anything moves, so that the list moves too.
    every = 2.0 if any(one.alive for one in runs) else None
    st.fragment(_show_list, run_every=every)(run.id if run else "")
    if run:
        _show_run(run)


def _show_empty() -> None:
    st.info(
        "Nothing has been trained yet. A run appears here as soon as you start one; it goes on "
        "when you close this page.",
        icon=":material/monitoring:",
    )
    st.page_link("pages/train.py", label="Train on a table", icon=":material/model_training:")


def _selected(runs: list[Run]) -> Run | None:
    """The run that the address names, or the newest."""
    wanted = st.query_params.get("run")
    if wanted is None:
        st.query_params["run"] = runs[0].id
        return runs[0]
    try:
        return find_run(wanted)
    except UserError:
        st.error(
            plain(f"There is no run “{wanted}” in this workspace; choose one from the list."),
            icon=":material/error:",
        )
        return None


def _show_list(selected: str) -> None:
    runs = list_runs()
    if len(runs) >= _MANY:
        words = st.text_input(
            "Search",
            key="monitor search",
            placeholder=f"Search {len(runs):,} runs by name, state or preset",
            label_visibility="collapsed",
            icon=":material/search:",
        )
        runs = [run for run in runs if words.casefold() in _search_text(run)]
        if not runs:
            st.caption("No run matches.")
            return
    ids = [run.id for run in runs]
    there = selected in ids
    picked = st.dataframe(
        pd.DataFrame([_list_row(run) for run in runs]),
        hide_index=True,
        placeholder="–",
        height=min(36 * len(runs) + 38, 260),
        column_config=_list_columns(),
        on_select="rerun",
        # A required row would jump to the first one when the selected run is not in the list.
        selection_mode="single-row-required" if there else "single-row",
        selection_default={"selection": {"rows": [ids.index(selected)]}} if there else None,
        # The key holds the rows: another list must not inherit the number of the row picked.
        key=f"monitor list {selected} {hash(tuple(ids))}",
    )
    rows = picked["selection"]["rows"]
    if rows and ids[rows[0]] != selected:
        st.query_params["run"] = ids[rows[0]]
        st.rerun()


def _search_text(run: Run) -> str:
    words = [run.name, run.id, STATES[run.state][2], settings_of(run).get("preset", "")]
    return " ".join(words).casefold()


def _list_row(run: Run) -> dict[str, object]:
    return {
        "Name": run.name,
        "State": [STATES[run.state][2]],
        "Preset": _preset_title(settings_of(run)),
        "Progress": 100 * run.progress,
        "Started": moment(run.started or run.created),
        "Duration": _spent(run),
        "wMAE": run.figures["blend"]["wmae"] if run.figures else None,
    }


def _list_columns() -> dict[str, object]:
    states = {words: colour for _, _, words, colour in STATES.values()}
    return {
        "Name": st.column_config.TextColumn(width="medium"),
        "State": st.column_config.MultiselectColumn(
            options=list(states), color=list(states.values()), width="small"
        ),
        "Progress": st.column_config.ProgressColumn(min_value=0, max_value=100, format="%.0f %%"),
        "wMAE": st.column_config.NumberColumn(
            format="%.4f",
            help="Weighted mean absolute error of the blend, out-of-fold; lower is better, no "
            "unit. Compare runs on the same table and folds only.",
        ),
    }


def _preset_title(settings: dict) -> str:
    preset = PRESETS.get(settings.get("preset", ""))
    return preset.title if preset else settings.get("preset", "")


def _spent(run: Run) -> str:
    if run.started is None:
        return ""
    return duration((run.finished or time.time()) - run.started)


def _show_run(run: Run) -> None:
    with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
        st.header(plain(run.name), anchor=False, width="stretch")
        _offer_stop(run)
    _show_settings(run)
    _announce(run)
    if run.alive:
        st.fragment(_show_alive, run_every=1.0)(run.id, run.state)
    else:
        _show_ended(run)
    with st.expander(
        "Log", icon=":material/terminal:", expanded=run.state == "failed", key=f"log {run.id}"
    ):
        st.fragment(_show_log, run_every=2.0 if run.alive else None)(run.id)
    if not run.alive:
        show_downloads(run)


def _show_settings(run: Run) -> None:
    settings = settings_of(run)
    words = [
        f"table {settings['table']}" if "table" in settings else "",
        f"preset “{_preset_title(settings)}”" if settings else "",
        f"folds {settings['folds'].rpartition('/')[2]}" if settings else "",
        f"seed {settings['seed']}" if settings else "",
        f"started {moment(run.started)}" if run.started else f"asked for {moment(run.created)}",
    ]
    st.caption(plain(" · ".join(word for word in words if word)))


def _offer_stop(run: Run) -> None:
    if run.state == "stopping":
        with st.popover("Stopping…", icon=":material/stop_circle:"):
            st.write("It ends after the step it is in, mostly within half a minute.")
            st.button("End it now", key="end now", on_click=_end_now, args=(run,))
    elif run.alive:
        with st.popover("Stop this run", icon=":material/stop_circle:"):
            st.write("Its curves and its log stay, but there will be no model.")
            st.button(
                "Yes, stop it", type="primary", key="stop", on_click=stop_run, args=(run, False)
            )


def _end_now(run: Run) -> None:
    with st.spinner("Ending the process…"):
        stop_run(run, wait=True)


def _announce(run: Run) -> None:
    """Say once that a run that was watched has ended."""
    watched = st.session_state.get("monitor watched")
    st.session_state["monitor watched"] = run.id if run.alive else None
    if watched == run.id and run.state in _TOASTS:
        icon, words = _TOASTS[run.state]
        st.toast(f"{plain(run.name)} {words}.", icon=icon)


def _show_alive(run_id: str, state: str) -> None:
    run = find_run(run_id)
    if run.state != state:
        st.rerun()
    metrics = read_metrics(run)
    with st.container(horizontal=True, vertical_alignment="center"):
        badge(run)
        st.caption(_now_words(run, metrics), width="content")
    if state == "queued":
        st.info(
            "This run waits for the one that is using the device; it starts by itself.",
            icon=":material/hourglass_empty:",
        )
        return
    _show_progress(read_progress(run))
    _show_curves(run, metrics)


def _now_words(run: Run, metrics: pd.DataFrame) -> str:
    words = [f"for {_spent(run)}" if run.started else "", run.stage]
    if run.stage == "PolyGIN" and len(metrics):
        last = metrics.iloc[-1]
        words.append(f"fold {last['fold'] + 1:.0f}, epoch {last['epoch']:.0f}")
    return plain(" · ".join(word for word in words if word))


def _show_progress(progress: Progress) -> None:
    if not progress.stages:
        st.progress(0.0, "Loading the training libraries…")
        return
    lefts = [progress.seconds_left, *(s.seconds_left for s in progress.stages if s.done < s.total)]
    left = time_left(max((one for one in lefts if one is not None), default=None))
    st.progress(
        min(progress.overall, 1.0),
        " · ".join(filter(None, [f"**{progress.overall:.0%}** of the run", left])),
    )
    places = _places("stages", len(progress.stages))
    for number, stage in enumerate(progress.stages):
        rest = time_left(stage.seconds_left) if 0 < stage.done < stage.total else ""
        count = "done" if stage.done >= stage.total else f"{stage.done:,} of {stage.total:,}"
        places[number].progress(
            min(stage.done / max(stage.total, 1), 1.0),
            " · ".join(filter(None, [f"{stage.title}: {count}", rest])),
        )


def _show_ended(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        badge(run)
        st.caption(f"after {_spent(run)}" if run.started else "", width="content")
    if run.state == "done":
        show_figures(run)
        show_model(run)
    else:
        show = st.error if run.state == "failed" else st.warning
        show(plain(run.reason or "It ended before it was done."), icon=STATES[run.state][1])
        st.page_link("pages/train.py", label="Train again", icon=":material/model_training:")
    _show_curves(run, read_metrics(run))


def _show_curves(run: Run, metrics: pd.DataFrame) -> None:
    st.markdown("##### Learning curves")
    if metrics.empty:
        st.caption(
            "Curves begin with the first epoch of PolyGIN; the boosted trees before it have none."
            if run.alive
            else "This run ended before the first epoch of PolyGIN, so there are no curves."
        )
        return
    st.caption(
        "One curve for each fold"
        + ("; the strong one is learning now. " if run.alive else ". ")
        + "The validation error comes from the fold held out and is for watching only: nothing is "
        "chosen by it."
    )
    _chart(f"Loss {run.id}", "**Loss**", live.loss_figure(metrics, run.alive), 320)
    _show_errors(run, metrics)
    _show_machine(run, metrics)


def _show_errors(run: Run, metrics: pd.DataFrame) -> None:
    known = [one for one in properties_of(run).values() if f"val_mae_{one.name}" in metrics]
    if len(known) > 2 * _CHARTS_IN_A_ROW:
        names = [one.name for one in known]
        chosen = st.multiselect(
            "Properties shown", names, names[: 2 * _CHARTS_IN_A_ROW], key=f"errors of {run.id}"
        )
        known = [one for one in known if one.name in chosen]
    places = _places("error-charts", len(known))
    for number, one in enumerate(known):
        words = f"**{plain(one.name)}** · validation error" + (
            f" in {plain(one.unit)}" if one.unit else ""
        )
        with places[number]:
            figure = live.error_figure(metrics, one.name, one.unit, run.alive)
            _chart(f"Error {run.id} {one.name}", words, figure, 220)


def _show_machine(run: Run, metrics: pd.DataFrame) -> None:
    memory = {"ram_mb": "main memory", "vram_mb": "GPU memory"}
    memory = {name: words for name, words in memory.items() if live.has_values(metrics, name)}
    title = "RAM and VRAM" if "vram_mb" in memory else "RAM"
    charts = [
        ("**Learning rate**", {"learning_rate": "learning rate"}, "no unit"),
        ("**Speed**", {"graphs_per_second": "speed"}, "graphs per second"),
        (f"**Memory** · {title}", memory, "MB"),
    ]
    places = _places("machine-charts", len(charts))
    for place, (words, shown, unit) in zip(places, charts, strict=False):
        if shown:
            with place:
                figure = live.machine_figure(metrics, shown, unit)
                _chart(f"{words} {run.id}", words, figure, 200)


def _places(key: str, count: int) -> list:
    """As many places in rows; where the page is narrow they wrap and keep their order."""
    widths = [1] * min(count, _CHARTS_IN_A_ROW)
    rows = range(0, count, _CHARTS_IN_A_ROW)
    return [place for row in rows for place in columns(f"{key}-{row}", widths, 200)]


def _chart(key: str, words: str, figure: dict, height: int) -> None:
    st.markdown(words)
    live_chart(figure, key=key, height=height)


def _show_log(run_id: str) -> None:
    text = read_log(find_run(run_id))
    if not text:
        st.caption("The log is still empty.")
        return
    st.code(text, language=None, height=280, wrap_lines=True)


main()
