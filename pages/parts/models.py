"""The trained model that a page works with: choosing it, loading it once, asking it."""

import sys
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import streamlit as st

from engine.base.errors import UserError
from engine.inference import bundle
from engine.inference.bundle import DEFAULT_ID, SHIPPED_ID, read_info
from engine.inference.domain_words import domain_in_words, new_in_words
from engine.inference.group_effects import GroupEffects, group_effects
from engine.inference.predict import Predictor
from engine.runs import KnownModel, Run, list_models, origin_of_default, shown_name
from engine.runs.known_labels import (
    KnownLabel,
    KnownLabels,
    NearPolymer,
    measured_values,
    nearest_of_answers,
    read_all_labels,
    read_measured_labels,
)
from engine.runs.labels_over import LabelledComposition, labels_over
from engine.settings.conditions import same_for_all
from pages.parts.address import asked_anew, complaint, keep_in_address
from pages.parts.formatting import plain
from pages.parts.layout import forget_stale_choice
from pages.parts.molecule import IntervalAndDomain
from pages.parts.page_guard import part

LOADING = "Loading the prediction models. The first time takes a few seconds…"
_CHOSEN, _ONLY_PROPOSED = "model chosen", "model only proposed"
"""In the session: the model, and whether it is one that the user neither chose nor came with."""
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
    if wanted == SHIPPED_ID and wanted not in models:
        wanted = DEFAULT_ID
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
    is_proposed = not chosen_elsewhere() and not asked and chosen == proposed
    st.session_state[_ONLY_PROPOSED] = is_proposed
    st.session_state[_CHOSEN] = chosen
    keep_in_address("model", chosen, names[0])
    in_vain = "There is no finished model {}; another one is used."
    if words := complaint("model", asked, wanted in models, in_vain):
        st.warning(plain(words))
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
    _all_labels(str(folder), _time_written(folder)).of("*CC*")


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


def measured_labels(folder: Path) -> KnownLabels:
    """The measured labels that a model learned, of all polymers."""
    return _measured_labels(str(folder), _time_written(folder))


@st.cache_resource(max_entries=3, show_spinner=False)
def _measured_labels(folder: str, written: float) -> KnownLabels:
    return read_measured_labels(Path(folder), read_info(Path(folder)))


def known_labels(folder: Path, smiles: str) -> dict[str, list[KnownLabel]]:
    """The labels of a polymer that the model learned and that may be shown, by property.

    Args:
        folder: the model's.
        smiles: of a repeat unit that can be read.
    """
    return _known_labels(str(folder), _time_written(folder), smiles)


@st.cache_data(max_entries=2000, show_spinner=False)
def _known_labels(folder: str, written: float, smiles: str) -> dict[str, list[KnownLabel]]:
    return _all_labels(folder, written).of(smiles)


def measured_homopolymers(folder: Path, units: Sequence[str]) -> list[dict[str, list[float]]]:
    """The measured values of homopolymers by property, as they stand before predictions."""
    labels = _all_labels(str(folder), _time_written(folder))
    return measured_values(labels, read_info(folder), units)


def labels_of_compositions(folder: Path, units: Sequence[str]) -> list[LabelledComposition]:
    """The labels that may be shown of compositions of no other repeat units, and of these."""
    return _labels_of_compositions(str(folder), _time_written(folder), tuple(units))


@st.cache_data(max_entries=200, show_spinner=False)
def _labels_of_compositions(
    folder: str, written: float, units: tuple[str, ...]
) -> list[LabelledComposition]:
    return labels_over(_all_labels(folder, written), units)


def nearest_known(folder: Path, smiles: str) -> dict[str, list[NearPolymer]]:
    """Of each property with labels that may be shown, the most similar polymers that have one."""
    return _nearest_known(str(folder), _time_written(folder), smiles)


@st.cache_data(max_entries=500, show_spinner=False)
def _nearest_known(folder: str, written: float, smiles: str) -> dict[str, list[NearPolymer]]:
    return nearest_of_answers(_all_labels(folder, written), read_info(Path(folder)), smiles)


@st.cache_resource(max_entries=3, show_spinner=False)
def _all_labels(folder: str, written: float) -> KnownLabels:
    return read_all_labels(Path(folder), read_info(Path(folder)))


def group_effects_of(folder: Path, smiles: str) -> GroupEffects:
    """What the groups of a molecule do to each property; the same molecule is asked once."""
    return _group_effects(str(folder), _time_written(folder), smiles)


@st.cache_data(max_entries=200, show_spinner=False)
def _group_effects(folder: str, written: float, smiles: str) -> GroupEffects:
    predictor = load_predictor(Path(folder))
    return group_effects(predictor, smiles, predictor.info.names)


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
            models[DEFAULT_ID] = (f"{kind}: {origin.name if origin else own}", default)
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
