"""How the properties of a molecule change with the conditions at which they are predicted."""

from pathlib import Path
from typing import TypeVar

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from engine.inference.bundle import BundleInfo
from engine.inference.conformal import LEVEL
from engine.settings.conditions import Condition, same_for_all
from engine.settings.properties import Property
from pages.parts import charts, models
from pages.parts.formatting import plain_in_chart, title_with_name
from pages.parts.page_guard import part

T = TypeVar("T")

_POINTS = 41
_BAND = "rgba(113, 116, 245, 0.18)"


@st.fragment
@part
def show_curve(info: BundleInfo, folder: Path, smiles: str, given: dict[str, float | str]) -> None:
    """Draw a property of the molecule against a condition, the others as they are given."""
    numbers = [each for each in info.conditions if each.kind == "number" and each.low != each.high]
    if not numbers:
        return
    answers = info.answers
    st.subheader("As a condition changes")
    with st.container(horizontal=True, gap="small"):
        condition = _chosen("Condition", {each.label: each for each in numbers})
        property_ = _chosen("Property", {title_with_name(each): each for each in answers})
    with st.spinner(models.LOADING):
        chart = _curve(property_, condition, folder, smiles, given)
    st.plotly_chart(
        chart,
        theme="streamlit",
        key="condition curve",
        alt=f"{property_.label} against {condition.label}, with its interval.",
    )
    st.caption(
        f"Line: the blend, at the other conditions as they are given above. Band: the "
        f"{LEVEL:.0%} interval. The line is drawn over the range of the training table."
    )


def _chosen(label: str, choices: dict[str, T]) -> T:
    return choices[st.selectbox(label, list(choices), key=f"curve {label}", width=260)]


def _curve(
    property_: Property,
    condition: Condition,
    folder: Path,
    smiles: str,
    given: dict[str, float | str],
) -> go.Figure:
    assert condition.low is not None
    assert condition.high is not None
    shown = condition.as_property
    ends = shown.scaled(np.array([condition.low, condition.high]))
    points = shown.unscaled(np.linspace(*ends, _POINTS))
    chart = go.Figure(_lines(property_, condition, folder, smiles, given, points))
    at = float(given[condition.name])
    if condition.low <= at <= condition.high:
        chart.add_vline(x=at, line={"color": "#8a97a3", "dash": "dash", "width": 1.5})
    chart.update_xaxes(
        title=plain_in_chart(condition.label), type=charts.axis_type(shown), exponentformat="power"
    )
    chart.update_yaxes(
        title=plain_in_chart(property_.label),
        type=charts.axis_type(property_),
        exponentformat="power",
    )
    return chart.update_layout(
        height=360, showlegend=False, margin={"l": 10, "r": 10, "t": 20, "b": 10}
    )


def _lines(
    property_: Property,
    condition: Condition,
    folder: Path,
    smiles: str,
    given: dict[str, float | str],
    points: np.ndarray,
) -> list[go.Scatter]:
    """The ends of the intervals, if there are some, and the blend over them."""
    predictor = models.load_predictor(folder)
    at = same_for_all(predictor.info.conditions, len(points), given)
    at.values[condition.name] = points
    predicted = predictor.predict([smiles] * len(points), given=at)
    lines = []
    if predictor.has_intervals:
        uncertainty = predictor.uncertainty(predicted)
        edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
        high, low = uncertainty.high[property_.name], uncertainty.low[property_.name]
        lines = [
            go.Scatter(x=points, y=high, **edge),
            go.Scatter(x=points, y=low, fill="tonexty", fillcolor=_BAND, **edge),
        ]
    hover = (
        f"%{{x:.4~g}} {plain_in_chart(condition.unit)}<br>"
        f"%{{y:.4~g}} {plain_in_chart(property_.unit)}"
    )
    blend = go.Scatter(
        x=points,
        y=predicted.blend[property_.name],
        mode="lines",
        line={"color": charts.colour_of("blend"), "width": 2.5},
        hovertemplate=f"{hover}<extra></extra>",
    )
    return [*lines, blend]
