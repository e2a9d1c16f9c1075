"""The trained model that a page works with: choosing it, loading it once, describing it."""

import re
import sys
import time
from collections import Counter
from collections.abc import Collection, Mapping
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
from engine.inference.bundle import read_info
from engine.inference.conformal import LEVEL
from engine.inference.domain_words import domain_in_words, new_in_words
from engine.inference.group_effects import GroupEffects, group_effects
from engine.inference.predict import Predictor
from engine.runs import KnownModel, Run, list_models, origin_of_default, shown_name
from engine.runs.known_labels import (
    KnownLabel,
    KnownLabels,
    NearPolymer,
    nearest_of_answers,
    read_known_labels,
)
from engine.runs.models import DEFAULT, SHIPPED
from engine.settings.conditions import same_for_all
from engine.settings.metrics import HEADLINES, WMAE, headline
from engine.settings.properties import Property
from pages.parts.address import asked_anew, keep_in_address
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
from pages.parts.layout import forget_stale_choice
from pages.parts.page_guard import part
from pages.parts.predict.cards import IntervalAndDomain

LOADING = "Loading the prediction models. The first time takes a few seconds…"
_CHOSEN, _ONLY_PROPOSED = "model chosen", "model only proposed"
"""In the session: the model, and whether it is one that the user neither chose nor came with."""
_WIDTH, _COVERAGE = f"{100 * LEVEL:.0f} % interval", "coverage"
_PAINTING_SECONDS = 1.5
"""How long a browser may take to fetch what is drawn."""


def choose_model(page: str, newest_first: bool = False) -> Path | None:
    """Let the user choose among the default model, those of finished runs and imported ones.

    Args:
        page: the page's name; what is chosen on one page stays chosen on the others.
        newest_first: whether the run that finished last is proposed, and not the default model,
            until something was chosen.

    Returns:
        The model's folder, or None where there is no model at all.
    """
    models = available_models()
    if not models:
        return None
    asked, key = asked_anew("model"), f"model on {page}"
    names = list(models)
    proposed = (_last_finished(models) if newest_first else "") or names[0]
    wanted = asked or chosen_elsewhere() or proposed
    if wanted == SHIPPED and wanted not in models:
        wanted = DEFAULT
    labels = distinct_labels({name: label for name, (label, _) in models.items()})
    forget_stale_choice(key, names)
    if (asked and wanted in models) or key not in st.session_state:
        st.session_state[key] = wanted if wanted in models else names[0]
    chosen = st.selectbox(
        "Model",
        names,
        format_func=lambda name: labels[name],
        key=key,
        help="The default model, the model of every finished run, and imported ones.",
    )
    if asked and wanted not in models:
        st.warning(plain(f"There is no finished model {asked!r}; another one is used."))
    is_proposed = not chosen_elsewhere() and not asked and chosen == proposed
    st.session_state[_ONLY_PROPOSED] = is_proposed
    st.session_state[_CHOSEN] = chosen
    keep_in_address("model", chosen, names[0])
    return models[chosen][1]


def chosen_elsewhere() -> str:
    """The id of the model that was chosen last, on whichever page; empty before any was."""
    only_proposed = st.session_state.get(_ONLY_PROPOSED, True)
    return "" if only_proposed else st.session_state.get(_CHOSEN, "")


def show_no_model() -> None:
    """Say what to do where there is no model yet."""
    st.info(
        "There is no trained model yet. Train one on your own table or on the textbook table "
        "that comes with the app: the quickest setting takes less than a minute.",
        icon=":material/info:",
    )
    st.page_link("pages/train.py", label="Train a model", icon=":material/model_training:")


def load_predictor(folder: Path) -> Predictor:
    """The model in that folder, kept in memory until its files change."""
    _let_paint()
    return _predictor(str(folder), _time_written(folder))


def load_default_model() -> None:
    """Load the default model and all that its first answer needs, before anybody asks."""
    folder = bundle.default_bundle()
    predictor = _predictor(str(folder), _time_written(folder))
    predicted = predictor.at_usual_conditions(["*CC*"])
    if predictor.has_intervals:
        predictor.uncertainty(predicted)
    _known_labels(str(folder), _time_written(folder), measured=False).of("*CC*")


@part
def show_deviation(folder: Path) -> None:
    """Warn when a model predicts differently on this machine than where it was made."""
    if words := load_predictor(folder).deviation():
        st.warning(plain(words), icon=":material/warning:")


def predict_molecule(
    folder: Path, smiles: str, conditions: Mapping[str, float | str] | None = None
) -> tuple[dict[str, dict[str, float]], dict[str, IntervalAndDomain] | None, str]:
    """One molecule's predictions; the same molecule is predicted once.

    Args:
        folder: the model's.
        smiles: canonical.
        conditions: at which to predict, by name, for a model that was told such.

    Returns:
        `{"blend" or member: {property: value}}` in the properties' units, the values' uncertainty
        by property, which is None for a model without intervals, and what no training unit has,
        with what that means, in sentences.

    Raises:
        UserError: when the molecule is no repeat unit.
    """
    _let_paint()
    given = tuple((conditions or {}).items())
    return _predict_molecule(str(folder), _time_written(folder), smiles, given)


def all_known_labels(folder: Path) -> KnownLabels:
    """The measured labels that a model learned, of all polymers."""
    return _known_labels(str(folder), _time_written(folder))


def known_labels(folder: Path, smiles: str, measured: bool = True) -> dict[str, list[KnownLabel]]:
    """The labels of a polymer that the model learned, by property.

    Args:
        folder: the model's.
        smiles: of a repeat unit that can be read.
        measured: whether only the measured ones; else all that may be shown.
    """
    return _known_of(str(folder), _time_written(folder), smiles, measured)


@st.cache_data(max_entries=2000, show_spinner=False)
def _known_of(
    folder: str, written: float, smiles: str, measured: bool
) -> dict[str, list[KnownLabel]]:
    return _known_labels(folder, written, measured).of(smiles)


def nearest_measured(folder: Path, smiles: str) -> dict[str, list[NearPolymer]]:
    """Of each property with labels that may be shown, the most similar polymers that have one."""
    return _nearest_measured(str(folder), _time_written(folder), smiles)


@st.cache_data(max_entries=500, show_spinner=False)
def _nearest_measured(folder: str, written: float, smiles: str) -> dict[str, list[NearPolymer]]:
    info = read_info(Path(folder))
    return nearest_of_answers(_known_labels(folder, written, False), info, smiles)


def group_effects_of(folder: Path, smiles: str) -> GroupEffects:
    """What the groups of a molecule do to each property; the same molecule is asked once."""
    return _group_effects(str(folder), _time_written(folder), smiles)


@st.cache_data(max_entries=200, show_spinner=False)
def _group_effects(folder: str, written: float, smiles: str) -> GroupEffects:
    predictor = load_predictor(Path(folder))
    return group_effects(predictor, smiles, predictor.info.names)


@st.cache_resource(max_entries=6, show_spinner=False)
def _known_labels(folder: str, written: float, measured: bool = True) -> KnownLabels:
    return read_known_labels(Path(folder), read_info(Path(folder)), measured)


@part
def describe_model(folder: Path) -> None:
    """What a model was trained on and how far off it is, with its card; for an expander."""
    info = shown_info(folder)
    weights = "the preset fixes" if info.fixed_weights else "were fitted for each property"
    mean = "a weighted mean"
    if info.fixed_weights is not None:
        mean += f" whose weights {weights}"
    st.markdown(
        f"**{plain(info.name)}** was trained on {info.rows:,} rows of "
        f"{plain(info.table)} with the preset “{plain(info.preset)}”, and finished on "
        f"{datetime.fromisoformat(info.created):%d %B %Y}. It predicts with "
        f"{listed([plain(title_of(member)) for member in info.members], most=99)}; the value shown "
        f"is their blend, {mean}."
        + (" Its PolyGIN started from the pretrained encoder." if info.pretrained else "")
    )
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
        column_config={
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
        },
    )
    st.caption(
        "The typical error is the mean absolute error of out-of-fold predictions: each molecule "
        f"was predicted by models that had not seen it (folds: {plain(info.folds)}). Predictions "
        "for molecules unlike those of the training table can be further off."
        + _weighted_error_words(info)
    )
    for source in info.sources:
        told = [plain(text) for text in (source.reference, source.terms) if text]
        st.markdown(f"- Source **{plain(source.words)}**{': ' if told else ''}{'. '.join(told)}")
    show_source_effects(info)
    with suppress(UserError):  # there is none, or none that could be shown
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


def _weighted_error_words(info: bundle.BundleInfo) -> str:
    """What the weighted error that stands for a model is over; empty where none does."""
    kind, value = headline(info.figures["blend"])
    if kind != WMAE or value is None:
        return ""
    answers = [each for each in info.properties if each.is_answer]
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


def run_label(run: Run) -> str:
    """A run's name and when it ended."""
    ended = datetime.fromtimestamp(run.finished or run.created)
    return f"{run.name}, {ended:%d %b %Y %H:%M}"


def distinct_labels(labels: dict[str, str]) -> dict[str, str]:
    """Labels by the id of their run; those that occur more than once get the end of that id.

    A list on a page returns the label that was chosen, so no two may be the same.
    """
    counts = Counter(labels.values())
    return {
        run_id: f"{label} ({run_id[-4:]})" if counts[label] > 1 else label
        for run_id, label in labels.items()
    }


def available_models() -> dict[str, tuple[str, Path]]:
    """The models that can be chosen: by name for the URL, the words shown and the folder."""
    models = {}
    default, known = bundle.default_bundle(), list_models()
    if (default / bundle.INFO).is_file():
        kind = "Shipped model" if default == bundle.SHIPPED else "Default model"
        try:
            own, origin = read_info(default).name, origin_of_default(known)
            models[DEFAULT] = (f"{kind}: {origin.name if origin else own}", default)
        except UserError as error:
            words = f"The default model cannot be used: {error} Make another one the default."
            st.warning(plain(words), icon=":material/broken_image:")
    for model in known:
        if model.folder != default:
            models[model.id] = (model_label(model), model.folder)
    return models


def model_label(model: KnownModel) -> str:
    """Where a model is from, its name, and when it came to be."""
    kind = {"shipped": "Shipped model:", "run": "Run", "imported": "Imported:"}.get(model.kind)
    words = f"{kind or 'Default model:'} {model.name}"
    since = model.since and datetime.fromtimestamp(model.since)
    return f"{words}, {since:%d %b %Y %H:%M}" if since else words


def _last_finished(models: Collection[str]) -> str:
    """The id of the run that finished last, among some models; empty where there is none."""
    finished = [model for model in list_models() if model.kind == "run" and model.id in models]
    return max(finished, key=lambda model: model.since or 0).id if finished else ""


def shown_info(folder: Path) -> bundle.BundleInfo:
    """A model's description, with the name by which people know it now."""
    return read_info(folder).model_copy(update={"name": shown_name(folder)})


def _let_paint() -> None:
    """Let the browser fetch what is drawn before libraries are loaded, which blocks the server."""
    if "torch" not in sys.modules:
        time.sleep(_PAINTING_SECONDS)


def _time_written(folder: Path) -> float:
    return (folder / bundle.INFO).stat().st_mtime


@st.cache_resource(max_entries=3, show_spinner=False)
def _predictor(folder: str, written: float) -> Predictor:
    return Predictor(Path(folder))


@st.cache_data(max_entries=500, show_spinner=False)
def _predict_molecule(
    folder: str, written: float, smiles: str, given: tuple[tuple[str, float | str], ...]
) -> tuple[dict[str, dict[str, float]], dict[str, IntervalAndDomain] | None, str]:
    predictor = _predictor(folder, written)
    at = same_for_all(predictor.info.conditions, 1, dict(given))
    predicted = predictor.predict([smiles], given=at)
    if predicted.problems:
        raise UserError(f"This molecule is not predicted: {predicted.problems[0]}.")
    warning = new_in_words(predicted.unseen.get(0, {}), predictor.info.answer_names)
    frames = {"blend": predicted.blend, **predicted.members}
    values = {source: frame.iloc[0].to_dict() for source, frame in frames.items()}
    if not predictor.has_intervals:
        return values, None, warning
    uncertainty = predictor.uncertainty(predicted)
    low, high = uncertainty.low.iloc[0], uncertainty.high.iloc[0]
    info, unseen = predictor.info, predicted.unseen
    sure = {
        name: IntervalAndDomain(
            low[name], high[name], domain_in_words(info, uncertainty, unseen, 0, name)
        )
        for name in info.names
    }
    return values, sure, warning
