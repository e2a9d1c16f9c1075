"""The details of a run besides its curves: its settings, state, errors, model and files."""

import time
from contextlib import suppress

import pandas as pd
import streamlit as st
from pydantic import ValidationError

from engine.base.errors import UserError
from engine.inference.bundle import INFO, SHIPPED, promote, read_info, reset_default
from engine.runs import Run, is_default, read_config, read_out_of_fold
from engine.runs.exports import metrics_csv, tensorboard_zip
from engine.runs.folder import METRICS, OUT_OF_FOLD, REPORT, mending_names, read_mendings
from engine.settings.metrics import WMAE, headline
from engine.settings.numbers import r2_words
from engine.settings.properties import Property, property_for
from engine.table.mending import mending_sentences
from engine.table.written import csv_bytes
from pages.parts.charts import title_of
from pages.parts.documents import explained
from pages.parts.formatting import duration, plain
from pages.parts.model_description import show_source_effects
from pages.parts.monitor.run_actions import attempt
from pages.parts.page_guard import part

STATES = {
    "queued": ("gray", ":material/hourglass_empty:", "#94a3b8"),
    "running": ("blue", ":material/play_circle:", "#0ea5e9"),
    "stopping": ("orange", ":material/stop_circle:", "#f59e0b"),
    "stopped": ("orange", ":material/stop_circle:", "#f59e0b"),
    "interrupted": ("orange", ":material/power_off:", "#f59e0b"),
    "failed": ("red", ":material/error:", "#e2557b"),
    "done": ("green", ":material/check_circle:", "#84a93a"),
}
"""By state: the badge's colour, its icon, and its colour in the list of runs."""

_WMAE_HELP = (
    "Weighted mean absolute error, as the leaderboard computes it: each property's error as a "
    "share of its range in the training table, weighted by one over the root of its number of "
    "labels. Lower is better; no unit."
)
_SCORED_HELP = (
    "Labels of the properties as the model answers with them; those of other sources have errors "
    "of their own below, which the weighted error leaves out."
)
_ROW_HELP = (
    "The same weights, but averaged over rows, as the competition's overview prints it. Lower is "
    "better; no unit."
)


def settings_of(run: Run) -> dict:
    """What the run was asked to do, as its folder says; empty when that cannot be read."""
    key = (run.id, run.created)
    if key not in _settings:
        try:
            settings = read_config(run)
            for fields in settings.get("properties") or []:
                Property(**fields)
        except (UserError, ValidationError, TypeError):
            return {}
        _settings[key] = settings
    return _settings[key]


_STEPS_SHOWN = 40
_R2_HELP = (
    "Share of the labels' variance that is explained: 1 is perfect, 0 is no better than guessing "
    "the mean."
)

_settings: dict[tuple[str, float], dict] = {}
"""By run: settings never change once written, and the list asks for all every few seconds."""


def properties_of(run: Run) -> dict[str, Property]:
    """The properties that a run learns, by name."""
    properties = [Property(**fields) for fields in settings_of(run).get("properties", [])]
    return {property_.name: property_ for property_ in properties}


def work_time(run: Run) -> str:
    """How long a run has worked, without pauses; empty before it began."""
    seconds = run.seconds
    if seconds is None and run.started:
        # A run of an earlier version, which had no pauses.
        seconds = (run.finished or time.time()) - run.started
    return duration(seconds)


def show_badge(run: Run) -> None:
    """Show a run's state."""
    colour, icon, _ = STATES[run.state]
    st.badge(run.state, icon=icon, color=colour)


@part
def show_figures(run: Run) -> None:
    """Show the out-of-fold error of a finished run."""
    figures = run.figures or {}
    blend, members = figures["blend"], figures["members"]
    learned = properties_of(run)
    properties = {name: learned.get(name, property_for(name)) for name in blend["mae"]}
    with st.container(horizontal=True):
        name, value = headline(blend)
        if name == WMAE:
            st.metric("wMAE of the blend", _number(value, 4), border=True, help=_WMAE_HELP)
            st.metric("wMAE by row", _number(blend["wmae_row"], 4), border=True, help=_ROW_HELP)
        else:
            st.metric("Mean R² of the blend", _number(value, 3), border=True, help=_R2_HELP)
        answers = [name for name, property_ in properties.items() if property_.is_answer]
        scored = sum(blend["n"][name] for name in answers)
        st.metric("Labels scored", f"{scored:,}", border=True, help=_SCORED_HELP)
    st.markdown("##### Error of the blend, by property", help=explained("Blend"))
    rows = [
        {
            "Property": property_.title,
            "Labels": blend["n"][name],
            "Mean absolute error": _with_unit(property_, blend["mae"][name]),
            "Root mean square error": _with_unit(property_, blend["rmse"][name]),
            "R²": r2_words(blend["r2"][name]),
        }
        for name, property_ in properties.items()
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={
            "Labels": st.column_config.NumberColumn(format="localized"),
            "Mean absolute error": st.column_config.TextColumn(help=explained("MAE")),
            "Root mean square error": st.column_config.TextColumn(help=explained("RMSE")),
            "R²": st.column_config.TextColumn(help=_R2_HELP),
        },
    )
    st.markdown("##### Mean absolute error of each member", help=explained("Member"))
    st.dataframe(
        pd.DataFrame(
            [
                _member_row(properties, member, errors)
                for member, errors in [*members.items(), ("blend", blend)]
            ]
        ),
        hide_index=True,
        column_config={
            "wMAE": st.column_config.TextColumn(help=_WMAE_HELP),
            "wMAE by row": st.column_config.TextColumn(help=_ROW_HELP),
        },
    )
    st.caption("Out-of-fold: every row was predicted by models that were trained without its fold.")
    with suppress(UserError):
        show_source_effects(read_info(run.bundle))


def _member_row(properties: dict[str, Property], member: str, figures: dict) -> dict[str, str]:
    errors = {
        property_.errors.label: error_number(property_, figures["mae"].get(name))
        for name, property_ in properties.items()
    }
    return {
        "Member": title_of(member),
        **errors,
        "wMAE": _number(figures["wmae"], 4),
        "wMAE by row": _number(figures["wmae_row"], 4),
    }


def _number(value: float | None, decimals: int) -> str:
    return "–" if value is None else f"{value:.{decimals}f}"


def error_number(property_: Property, value: float | None) -> str:
    """An error: one decimal more than the property's values are shown with."""
    if value is None:
        return "–"
    decimals = property_.errors.decimals
    return f"{value:.4g}" if decimals is None else f"{value:.{decimals + 1}f}"


def _with_unit(property_: Property, value: float | None) -> str:
    unit = "" if value is None else property_.errors.unit
    return f"{error_number(property_, value)} {unit}".strip()


@part
def show_model(run: Run) -> None:
    """What can be done with a finished run's model."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if is_default(run.bundle):
            st.badge("This is the default model", icon=":material/star:", color="green")
            if (SHIPPED / INFO).is_file():
                st.button("Go back to the shipped model", on_click=attempt, args=(_reset,))
        else:
            st.button(
                "Make this the default model",
                type="primary",
                icon=":material/star:",
                on_click=_promote,
                args=(run,),
                help="The Predict and Submission pages then use it unless another model is chosen.",
            )
        for page, label, icon, query in (
            ("predict", "Predict with it", "experiment", {"model": run.id}),
            ("submission", "Make a submission", "table_view", {"model": run.id}),
            ("errors", "See its errors", "troubleshoot", {"run": run.id}),
            ("models", "Rename, download or compare it", "deployed_code", {"model": run.id}),
        ):
            st.page_link(
                f"pages/{page}.py", label=label, icon=f":material/{icon}:", query_params=query
            )


def _promote(run: Run) -> None:
    if attempt(promote, run.bundle):
        st.toast(f"{plain(run.name)} is now the default model.", icon=":material/star:")


def _reset() -> None:
    reset_default()
    st.toast("The shipped model is the default again.", icon=":material/star:")


@part
def show_mending(run: Run) -> None:
    """Show how the run's table was read and mended, and offer the file that says it."""
    try:
        mendings = read_mendings(run)
    except UserError as error:
        st.caption(plain(str(error)))
        return
    if not mendings:
        return
    names = mending_names(len(mendings))
    with st.expander("How the table was read and mended", icon=":material/build:"):
        for name, mending in zip(names, mendings, strict=True):
            steps = mending_sentences(mending)
            st.markdown("\n".join(f"- {plain(words)}" for words in steps[:_STEPS_SHOWN]))
            if len(steps) > _STEPS_SHOWN:
                st.caption(f"And {len(steps) - _STEPS_SHOWN:,} more, which the file lists.")
            st.download_button(
                f"Download {name}",
                (run.folder / name).read_bytes,
                f"{run.id}-{name}",
                icon=":material/download:",
                on_click="ignore",
                help="For `train --mend`, with the file that the table came from.",
            )


@part
def show_downloads(run: Run) -> None:
    """Offer the files that a run has."""
    folder = run.folder
    offers = [
        (METRICS, "Curves (CSV)", "metrics.csv", lambda: metrics_csv(run)),
        (METRICS, "Curves (TensorBoard)", "tensorboard.zip", lambda: tensorboard_zip(run)),
        (REPORT, "Figures (JSON)", "report.json", (folder / REPORT).read_bytes),
        (
            OUT_OF_FOLD,
            "Out-of-fold (CSV)",
            "out-of-fold.csv",
            lambda: _as_csv(read_out_of_fold(run)),
        ),
    ]
    present = [offer for offer in offers if (folder / offer[0]).is_file()]
    if not present:
        return
    st.markdown("##### Download")
    with st.container(horizontal=True):
        for _, label, name, make in present:
            st.download_button(
                label,
                make,
                f"{run.id}-{name}",
                key=f"download {name}",
                icon=":material/download:",
                on_click="ignore",
            )
    st.caption(f"All files of this run are in `{folder}`.")


def _as_csv(frame: pd.DataFrame) -> bytes:
    return csv_bytes(frame)
