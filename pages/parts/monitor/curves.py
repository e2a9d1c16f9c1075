"""A run's curves: what it learns, and what the machine does meanwhile."""

import functools
from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from engine.models.members import network_configs
from engine.runs import Run, preset_of
from engine.runs.folder import follow_hardware
from engine.runs.monitoring import label_weights, validation_wmae
from engine.settings.properties import Property
from pages.parts.components import Chart, chart_text, live_charts
from pages.parts.monitor import curve_charts
from pages.parts.monitor.curve_charts import Line, Network, has_values
from pages.parts.monitor.run_details import properties_of, settings_of

LEARNING, MACHINE = "Learning", "Machine"
_MB_IN_A_GB = 1024
_MOST_PROPERTIES = 5
"""With more of them, the user chooses which are shown."""


def show_curves(run: Run, metrics: pd.DataFrame) -> None:
    """Show a run's curves.

    Args:
        run: which one.
        metrics: as `engine.runs.read_metrics` gives them.
    """
    st.markdown("##### Curves")
    hardware = follow_hardware(run)
    kind = LEARNING
    if len(hardware) or len(metrics):
        kind = st.segmented_control(
            "Curves of",
            [LEARNING, MACHINE],
            default=LEARNING,
            required=True,
            key=f"curves of {run.id}",
            label_visibility="collapsed",
        )
    if kind == MACHINE:
        _show_machine(run, metrics, hardware)
    elif metrics.empty:
        st.caption(
            "Curves begin with the first epoch of PolyGIN; the members before it have none."
            if run.alive
            else "This run ended before the first epoch of PolyGIN, so there are no curves."
        )
    else:
        _show_learning(run, metrics)


def _show_learning(run: Run, metrics: pd.DataFrame) -> None:
    curves = _Curves(run, metrics)
    st.caption(
        f"One curve for each {'fold and seed' if curves.several_seeds else 'fold'}"
        + ("; the strong ones are learning now. " if curves.learning else ". ")
        + "The validation error comes from the fold held out and is for watching only: nothing is "
        "chosen by it."
    )
    charts = [
        curves.chart("loss", "Loss", "", curve_charts.loss_chart, height=320, wide=True),
        *_errors(run, metrics, curves),
        *_loop(metrics, curves),
    ]
    live_charts(charts, key=f"learning {run.id}")


def _loop(metrics: pd.DataFrame, curves: "_Curves") -> list[Chart]:
    kinds = (
        ("gradient_norm", "Gradient norm", "mean of the epoch", curve_charts.TRAINING),
        ("learning_rate", "Learning rate", "", curve_charts.MACHINE),
    )
    return [
        curves.chart(
            column,
            title,
            words,
            partial(curve_charts.epoch_chart, column=column, unit="", colour=colour),
            height=200,
        )
        for column, title, words, colour in kinds
        if has_values(metrics, column)
    ]


class _Curves:
    """Charts of a run's networks, which are divided only when there is something new to draw."""

    def __init__(self, run: Run, metrics: pd.DataFrame) -> None:
        preset = preset_of(settings_of(run))
        configs = network_configs(preset) if preset else {}
        trainings = [config.training for config in configs.values()]
        self._run, self._metrics = run, metrics
        # Where a network may end early, its last epoch is not known before.
        ends = {training.epochs if not training.patience else None for training in trainings}
        self._epochs = ends.pop() if len(ends) == 1 else None
        self.several_seeds = any(training.seeds > 1 for training in trainings)
        last = metrics["epoch"].iloc[-1]
        self.learning = run.alive and (self._epochs is None or last < self._epochs)

    @functools.cached_property
    def networks(self) -> list[Network]:
        wmae = validation_wmae(self._metrics, _weights(self._run.id, self._run))
        metrics = self._metrics.assign(wmae=wmae)
        return curve_charts.networks_of(metrics, self._run.alive, self._epochs)

    def chart(
        self,
        name: str,
        title: str,
        words: str,
        figure: Callable[[list[Network]], dict],
        **size: object,
    ) -> Chart:
        """One chart, made by `figure` of the networks."""
        key = f"{name} {self._run.id}"
        text = _text(key, self._metrics, lambda: figure(self.networks), self._run.alive)
        return Chart(key, text, title, words, **size)


@st.cache_data(max_entries=50, show_spinner=False)
def _weights(run_id: str, _run: Run) -> pd.DataFrame:
    return label_weights(_run)


def _errors(run: Run, metrics: pd.DataFrame, curves: _Curves) -> list[Chart]:
    known = [one for one in properties_of(run).values() if has_values(metrics, _column(one))]
    if len(known) > _MOST_PROPERTIES:
        names = [one.name for one in known]
        key = f"errors of {run.id}"
        chosen = st.multiselect("Properties shown", names, names[:_MOST_PROPERTIES], key=key)
        known = [one for one in known if one.name in chosen]
    kinds = [
        (_column(one), one.name, _error_words(one), one.unit, curve_charts.ERROR) for one in known
    ]
    if len(_weights(run.id, run)):
        kinds.insert(0, ("wmae", "wMAE", "validation, no unit", "", curve_charts.VALIDATION))
    return [
        curves.chart(
            column,
            title,
            words,
            partial(curve_charts.epoch_chart, column=column, unit=unit, colour=colour),
            height=220,
        )
        for column, title, words, unit, colour in kinds
    ]


def _column(known: Property) -> str:
    return f"val_mae_{known.name}"


def _error_words(known: Property) -> str:
    return f"validation error in {known.unit}" if known.unit else "validation error"


def _show_machine(run: Run, metrics: pd.DataFrame, hardware: pd.DataFrame) -> None:
    kinds = [*_speed(metrics), *_memory(metrics, hardware), *_load(hardware)]
    if not kinds:
        st.caption("Nothing has been measured yet.")
        return
    charts = []
    for title, words, times, lines, unit in kinds:
        source = hardware if times is hardware.get("time") else metrics
        key = f"{title} {words} {run.id}"
        text = _text(key, source, partial(curve_charts.time_chart, times, lines, unit))
        charts.append(Chart(key, text, title, words, height=220))
    live_charts(charts, key=f"machine {run.id}")


_Kind = tuple[str, str, pd.Series, list[Line], str]
"""A chart's title, the words after it, its times in seconds, its lines, their unit."""


def _speed(metrics: pd.DataFrame) -> list[_Kind]:
    if not has_values(metrics, "graphs_per_second"):
        return []
    rows = metrics.sort_values("time")
    lines = [Line(rows["graphs_per_second"], "speed", curve_charts.TRAINING)]
    return [("Speed", "of each network", rows["time"], lines, "graphs per second")]


def _memory(metrics: pd.DataFrame, hardware: pd.DataFrame) -> list[_Kind]:
    """Memory used, beside how much there is."""
    if not has_values(hardware, "ram_mb"):
        rows = metrics.sort_values("time") if len(metrics) else metrics
        kinds = {"ram_mb": "RAM of the run", "vram_mb": "GPU memory of the run"}
        return [
            ("Memory", words, rows["time"], [Line(rows[name] / _MB_IN_A_GB, "used")], "GB")
            for name, words in kinds.items()
            if has_values(metrics, name)
        ]
    gb = hardware.filter(regex="_mb$") / _MB_IN_A_GB
    lines = [
        Line(gb["ram_mb"], "this run"),
        Line(gb["ram_used_mb"], "all programs", curve_charts.ERROR),
        Line(gb["ram_total_mb"], "limit", curve_charts.LIMIT, "dash"),
    ]
    charts = [("Memory", "RAM", hardware["time"], lines, "GB")]
    for number in _gpus(hardware):
        lines = [
            Line(gb[f"gpu{number}_vram_used_mb"], "all programs", curve_charts.ERROR),
            Line(gb[f"gpu{number}_vram_total_mb"], "limit", curve_charts.LIMIT, "dash"),
        ]
        charts.append((f"GPU {number}", "memory", hardware["time"], lines, "GB"))
    return charts


def _load(hardware: pd.DataFrame) -> list[_Kind]:
    charts = []
    if has_values(hardware, "cpu_percent"):
        lines = [Line(hardware["cpu_percent"], "this run")]
        words = "of the run, 100 % is one core"
        charts.append(("CPU load", words, hardware["time"], lines, "%"))
    kinds = (("load", "load", "%"), ("temperature", "temperature", "°C"), ("power", "power", "W"))
    for number in _gpus(hardware):
        for name, words, unit in kinds:
            column = f"gpu{number}_{name}"
            if has_values(hardware, column):
                lines = [Line(hardware[column], words, curve_charts.VALIDATION)]
                charts.append((f"GPU {number}", words, hardware["time"], lines, unit))
    return charts


def _gpus(hardware: pd.DataFrame) -> list[int]:
    return [n for n in range(64) if has_values(hardware, f"gpu{n}_vram_used_mb")]


def _text(key: str, source: pd.DataFrame, figure: Callable[[], dict], state: object = None) -> str:
    """A figure's text, made anew only when `source` or `state` is another."""
    kept = _figures.get(key)
    if kept is None or kept[0] is not source or kept[1] != state:
        kept = (source, state, chart_text(figure()))
        while len(_figures) >= _FIGURES_KEPT:
            _figures.pop(next(iter(_figures)), None)
        _figures[key] = kept
    return kept[2]


_FIGURES_KEPT = 64
_figures: dict[str, tuple[pd.DataFrame, object, str]] = {}
"""By chart: what it was drawn of, and the figure; a page asks each second, mostly in vain."""
