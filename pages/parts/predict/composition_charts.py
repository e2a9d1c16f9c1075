"""Charts of a property over the composition: lines for one fraction, a triangle for three units."""

from collections.abc import Sequence
from textwrap import wrap
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from engine.base.wording import clipped
from engine.inference.mixing import Estimate
from engine.runs.labels_over import LabelledComposition
from engine.settings.properties import Property
from pages.parts import charts
from pages.parts.formatting import plain_in_chart
from pages.parts.predict.mixtures import rule_words

_BAND = "rgba(113, 116, 245, 0.18)"
_RULES = (("#d9822b", "dash"), ("#3a9188", "dot"))
_SYMBOLS = {"": "circle", "random": "circle", "alternating": "square", "block": "diamond"}
_LABEL = "#c2417c"
_NAME, _WIDE = 28, 14
"""Letters of a name at the corner of a triangle, and of a line of it."""
_BAR = {"orientation": "h", "thickness": 12, "len": 0.8, "y": -0.16, "yanchor": "top"}


class Line(NamedTuple):
    """A property at P compositions on a line on which one unit goes from none to all.

    Attributes:
        fractions: of the unit, shape `(P,)`.
        values, low, high: shape `(P,)`; the ends are NaN without intervals.
    """

    fractions: np.ndarray
    values: np.ndarray
    low: np.ndarray
    high: np.ndarray


class Point(NamedTuple):
    """The composition that is shown: the fraction of each unit, and its value, NaN for none."""

    fractions: Sequence[float]
    value: float


def over_fraction(
    property_: Property,
    unit: tuple[int, str],
    model: Line | None,
    rules: Sequence[tuple[Estimate, np.ndarray]],
    labelled: Sequence[LabelledComposition],
    shown: Point,
) -> go.Figure:
    """A property over the fraction of one unit.

    Args:
        property_: it.
        unit: the unit's place, and its name.
        model: what the model predicts, where it does.
        rules: what mixing rules say, each with its fractions of the unit.
        labelled: whose labels stand on the chart.
        shown: the composition that is shown.
    """
    place, name = unit
    quantity = f" {plain_in_chart(property_.unit)}" if property_.unit else ""
    chart = go.Figure()
    if model:
        _add_model(chart, model, quantity)
    for (estimate, fractions), (colour, dash) in zip(rules, _RULES, strict=False):
        line = {"color": colour, "width": 2, "dash": dash}
        words = rule_words(estimate)
        _add(chart, fractions, estimate.values, words, quantity, mode="lines", line=line)
    for label, symbol, points in _labels_by_architecture(property_, labelled):
        known = [fractions[place] for fractions, _ in points], [value for _, value in points]
        marker = {"size": 9, "color": _LABEL, "symbol": symbol}
        _add(chart, *known, label, quantity, mode="markers", marker=marker)
    _mark_shown(chart, shown, place, quantity)
    chart.update_xaxes(title=plain_in_chart(f"Mole fraction of {name}"), range=[-0.02, 1.02])
    chart.update_yaxes(
        title=plain_in_chart(property_.label),
        type=charts.axis_type(property_),
        exponentformat="power",
    )
    return chart.update_layout(
        height=430,
        margin={"l": 10, "r": 10, "t": 20, "b": 10},
        legend={"orientation": "h", "y": -0.22, "yanchor": "top", "traceorder": "normal"},
        showlegend=True,
    )


def _add(
    chart: go.Figure,
    fractions: Sequence[float] | np.ndarray,
    values: Sequence[float] | np.ndarray,
    name: str,
    quantity: str,
    **how: object,
) -> None:
    """Add a line or points over the fraction of a unit."""
    name = plain_in_chart(name)
    hover = f"%{{x:.3~g}}: %{{y:.4~g}}{quantity}<extra>{name}</extra>"
    chart.add_scatter(x=fractions, y=values, name=name, hovertemplate=hover, **how)


def _add_model(chart: go.Figure, model: Line, quantity: str) -> None:
    """The model's line with its interval as a band."""
    if np.isfinite(model.low).all() and np.isfinite(model.high).all():
        edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
        chart.add_scatter(x=model.fractions, y=model.high, **edge)
        chart.add_scatter(x=model.fractions, y=model.low, fill="tonexty", fillcolor=_BAND, **edge)
    line = {"color": charts.BLEND_COLOUR, "width": 2.5}
    _add(chart, model.fractions, model.values, "model", quantity, mode="lines", line=line)


def _labels_by_architecture(
    property_: Property, labelled: Sequence[LabelledComposition]
) -> list[tuple[str, str, list[tuple[tuple[float, ...], float]]]]:
    """Name, symbol and points of the labels, those of each architecture together."""
    found: dict[str, list[tuple[tuple[float, ...], float]]] = {}
    for each in labelled:
        for label in each.labels.get(property_.name, []):
            found.setdefault(each.architecture, []).append((each.fractions, label.value))
    return [
        (
            ", ".join(filter(None, ["training table", architecture])),
            _SYMBOLS.get(architecture, "cross"),
            points,
        )
        for architecture, points in sorted(found.items())
    ]


def _mark_shown(chart: go.Figure, shown: Point, place: int, quantity: str) -> None:
    """The composition that is shown, as a dashed line and, where it is predicted, a point."""
    at = shown.fractions[place]
    chart.add_vline(x=at, line={"color": "#8a97a3", "dash": "dash", "width": 1.5})
    if np.isfinite(shown.value):
        edge = {"width": 2, "color": "#ffffff"}
        marker = {"size": 12, "color": charts.BLEND_COLOUR, "line": edge}
        _add(chart, [at], [shown.value], "shown above", quantity, mode="markers", marker=marker)


def over_triangle(
    property_: Property,
    names: Sequence[str],
    fractions: np.ndarray,
    values: np.ndarray,
    by: str,
    labelled: Sequence[LabelledComposition],
    shown: Point,
) -> go.Figure:
    """A property over the compositions of three units, as coloured points in a triangle.

    Args:
        property_: it.
        names: of the units.
        fractions: shape `(P, 3)`.
        values: shape `(P,)`.
        by: whose values they are: the model, or a rule.
        labelled: whose labels stand on the chart, in the same colours.
        shown: the composition that is shown.
    """
    known = [
        (own, value)
        for _, _, points in _labels_by_architecture(property_, labelled)
        for own, value in points
    ]
    labels = np.array([value for _, value in known])
    scaled = property_.scaled(np.concatenate([values, labels]))
    ends = {"cmin": np.nanmin(scaled), "cmax": np.nanmax(scaled), "colorscale": "Viridis"}
    decades = ", decades" if charts.axis_type(property_) == "log" else ""
    bar = {**_BAR, "title": {"text": plain_in_chart(property_.label) + decades, "side": "top"}}
    unit = f" {plain_in_chart(property_.unit)}" if property_.unit else ""
    axes = [plain_in_chart(clipped(name, _NAME)) for name in names]
    where = "<br>".join(f"{name} %{{{axis}:.3~g}}" for name, axis in zip(axes, "abc", strict=True))
    hover = f"{where}<br>%{{customdata:.4~g}}{unit}"
    circles = {"size": 15, "color": scaled[: len(values)], "colorbar": bar, **ends}
    chart = go.Figure(_points(fractions, plain_in_chart(by), hover, circles, values))
    if known:
        own = np.array([each for each, _ in known])
        diamonds = {"size": 10, "symbol": "diamond", "line": {"width": 1.5, "color": _LABEL}}
        diamonds |= {"color": scaled[len(values) :], **ends}
        chart.add_trace(_points(own, "training table", hover, diamonds, labels))
    ring = {"size": 22, "symbol": "circle-open", "line": {"width": 3}, "color": "#d9822b"}
    chart.add_trace(_points(np.array([shown.fractions]), "shown above", where, ring))
    return _laid_out(chart, names)


def _laid_out(chart: go.Figure, names: Sequence[str]) -> go.Figure:
    """A chart in a triangle with the units' names at its corners."""
    lines = {
        "ticks": "outside",
        "tickformat": ".1~f",
        "gridcolor": "rgba(138,151,163,.3)",
        "linecolor": "#8a97a3",
    }
    axes = {
        f"{axis}axis": {"title": _corner(name), **lines}
        for axis, name in zip("abc", names, strict=True)
    }
    return chart.update_layout(
        ternary={"sum": 1, "bgcolor": "rgba(0,0,0,0)", **axes},
        height=590,
        margin={"l": 55, "r": 55, "t": 50, "b": 40},
        legend={"orientation": "h", "x": 0.5, "xanchor": "center", "y": -0.42, "yanchor": "top"},
        showlegend=True,
    )


def _corner(name: str) -> str:
    """The name of a unit in lines, as it stands at a corner."""
    return "<br>".join(map(plain_in_chart, wrap(clipped(name, _NAME), _WIDE)))


def _points(
    fractions: np.ndarray,
    name: str,
    hover: str,
    marker: dict[str, object],
    values: np.ndarray | None = None,
) -> go.Scatterternary:
    return go.Scatterternary(
        a=fractions[:, 0],
        b=fractions[:, 1],
        c=fractions[:, 2],
        mode="markers",
        name=name,
        cliponaxis=False,
        marker=marker,
        customdata=values,
        hovertemplate=f"{hover}<extra>{name}</extra>",
    )
