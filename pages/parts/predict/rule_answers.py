"""What mixing rules say of a composition, for a model that learned homopolymers only."""

from html import escape
from pathlib import Path

import numpy as np
import streamlit as st

from engine.inference.bundle import BundleInfo
from engine.inference.homopolymers import Homopolymers, rules_over
from engine.inference.mixing import Estimate
from engine.inference.over_compositions import Answers, answers_of
from engine.settings.properties import Property
from engine.settings.sources import source_words
from pages.parts import models
from pages.parts.formatting import number, number_range, without_unit
from pages.parts.page_guard import part
from pages.parts.predict.answers import STYLE, answer_title, show_caveats
from pages.parts.predict.mixtures import rule_words, warn_outside
from pages.parts.predict.shown_composition import ShownComposition

_HOMOPOLYMERS_ONLY = (
    "This model learned homopolymers only, so it predicts no copolymer. What stands here are "
    "mixing rules on the homopolymers: on their measured values where these are known, else on "
    "what the model predicts of them. They know nothing of the units’ sequence."
)


@part
def show_rule_answers(
    info: BundleInfo, folder: Path, composition: ShownComposition, given: dict[str, float | str]
) -> None:
    """What mixing rules say of a composition, for a model that learned homopolymers only."""
    st.info(_HOMOPOLYMERS_ONLY, icon=":material/info:")
    with st.spinner(models.LOADING):
        asked = str(folder), info.created, composition.units, tuple(given.items())
        units = with_measured(folder, composition, units_predicted(*asked))
    warn_outside(info, units, composition.names)
    found = rules_here(info, composition, units)
    rows = "".join(_rule_row(info, each, found[each.name], units) for each in info.answers)
    st.html(f'{STYLE}<dl class="pg-answers">{rows}</dl>')
    show_caveats(info, {name for name in info.names if not units.measured[name].all()})


def _rule_row(
    info: BundleInfo, property_: Property, found: list[Estimate], units: Homopolymers
) -> str:
    bare, first = without_unit(property_), found[0]
    low, high = first.low[0], first.high[0]
    ends = f"range: {number_range(bare, low, high)}" if low == low else ""
    others = " · ".join(
        f"{rule_words(each)}: {number(property_, each.values[0])}" for each in found[1:]
    )
    beside = f'<dd class="pg-said pg-others-said">{escape(others)}</dd>' if others else ""
    all_measured = units.measured[property_.name].all()
    simulated = "" if all_measured else " pg-simulated"
    said = _rule_title(first, units.of_property(property_.name))
    if not all_measured and (like := source_words(info.sources, property_)):
        said = f"{said}, {like}"
    return (
        f'<div class="pg-answer"><dt>{escape(answer_title(property_))}</dt>'
        f'<dd class="pg-number{simulated}">{escape(number(property_, first.values[0]))}</dd>'
        f'<dd class="pg-said">{escape(said)}</dd>'
        f'<dd class="pg-ends">{escape(ends)}</dd>{beside}</div>'
    )


def _rule_title(estimate: Estimate, homopolymers: str) -> str:
    equation = "" if " " in rule_words(estimate) else " equation"
    return f"{rule_words(estimate)}{equation} from {homopolymers}"


def rules_here(
    info: BundleInfo, composition: ShownComposition, units: Homopolymers, k: float | None = None
) -> dict[str, list[Estimate]]:
    """What rules say of the composition that is shown, by property.

    Args:
        info: of the model.
        composition: of N units.
        units: the N homopolymers.
        k: of Gordon and Taylor, where it is known.
    """
    fractions = np.array([composition.fractions])
    return rules_over(info.answers, composition.units, units, fractions, k)


def with_measured(folder: Path, composition: ShownComposition, predicted: Answers) -> Homopolymers:
    """The homopolymers of a composition, with measured values where the page shows such.

    Args:
        folder: the model's.
        composition: of N units.
        predicted: the model's answers to the N homopolymers.
    """
    return Homopolymers.of(predicted, models.measured_homopolymers(folder, composition.units))


@st.cache_data(max_entries=100, show_spinner=False)
def units_predicted(
    folder: str, created: str, units: tuple[str, ...], given: tuple[tuple[str, float | str], ...]
) -> Answers:
    """The answers to the homopolymers; `created` tells a model from another that had its folder."""
    return answers_of(models.load_predictor(Path(folder)), units, dict(given))
