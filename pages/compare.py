"""Compare: up to six runs side by side."""

from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from engine.runs import Run, list_runs
from engine.runs.compare import blend_errors, different_settings, not_comparable
from engine.runs.folder import follow_metrics
from engine.runs.monitoring import mean_curves
from engine.settings.properties import Property, property_for
from pages.parts import page_guard
from pages.parts.components import live_chart
from pages.parts.formatting import date_and_time, plain, title_with_name
from pages.parts.layout import heading
from pages.parts.models import distinct_labels
from pages.parts.monitor import curve_charts
from pages.parts.monitor.run_details import error_number, properties_of, settings_of

_MAX_RUNS = len(curve_charts.RUN_COLOURS)
_TITLES = {
    "table": "Table",
    "preset": "Preset",
    "folds": "Folds",
    "seed": "Seed",
    "properties": "Properties",
    "columns": "Columns",
    "units": "Units",
    "use": "Devices",
}


def main() -> None:
    """The whole page."""
    heading("Compare", "Up to six runs side by side: curves, settings, errors.")
    runs = [run for run in list_runs() if run.state != "queued" or run.seconds]
    if len(runs) < 2:
        st.info(
            "There are fewer than two runs. Train twice, with different settings, and compare them "
            "here.",
            icon=":material/compare_arrows:",
        )
        st.page_link("pages/train.py", label="Train on a table", icon=":material/model_training:")
        return
    chosen = _choose(runs)
    if len(chosen) < 2:
        st.info("Choose two runs or more.", icon=":material/arrow_upward:")
        return
    names = _by_distinct_name(chosen)
    st.markdown("##### Learning curves")
    alive = any(run.alive for run in chosen)
    st.fragment(_show_curves, run_every=2.0 if alive else None)(names)
    _show_errors(names)
    _show_settings(names)


def _choose(runs: list[Run]) -> list[Run]:
    """The runs that the address names (`?runs=ID,ID`), filled up to two with the newest."""
    by_id = {run.id: run for run in runs}
    asked = [key for key in st.query_params.get("runs", "").split(",") if key in by_id]
    newest = [run.id for run in runs if not run.archived and run.id not in asked]
    wanted = [*asked, *newest[: max(2 - len(asked), 0)]][:_MAX_RUNS]
    labels = distinct_labels({run.id: _label(run) for run in runs})
    chosen = st.multiselect(
        f"Runs, {_MAX_RUNS} at most",
        list(by_id),
        wanted,
        max_selections=_MAX_RUNS,
        format_func=lambda key: labels[key],
        key="compare runs",
    )
    if st.query_params.get("runs", "") != ",".join(chosen):
        st.query_params["runs"] = ",".join(chosen)
    return [by_id[key] for key in chosen]


def _label(run: Run) -> str:
    wmae = f" · wMAE {run.figures['blend']['wmae']:.4f}" if run.figures else ""
    return f"{run.name} · {run.state}{wmae} · {date_and_time(run.started or run.created)}"


def _by_distinct_name(runs: list[Run]) -> dict[str, Run]:
    """The runs by name, each name made distinct."""
    names = distinct_labels({run.id: run.name for run in runs})
    return {names[run.id]: run for run in runs}


def _show_curves(names: dict[str, Run]) -> None:
    curves = {name: mean_curves(follow_metrics(run)) for name, run in names.items()}
    without = [name for name, rows in curves.items() if rows.empty]
    if len(without) < len(curves):
        st.caption(
            "Mean over the networks of a run that have reached that epoch; solid: validation, "
            "dotted: training."
        )
        key = f"compare {' '.join(run.id for run in names.values())}"
        live_chart(curve_charts.comparison_chart(curves), key=key, height=400)
    if without:
        st.caption(plain(f"Without curves: {', '.join(without)}."))


def _show_errors(names: dict[str, Run]) -> None:
    st.markdown("##### Out-of-fold error of the blend")
    done = {name: run for name, run in names.items() if run.figures}
    if not done:
        st.caption("None of these runs is done, so there are no out-of-fold errors yet.")
        return
    configs = [settings_of(run) for run in done.values()]
    if reasons := not_comparable(configs, list(done.values())):
        st.warning(
            f"These errors were not measured on equal terms: {', and '.join(reasons)}.",
            icon=":material/warning:",
        )
    rows = _rows_by_property(list(done.values()))
    for label, figure in (("wMAE, no unit", "wmae"), ("wMAE by row, no unit", "wmae_row")):
        values = [run.figures["blend"][figure] for run in done.values()]
        rows[label] = _cells(values, lambda value: f"{value:.4f}")
    st.table(pd.DataFrame(rows, index=[plain(name) for name in done]).T)
    st.caption(
        "MAE: mean absolute error. The lowest of each row is bold. A difference of a few per cent "
        "may be chance: another seed moves the figures as well."
    )
    if missing := [name for name in names if name not in done]:
        st.caption(plain(f"Not done, so without errors: {', '.join(missing)}."))


def _rows_by_property(runs: list[Run]) -> dict[str, list[str]]:
    """The errors of each property, as they are shown."""
    properties: dict[str, Property] = {}
    for run in runs:
        properties.update(properties_of(run))
    rows = {}
    for name, values in blend_errors(runs).items():
        property_ = properties.get(name, property_for(name))
        unit = f" in {property_.errors.unit}" if property_.errors.unit else ""
        label = plain(f"{title_with_name(property_)}, MAE{unit}")
        rows[label] = _cells(values, partial(error_number, property_))
    return rows


def _cells(values: list[float | None], write: Callable[[float], str]) -> list[str]:
    """Values as they are shown, the lowest in bold."""
    cells = ["–" if value is None else write(value) for value in values]
    numbers = [value for value in values if value is not None]
    if len(numbers) < 2:
        return cells
    best = write(min(numbers))
    return [f"**{cell}**" if cell == best else cell for cell in cells]


def _show_settings(names: dict[str, Run]) -> None:
    st.markdown("##### Settings that differ")
    different = different_settings([settings_of(run) for run in names.values()])
    if not different:
        st.caption("None: these runs were asked to do the same.")
        return
    rows = {
        plain(_title_of_setting(name)): [plain(value) or "–" for value in values]
        for name, values in different.items()
    }
    st.table(pd.DataFrame(rows, index=[plain(name) for name in names]).T)


def _title_of_setting(name: str) -> str:
    outer, _, inner = name.partition(".")
    words = _TITLES.get(outer, outer.replace("_", " ").capitalize())
    return f"{words}: {inner.replace('_', ' ')}" if inner else words


page_guard.ensure_app_ran()
main()
