"""The figures of a run's curves, as plain Plotly dictionaries."""

from collections.abc import Iterator

import pandas as pd

MAX_POINTS = 1000
"""How many points one chart shows at most; more would only slow the browser down."""

TRAINING, VALIDATION, ERROR, MACHINE = "#0d9488", "#f59e0b", "#7174f5", "#0ea5e9"


def loss_figure(metrics: pd.DataFrame, alive: bool) -> dict:
    """Training and validation loss by epoch, a pair of curves for each network.

    Args:
        metrics: as `engine.runs.read_metrics` gives them.
        alive: whether the newest network is still learning; the others are then faded.
    """
    kinds = (("train_loss", "training", TRAINING), ("val_loss", "validation", VALIDATION))
    traces = []
    for column, words, colour in kinds:
        for name, part, newest in _networks(metrics, len(kinds)):
            trace = _trace(part["epoch"], part[column], f"{words}, {name}", colour, alive, newest)
            trace |= {"legendgroup": words, "showlegend": newest}
            # Seen in the legend only, where one entry stands for the curves of all folds.
            traces.append(
                trace if not newest or alive else trace | {"name": f"{words} (all folds)"}
            )
    return {"data": traces, "layout": _layout("epoch", "loss (no unit)")}


def error_figure(metrics: pd.DataFrame, name: str, unit: str, alive: bool) -> dict:
    """One property's validation error by epoch, a curve for each network.

    Args:
        metrics: as `engine.runs.read_metrics` gives them.
        name, unit: of the property.
        alive: see `loss_figure`.
    """
    traces = [
        _trace(part["epoch"], part[f"val_mae_{name}"], words, ERROR, alive, newest)
        | {"showlegend": False}
        for words, part, newest in _networks(metrics, 1)
    ]
    return {"data": traces, "layout": _layout("epoch", unit or "no unit")}


def machine_figure(metrics: pd.DataFrame, columns: dict[str, str], unit: str) -> dict:
    """What the machine does, over the epochs of all networks one after the other.

    Args:
        metrics: as `engine.runs.read_metrics` gives them.
        columns: `{column: words for it}`.
        unit: of all of them.
    """
    shown = _thin(metrics.assign(number=range(1, len(metrics) + 1)), MAX_POINTS // len(columns))
    colours = (MACHINE, ERROR)
    traces = [
        {
            "x": shown["number"].to_numpy(),
            "y": shown[column].astype(float).to_numpy(),
            "name": words,
            "mode": "lines",
            "line": {"color": colour, "width": 2},
            "showlegend": len(columns) > 1,
        }
        for (column, words), colour in zip(columns.items(), colours, strict=False)
    ]
    layout = _layout("epoch (all folds)", unit)
    layout["yaxis"]["rangemode"] = "tozero"
    layout["xaxis"] |= {"nticks": 5, "tickangle": 0}
    return {"data": traces, "layout": layout | {"hovermode": "x unified"}}


def has_values(metrics: pd.DataFrame, column: str) -> bool:
    """Whether a column is there and holds at least one number."""
    return column in metrics and bool(metrics[column].notna().any())


def _networks(metrics: pd.DataFrame, kinds: int) -> Iterator[tuple[str, pd.DataFrame, bool]]:
    """The networks in the order of their training: words, epochs, whether it is the newest."""
    parts = list(metrics.groupby(["fold", "seed"], sort=False))
    several = metrics.groupby("fold")["seed"].nunique().max() > 1
    budget = max(MAX_POINTS // (kinds * len(parts)), 2)
    for number, ((fold, seed), part) in enumerate(parts, start=1):
        words = f"fold {fold + 1}" + (f", seed {seed}" if several else "")
        yield words, _thin(part, budget), number == len(parts)


def _thin(frame: pd.DataFrame, most: int) -> pd.DataFrame:
    """Every so many-th row, so that about `most` are left; the last one always is."""
    step = -(-len(frame) // most)
    return frame.iloc[::-step][::-1]


def _trace(x: pd.Series, y: pd.Series, name: str, colour: str, alive: bool, newest: bool) -> dict:
    strong = alive and newest
    return {
        "x": x.to_numpy(),
        "y": y.astype(float).to_numpy(),
        "name": name,
        "mode": "lines+markers" if len(x) < 3 else "lines",
        "opacity": 1.0 if strong else 0.3 if alive else 0.65,
        "line": {"color": colour, "width": 2.6 if strong else 1.6},
        "hovertemplate": "epoch %{x}: %{y:.4g}<extra>" + name + "</extra>",
    }


def _layout(x: str, y: str) -> dict:
    return {
        "hovermode": "closest",
        "xaxis": {"title": {"text": x, "font": {"size": 12}}, "tickformat": "d"},
        "yaxis": {"title": {"text": y, "font": {"size": 12}}},
    }
