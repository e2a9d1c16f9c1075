"""What mixing rules say of a copolymer or a blend of the molecule with other units."""

from functools import partial
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from engine.base.errors import UserError
from engine.base.wording import clipped, distinct
from engine.chem.finding import find, told
from engine.chem.listed_units import name_of
from engine.chem.smiles import MAX_LENGTH
from engine.inference.bundle import BundleInfo
from engine.inference.conformal import LEVEL
from engine.inference.mixing import Estimate, estimates, rules_of, weight_fractions
from engine.inference.over_compositions import along
from engine.settings.properties import Property
from pages.parts import charts, models
from pages.parts.formatting import plain, plain_in_chart, show_error, title_with_name
from pages.parts.layout import columns, forget_stale_choice
from pages.parts.offers import offer_units
from pages.parts.page_guard import part
from pages.parts.predict.mixtures import show_rules, warn_outside
from pages.parts.predict.rule_answers import units_predicted

_MOST_UNITS = 4
_MOST_OFFERED = 8
_POINTS = 101
_LINES = (charts.BLEND_COLOUR, "#d9822b")
_BANDS = ("rgba(113, 116, 245, 0.18)", "rgba(217, 130, 43, 0.14)")
_BY = {"by weight": False, "by mole of repeat units": True}


@st.fragment
@part
def show_mixing(info: BundleInfo, folder: Path, smiles: str, given: dict[str, float | str]) -> None:
    """Estimate a copolymer or a blend of the molecule with other units.

    Args:
        info: the model's description.
        folder: the model's.
        smiles: the repeat unit that is shown, the first of the mixture.
        given: the conditions that are shown, at which the other units are predicted too.
    """
    if not st.toggle("Copolymer or blend estimate", key="show mixing"):
        return
    if find(smiles).only is None:
        st.info("The molecule shown is no repeat unit, so there is no mixture of it.")
        return
    answers = info.answers
    if not any(map(rules_of, answers)):
        st.info("There is no mixing rule for any property of this model.")
        return
    left, right = columns("mixing", [1, 1], 300)
    with left:
        units = [smiles, *_other_units()]
    if len(units) == 1:
        return
    names = distinct([clipped(name_of(unit) or unit) for unit in units])
    with right:
        fractions, by_mole = _fractions(names)
        k = _asked_k() if len(units) == 2 else None
    of_moles = units if by_mole else None
    try:
        weights = weight_fractions(fractions[None], of_moles)
    except UserError as error:
        show_error(error)
        return
    with st.spinner(models.LOADING):
        predicted = units_predicted(str(folder), info.created, tuple(units), tuple(given.items()))
    warn_outside(info, predicted, names)
    frames = predicted.values, predicted.low, predicted.high
    show_rules(answers, names, predicted, estimates(answers, *frames, weights, k))
    line = np.linspace(0, 1, _POINTS)
    mixtures = weight_fractions(along(fractions, 1, line), of_moles)
    found = estimates(answers, *frames, mixtures, k)
    _show_curve(answers, names, by_mole, line, found, fractions[1])
    st.caption(
        f"These are mixing rules on what the model predicts of each unit alone, *not* predictions "
        f"of the model. They hold for random copolymers, and for polymers that mix; in blocks and "
        f"blends that part into phases, each phase keeps its own values. Range and band: the rule "
        f"with the lower ends, and with the upper ends, of all units’ {LEVEL:.0%} intervals at "
        "once; the error of the rule itself is not in them."
    )


def _other_units() -> list[str]:
    """The units that are entered, SMILES each; a field more than there are."""
    units: list[str] = []
    for place in range(2, _MOST_UNITS + 1):
        key = f"mixed unit {place}"
        text = st.text_input(
            f"{('Second', 'Third', 'Fourth')[place - 2]} unit, as SMILES or a name",
            key=key,
            max_chars=MAX_LENGTH,
            placeholder="for example polybutadiene" if place == 2 else "may stay empty",
        ).strip()
        if not text:
            break
        found = find(text)
        if found.only is None:
            st.warning(plain(f"{told(found)} Enter one repeat unit."), icon=":material/search:")
            offer_units(found.units[:_MOST_OFFERED], partial(_enter, key), key)
            break
        if found.how != "repeat unit":
            st.caption(plain(told(found)))
        units.append(found.only.smiles)
    return units


def _enter(key: str, smiles: str) -> None:
    """Enter a unit into a field; for a callback."""
    st.session_state[key] = smiles


def _fractions(names: list[str]) -> tuple[np.ndarray, bool]:
    """The units' fractions, and whether they are by mole; the first unit has what is left."""
    by_mole = _BY[
        st.segmented_control(
            "Fractions", list(_BY), default="by weight", key="mixed by", required=True
        )
    ]
    count = len(names)
    shares = [
        st.slider(
            plain(name),
            0,
            100,
            50 if count == 2 else 100 // count,
            format="%d %%",
            key=f"mixed share {count} {place}",
        )
        / 100
        for place, name in enumerate(names[1:], start=2)
    ]
    first = round(1 - sum(shares), 6)
    if first >= 0:
        st.caption(plain(f"{names[0]}: {first:.0%}"))
    # What is too much is left as it is: the sum tells.
    return np.array([max(first, 0.0), *shares]), by_mole


def _asked_k() -> float | None:
    return st.number_input(
        "k of Gordon–Taylor, if it is known",
        min_value=0.01,
        max_value=100.0,
        value=None,
        placeholder="by the Simha–Boyer rule",
        key="mixed k",
        width=300,
        help="Fitted to measured glass transitions. Without it, the densities and glass "
        "transitions of both units give one.",
    )


def _show_curve(
    answers: list[Property],
    names: list[str],
    by_mole: bool,
    line: np.ndarray,
    found: dict[str, list[Estimate]],
    at: float,
) -> None:
    """A property over the composition, by each of its rules."""
    choices = {title_with_name(each): each for each in answers if found[each.name]}
    if not choices:
        return
    forget_stale_choice("mixed property", list(choices))
    property_ = choices[
        st.selectbox("Over the composition", list(choices), key="mixed property", width=300)
    ]
    chart = go.Figure()
    for each, colour, band in zip(found[property_.name], _LINES, _BANDS, strict=False):
        edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
        if np.isfinite(each.low).all() and np.isfinite(each.high).all():
            chart.add_scatter(x=100 * line, y=each.high, **edge)
            chart.add_scatter(x=100 * line, y=each.low, fill="tonexty", fillcolor=band, **edge)
        chart.add_scatter(
            x=100 * line,
            y=each.values,
            mode="lines",
            name=each.rule.name,
            line={"color": colour, "width": 2.5},
            hovertemplate=f"%{{x:.0f}} %: %{{y:.4~g}} {plain_in_chart(property_.unit)}"
            f"<extra>{each.rule.name}</extra>",
        )
    chart.add_vline(x=100 * at, line={"color": "#8a97a3", "dash": "dash", "width": 1.5})
    share = "mol" if by_mole else "weight"
    chart.update_xaxes(title=plain_in_chart(f"{names[1]} ({share} %)"), range=[0, 100])
    chart.update_yaxes(
        title=plain_in_chart(f"{property_.label}, by mixing rule"),
        type=charts.axis_type(property_),
        exponentformat="power",
    )
    chart.update_layout(
        height=380,
        margin={"l": 10, "r": 10, "t": 20, "b": 10},
        legend={"orientation": "h", "y": 1.08},
        showlegend=True,
    )
    st.plotly_chart(chart, theme="streamlit", key="mixing curve")
