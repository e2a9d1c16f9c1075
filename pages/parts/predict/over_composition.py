"""A property over the composition: what the model predicts, beside labels and mixing rules.

A model that learned homopolymers only predicts no composition; then mixing rules on its answers to
the homopolymers stand alone, and that is said.
"""

from pathlib import Path

import numpy as np
import streamlit as st

from engine.base.wording import listed
from engine.chem.architectures import Architecture
from engine.inference.bundle import BundleInfo
from engine.inference.conformal import LEVEL
from engine.inference.over_compositions import (
    Answers,
    OverCompositions,
    along,
    predict_over,
    rules_over,
    triangle,
)
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
from pages.parts.predict.composition_charts import Line, Point, over_fraction, over_triangle
from pages.parts.predict.mixtures import rule_words, show_rules
from pages.parts.predict.rule_answers import rules_here, units_predicted
from pages.parts.predict.shown_composition import Composition

_STEPS, _FINE_STEPS, _SIDE = 20, 100, 10
"""Steps from none to all: of the model's line, of the rules' lines, and of a triangle."""

_RULES_SAY = (
    "Mixing rules hold for random copolymers, and for polymers that mix; in blocks and blends that "
    "part into phases, each phase keeps its own values."
)

_RANGE = (
    f"Range: the rule with the lower ends, and with the upper ends, of all units’ {LEVEL:.0%} "
    "intervals at once; the error of the rule itself is not in it."
)


@st.fragment
@part
def show_over_composition(
    info: BundleInfo,
    folder: Path,
    composition: Composition,
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
    with st.container(horizontal=True, gap="small"):
        property_ = choices[st.selectbox("Property", list(choices), key="over property", width=300)]
        place = _choose_unit(composition)
    value = predicted[property_.name] if predicted else float("nan")
    shown = Point(composition.fractions, value)
    if place is None:
        units = _show_triangle(info, folder, composition, given, property_, shown)
    else:
        units = _show_lines(info, folder, composition, given, (property_, place), shown)
    st.caption(plain(_legend(info, property_, place is None)))
    st.markdown("**The composition shown, beside mixing rules**")
    words = (
        {each.name: number(without_unit(each), predicted[each.name]) for each in info.answers}
        if predicted
        else None
    )
    show_rules(info.answers, composition.names, units, rules_here(info, composition, units), words)
    st.caption(plain(f"{_RULES_SAY} {_RANGE}"))


def _choose_unit(composition: Composition) -> int | None:
    """The unit whose fraction is drawn; None for the triangle of three."""
    if len(composition.units) == 3:
        return None
    if len(composition.units) == 2:
        return 1
    forget_stale_choice("over unit", composition.names)
    name = st.selectbox("Fraction of", composition.names, index=1, key="over unit", width=300)
    return composition.names.index(name)


def _show_lines(
    info: BundleInfo,
    folder: Path,
    composition: Composition,
    given: dict[str, float | str],
    what: tuple[Property, int],
    shown: Point,
) -> Answers:
    """A property over the fraction of one unit; returns the answers to the homopolymers."""
    property_, place = what
    shares = np.array(composition.fractions)
    grid = along(shares, place, np.linspace(0, 1, _STEPS + 1))
    model, units = _answers(info, folder, composition, given, grid)
    line = None
    if model:
        frames = (model.answers.values, model.answers.low, model.answers.high)
        own = [frame[property_.name].to_numpy() for frame in frames]
        line = _with_shown(Line(grid[:, place], *own), place, shown)
    fine = along(shares, place, np.linspace(0, 1, _FINE_STEPS + 1))
    rules = rules_over(info.answers, composition.units, units, fine)[property_.name]
    # Of more units, labels lie at other fractions of the rest than the line.
    of_two = model and len(composition.units) == 2
    labelled = models.labels_of_compositions(folder, composition.units) if of_two else []
    chart = over_fraction(
        property_,
        (place, composition.names[place]),
        line,
        [(each, fine[:, place]) for each in rules],
        labelled,
        shown,
    )
    st.plotly_chart(
        chart,
        theme="streamlit",
        key="over composition",
        alt=f"{property_.label} over the mole fraction of {composition.names[place]}.",
    )
    return units


def _with_shown(line: Line, place: int, shown: Point) -> Line:
    """The line through the composition that is shown too; its interval is that of the grid."""
    at = shown.fractions[place]
    if at in line.fractions:
        return line
    row = int(np.searchsorted(line.fractions, at))
    ends = (np.interp(at, line.fractions, each) for each in (line.low, line.high))
    added = (at, shown.value, *ends)
    return Line(*(np.insert(own, row, new) for own, new in zip(line, added, strict=True)))


def _show_triangle(
    info: BundleInfo,
    folder: Path,
    composition: Composition,
    given: dict[str, float | str],
    property_: Property,
    shown: Point,
) -> Answers:
    """A property over the compositions of three units; returns the answers to the homopolymers."""
    grid = triangle(_SIDE)
    model, units = _answers(info, folder, composition, given, grid)
    if model:
        values, by = model.answers.values[property_.name].to_numpy(), "model"
    else:
        first = rules_over(info.answers, composition.units, units, grid)[property_.name][0]
        values, by = first.values, rule_words(first)
    labelled = models.labels_of_compositions(folder, composition.units) if model else []
    st.plotly_chart(
        over_triangle(property_, composition.names, grid, values, by, labelled, shown),
        theme="streamlit",
        key="over composition",
        alt=f"{property_.label} over the compositions of {listed(composition.names)}, by {by}.",
    )
    return units


def _answers(
    info: BundleInfo,
    folder: Path,
    composition: Composition,
    given: dict[str, float | str],
    grid: np.ndarray,
) -> tuple[OverCompositions | None, Answers]:
    """The model's answers over a grid, where it learned compositions, and to the homopolymers."""
    asked = str(folder), info.created, composition.units
    with st.spinner(models.LOADING, show_time=True):
        if not info.learned_compositions:
            return None, units_predicted(*asked, tuple(given.items()))
        found = _over(*asked, grid, composition.architecture, tuple(given.items()))
        return found, found.units


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


def _legend(info: BundleInfo, property_: Property, is_triangle: bool) -> str:
    """What is drawn, and which fractions the model knows."""
    rules = "mixing rules on the model’s values of the homopolymers"
    if not info.learned_compositions:
        what = "Colours: the first of the" if is_triangle else "Lines:"
        return f"{what} {rules}. They are no predictions of the model."
    seen = info.domain.compositions.get(property_.name) if info.domain else None
    drawn = (
        "Points: the model’s predictions; its corners are its answers to the homopolymers."
        if is_triangle
        else "Line: the model, with its interval as a band; its ends are the model’s answers to "
        f"the homopolymers. Broken lines, for comparison: {rules}."
    )
    return f"{drawn} {trained_on(seen) if seen else ''}".strip()


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
