"""What a model says of itself: its training, its errors, its sources and its card."""

import re
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pandas as pd
import streamlit as st

from engine.base.errors import UserError
from engine.base.manifest import CARD, MOST_CARD_BYTES
from engine.base.plain_files import read_file
from engine.base.wording import listed
from engine.inference import bundle
from engine.inference.composition_words import learned_words
from engine.inference.conformal import LEVEL
from engine.settings.metrics import HEADLINES, WMAE, headline
from engine.settings.presets import preset_title
from engine.settings.properties import Property
from pages.parts.charts import title_of
from pages.parts.formatting import (
    errors_beside_unit,
    number,
    number_range,
    plain,
    title_with_name,
    unit_of,
    without_unit,
)
from pages.parts.models import shown_info
from pages.parts.page_guard import part

_WIDTH, _COVERAGE = f"{100 * LEVEL:.0f} % interval", "coverage"


@part
def describe_model(folder: Path) -> None:
    """What a model was trained on and how far off it is, with its card; for an expander."""
    info = shown_info(folder)
    st.markdown(_origin_words(info))
    _show_errors(info)
    _show_sources(info)
    show_source_effects(info)
    _show_card(folder)


def _origin_words(info: bundle.BundleInfo) -> str:
    """What a model was trained on, when, and what it is made of."""
    weights = "the preset fixes" if info.fixed_weights else "were fitted for each property"
    mean = "a weighted mean"
    if info.fixed_weights is not None:
        mean += f" whose weights {weights}"
    return (
        f"**{plain(info.name)}** was trained on {info.rows:,} rows of "
        f"{plain(info.table)} with the preset “{plain(preset_title(info.preset))}”, and finished "
        f"on {datetime.fromisoformat(info.created):%d %B %Y}. It predicts with "
        f"{listed([plain(title_of(member)) for member in info.members], most=99)}; the value shown "
        f"is their blend, {mean}."
        + (f" {learned}" if (learned := learned_words(info)) else "")
        + (" Its PolyGIN started from the pretrained encoder." if info.pretrained else "")
    )


def _show_errors(info: bundle.BundleInfo) -> None:
    """A row for each property: labels, range, errors and intervals."""
    blend = info.figures["blend"]
    rows = [
        {
            "property": title_with_name(property_),
            "unit": unit_of(property_),
            "typical error": "±"
            + number(errors_beside_unit(property_), blend["mae"].get(property_.name)),
            "R²": blend["r2"].get(property_.name),
            **_interval_cells(info, property_),
            "labels": info.labels[property_.name],
            "training range": number_range(
                without_unit(property_), *info.ranges[property_.name], between=" … "
            ),
        }
        for property_ in info.properties
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        width="content",
        height="content",
        column_config=_error_columns(),
    )
    st.caption(
        "The typical error is the mean absolute error of out-of-fold predictions: each molecule "
        f"was predicted by models that had not seen it (folds: {plain(info.folds)}). Predictions "
        "for molecules unlike those of the training table can be further off."
        + _weighted_error_words(info)
    )


def _error_columns() -> dict[str, object]:
    return {
        "labels": st.column_config.NumberColumn(
            format="localized", help="Values of this property in the training table."
        ),
        "typical error": st.column_config.TextColumn(help="Mean absolute error."),
        "R²": st.column_config.NumberColumn(
            format="%.3f", help="Share of the labels' spread that is explained; 1 is perfect."
        ),
        _WIDTH: st.column_config.TextColumn(
            help="The mean distance from the interval's lower end to its upper end."
        ),
        _COVERAGE: st.column_config.NumberColumn(
            format="percent",
            help="The share of labels that lay within an interval made without them.",
        ),
    }


def _weighted_error_words(info: bundle.BundleInfo) -> str:
    """What the weighted error that stands for a model is over; empty where none does."""
    kind, value = headline(info.figures["blend"])
    if kind != WMAE or value is None:
        return ""
    answers = info.answers
    sources = {source.name: source.words for source in info.sources}
    by_source: dict[str, list[str]] = {}
    for each in answers:
        by_source.setdefault(sources.get(each.source, ""), []).append(each.name)
    told = [
        plain(f"{listed(names, most=len(names))}{f' like {source}' if source else ''}")
        for source, names in by_source.items()
    ]
    return (
        f" {WMAE} {value:{HEADLINES[WMAE]}} is over all {len(answers)} properties that it answers "
        f"with: {'; '.join(told)}. Over other properties, sources or rows it is another figure."
    )


def _interval_cells(info: bundle.BundleInfo, property_: Property) -> dict[str, object]:
    """Two more cells of the table of properties, where the model has intervals."""
    if info.intervals is None:
        return {}
    interval = info.intervals.get(property_.name)
    return {
        _WIDTH: number(errors_beside_unit(property_), interval and interval.width),
        _COVERAGE: interval and interval.coverage,
    }


def _show_sources(info: bundle.BundleInfo) -> None:
    for source in info.sources:
        told = [plain(text) for text in (source.reference, source.terms) if text]
        st.markdown(f"- Source **{plain(source.words)}**{': ' if told else ''}{'. '.join(told)}")


@part
def show_source_effects(info: bundle.BundleInfo) -> None:
    """What each source of the training table changed for the others."""
    if not info.source_effects:
        return
    st.markdown("##### What each source changed")
    for effect in info.source_effects:
        icon = "trending_down" if effect.harms else "trending_up" if effect.helps else "remove"
        colour = "orange" if effect.harms else "green" if effect.helps else "gray"
        st.markdown(f":{colour}[:material/{icon}:] {plain(effect.sentence)}")
    st.caption(
        "Mean absolute error, out of fold, of one Gaussian process that learned from all sources, "
        "against one that did not have this source; in brackets the 95 % interval of the "
        "difference, label by label. For each property, the blend weighs models of all sources "
        "against models of one, so that a source that harms gets little weight. To leave one out, "
        "clone the run."
    )


def _show_card(folder: Path) -> None:
    """The card that lies beside a bundle, if there is one that can be shown."""
    with suppress(UserError):
        text = read_file(folder / CARD, "", MOST_CARD_BYTES).decode("utf-8", "replace")
        st.divider()
        if folder == bundle.SHIPPED:
            # On a page, a link to a file beside the card leads nowhere, and its title is below the
            # model's name.
            text = re.sub(r"\[([^]]+)\]\((?!https?://)[^)]+\)", r"\1", text)
            st.markdown(re.sub(r"^# ", "### ", text))
        else:
            # Anybody's: shown as it stands.
            st.code(text, language=None, wrap_lines=True)
