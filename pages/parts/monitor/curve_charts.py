"""The charts of a run's curves, as plain Plotly dictionaries."""

from datetime import datetime, tzinfo
from typing import NamedTuple

import numpy as np
import pandas as pd

from pages.parts.formatting import plain_in_chart

MAX_POINTS = 1000
"""About how many points one chart shows at most; more would only slow the browser down."""
_MIN_POINTS = 10
"""At least so many for each curve, so that it shows its shape however many curves there are."""
_PAUSE_SECONDS = 60.0
"""After so long without a sample, a curve has a gap: the machine worked on something else."""

TRAINING, VALIDATION, ERROR, MACHINE, LIMIT = "#0d9488", "#f59e0b", "#7174f5", "#0ea5e9", "#8a97a3"
RUN_COLOURS = ("#0d9488", "#7174f5", "#f59e0b", "#e2557b", "#0ea5e9", "#84a93a")
"""The colours of compared runs, in their order."""


class Network(NamedTuple):
    """One network's epochs.

    Attributes:
        name: such as `fold 2` or `fold 2, seed 1002`.
        rows: its rows of `engine.runs.read_metrics`.
        learning: whether it is still learning.
    """

    name: str
    rows: pd.DataFrame
    learning: bool


class Line(NamedTuple):
    """One curve of what the machine does: its values, what they are, how it is drawn."""

    values: pd.Series
    name: str
    colour: str = MACHINE
    dash: str = "solid"


def networks_of(metrics: pd.DataFrame, alive: bool, epochs: int | None) -> list[Network]:
    """The networks of a run, in the order in which they began.

    Args:
        metrics: as `engine.runs.read_metrics` gives them.
        alive: whether the run is at work.
        epochs: how many each network learns for; None if that is unknown.
    """
    groups = list(metrics.groupby(["fold", "seed"], sort=False))
    several = len({fold for (fold, _), _ in groups}) < len(groups)
    networks = []
    for number, ((fold, seed), rows) in enumerate(groups, start=1):
        name = f"fold {fold + 1}" + (f", seed {seed}" if several else "")
        unfinished = number == len(groups) if epochs is None else rows["epoch"].iloc[-1] < epochs
        networks.append(Network(name, rows, alive and bool(unfinished)))
    return networks


def loss_chart(networks: list[Network]) -> dict:
    """Training and validation loss by epoch, a pair of curves for each network."""
    kinds = (("train_loss", "training", TRAINING), ("val_loss", "validation", VALIDATION))
    busy = any(network.learning for network in networks)
    named = next((network for network in networks if network.learning), networks[-1])
    traces = []
    for column, words, colour in kinds:
        for network in networks:
            trace = _curve(network, column, f"{words}, {network.name}", colour, networks, 2)
            trace |= {"legendgroup": words, "showlegend": network is named}
            # This name is seen only in the legend, where one entry stands for all folds' curves.
            shown = {"name": words if busy else f"{words} (all folds)"}
            traces.append(trace | shown if network is named else trace)
    return {"data": traces, "layout": _layout("epoch", "loss (no unit)")}


def epoch_chart(networks: list[Network], column: str, unit: str, colour: str = ERROR) -> dict:
    """One column of the metrics by epoch, a curve for each network.

    Args:
        networks: as `networks_of` gives them.
        column: which one.
        unit: of its values; empty for a pure number.
        colour: of the curves.
    """
    traces = [
        _curve(network, column, network.name, colour, networks, 1) | {"showlegend": False}
        for network in networks
    ]
    return {"data": traces, "layout": _layout("epoch", unit or "no unit")}


def time_chart(times: pd.Series, lines: list[Line], unit: str) -> dict:
    """What the machine does, over time.

    Args:
        times: of the samples, in seconds since 1970, rising.
        lines: the curves, each with one value for each time.
        unit: of all of them.
    """
    budget = max(MAX_POINTS // max(len(lines), 1), _MIN_POINTS)
    traces = []
    for line in lines:
        values = line.values.to_numpy(dtype=float)
        chosen = extremes(values, budget)
        when, values = _with_gaps(times.to_numpy(dtype=float)[chosen], values[chosen])
        traces.append(
            {
                "x": _local_times(when),
                "y": values,
                "name": line.name,
                "mode": "lines+markers" if len(when) < 3 else "lines",
                "line": {"color": line.colour, "width": 2, "dash": line.dash},
                "showlegend": len(lines) > 1,
                "hovertemplate": f"%{{y:.4~g}} {unit}<extra>{line.name}</extra>",
            }
        )
    layout = _layout("time", unit)
    layout["yaxis"]["rangemode"] = "tozero"
    layout["xaxis"] = {"type": "date", "nticks": 5, "tickangle": 0}
    return {"data": traces, "layout": layout | {"hovermode": "x unified"}}


def comparison_chart(curves: dict[str, pd.DataFrame]) -> dict:
    """The mean losses of several runs by epoch, a colour for each run.

    Args:
        curves: by the run's name, as `engine.runs.monitoring.mean_curves` gives them.
    """
    kinds = (("val_loss", "validation", "solid"), ("train_loss", "training", "dot"))
    budget = max(MAX_POINTS // max(len(kinds) * len(curves), 1), _MIN_POINTS)
    traces = []
    for (run, rows), colour in zip(curves.items(), RUN_COLOURS, strict=False):
        name = plain_in_chart(run)
        for column, words, dash in kinds:
            epochs, values, chosen = _thin(rows, column, budget)
            traces.append(
                {
                    "x": epochs,
                    "y": values,
                    "customdata": rows["networks"].to_numpy()[chosen],
                    "name": f"{name} · {words}",
                    "mode": "lines+markers" if len(epochs) < 3 else "lines",
                    "line": {"color": colour, "width": 2, "dash": dash},
                    "hovertemplate": "epoch %{x}: %{y:.4g}, mean of %{customdata} networks"
                    f"<extra>{name} · {words}</extra>",
                }
            )
    return {"data": traces, "layout": _layout("epoch", "loss, mean over folds (no unit)")}


def has_values(table: pd.DataFrame, column: str) -> bool:
    """Whether a column is there and holds at least one number."""
    return column in table and bool(table[column].notna().any())


def extremes(values: np.ndarray, max_points: int) -> np.ndarray:
    """Which of many values to draw: the first, the last, and the least and greatest of each part.

    Args:
        values: shape `(N,)`; NaN where there is none.
        max_points: how many at most, from 4 on.

    Returns:
        Their indices, rising.
    """
    count = len(values)
    if count <= max_points:
        return np.arange(count)
    parts = (max_points - 2) // 2
    width = -(-count // parts)
    padded = np.full(parts * width, np.nan)
    padded[:count] = values
    rows, starts = padded.reshape(parts, width), np.arange(parts) * width
    gaps = np.isnan(rows)
    least = np.where(gaps, np.inf, rows).argmin(axis=1) + starts
    greatest = np.where(gaps, -np.inf, rows).argmax(axis=1) + starts
    chosen = np.unique(np.concatenate([[0, count - 1], least, greatest]))
    return chosen[chosen < count]


def _thin(
    rows: pd.DataFrame, column: str, max_points: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The epochs and values to draw, and their indices."""
    values = rows[column].to_numpy(dtype=float)
    chosen = extremes(values, max_points)
    return rows["epoch"].to_numpy()[chosen], values[chosen], chosen


def _curve(
    network: Network, column: str, name: str, colour: str, networks: list[Network], kinds: int
) -> dict:
    """One network's curve; those of networks that are learning are strong, the others faded."""
    budget = max(MAX_POINTS // (kinds * len(networks)), _MIN_POINTS)
    epochs, values, _ = _thin(network.rows, column, budget)
    busy = any(other.learning for other in networks)
    return {
        "x": epochs,
        "y": values,
        "name": name,
        "mode": "lines+markers" if len(epochs) < 3 else "lines",
        "opacity": 1.0 if network.learning else 0.3 if busy else 0.65,
        "line": {"color": colour, "width": 2.6 if network.learning else 1.6},
        "hovertemplate": "epoch %{x}: %{y:.4g}<extra>" + name + "</extra>",
    }


def _with_gaps(times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same, with a point without a value in each pause, so that no line crosses it."""
    steps = np.diff(times)
    usual = float(np.median(steps)) if len(steps) else 0.0
    pauses = np.flatnonzero(steps > max(_PAUSE_SECONDS, 10 * usual)) + 1
    return np.insert(times, pauses, times[pauses - 1] + 1), np.insert(values, pauses, np.nan)


def _local_times(times: np.ndarray) -> list[str]:
    """Times as Plotly reads them, by this machine's clock."""
    local = pd.to_datetime(times, unit="s", utc=True).tz_convert(_local_zone())
    return local.strftime("%Y-%m-%d %H:%M:%S").tolist()


def _local_zone() -> tzinfo | None:
    return datetime.now().astimezone().tzinfo


def _layout(x: str, y: str) -> dict:
    return {
        "hovermode": "closest",
        "xaxis": {"title": {"text": x, "font": {"size": 12}}, "tickformat": "~g"},
        "yaxis": {"title": {"text": plain_in_chart(y), "font": {"size": 12}}},
    }
