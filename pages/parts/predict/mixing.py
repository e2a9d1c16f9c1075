"""What mixing rules say of a copolymer or a blend of the molecule with other units."""

from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from engine.base.errors import UserError
from engine.base.wording import clipped, distinct, listed
from engine.chem.finding import find, name_of, told
from engine.chem.polymers import unit_mass
from engine.chem.smiles import MAX_LENGTH
from engine.inference.bundle import BundleInfo
from engine.inference.conformal import LEVEL
from engine.inference.mixing import Estimate, estimates, rules_of, weight_fractions
from engine.settings.conditions import same_for_all
from engine.settings.properties import Property
from pages.parts import charts, models
from pages.parts.formatting import (
    number,
    number_range,
    plain,
    plain_in_chart,
    show_error,
    title_with_name,
    without_unit,
)
from pages.parts.layout import columns, forget_stale_choice
from pages.parts.offers import offer_units
from pages.parts.page_guard import part

_MOST_UNITS = 4
_MOST_OFFERED = 8
_POINTS = 101
_LINES = (charts.BLEND_COLOUR, "#d9822b")
_BANDS = ("rgba(113, 116, 245, 0.18)", "rgba(217, 130, 43, 0.14)")
_BY = {"by weight": False, "by mole of repeat units": True}


class _Units(NamedTuple):
    """What is predicted of N units.

    Attributes:
        values, low, high: N rows, a column for each property, in the properties' units.
        outside: N rows of bool: whether a unit is outside the domain.
        warnings: N sentences, what no training unit has.
    """

    values: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame
    outside: pd.DataFrame
    warnings: list[str]


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
    masses = np.array([unit_mass(unit) for unit in units]) if by_mole else None
    try:
        weights = weight_fractions(fractions[None], masses)
    except UserError as error:
        show_error(error)
        return
    with st.spinner(models.LOADING):
        predicted = _predicted(str(folder), info.created, tuple(units), tuple(given.items()))
    _warn(info, predicted, names)
    frames = predicted.values, predicted.low, predicted.high
    _show_table(answers, names, predicted, estimates(answers, *frames, weights, k))
    line = np.linspace(0, 1, _POINTS)
    along = weight_fractions(_compositions(fractions, line), masses)
    _show_curve(answers, names, by_mole, line, estimates(answers, *frames, along, k), fractions[1])
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


def _compositions(fractions: np.ndarray, line: np.ndarray) -> np.ndarray:
    """Compositions along a line on which the second unit goes from none to all, shape `(P, N)`."""
    others = fractions.copy()
    others[1] = 0.0
    if not others.sum():
        others[0] = 1.0
    along = (1 - line)[:, None] * others / others.sum()
    along[:, 1] = line
    return along


@st.cache_data(max_entries=100, show_spinner=False)
def _predicted(
    folder: str, created: str, units: tuple[str, ...], given: tuple[tuple[str, float | str], ...]
) -> _Units:
    """What is predicted of units; `created` tells a model from another that had its folder."""
    predictor = models.load_predictor(Path(folder))
    at = same_for_all(predictor.info.conditions, len(units), dict(given))
    predicted = predictor.predict(units, given=at)
    if predicted.problems:
        row, problem = next(iter(predicted.problems.items()))
        raise UserError(f"The unit {clipped(units[row])} is not predicted: {problem}.")
    sentences = predicted.warnings(predictor.info.answer_names)
    warnings = [sentences.get(row, "") for row in range(len(units))]
    return _Units(predicted.blend, *predictor.ends_and_outside(predicted), warnings)


def _warn(info: BundleInfo, predicted: _Units, names: list[str]) -> None:
    """Say which units are outside the domain: no rule is better than what it mixes."""
    for row, name in enumerate(names):
        outside = [each for each in info.answer_names if predicted.outside[each][row]]
        if outside:
            words = f"{name} is outside the applicability domain for {listed(outside)}"
            st.warning(
                plain(f"{words}. {predicted.warnings[row]}".strip()), icon=":material/warning:"
            )


def _show_table(
    answers: list[Property],
    names: list[str],
    predicted: _Units,
    found: dict[str, list[Estimate]],
) -> None:
    rows = []
    for property_ in answers:
        bare = without_unit(property_)
        values = predicted.values[property_.name]
        own = {name: number(bare, value) for name, value in zip(names, values, strict=True)}
        if not found[property_.name]:
            why = "needs a density" if rules_of(property_) else "no rule"
            none = {"mixture": "–", "range": "–", "rule": why}
            rows.append({"property": property_.label, **none, **own})
        for each in found[property_.name]:
            low, high = each.low[0], each.high[0]
            rows.append(
                {
                    "property": property_.label,
                    "mixture": number(bare, each.values[0]),
                    "range": number_range(bare, low, high) if low == low else "–",
                    "rule": _rule_words(each),
                    **own,
                    "formula": each.rule.formula,
                    "source": each.rule.source,
                }
            )
    st.dataframe(
        pd.DataFrame(rows).fillna(""),
        hide_index=True,
        height="content",
        alt="The mixture's properties by mixing rules",
    )


def _rule_words(estimate: Estimate) -> str:
    if estimate.k is None:
        return estimate.rule.name
    return f"{estimate.rule.name}, k = {', '.join(f'{k:.2f}' for k in estimate.k[1:])}"


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
