"""All answers at a glance: each property's value, interval and domain in two lines."""

from collections.abc import Collection
from html import escape

import numpy as np
import streamlit as st

from engine.base.wording import listed
from engine.inference.against_measured import NEVER, caveat, is_simulated
from engine.inference.bundle import BundleInfo
from engine.settings.properties import Property
from engine.settings.sources import source_words
from pages.parts.formatting import number, number_range, plain, without_unit
from pages.parts.molecule import IntervalAndDomain, Molecule
from pages.parts.page_guard import part
from pages.parts.predict.cards import (
    LEVEL_WORDS,
    measured_labels,
    other_sources,
    simulated_words,
    trusted,
)

# Lines are mixed from the text's colour, so that they fit both themes.
STYLE = """<style>
.pg-answers { border: 1px solid color-mix(in srgb, currentColor 16%, transparent);
  border-radius: .6rem; line-height: 1.25; margin: 0; padding: 0 !important }
.pg-answer { display: grid; margin: 0; grid-template-columns: minmax(0, 1fr) auto; gap: 0 12px;
  padding: 3px 14px }
.pg-answer + .pg-answer { border-top: 1px solid color-mix(in srgb, currentColor 11%, transparent) }
.pg-answer dt, .pg-answer dd { margin: 0 }
.pg-answer dt { font-size: .9rem; font-weight: 550; overflow-wrap: anywhere }
.pg-answer .pg-number { font-size: 1.12rem; font-weight: 650; text-align: right;
  font-variant-numeric: tabular-nums; white-space: nowrap }
.pg-answer .pg-number.pg-simulated { font-weight: 450 }
.pg-answer .pg-number.pg-unsure { font-weight: 450; font-style: italic }
.pg-answer .pg-said { font-size: .75rem }
.pg-answer .pg-ends { font-size: .75rem; text-align: right; white-space: nowrap }
.pg-answer .pg-others-said { grid-column: 1 / -1 }
.pg-answer .pg-outside { color: light-dark(#9a3412, #fdba74); font-weight: 550 }
</style>"""

_BEYOND = "outside the training range"
_LONGEST_SYMBOL = 8


@part
def show_answers(info: BundleInfo, molecule: Molecule) -> None:
    """Each property that the model answers with, in the order of its table.

    Args:
        info: the model's description.
        molecule: its predictions, and what is known of it.
    """
    answers = info.answers
    rows = "".join(_row(info, each, molecule) for each in answers)
    st.html(f'{STYLE}<dl class="pg-answers">{rows}</dl>')


@part
def show_caveats(info: BundleInfo, predicted: Collection[str]) -> None:
    """What is to be known of simulated answers: once, where a line in each row would be too much.

    Args:
        info: the model's description.
        predicted: the properties whose values are not all measured.
    """
    answers = info.answers
    unproven = [
        each.title for each in answers if trusted(info, each) == NEVER and each.name in predicted
    ]
    if unproven:
        st.caption(plain(f"{NEVER[0].upper()}{NEVER[1:]}: {listed(unproven, most=99)}."))
    known = [
        f"{each.title}: {words}."
        for each in answers
        if (words := caveat(each, source_words(info.sources, each)))
    ]
    if known:
        st.caption(plain(" ".join(known)))


def _row(info: BundleInfo, property_: Property, molecule: Molecule) -> str:
    value = molecule.predicted["blend"][property_.name]
    sure = molecule.uncertainty.get(property_.name)
    labels = measured_labels(info, property_, molecule)
    shown = labels[0].value if labels else value
    unsure = " pg-unsure" if sure and sure.outside and not labels else ""
    # What was never measured, or is far from it, should not catch the eye as measured values do.
    unsure += " pg-simulated" if is_simulated(info, property_) else ""
    return (
        f'<div class="pg-answer"><dt>{escape(answer_title(property_))}</dt>'
        f'<dd class="pg-number{unsure}">{escape(number(property_, shown))}</dd>'
        f'<dd class="pg-said">{_said(info, property_, molecule)}</dd>'
        f'<dd class="pg-ends">{escape(_ends(property_, value, sure, bool(labels)))}</dd>'
        f"{_beside(info, property_, molecule)}</div>"
    )


def answer_title(property_: Property) -> str:
    """The title of a row of answers, with the name behind it where that is a symbol."""
    if property_.title == property_.name or len(property_.name) > _LONGEST_SYMBOL:
        return property_.title
    return f"{property_.title} ({property_.name})"


def _said(info: BundleInfo, property_: Property, molecule: Molecule) -> str:
    """Whether the value is measured or predicted, and how far it can be trusted."""
    value = molecule.predicted["blend"][property_.name]
    sure = molecule.uncertainty.get(property_.name)
    if labels := measured_labels(info, property_, molecule):
        others = [each.value for each in labels if each.value != labels[0].value]
        also = f" · also {listed([number(property_, each) for each in others])}" if others else ""
        return escape(f"measured: {labels[0].reference}{also}")
    words = [escape(f"predicted {source_words(info.sources, property_)}".strip())]
    low, high = info.ranges[property_.name]
    if sure and sure.outside:
        # In full among the details; here it would be said of each property.
        hint = escape(sure.domain.brief)
        said = "a guess" if sure.domain.guess else "outside the domain"
        words.append(f'<span class="pg-outside" title="{hint}">{said}</span>')
    elif not low <= value <= high:
        words.append(f'<span class="pg-outside">{_BEYOND}</span>')
    elif sure:
        words.append("in domain")
    return " · ".join(words)


def _beside(info: BundleInfo, property_: Property, molecule: Molecule) -> str:
    """What else is known of the value, in a line of its own; the details say more of it.

    That is how far such answers were from measured values, what the training table has of this
    molecule without having been measured, and what the other sources say.
    """
    blend = molecule.predicted["blend"]
    own = "" if measured_labels(info, property_, molecule) else trusted(info, property_, NEVER)
    said = [own, simulated_words(property_, molecule)]
    said += [
        f"{source_words(info.sources, each)} {number(each, blend[each.name])}"
        for each in other_sources(info, property_)
    ]
    words = " · ".join(map(escape, filter(None, said)))
    return f'<dd class="pg-said pg-others-said">{words}</dd>' if words else ""


def _ends(
    property_: Property, value: float, sure: IntervalAndDomain | None, is_measured: bool
) -> str:
    """The interval's ends; of a measured value, what the model says instead."""
    bare = without_unit(property_)
    if is_measured:
        return f"model: {number(bare, value)}"
    if sure is None or not np.isfinite(sure.low):
        return ""
    return f"{LEVEL_WORDS}: {number_range(bare, sure.low, sure.high)}"
