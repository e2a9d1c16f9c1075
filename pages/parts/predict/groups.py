"""Which groups of a molecule make its predicted value, as a drawing and as bars."""

from pathlib import Path

import plotly.graph_objects as go
import streamlit as st

from engine.chem import draw
from engine.chem.description import described
from engine.inference.bundle import BundleInfo
from engine.inference.group_effects import GroupEffect
from engine.settings.properties import Property
from pages.parts import models
from pages.parts.formatting import number, plain, plain_in_chart, title_with_name
from pages.parts.page_guard import part

_RAISES, _LOWERS = (0.36, 0.62, 0.90), (0.93, 0.55, 0.38)
_FAINTEST, _STRONGEST = 0.15, 0.75
"""How much of its colour the group of the least and of the greatest change has."""


@st.fragment
@part
def show_group_effects(info: BundleInfo, folder: Path, smiles: str) -> None:
    """What each group adds to a property, for models of canonical units without conditions.

    Args:
        info: the model's description.
        folder: the model's.
        smiles: the repeat unit that is shown.
    """
    # A model of units as drawn has another value of the unit as it is cut here.
    if info.conditions or not info.canonical_units:
        return
    if not st.toggle("Which groups make the value?", key="show groups"):
        return
    choices = {title_with_name(each): each for each in info.answers}
    property_ = choices[st.selectbox("Property", list(choices), key="groups property", width=300)]
    with st.spinner(models.LOADING):
        effects = models.group_effects_of(folder, smiles)
    own = effects.effects[property_.name]
    if not own:
        st.info("This repeat unit holds none of the groups that can be replaced.")
        return
    left, right = st.columns([1, 1.3])
    with left, st.container(border=True, horizontal_alignment="center"):
        dark = st.context.theme.type == "dark"
        colours = _colours(own, dark)
        st.image(
            draw.svg(effects.smiles, 360, 260, dark, colours),
            width=360,
            alt=f"{described(effects.smiles)} Blue groups raise the value, orange ones lower it.",
        )
    with right:
        st.plotly_chart(
            _bars(own, property_),
            theme="streamlit",
            key="groups chart",
            alt=f"What each group adds to {property_.title}: {_in_words(own, property_)}",
        )
    st.caption(
        plain(
            "Each group is replaced alone, and the whole ensemble predicts what is left: the bar "
            "is the value with the group less that without it, the whisker the standard deviation "
            "of what the members say. It shows what the model learned, not why nature does so. "
            "Changes of several groups need not add up: the remainder, the value less all changes, "
            f"is {number(property_, effects.remainders[property_.name])}."
        )
    )


def _colours(effects: list[GroupEffect], dark: bool) -> draw.Colours:
    """Blue behind groups that raise the value, orange behind those that lower it.

    Args:
        effects: of the groups.
        dark: whether they are shown on a dark ground.
    """
    greatest = max(abs(each.change) for each in effects) or 1.0
    found = []
    for each in effects:
        colour = _RAISES if each.change > 0 else _LOWERS
        share = _FAINTEST + (_STRONGEST - _FAINTEST) * abs(each.change) / greatest
        found += [(atom, draw.behind(colour, share, dark)) for atom in each.atoms]
    return tuple(found)


def _in_words(effects: list[GroupEffect], property_: Property) -> str:
    """The changes, the greatest first."""
    ordered = sorted(effects, key=lambda each: -abs(each.change))
    return ", ".join(
        f"{each.group} {number(property_, each.change, sign=True)}" for each in ordered
    )


def _bars(effects: list[GroupEffect], property_: Property) -> go.Figure:
    ordered = sorted(effects, key=lambda each: abs(each.change))
    # Bars of one name would lie on each other: they differ by signs that are not seen.
    names = [
        plain_in_chart(f"{each.group} (against {each.by})") + "\u200b" * place
        for place, each in enumerate(ordered)
    ]
    chart = go.Figure(
        go.Bar(
            x=[each.change for each in ordered],
            y=names,
            orientation="h",
            error_x={
                "type": "data",
                "array": [each.spread for each in ordered],
                "thickness": 1.5,
                "color": "#8b9099",
            },
            marker_color=["#5c9ee6" if each.change > 0 else "#ed8c61" for each in ordered],
            hovertemplate="%{y}: %{x:.4g}<extra></extra>",
        )
    )
    unit = f" ({property_.unit})" if property_.unit else ""
    chart.update_layout(
        height=max(160, 70 + 34 * len(ordered)),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis_title=plain_in_chart(f"what the group adds to {property_.name}{unit}"),
        yaxis={"automargin": True},
    )
    return chart
