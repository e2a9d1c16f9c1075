"""A run's curves: what it learns, and what the machine does meanwhile."""

import functools
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import pandas as pd
import streamlit as st

from engine.models.members import network_configs
from engine.runs import Run, preset_of
from engine.runs.feed import follow_hardware
from engine.runs.monitoring import label_weights, validation_wmae
from engine.settings.properties import Property
from pages.parts.components import Chart, chart_text, live_charts
from pages.parts.documents import explained
from pages.parts.monitor import curve_charts
from pages.parts.monitor.curve_charts import Line, Network, has_values
from pages.parts.monitor.run_details import properties_of, settings_of
from pages.parts.page_guard import part

LEARNING, MACHINE = "Learning", "Machine"
_MB_IN_A_GB = 1024
_MAX_PROPERTIES = 5
"""With more of them, the user chooses which are shown."""
_MAX_TEXTS = 64

_texts: dict[str, tuple[pd.DataFrame, object, str]] = {}
"""By chart: what it was drawn of, and its text. A page asks each second, and little is new."""


@part
def show_curves(run: Run, metrics: pd.DataFrame) -> None:
    """Show a run's curves.

    Args:
        run: the run.
        metrics: as `engine.runs.read_metrics` gives them.
    """
    hints = ("Loss", "Validation error", "Epoch", "Gradient norm", "Learning rate")
    st.markdown(
        "##### Curves", help="  \n".join(f"**{hint}**: {explained(hint)}" for hint in hints)
    )
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
    networks = _NetworkCharts(run, metrics)
    st.caption(
        f"One curve for each {'fold and seed' if networks.several_seeds else 'fold'}"
        + ("; the strong ones are learning now. " if networks.learning else ". ")
        + "The validation error comes from the held-out fold and is for watching only: nothing is "
        "chosen by it."
    )
    charts = [
        networks.chart("loss", "Loss", "", curve_charts.loss_chart, height=320, wide=True),
        *_error_charts(run, metrics, networks),
        *_optimiser_charts(metrics, networks),
    ]
    live_charts(charts, key=f"learning {run.id}")


class _NetworkCharts:
    """Makes the charts of a run's networks; rows are grouped by network only for a new chart."""

    def __init__(self, run: Run, metrics: pd.DataFrame) -> None:
        preset = preset_of(settings_of(run))
        configs = network_configs(preset) if preset else {}
        trainings = [config.training for config in configs.values()]
        self._run, self._metrics = run, metrics
        # Where a network may stop early, its last epoch is not known beforehand.
        ends = {training.epochs if not training.patience else None for training in trainings}
        self._epochs = ends.pop() if len(ends) == 1 else None
        self.several_seeds = any(training.seeds > 1 for training in trainings)
        last = metrics["epoch"].iloc[-1]
        self.learning = run.alive and (self._epochs is None or last < self._epochs)

    @functools.cached_property
    def _networks(self) -> list[Network]:
        wmae = validation_wmae(self._metrics, _weights(self._run.id, self._run))
        metrics = self._metrics.assign(wmae=wmae)
        return curve_charts.networks_of(metrics, self._run.alive, self._epochs)

    def chart(
        self,
        name: str,
        title: str,
        words: str,
        draw: Callable[[list[Network]], dict],
        **size: object,
    ) -> Chart:
        """One chart, drawn of the networks."""
        key = f"{name} {self._run.id}"
        text = _text(key, self._metrics, lambda: draw(self._networks), self._run.alive)
        return Chart(key, text, title, words, **size)


@st.cache_data(max_entries=50, show_spinner=False)
def _weights(run_id: str, _run: Run) -> pd.DataFrame:
    return label_weights(_run)


def _error_charts(run: Run, metrics: pd.DataFrame, networks: _NetworkCharts) -> list[Chart]:
    properties = [
        property_
        for property_ in properties_of(run).values()
        if has_values(metrics, _error_column(property_))
    ]
    if len(properties) > _MAX_PROPERTIES:
        names = [property_.name for property_ in properties]
        key = f"errors of {run.id}"
        chosen = st.multiselect("Properties shown", names, names[:_MAX_PROPERTIES], key=key)
        properties = [property_ for property_ in properties if property_.name in chosen]
    kinds = [
        (
            _error_column(property_),
            property_.name,
            f"validation error in {unit}" if unit else "validation error",
            unit,
            curve_charts.ERROR,
        )
        for property_, unit in ((each, each.errors.unit) for each in properties)
    ]
    if len(_weights(run.id, run)):
        kinds.insert(0, ("wmae", "wMAE", "validation, no unit", "", curve_charts.VALIDATION))
    return [
        networks.chart(
            column,
            title,
            words,
            partial(curve_charts.epoch_chart, column=column, unit=unit, colour=colour),
            height=220,
        )
        for column, title, words, unit, colour in kinds
    ]


def _error_column(property_: Property) -> str:
    return f"val_mae_{property_.name}"


def _optimiser_charts(metrics: pd.DataFrame, networks: _NetworkCharts) -> list[Chart]:
    kinds = (
        ("gradient_norm", "Gradient norm", "mean of the epoch", curve_charts.TRAINING),
        ("learning_rate", "Learning rate", "", curve_charts.MACHINE),
    )
    return [
        networks.chart(
            column,
            title,
            words,
            partial(curve_charts.epoch_chart, column=column, unit="", colour=colour),
            height=200,
        )
        for column, title, words, colour in kinds
        if has_values(metrics, column)
    ]


class _MachineChart(NamedTuple):
    """A chart of what the machine does, before it is drawn.

    Attributes:
        title: its first words.
        words: what follows them.
        source: the table it is drawn of.
        times: of the samples, in seconds since 1970, rising.
        lines: its lines.
        unit: of all of them.
    """

    title: str
    words: str
    source: pd.DataFrame
    times: pd.Series
    lines: list[Line]
    unit: str


def _show_machine(run: Run, metrics: pd.DataFrame, hardware: pd.DataFrame) -> None:
    planned = [*_speed(metrics), *_memory(metrics, hardware), *_load(hardware)]
    if not planned:
        st.caption("Nothing has been measured yet.")
        return
    charts = []
    for title, words, source, times, lines, unit in planned:
        key = f"{title} {words} {run.id}"
        text = _text(key, source, partial(curve_charts.time_chart, times, lines, unit))
        charts.append(Chart(key, text, title, words, height=220))
    live_charts(charts, key=f"machine {run.id}")


def _speed(metrics: pd.DataFrame) -> list[_MachineChart]:
    if not has_values(metrics, "graphs_per_second"):
        return []
    rows = metrics.sort_values("time")
    lines = [Line(rows["graphs_per_second"], "speed", curve_charts.TRAINING)]
    unit = "graphs per second"
    return [_MachineChart("Speed", "of each network", metrics, rows["time"], lines, unit)]


def _memory(metrics: pd.DataFrame, hardware: pd.DataFrame) -> list[_MachineChart]:
    """Memory used, beside how much there is."""
    if not has_values(hardware, "ram_mb"):
        return _memory_of_run(metrics)
    gb = hardware.filter(regex="_mb$") / _MB_IN_A_GB
    lines = [
        Line(gb["ram_mb"], "this run"),
        Line(gb["ram_used_mb"], "all programs", curve_charts.ERROR),
        Line(gb["ram_total_mb"], "limit", curve_charts.LIMIT, "dash"),
    ]
    charts = [_MachineChart("Memory", "RAM", hardware, hardware["time"], lines, "GB")]
    for number in _gpus(hardware):
        lines = [
            Line(gb[f"gpu{number}_vram_used_mb"], "all programs", curve_charts.ERROR),
            Line(gb[f"gpu{number}_vram_total_mb"], "limit", curve_charts.LIMIT, "dash"),
        ]
        title = f"GPU {number}"
        charts.append(_MachineChart(title, "memory", hardware, hardware["time"], lines, "GB"))
    return charts


def _memory_of_run(metrics: pd.DataFrame) -> list[_MachineChart]:
    rows = metrics.sort_values("time") if len(metrics) else metrics
    kinds = {"ram_mb": "RAM of the run", "vram_mb": "GPU memory of the run"}
    return [
        _MachineChart(
            "Memory", words, metrics, rows["time"], [Line(rows[name] / _MB_IN_A_GB, "used")], "GB"
        )
        for name, words in kinds.items()
        if has_values(metrics, name)
    ]


def _load(hardware: pd.DataFrame) -> list[_MachineChart]:
    charts = []
    if has_values(hardware, "cpu_percent"):
        lines = [Line(hardware["cpu_percent"], "this run")]
        words = "of the run, 100 % is one core"
        charts.append(_MachineChart("CPU load", words, hardware, hardware["time"], lines, "%"))
    for number in _gpus(hardware):
        for name, unit in (("load", "%"), ("temperature", "°C"), ("power", "W")):
            column = f"gpu{number}_{name}"
            if has_values(hardware, column):
                lines = [Line(hardware[column], name, curve_charts.VALIDATION)]
                title = f"GPU {number}"
                charts.append(_MachineChart(title, name, hardware, hardware["time"], lines, unit))
    return charts


def _gpus(hardware: pd.DataFrame) -> list[int]:
    return [n for n in range(64) if has_values(hardware, f"gpu{n}_vram_used_mb")]


def _text(key: str, source: pd.DataFrame, draw: Callable[[], dict], state: object = None) -> str:
    """A chart's text, made anew only when `source` or `state` is another."""
    last_source, last_state, text = _texts.get(key, (None, None, ""))
    if last_source is not source or last_state != state:
        text = chart_text(draw())
        while len(_texts) >= _MAX_TEXTS:
            _texts.pop(next(iter(_texts)), None)
        _texts[key] = source, state, text
    return text
