"""Compare: up to six runs side by side."""

from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from engine.runs import Run, list_runs
from engine.runs.compare import (
    blend_errors,
    different_settings,
    not_comparable,
    same_polymers,
)
from engine.runs.feed import follow_metrics
from engine.runs.monitoring import mean_curves
from engine.runs.shared_labels import same_folds, shared_errors
from engine.settings.metrics import MEAN_R2, headline, headline_words, mean_r2
from engine.settings.presets import preset_title
from engine.settings.properties import Property, property_for
from pages.parts import page_guard
from pages.parts.address import asked_anew, keep_in_address
from pages.parts.components import live_chart
from pages.parts.documents import explained
from pages.parts.exclusions import exclusions_of, show_exclusions, show_shared_errors
from pages.parts.formatting import date_and_time, plain, title_with_name
from pages.parts.layout import heading
from pages.parts.models import distinct_labels
from pages.parts.monitor import curve_charts
from pages.parts.monitor.run_details import error_number, properties_of, settings_of

_MAX_RUNS = len(curve_charts.RUN_COLOURS)
_CHOSEN = "compare runs"
_TITLES = {
    "table": "Table",
    "preset": "Preset",
    "folds": "Folds",
    "seed": "Seed",
    "pretrained": "Pretrained encoder",
    "properties": "Properties",
    "columns": "Columns",
    "units": "Units",
    "use": "Devices",
    "excluded": "Labels excluded",
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
    st.markdown("##### Learning curves", help=f"{explained('Loss')} {explained('Epoch')}")
    alive = any(run.alive for run in chosen)
    st.fragment(_show_curves, run_every=2.0 if alive else None)(names)
    _show_errors(names)
    _show_settings(names)


def _choose(runs: list[Run]) -> list[Run]:
    """The runs that the address names (`?runs=ID,ID`), filled up to two with the newest."""
    by_id = {run.id: run for run in runs}
    asked = [key for key in (asked_anew("runs") or "").split(",") if key in by_id]
    newest = [run.id for run in runs if not run.archived and run.id not in asked]
    if asked or _CHOSEN not in st.session_state:
        st.session_state[_CHOSEN] = [*asked, *newest[: max(2 - len(asked), 0)]][:_MAX_RUNS]
    st.session_state[_CHOSEN] = [key for key in st.session_state[_CHOSEN] if key in by_id]
    labels = distinct_labels({run.id: _label(run) for run in runs})
    chosen = st.multiselect(
        f"Runs, {_MAX_RUNS} at most",
        list(by_id),
        max_selections=_MAX_RUNS,
        format_func=lambda key: labels[key],
        key=_CHOSEN,
    )
    keep_in_address("runs", ",".join(chosen))
    return [by_id[key] for key in chosen]


def _label(run: Run) -> str:
    words = headline_words(run.figures["blend"]) if run.figures else ""
    parts = [run.name, run.state, words, date_and_time(run.started or run.created)]
    return " · ".join(filter(None, parts))


def _by_distinct_name(runs: list[Run]) -> dict[str, Run]:
    """The runs by name, each name made distinct."""
    names = distinct_labels({run.id: run.name for run in runs})
    return {names[run.id]: run for run in runs}


@page_guard.part
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


@page_guard.part
def _show_errors(names: dict[str, Run]) -> None:
    st.markdown(
        "##### Out-of-fold error of the blend",
        help=f"{explained('Out-of-fold')} {explained('Blend')}",
    )
    done = {name: run for name, run in names.items() if run.figures}
    if not done:
        st.caption("None of these runs is done, so there are no out-of-fold errors yet.")
        return
    configs = [settings_of(run) for run in done.values()]
    if reasons := not_comparable(configs, list(done.values())):
        st.warning(
            plain(f"These errors were not measured on equal terms: {', and '.join(reasons)}."),
            icon=":material/warning:",
        )
    excluded = {each.property for run in done.values() for each in exclusions_of(run)}
    properties = _properties(list(done.values()))
    rows = _rows_by_property(list(done.values()), properties, excluded)
    rows |= _headline_rows(list(done.values()), best=not excluded)
    st.table(pd.DataFrame(rows, index=[plain(name) for name in done]).T)
    st.caption(
        "MAE: mean absolute error. The best of each row is bold, where all are measured on the "
        "same labels. A difference of a few per cent may be chance: another seed moves the figures "
        "as well."
    )
    if excluded and len(done) > 1:
        _show_shared(done, {name: properties[name] for name in properties if name in excluded})
    for name, run in done.items():
        show_exclusions(run, name)
    if missing := [name for name in names if name not in done]:
        st.caption(plain(f"Not done, so without errors: {', '.join(missing)}."))


def _show_shared(done: dict[str, Run], properties: dict[str, Property]) -> None:
    shared = shared_errors(list(done.values()), properties)
    if shared:
        show_shared_errors(done, shared, properties)


def _properties(runs: list[Run]) -> dict[str, Property]:
    """All properties that some of the runs have figures of, by name."""
    learned: dict[str, Property] = {}
    for run in runs:
        learned.update(properties_of(run))
    return {name: learned.get(name, property_for(name)) for name in blend_errors(runs)}


def _rows_by_property(
    runs: list[Run], properties: dict[str, Property], excluded: set[str]
) -> dict[str, list[str]]:
    """The errors of each property, as they are shown; none is best where labels were excluded."""
    rows = {}
    for name, values in blend_errors(runs).items():
        property_ = properties[name]
        unit = f" in {property_.errors.unit}" if property_.errors.unit else ""
        label = plain(f"{title_with_name(property_)}, MAE{unit}")
        write = partial(error_number, property_)
        rows[label] = _cells(values, write, None if name in excluded else min)
    return rows


def _headline_rows(runs: list[Run], best: bool) -> dict[str, list[str]]:
    """What stands for a whole run: the weighted errors of the competition, or the mean R²."""
    blends = [run.figures["blend"] for run in runs]
    if all(headline(blend)[0] == MEAN_R2 for blend in blends):
        values = [mean_r2(blend["r2"]) for blend in blends]
        return {"Mean R²": _cells(values, lambda value: f"{value:.3f}", max if best else None)}
    return {
        label: _cells(
            [blend[figure] for blend in blends],
            lambda value: f"{value:.4f}",
            min if best else None,
        )
        for label, figure in (("wMAE, no unit", "wmae"), ("wMAE by row, no unit", "wmae_row"))
    }


def _cells(
    values: list[float | None], write: Callable[[float], str], choose: Callable | None
) -> list[str]:
    """Values as they are shown, the best in bold, where it can be chosen."""
    cells = ["–" if value is None else write(value) for value in values]
    numbers = [value for value in values if value is not None]
    if len(numbers) < 2 or choose is None:
        return cells
    best = write(choose(numbers))
    return [f"**{cell}**" if cell == best else cell for cell in cells]


@page_guard.part
def _show_settings(names: dict[str, Run]) -> None:
    st.markdown("##### Settings that differ")
    runs = list(names.values())
    configs = [settings_of(run) for run in runs]
    different = different_settings(configs, same_polymers(configs, runs))
    if same_folds(runs):
        # A run may keep those of another one, under another name.
        different.pop("folds", None)
    if "preset" in different:
        different["preset"] = [preset_title(name) for name in different["preset"]]
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


page_guard.draw(main)
