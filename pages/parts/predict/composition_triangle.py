"""A property over the compositions of three repeat units, as a triangle."""

import re
from collections.abc import Sequence
from textwrap import wrap
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from engine.base.wording import clipped
from engine.runs.labels_over import LabelledComposition
from engine.settings.properties import Property
from pages.parts import charts
from pages.parts.formatting import plain_in_chart
from pages.parts.predict.composition_charts import LABEL_COLOUR, Point, labels_by_architecture

_NAME, _WIDE = 28, 14
_LONG_WORD = re.compile(rf"(\w{{{_WIDE - 1}}})(?=\w{{2}})")
"""Letters of a name at the corner of a triangle, and of a line of it."""
_MARGIN, _LETTERS = 72, 12
"""Beside the triangle, in pixels: half a line at a corner has room there; and its letters' size."""
_BAR = {"orientation": "h", "thickness": 12, "len": 0.8, "y": -0.16, "yanchor": "top"}


class Coloured(NamedTuple):
    """A property at P compositions of three units.

    Attributes:
        fractions: shape `(P, 3)`.
        values, low, high: shape `(P,)`; the ends are NaN where there are none.
        by: whose values they are: the model, or a rule.
    """

    fractions: np.ndarray
    values: np.ndarray
    low: np.ndarray
    high: np.ndarray
    by: str


def over_triangle(
    property_: Property,
    names: Sequence[str],
    points: Coloured,
    labelled: Sequence[LabelledComposition],
    shown: Point,
) -> go.Figure:
    """A property over the compositions of three units, as coloured points in a triangle.

    Args:
        property_: it.
        names: of the units.
        points: its values.
        labelled: whose labels stand on the chart, in the same colours.
        shown: the composition that is shown.
    """
    known = [
        (own, value)
        for _, _, own_points in labels_by_architecture(property_, labelled)
        for own, value in own_points
    ]
    labels = np.array([value for _, value in known])
    colours = _colours(property_, np.concatenate([points.values, labels]))
    where, unit = _hover(names), f" {plain_in_chart(property_.unit)}" if property_.unit else ""
    hover = f"{where}<br>%{{customdata[0]:.4~g}}{unit}"
    chart = go.Figure(_circles(property_, points, colours, hover))
    if known:
        own = np.array([each for each, _ in known])
        edge = {"width": 1.5, "color": LABEL_COLOUR}
        diamonds = {**colours, "size": 10, "symbol": "diamond", "line": edge}
        diamonds["color"] = property_.scaled(labels)
        chart.add_trace(_points(own, "training table", hover, diamonds, labels[:, None]))
    ring = {"size": 22, "symbol": "circle-open", "line": {"width": 3}, "color": "#d9822b"}
    chart.add_trace(_points(np.array([shown.fractions]), "shown above", where, ring))
    return _laid_out(chart, names)


def _circles(
    property_: Property, points: Coloured, colours: dict[str, object], hover: str
) -> go.Scatterternary:
    """The values, with a bar of their colours; in the hover boxes stand ranges too."""
    decades = ", decades" if charts.axis_type(property_) == "log" else ""
    bar = {**_BAR, "title": {"text": plain_in_chart(property_.label) + decades, "side": "top"}}
    scaled = property_.scaled(points.values)
    marker = {**colours, "size": 15, "color": scaled, "colorbar": bar}
    ends = np.stack([points.values, points.low, points.high], axis=1)
    if np.isfinite(ends).all():
        hover += "<br>range %{customdata[1]:.4~g} to %{customdata[2]:.4~g}"
    return _points(points.fractions, plain_in_chart(points.by), hover, marker, ends)


def _colours(property_: Property, values: np.ndarray) -> dict[str, object]:
    """The scale of colours for all values of a chart."""
    scaled = property_.scaled(values)
    return {"cmin": np.nanmin(scaled), "cmax": np.nanmax(scaled), "colorscale": "Viridis"}


def _hover(names: Sequence[str]) -> str:
    """The fractions of the units, in a hover box."""
    axes = [plain_in_chart(clipped(name, _NAME)) for name in names]
    shares = zip(axes, "abc", strict=True)
    return "<br>".join(f"{name} %{{{axis}:.3~g}} mol fraction" for name, axis in shares)


def _laid_out(chart: go.Figure, names: Sequence[str]) -> go.Figure:
    """A chart in a triangle with the units' names at its corners."""
    lines = {
        "ticks": "outside",
        "tickformat": ".1~f",
        "gridcolor": "rgba(138,151,163,.3)",
        "linecolor": "#8a97a3",
    }
    # There is room on both sides of the upper corner, and none below its first line.
    upper = plain_in_chart(clipped(names[0], _NAME))
    corners = zip("abc", (upper, *map(_corner, names[1:])), strict=True)
    axes = {
        f"{axis}axis": {"title": {"text": text, "font": {"size": _LETTERS}}, **lines}
        for axis, text in corners
    }
    return chart.update_layout(
        ternary={"sum": 1, "bgcolor": "rgba(0,0,0,0)", **axes},
        height=590,
        margin={"l": _MARGIN, "r": _MARGIN, "t": 50, "b": 40},
        legend={"orientation": "h", "x": 0.5, "xanchor": "center", "y": -0.42, "yanchor": "top"},
        showlegend=True,
    )


def _corner(name: str) -> str:
    """The name of a unit in lines, as it stands at a lower corner."""
    parted = _LONG_WORD.sub(r"\1- ", clipped(name, _NAME))
    return "<br>".join(map(plain_in_chart, wrap(parted, _WIDE)))


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
