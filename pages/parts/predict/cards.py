"""Cards that show a predicted value beside its members, its range and its textbook value."""

from html import escape

import numpy as np
import streamlit as st

from engine.inference.against_measured import against_measured_words, caveat
from engine.inference.bundle import BundleInfo
from engine.inference.conformal import LEVEL
from engine.inference.domain_words import OUTSIDE_DOMAIN, DomainInWords
from engine.runs.known_labels import KnownLabel, names_as_measured
from engine.settings.properties import Property
from engine.settings.sources import source_words
from pages.parts.charts import colour_of, title_of
from pages.parts.formatting import number, number_range, unit_of, without_unit
from pages.parts.molecule import IntervalAndDomain, Molecule
from pages.parts.page_guard import part

LEVEL_WORDS = f"{100 * LEVEL:.0f} %"
# Lines and backgrounds are mixed from the text's colour, so that they fit both themes.
_STYLE = """<style>
.pg-cards { display: grid; gap: 14px; grid-template-columns: repeat(auto-fill, minmax(238px, 1fr)) }
.pg-card { border: 1px solid color-mix(in srgb, currentColor 16%, transparent);
  border-radius: .6rem; padding: 14px 16px 12px; line-height: 1.35 }
.pg-name { font-weight: 600; font-size: .95rem }
.pg-soft { opacity: .72; font-size: .82rem }
.pg-value { font-size: 1.95rem; font-weight: 650; margin-top: 4px; letter-spacing: -.01em }
.pg-value small { font-size: 1rem; font-weight: 500; opacity: .75 }
.pg-value.pg-unsure { font-weight: 450; opacity: .6 }
.pg-second { font-size: 1.05rem; font-weight: 550; margin: 2px 0 }
.pg-second small { font-weight: 400; opacity: .75 }
.pg-others { margin-top: 8px; font-size: .86rem }
.pg-bar { position: relative; height: 26px; margin-top: 6px }
.pg-bar i { position: absolute; display: block; box-sizing: border-box }
.pg-line { left: 0; right: 0; top: 12px; height: 2px;
  background: color-mix(in srgb, currentColor 14%, transparent) }
.pg-range { top: 9px; height: 8px; border-radius: 4px;
  background: color-mix(in srgb, currentColor 22%, transparent) }
.pg-dot { width: 9px; height: 9px; top: 8.5px; margin-left: -4.5px; border-radius: 50% }
.pg-mark { width: 4px; height: 24px; top: 1px; margin-left: -2px; border-radius: 2px }
.pg-book { width: 11px; height: 11px; top: 7.5px; margin-left: -5.5px; transform: rotate(45deg);
  border: 2px solid currentColor }
.pg-rows { border-top: 1px solid color-mix(in srgb, currentColor 12%, transparent);
  margin-top: 10px; padding-top: 8px; font-size: .86rem }
.pg-row { display: flex; align-items: center; gap: 8px; padding: 1.5px 0 }
.pg-row b { margin-left: auto; font-weight: 550; font-variant-numeric: tabular-nums }
.pg-row i { width: 9px; height: 9px; border-radius: 50%; flex: none; box-sizing: border-box }
.pg-row i.pg-diamond { border-radius: 0; transform: rotate(45deg) scale(.9);
  border: 2px solid currentColor }
.pg-badge { display: inline-block; font-size: .78rem; margin-top: 6px; padding: 1px 8px;
  border-radius: 9px; cursor: help; line-height: 1.3;
  border: 1px dashed color-mix(in srgb, currentColor 45%, transparent) }
.pg-warn { font-size: .82rem; margin-top: 8px; padding: 5px 8px; border-radius: 6px;
  background: color-mix(in srgb, #f59e0b 20%, transparent) }
</style>"""


_OUTSIDE = (
    "Nearly all molecules from which the model learned this property are more like each other than "
    "this molecule is like them, so the value can be further off than the interval says."
)


@part
def show_cards(info: BundleInfo, molecule: Molecule) -> None:
    """One card for each property that the model answers with; other sources stand below it."""
    cards = [_card(property_, info, molecule) for property_ in info.answers]
    st.html(f'{_STYLE}<div class="pg-cards">{"".join(cards)}</div>')
    st.caption(_legend(info, molecule))


def _legend(info: BundleInfo, molecule: Molecule) -> str:
    words = ["Large number: the blend, a weighted mean of the members listed below it."]
    if any(measured_labels(info, property_, molecule) for property_ in info.answers):
        words = [
            "Large number: the measured value, where there is one, and else the blend, a weighted "
            "mean of the members listed below it. The model has seen the measured values that are "
            "shown, so its own answer there says nothing of how well it predicts."
        ]
    if any(source.kind == "simulated" for source in info.sources):
        words.append(
            "Simulated values are what those simulations give; measured ones can lie far from them."
        )
    if molecule.uncertainty:
        words.append(
            f"{LEVEL_WORDS}: the interval within which about {LEVEL_WORDS} of values lay, on "
            "molecules that the models had not seen."
        )
    if any(value.outside for value in molecule.uncertainty.values()):
        words.append(f"{OUTSIDE_DOMAIN.capitalize()}: {_OUTSIDE[0].lower()}{_OUTSIDE[1:]}")
    in_book = molecule.textbook and any(map(molecule.textbook.value_of, info.names))
    book = "; ◇ the textbook value" if in_book else ""
    words.append(
        "Typical error: mean absolute error on molecules that the models had not seen. Bar: the "
        f"range of the training table, with ┃ the blend and ● each member on it{book}."
    )
    return " ".join(words)


def _card(property_: Property, info: BundleInfo, molecule: Molecule) -> str:
    name, predicted = property_.name, molecule.predicted
    value, uncertainty = predicted["blend"][name], molecule.uncertainty.get(name)
    members = {member: predicted[member][name] for member in info.blend[name]}
    book = molecule.textbook.value_of(name) if molecule.textbook else None
    if measured_labels(info, property_, molecule):
        # The textbook's is one of the measured values above.
        book = None
    low, high = info.ranges[name]
    error = info.figures["blend"]["mae"].get(name)
    words = [*([] if property_.title == name else [name]), unit_of(property_)]
    parts = [
        f'<div class="pg-name">{escape(property_.title)}</div>',
        f'<div class="pg-soft">{escape(", ".join(words))}</div>',
        *_values(property_, info, molecule),
        *_interval(property_, uncertainty),
        f'<div class="pg-soft">{escape(_typical_error(property_, error, uncertainty))}</div>',
        _bar(property_, value, members, book[0] if book else None, (low, high)),
        f'<div class="pg-soft">training table: '
        f"{escape(number_range(property_, low, high, ' … '))}</div>",
        *_other_sources(property_, info, molecule),
    ]
    if not low <= value <= high:
        parts.append(
            '<div class="pg-warn">Outside the training range: the model extrapolates.</div>'
        )
    parts += _domain(uncertainty.domain) if uncertainty else []
    parts.append(f'<div class="pg-rows">{_rows(property_, members, book)}</div>')
    return f'<div class="pg-card">{"".join(parts)}</div>'


def _values(property_: Property, info: BundleInfo, molecule: Molecule) -> list[str]:
    """The answer, large; where the molecule was measured, the measured value before it."""
    value = molecule.predicted["blend"][property_.name]
    answer = f"{number(without_unit(property_), value)} <small>{escape(property_.unit)}</small>"
    like = escape(source_words(info.sources, property_))
    labels = measured_labels(info, property_, molecule)
    if not labels:
        words = ", ".join(filter(None, [like, escape(trusted(info, property_))]))
        said = f'<div class="pg-soft">predicted, {words}</div>' if words else ""
        if known := caveat(property_, like):
            said += f'<div class="pg-soft">{escape(known)}</div>'
        uncertainty = molecule.uncertainty.get(property_.name)
        unsure = " pg-unsure" if uncertainty and uncertainty.outside else ""
        simulated = escape(simulated_words(property_, molecule, in_full=True))
        return [
            f'<div class="pg-value{unsure}">{answer}</div>',
            said,
            f'<div class="pg-soft">{simulated}</div>' if simulated else "",
        ]
    first = number(without_unit(property_), labels[0].value)
    others = ", ".join(number(property_, each.value) for each in labels[1:])
    also = f"; also {escape(others)}" if others else ""
    by = "measured" if property_.source == "measured" else f"measured by {escape(property_.source)}"
    if labels[0].any_stereo:
        by += ", cis, trans or tacticity not told apart"
    return [
        f'<div class="pg-value">{first} <small>{escape(property_.unit)}</small></div>',
        f'<div class="pg-soft">{by}: {escape(labels[0].reference)}{also}</div>',
        f'<div class="pg-second">model {answer} <small>· has seen this value</small></div>',
    ]


def measured_labels(info: BundleInfo, property_: Property, molecule: Molecule) -> list[KnownLabel]:
    """The measured values of a molecule that the model learned, where it answers as measured."""
    as_measured = property_.name in names_as_measured(info)
    return molecule.known.get(property_.name, []) if as_measured else []


def simulated_labels(property_: Property, molecule: Molecule) -> list[KnownLabel]:
    """The simulated or computed values of a molecule that the model learned of a property."""
    known = molecule.known.get(property_.name, [])
    return [label for label in known if label.kind in ("simulated", "computed")]


def simulated_words(property_: Property, molecule: Molecule, in_full: bool = False) -> str:
    """The same in words: `simulated value (radonpy): 3342 J/(kg·K)`; empty where there is none.

    Args:
        property_: as its source has it.
        molecule: what is known of it.
        in_full: whether the reference is named too.
    """
    labels = simulated_labels(property_, molecule)
    if not labels:
        return ""
    values = ", ".join(dict.fromkeys(number(property_, label.value) for label in labels))
    words = f"{labels[0].kind} value ({property_.source or 'training table'}): {values}"
    if not in_full:
        return words
    words += f", {labels[0].reference}"
    if labels[0].any_stereo:
        words += ", cis, trans or tacticity not told apart"
    return f"{words}; the model has seen it"


def other_sources(info: BundleInfo, property_: Property) -> list[Property]:
    """The same quantity as the model's other sources have it."""
    return [
        each
        for each in info.properties
        if each.base == property_.base and each.name != property_.name
    ]


def trusted(info: BundleInfo, property_: Property, said: str = "") -> str:
    """How far answers as simulated were from measured values; empty where that is said already."""
    words = against_measured_words(info, property_)
    return "" if words == said else words


def _other_sources(property_: Property, info: BundleInfo, molecule: Molecule) -> list[str]:
    """The same property as other sources have it, small, and how far that is from measured."""
    lines, own = [], trusted(info, property_)
    for each in other_sources(info, property_):
        lines.append(
            f'<div class="pg-row"><span>{escape(source_words(info.sources, each))}</span>'
            f"<b>{escape(number(each, molecule.predicted['blend'][each.name]))}</b></div>"
        )
        for words in (trusted(info, each, own), simulated_words(each, molecule, in_full=True)):
            if words:
                lines.append(f'<div class="pg-soft">{escape(words)}</div>')
    return [f'<div class="pg-others">{"".join(lines)}</div>'] if lines else []


def _interval(property_: Property, uncertainty: IntervalAndDomain | None) -> list[str]:
    if uncertainty is None or uncertainty.low != uncertainty.low:
        return []
    ends = number_range(property_, uncertainty.low, uncertainty.high)
    return [f"<div>{LEVEL_WORDS}: {escape(ends)}</div>"]


def _typical_error(
    property_: Property, error: float | None, uncertainty: IntervalAndDomain | None
) -> str:
    """The error of molecules like this one, where it was measured, and that of all."""
    overall = f"±{number(property_.errors, error)}"
    here = uncertainty.domain.typical if uncertainty else ""
    return f"typical error {here}, {overall} overall" if here else f"typical error {overall}"


def _domain(domain: DomainInWords) -> list[str]:
    """How like the training units the molecule is."""
    lines = []
    if domain.similarity == domain.similarity:
        words = f"nearest training unit: similarity {domain.similarity:.2f}"
        lines.append(f'<div class="pg-soft" title="{escape(domain.effect)}">{escape(words)}</div>')
    if domain.outside:
        why = f": {domain.brief}" if domain.brief else ""
        said = f"a guess, {OUTSIDE_DOMAIN}" if domain.guess else OUTSIDE_DOMAIN
        told = " ".join(filter(None, [domain.new, domain.far, domain.effect]))
        lines.append(
            f'<div class="pg-badge" title="{escape(told or _OUTSIDE)}">{said}{escape(why)}</div>'
        )
    return lines


def _rows(property_: Property, members: dict[str, float], book: tuple[float, str] | None) -> str:
    rows = [
        f'<div class="pg-row"><i style="background:{colour_of(member)}"></i>'
        f"<span>{escape(title_of(member))}</span><b>{escape(number(property_, value))}</b></div>"
        for member, value in members.items()
    ]
    if book:
        rows.append(
            '<div class="pg-row"><i class="pg-diamond"></i><span>Textbook</span>'
            f"<b>{escape(number(property_, book[0]))}</b></div>"
            f'<div class="pg-soft" style="padding-left:17px">{escape(book[1])}</div>'
        )
    return "".join(rows)


def _bar(
    property_: Property,
    value: float,
    members: dict[str, float],
    book: float | None,
    ends: tuple[float, float],
) -> str:
    """The training range as a bar; it grows beyond the range where a value lies outside."""

    def scaled(number: float) -> float:
        return float(property_.scaled(np.array(number)))

    low, high = map(scaled, ends)
    shown = [*map(scaled, (value, *members.values(), *([] if book is None else [book]))), low, high]
    start, width = np.nanmin(shown), np.ptp([each for each in shown if each == each]) or 1.0

    def place(number: float) -> str:
        return f"{2 + 96 * (scaled(number) - start) / width:.2f}%"

    marks = [
        '<i class="pg-line"></i>',
        f'<i class="pg-range" style="left:{place(ends[0])};'
        f'width:{96 * (high - low) / width:.2f}%"></i>',
    ]
    marks += [
        f'<i class="pg-dot" style="left:{place(prediction)};background:{colour_of(member)}"></i>'
        for member, prediction in members.items()
    ]
    if book is not None:
        marks.append(f'<i class="pg-book" style="left:{place(book)}"></i>')
    marks.append(
        f'<i class="pg-mark" style="left:{place(value)};background:{colour_of("blend")}"></i>'
    )
    return f'<div class="pg-bar">{"".join(marks)}</div>'
