"""Charts of errors, and the colours that members have on every page."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from engine.inference.error_analysis import BLEND
from engine.models import members
from engine.models.members import MEMBERS
from engine.settings.properties import Property
from engine.table.source_report import SourcePair
from pages.parts.formatting import plain_in_chart

BLEND_COLOUR = "#7174f5"
_GREY = "#8a97a3"
_MOST_STANDING = 9
_BAR = 22
"""The height of a bar that lies, with the space around it, in pixels."""

_MANY = 2000
"""More points than this are drawn by the graphics card; SVG would be slow to move."""


def title_of(member: str) -> str:
    """A member's title, or the blend's."""
    return "Blend" if member == BLEND else members.title_of(member)


def colour_of(member: str) -> str:
    """A member's colour, or the blend's, the same on every page."""
    if member == BLEND:
        return BLEND_COLOUR
    return MEMBERS[member].colour if member in MEMBERS else _GREY


def axis_type(property_: Property) -> str:
    """How an axis of a property's values is divided, in Plotly's words."""
    return "log" if property_.scale == "log10" else "linear"


def parity(rows: pd.DataFrame, property_: Property, member: str) -> go.Figure:
    """Labels against out-of-fold predictions, with the line on which both are equal.

    Args:
        rows: as `engine.inference.error_analysis.property_rows` gives them.
        property_: the property.
        member: whose predictions they are.
    """
    values = property_.scaled(rows[["label", "prediction"]].to_numpy())
    low, high = values.min(), values.max()
    margin = 0.04 * (high - low) or 1.0
    # On the scale, as Plotly takes the range of an axis.
    ends = np.array([low - margin, high + margin])
    kind = go.Scattergl if len(rows) > _MANY else go.Scatter
    unit = f" {plain_in_chart(property_.unit)}" if property_.unit else ""
    chart = go.Figure(
        [
            go.Scatter(
                x=property_.unscaled(ends),
                y=property_.unscaled(ends),
                mode="lines",
                line={"dash": "dash", "color": _GREY, "width": 1.5},
                hoverinfo="skip",
            ),
            kind(
                x=rows["label"],
                y=rows["prediction"],
                mode="markers",
                marker={
                    "size": 7 if len(rows) <= 500 else 5,
                    "opacity": 0.6,
                    "color": colour_of(member),
                },
                customdata=list(
                    zip(
                        map(plain_in_chart, rows["id"].astype(str)),
                        map(_short, rows["smiles"]),
                        strict=True,
                    )
                ),
                hovertemplate=(
                    "<b>%{customdata[0]}</b><br>%{customdata[1]}<br>"
                    f"label %{{x}}{unit}<br>prediction %{{y:.5~g}}{unit}<extra></extra>"
                ),
            ),
        ]
    )
    axes = {
        "range": ends,
        "type": axis_type(property_),
        "exponentformat": "power",
    }
    chart.update_xaxes(title=plain_in_chart(f"Label: {property_.label}"), **axes)
    chart.update_yaxes(title=plain_in_chart(f"Prediction: {property_.label}"), **axes)
    return _styled(chart, 430)


def source_scatter(pair: SourcePair) -> go.Figure:
    """The values of one source against those of another, for the polymers of both.

    Dashed is where both are equal; drawn through, where they differ by the offset.
    """
    first, second = ([getattr(each, name) for each in pair.shared] for name in ("first", "second"))
    low, high = min(*first, *second), max(*first, *second)
    margin = 0.04 * (high - low) or 1.0
    ends = [low - margin, high + margin]
    unit = f" {plain_in_chart(pair.unit)}" if pair.unit else ""
    lines = [go.Scatter(x=ends, y=ends, mode="lines", line={"dash": "dash", "color": _GREY})]
    if pair.offset is not None:
        shifted = [end + pair.offset for end in ends]
        lines.append(go.Scatter(x=ends, y=shifted, mode="lines", line={"color": BLEND_COLOUR}))
    lines = [line.update(hoverinfo="skip") for line in lines]
    points = go.Scatter(
        x=first,
        y=second,
        mode="markers",
        marker={"size": 7, "opacity": 0.65, "color": BLEND_COLOUR},
        customdata=[_short(each.smiles) for each in pair.shared],
        hovertemplate=(
            f"%{{customdata}}<br>{plain_in_chart(pair.first)} %{{x:.4~g}}{unit}<br>"
            f"{plain_in_chart(pair.second)} %{{y:.4~g}}{unit}<extra></extra>"
        ),
    )
    chart = go.Figure([*lines, points])
    label = f"{pair.quantity} ({pair.unit})" if pair.unit else pair.quantity
    chart.update_xaxes(title=plain_in_chart(f"{label}, {pair.first}"), range=ends)
    chart.update_yaxes(title=plain_in_chart(f"{label}, {pair.second}"))
    return _styled(chart, 380)


def error_histogram(bins: pd.DataFrame, property_: Property, member: str) -> go.Figure:
    """How often errors of each size occur; `bins` as `error_analysis.error_bins` gives them."""
    chart = go.Figure(
        go.Bar(
            x=(bins["low"] + bins["high"]) / 2,
            y=bins["rows"],
            width=bins["high"] - bins["low"],
            marker={"color": colour_of(member), "line": {"width": 0}},
            customdata=bins[["low", "high"]],
            hovertemplate=(
                "%{y} rows with an error of<br>%{customdata[0]:.4~g} to "
                f"%{{customdata[1]:.4~g}} {plain_in_chart(property_.errors.unit)}<extra></extra>"
            ),
        )
    )
    chart.add_vline(x=0, line={"color": _GREY, "dash": "dash", "width": 1.5})
    unit = f" ({property_.errors.unit})" if property_.errors.unit else ""
    chart.update_xaxes(title=plain_in_chart(f"Error: prediction − label{unit}"))
    chart.update_yaxes(title="Rows")
    chart.update_layout(bargap=0.04)
    return _styled(chart, 430)


def mean_errors(
    means: pd.DataFrame, groups: list[str], axis: str, property_: Property, member: str
):
    """The mean absolute error of each group of rows.

    Args:
        means: columns `mae`, `rows`.
        groups: the groups' names, as Plotly reads them.
        axis: what the groups are, with a unit.
        property_: the property.
        member: whose errors they are.
    """
    unit = f" {plain_in_chart(property_.errors.unit)}" if property_.errors.unit else ""
    # Many names stand beside bars that lie, where they can be read.
    lies = len(groups) > _MOST_STANDING
    sizes, names = ("x", "y") if lies else ("y", "x")
    bars = go.Bar(
        {sizes: means["mae"], names: groups},
        orientation="h" if lies else "v",
        marker={"color": colour_of(member)},
        text=[f"n = {rows:,}" for rows in means["rows"]],
        textposition="outside",
        cliponaxis=False,
        customdata=means[["rows"]],
        hovertemplate=(
            f"%{{{names}}}<br>mean absolute error %{{{sizes}:.4~g}}{unit}"
            "<br>%{customdata[0]} rows<extra></extra>"
        ),
    )
    chart = go.Figure(bars)
    heads = {
        sizes: f"Mean absolute error{unit and f' ({unit.strip()})'}",
        names: plain_in_chart(axis),
    }
    update = {"x": chart.update_xaxes, "y": chart.update_yaxes}
    update[sizes](title=heads[sizes], rangemode="tozero")
    update[names](
        title=heads[names], type="category", **({"autorange": "reversed"} if lies else {})
    )
    chart.update_layout(bargap=0.25)
    return _styled(chart, max(430, _BAR * len(groups) + 80) if lies else 430)


def _short(smiles: str) -> str:
    """A SMILES that fits into a hover box."""
    return plain_in_chart(smiles if len(smiles) <= 60 else f"{smiles[:57]}…")


def _styled(chart: go.Figure, height: int) -> go.Figure:
    return chart.update_layout(
        height=height, showlegend=False, margin={"l": 10, "r": 10, "t": 20, "b": 10}
    )
