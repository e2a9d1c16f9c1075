"""A property over the composition: what the model predicts, beside labels and mixing rules.

A model that learned homopolymers only predicts no composition; then mixing rules on the
homopolymers stand alone, with the bands that follow from these, and that is said.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import streamlit as st

from engine.base.wording import listed
from engine.chem.architectures import Architecture
from engine.chem.polymers import weights_of
from engine.inference.bundle import BundleInfo
from engine.inference.homopolymers import Homopolymers, rules_over
from engine.inference.mixing import GORDON_TAYLOR, rules_of
from engine.inference.over_compositions import OverCompositions, along, predict_over, triangle
from engine.inference.seen_compositions import SeenCompositions
from engine.settings.properties import Property
from pages.parts import models
from pages.parts.formatting import (
    number,
    plain,
    title_with_name,
    without_unit,
)
from pages.parts.layout import forget_stale_choice
from pages.parts.page_guard import part
from pages.parts.predict.composition_charts import BAND_OF, Line, Point, RuleLine, over_fraction
from pages.parts.predict.composition_triangle import Coloured, over_triangle
from pages.parts.predict.mixtures import rule_words, show_rules
from pages.parts.predict.rule_answers import rules_here, units_predicted, with_measured
from pages.parts.predict.shown_composition import ShownComposition
from pages.parts.predict.units import is_by_weight

_STEPS, _FINE_STEPS, _SIDE = 20, 100, 10
"""Steps from none to all: of the model's line, of the rules' lines, and of a triangle."""

_RULES_SAY = (
    "Mixing rules hold for random copolymers, and for polymers that mix; in blocks and blends that "
    "part into phases, each phase keeps its own values."
)

_RANGE = (
    f"Range: the rule with the lower ends, and with the upper ends, of the model’s {BAND_OF} at "
    "once. Of a measured homopolymer too, it says how sure the model is; the error of the rule "
    "itself is not in it."
)


class _Asked(NamedTuple):
    """A composition that is shown: of a model and its folder, under the conditions that are given.

    Attributes:
        info, folder: of the model.
        composition: it.
        given: the conditions.
    """

    info: BundleInfo
    folder: Path
    composition: ShownComposition
    given: dict[str, float | str]


@st.fragment
@part
def show_over_composition(
    info: BundleInfo,
    folder: Path,
    composition: ShownComposition,
    given: dict[str, float | str],
    predicted: dict[str, float] | None,
) -> None:
    """A property over the composition, and all of them by mixing rules.

    Args:
        info: the model's description.
        folder: the model's.
        composition: that is shown.
        given: the conditions that are shown.
        predicted: by property, what the model predicts of the composition; None where it does not.
    """
    st.subheader("Over the composition")
    choices = {title_with_name(each): each for each in info.answers}
    forget_stale_choice("over property", list(choices))
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        property_ = choices[st.selectbox("Property", list(choices), key="over property", width=300)]
        place = _choose_unit(composition)
        k = _asked_k(composition) if GORDON_TAYLOR in rules_of(property_) else None
    value = predicted[property_.name] if predicted else float("nan")
    asked, shown = _Asked(info, folder, composition, given), Point(composition.fractions, value)
    if place is None:
        units = _show_triangle(asked, property_, shown)
    else:
        units = _show_lines(asked, property_, place, k, shown)
    st.caption(plain(_legend(asked, property_, place is None, units)))
    st.markdown("**The composition shown, beside mixing rules**")
    words = (
        {each.name: number(without_unit(each), predicted[each.name]) for each in info.answers}
        if predicted
        else None
    )
    found = rules_here(info, composition, units, k)
    show_rules(info.answers, composition.names, units, found, words)
    st.caption(plain(f"{_RULES_SAY} {_RANGE}"))


def _asked_k(composition: ShownComposition) -> float | None:
    """The k of Gordon and Taylor, of the second of two units, where somebody knows it."""
    if len(composition.units) != 2:
        return None
    return st.number_input(
        "k of Gordon–Taylor, if it is known",
        min_value=0.01,
        max_value=100.0,
        value=None,
        placeholder="by the Simha–Boyer rule",
        key="mixed k",
        width=300,
        help=plain(
            f"Of {composition.names[1]}, fitted to measured glass transitions. Without it, the "
            "densities and glass transitions of both homopolymers give one."
        ),
    )


def _choose_unit(composition: ShownComposition) -> int | None:
    """The unit whose fraction is drawn; None for the triangle of three."""
    if len(composition.units) == 3:
        return None
    if len(composition.units) == 2:
        return 1
    forget_stale_choice("over unit", composition.names)
    name = st.selectbox("Fraction of", composition.names, index=1, key="over unit", width=300)
    return composition.names.index(name)


def _show_lines(
    asked: _Asked, property_: Property, place: int, k: float | None, shown: Point
) -> Homopolymers:
    """A property over the fraction of one unit; returns the homopolymers."""
    composition = asked.composition
    shares = np.array(composition.fractions)
    grid = along(shares, place, np.linspace(0, 1, _STEPS + 1))
    model, units = _answers(asked, grid)
    axis = "Weight fraction" if is_by_weight() else "Mole fraction"
    shown = shown._replace(fractions=_on_axis(asked, [shown.fractions])[0].tolist())
    line = None
    if model:
        frames = (model.answers.values, model.answers.low, model.answers.high)
        own = [frame[property_.name].to_numpy() for frame in frames]
        line = _with_shown(Line(_on_axis(asked, grid)[:, place], *own), place, shown)
    # Of more units, labels lie at other fractions of the rest than the line.
    of_two = len(composition.units) == 2
    labelled = models.labels_of_compositions(asked.folder, composition.units) if model else []
    chart = over_fraction(
        property_,
        (place, composition.names[place]),
        line,
        _rule_lines(asked, property_, place, k, units),
        [
            each._replace(fractions=tuple(_on_axis(asked, [each.fractions])[0].tolist()))
            for each in labelled
            if of_two
        ],
        shown,
        _ends(property_, place, units) if of_two and not model else [],
        axis,
    )
    st.plotly_chart(
        chart,
        theme="streamlit",
        key="over composition",
        alt=f"{property_.label} over the {axis.lower()} of {composition.names[place]}.",
    )
    return units


def _on_axis(asked: _Asked, fractions: Sequence[Sequence[float]] | np.ndarray) -> np.ndarray:
    """Mole fractions `(P, N)` as the chart's axis has them: of weight, where amounts are."""
    moles = np.asarray(fractions, dtype=np.float64)
    return weights_of(asked.composition.units, moles) if is_by_weight() else moles


def _rule_lines(
    asked: _Asked, property_: Property, place: int, k: float | None, units: Homopolymers
) -> list[RuleLine]:
    """What the rules of a property say over the fraction of one unit."""
    shares = np.array(asked.composition.fractions)
    fine = along(shares, place, np.linspace(0, 1, _FINE_STEPS + 1))
    found = rules_over(asked.info.answers, asked.composition.units, units, fine, k)
    return [
        RuleLine(
            rule_words(each),
            units.of_property(property_.name),
            Line(_on_axis(asked, fine)[:, place], each.values, each.low, each.high),
        )
        for each in found[property_.name]
    ]


def _ends(property_: Property, place: int, units: Homopolymers) -> list[tuple[float, float, str]]:
    """Where the homopolymers of two units lie: fraction, value, and how that is known."""
    return [
        (float(row == place), value, "measured" if measured else "predicted")
        for row, (value, measured) in enumerate(
            zip(units.values[property_.name], units.measured[property_.name], strict=True)
        )
    ]


def _with_shown(line: Line, place: int, shown: Point) -> Line:
    """The line through the composition that is shown too; its interval is that of the grid."""
    at = shown.fractions[place]
    if at in line.fractions:
        return line
    row = int(np.searchsorted(line.fractions, at))
    ends = (np.interp(at, line.fractions, each) for each in (line.low, line.high))
    added = (at, shown.value, *ends)
    return Line(*(np.insert(own, row, new) for own, new in zip(line, added, strict=True)))


def _show_triangle(asked: _Asked, property_: Property, shown: Point) -> Homopolymers:
    """A property over the compositions of three units; returns the homopolymers."""
    grid, composition = triangle(_SIDE), asked.composition
    model, units = _answers(asked, grid)
    if model:
        frames = (model.answers.values, model.answers.low, model.answers.high)
        ends, by = [each[property_.name].to_numpy() for each in frames], "model"
    else:
        rules = rules_over(asked.info.answers, composition.units, units, grid)
        first = rules[property_.name][0]
        ends = [first.values, first.low, first.high]
        by = f"{rule_words(first)}, from {units.of_property(property_.name)}"
    labelled = models.labels_of_compositions(asked.folder, composition.units) if model else []
    st.plotly_chart(
        over_triangle(property_, composition.names, Coloured(grid, *ends, by), labelled, shown),
        theme="streamlit",
        key="over composition",
        alt=f"{property_.label} over the compositions of {listed(composition.names)}, by {by}.",
    )
    return units


def _answers(asked: _Asked, grid: np.ndarray) -> tuple[OverCompositions | None, Homopolymers]:
    """The model's answers over a grid, where it learned compositions, and the homopolymers."""
    info, folder, composition, given = asked
    key = str(folder), info.created, composition.units
    with st.spinner(models.LOADING, show_time=True):
        if not info.learned_compositions:
            alone = units_predicted(*key, tuple(given.items()))
            return None, with_measured(folder, composition, alone)
        found = _over(*key, grid, composition.architecture, tuple(given.items()))
        return found, with_measured(folder, composition, found.units)


@st.cache_data(max_entries=50, show_spinner=False)
def _over(
    folder: str,
    created: str,
    units: tuple[str, ...],
    grid: np.ndarray,
    architecture: Architecture,
    given: tuple[tuple[str, float | str], ...],
) -> OverCompositions:
    """The answers over a grid; `created` tells a model from another that had its folder."""
    predictor = models.load_predictor(Path(folder))
    return predict_over(predictor, units, grid, architecture, dict(given))


def _legend(asked: _Asked, property_: Property, is_triangle: bool, units: Homopolymers) -> str:
    """What is drawn, and which fractions the model knows."""
    info = asked.info
    known = units.in_words(property_.name, asked.composition.names)
    rules = f"mixing rules on the homopolymers’ values ({known})"
    if not info.learned_compositions:
        what = "Colours: the first of the" if is_triangle else "Lines:"
        has_band = not is_triangle and _has_band(property_, units)
        band = f"Band: the first rule, from the model’s {BAND_OF}." if has_band else ""
        return f"{what} {rules}. They are no predictions of the model. {band}".strip()
    seen = info.domain.compositions.get(property_.name) if info.domain else None
    drawn = (
        "Points: the model’s predictions; its corners are its answers to the homopolymers."
        if is_triangle
        else "Line: the model, with its interval as a band; its ends are the model’s answers to "
        f"the homopolymers. Broken lines, for comparison: {rules}."
    )
    return f"{drawn} {trained_on(seen) if seen else ''}".strip()


def _has_band(property_: Property, units: Homopolymers) -> bool:
    return bool(np.isfinite([units.low[property_.name], units.high[property_.name]]).all())


def trained_on(seen: SeenCompositions) -> str:
    """Which fractions a model was trained on, as a sentence."""
    what = "mole fractions of canonical repeat units"
    if not seen.few:
        return f"The model was trained on {what} from {seen.in_words}."
    between = [each for each in seen.fractions if each < 1]
    if not between:
        return ""
    words = listed([f"{each:.3g}" for each in between], most=len(between))
    if 1.0 in seen.fractions:
        return (
            f"The model was trained on {what} of {words}, and on homopolymers; between these it "
            "interpolates."
        )
    return (
        f"The model was trained on {what} of {words}, and on no homopolymer; between these it "
        "interpolates, and beyond them it extrapolates."
    )
