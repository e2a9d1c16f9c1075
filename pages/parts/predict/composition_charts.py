"""Charts of a property over the fraction of one repeat unit."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from engine.inference.conformal import LEVEL
from engine.runs.labels_over import LabelledComposition
from engine.settings.properties import Property
from pages.parts import charts
from pages.parts.formatting import plain_in_chart

_BAND, _RULE_BAND = "rgba(113, 116, 245, 0.18)", "rgba(217, 130, 43, 0.2)"
_RULES = (("#d9822b", "dash"), ("#3a9188", "dot"))
_SYMBOLS = {"": "circle-open", "random": "circle", "alternating": "square", "block": "diamond"}
LABEL_COLOUR = "#c2417c"
_ENDS = {
    "measured": {"color": LABEL_COLOUR, "symbol": "diamond"},
    "predicted": {"color": "#8a97a3", "symbol": "circle"},
}


BAND_OF = f"{100 * LEVEL:.0f} % intervals of the homopolymers"


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


class RuleLine(NamedTuple):
    """What a mixing rule says on such a line.

    Attributes:
        name: of the rule.
        basis: what it stands on, such as `measured homopolymers`.
        line: its values; the ends follow from those of the homopolymers.
    """

    name: str
    basis: str
    line: Line


class Point(NamedTuple):
    """The composition that is shown: the fraction of each unit, and its value, NaN for none."""

    fractions: Sequence[float]
    value: float


def over_fraction(
    property_: Property,
    unit: tuple[int, str],
    model: Line | None,
    rules: Sequence[RuleLine],
    labelled: Sequence[LabelledComposition],
    shown: Point,
    homopolymers: Sequence[tuple[float, float, str]] = (),
    axis: str = "Mole fraction",
) -> go.Figure:
    """A property over the fraction of one unit.

    Args:
        property_: it.
        unit: the unit's place, and its name.
        model: what the model predicts, where it does; else the first rule has a band.
        rules: what mixing rules say.
        labelled: whose labels stand on the chart.
        shown: the composition that is shown.
        homopolymers: fraction and value of each, and whether it is `measured` or `predicted`.
        axis: what all fractions are.
    """
    place, name = unit
    quantity = f" {plain_in_chart(property_.unit)}" if property_.unit else ""
    chart = go.Figure()
    if model:
        _add_model(chart, model, quantity)
    _add_rules(chart, rules, quantity, bands=model is None)
    for label, symbol, points in labels_by_architecture(property_, labelled):
        known = [fractions[place] for fractions, _ in points], [value for _, value in points]
        marker = {"size": 9, "color": LABEL_COLOUR, "symbol": symbol}
        _add(chart, *known, label, quantity, mode="markers", marker=marker)
    for how, marker in _ENDS.items():
        own = [(at, value) for at, value, known in homopolymers if known == how]
        if own:
            words, marker = f"{how} homopolymer", {"size": 10, **marker}
            _add(chart, *zip(*own, strict=True), words, quantity, mode="markers", marker=marker)
    _mark_shown(chart, shown, place, quantity)
    chart.update_xaxes(title=plain_in_chart(f"{axis} of {name}"), range=[-0.02, 1.02])
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


def _add_rules(chart: go.Figure, rules: Sequence[RuleLine], quantity: str, bands: bool) -> None:
    """The lines of rules, the first one with its band where that is asked for."""
    for place, (rule, (colour, dash)) in enumerate(zip(rules, _RULES, strict=False)):
        fractions, values, low, high = rule.line
        if bands and not place and np.isfinite([low, high]).all():
            _add_band(chart, rule.line, _RULE_BAND, f"{rule.name}, from the model’s {BAND_OF}")
        line = {"color": colour, "width": 2, "dash": dash}
        words = f"{rule.name}, from {rule.basis}"
        _add(chart, fractions, values, words, quantity, mode="lines", line=line)


def _add_band(chart: go.Figure, line: Line, colour: str, name: str = "") -> None:
    """The band between the ends of a line; with a name it stands in the legend."""
    edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    chart.add_scatter(x=line.fractions, y=line.high, **edge)
    named = {**edge, "name": plain_in_chart(name), "showlegend": bool(name)}
    chart.add_scatter(x=line.fractions, y=line.low, fill="tonexty", fillcolor=colour, **named)


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
        _add_band(chart, model, _BAND)
    line = {"color": charts.BLEND_COLOUR, "width": 2.5}
    _add(chart, model.fractions, model.values, "model", quantity, mode="lines", line=line)


def labels_by_architecture(
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
