"""What a process of the service answers of repeat units: predictions and neighbours, as plain data.

All functions here are called in such a process, with texts from anybody.
"""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..base.errors import UserError
from ..candidates.measured import ANY_STEREO, measured_of
from ..chem.composition import is_composition
from ..chem.entered_units import readable_composition
from ..chem.finding import find, told
from ..chem.listed_units import name_of, name_of_canonical
from ..chem.smiles import BadSmilesError, canonical
from ..features.compute import chunk_features
from ..inference.bundle import BundleInfo
from ..inference.conformal import LEVEL
from ..inference.domain_words import domain_in_words
from ..inference.learned_architecture import with_learned_architecture
from ..inference.predict import Predictor, whole_units
from ..inference.predictions import Predictions
from ..inference.uncertainty import GUESS, OUTSIDE, Uncertainty
from ..runs.known_labels import (
    KnownLabel,
    KnownLabels,
    NearPolymer,
    nearest_of_answers,
    read_all_labels,
    read_measured_labels,
)
from ..settings.conditions import same_for_all
from ..settings.properties import Property
from ..settings.sources import source_words
from ..table.conditions import named_values
from ..table.mending import FragmentsUse
from .models import find_served

_MODELS = 3
"""That a process keeps in memory, with their labels."""


def prepare() -> None:
    """Load the default model, so that the first call need not wait for it."""
    with suppress(UserError):
        model = find_served("default")
        folder, written = str(model.folder), model.written
        given = tuple((each.name, each.usual) for each in model.info.conditions)
        predict(folder, written, (), None, given, "refuse", ["*CC*"])
        neighbours(folder, written, (), 1, ["*CC*"])


def ready() -> bool:
    """Whether the process is there."""
    return True


def predict(
    folder: str,
    written: int,
    names: tuple[str, ...],
    level: float | None,
    conditions: tuple[tuple[str, str], ...],
    fragments: FragmentsUse,
    texts: Sequence[str],
) -> list[dict]:
    """What a model says of N repeat units, each by itself.

    Args:
        folder, written: of the model, as `ServedModel.key` has it.
        names: of the properties that are asked for; all that it answers with without any.
        level: the share of labels that should lie within the intervals; the usual one without.
        conditions: at which all are predicted: names and values.
        fragments: what is done about molecules beside a repeat unit.
        texts: N repeat units, or names of polymers.

    Returns:
        N answers, as `asked.Answer` has them.

    Raises:
        UserError: when the properties or conditions are not those of the model, or it has no such
            intervals.
    """
    predictor = _predictor(folder, written)
    info = predictor.info
    if names:
        predictor = _only(predictor, names)
    given = named_values(info.conditions, conditions, info.name)
    missing = [each.name for each in info.conditions if each.name not in given]
    if missing:
        raise UserError(
            f"The model {info.name!r} predicts at given conditions: say in `conditions` at which "
            f"{' and '.join(missing)}."
        )
    if level is not None:
        predictor.demand_intervals()
    meant = [_meant(text) for text in texts]
    units = [each.unit for each in meant]
    unique, features = chunk_features(
        with_learned_architecture(info, whole_units(units, fragments)),
        store=False,
        canonical_units=info.canonical_units,
        compositions=info.learned_compositions,
    )
    at = same_for_all(info.conditions, len(units), given)
    # One thread: each of the service's processes has a core to itself.
    predicted = predictor.predict_features(units, unique, features, threads=1, given=at)
    sure = None
    if predictor.has_intervals:
        sure = predictor.uncertainty(predicted, LEVEL if level is None else round(level, 6))
    properties = [each for each in info.answers if not names or each.name in names]
    known = _measured_labels(folder, written)
    said = _Said.of(info, properties, predicted, sure, known)
    return [
        said.answer(row, text, each)
        for row, (text, each) in enumerate(zip(texts, meant, strict=True))
    ]


def neighbours(
    folder: str, written: int, names: tuple[str, ...], count: int, texts: Sequence[str]
) -> list[dict]:
    """The most similar polymers with labels that a model learned, where these may be shown.

    Args:
        folder, written: of the model, as `ServedModel.key` has it.
        names: of the properties that are asked for; all that it answers with without any.
        count: so many of each property at most.
        texts: N repeat units, or names of polymers.

    Returns:
        N answers, as `asked.NeighboursAnswer` has them.

    Raises:
        UserError: when the properties are not those of the model.
    """
    info, known = _predictor(folder, written).info, _all_labels(folder, written)
    properties = {each.name: each for each in info.properties}
    _demand_answers(info, names)
    # Labels of another source may stand for those that are asked for.
    bases = {each.base for each in info.answers if not names or each.name in names}
    answers = []
    for text in texts:
        meant, problem, near = _meant(text), "", dict[str, list[NearPolymer]]()
        try:
            canonical(meant.unit)
            near = nearest_of_answers(known, info, meant.unit, count)
        except BadSmilesError as error:
            problem = meant.problem or str(error)
        note = "" if known.names else "The labels that this model learned are not at hand."
        found = {
            name: [_near(each, properties[name]) for each in polymers]
            for name, polymers in near.items()
            if properties[name].base in bases
        }
        answers.append(
            {
                "given": text,
                "repeat_unit": None if problem else meant.unit,
                "polymer": meant.name,
                "problem": problem,
                "note": note,
                "nearest": found,
            }
        )
    return answers


class _Meant(NamedTuple):
    """What a text means: a repeat unit, its polymer's name, or why it may be none."""

    unit: str
    name: str = ""
    problem: str = ""


def _meant(text: str) -> _Meant:
    """What a text means; only a name that leaves no doubt is taken for a repeat unit."""
    if is_composition(text):
        try:
            return _Meant(readable_composition(text))
        except BadSmilesError:
            # What else cannot be read has its reason from the prediction.
            found = find(text)
            return _Meant(text, "", told(found) if found.offers else "")
    if "*" in text:
        return _Meant(text)
    found = find(text)
    if found.only:
        return _Meant(found.only.smiles, found.only.name)
    return _Meant(text, "", "" if found.how == "molecule" else told(found))


@lru_cache(maxsize=_MODELS)
def _predictor(folder: str, written: int) -> Predictor:
    predictor = Predictor(Path(folder))
    return predictor.only(predictor.info.answer_names)


def _only(predictor: Predictor, names: Sequence[str]) -> Predictor:
    """The same model for some of its answers."""
    _demand_answers(predictor.info, names)
    predictor.load()  # what is loaded is shared
    return predictor.only(names)


def _demand_answers(info: BundleInfo, names: Sequence[str]) -> None:
    there = info.answer_names
    if unknown := [name for name in names if name not in there]:
        raise UserError(
            f"The model {info.name!r} answers with no property {unknown[0]!r}, but with "
            f"{', '.join(there)}."
        )


@lru_cache(maxsize=_MODELS)
def _measured_labels(folder: str, written: int) -> KnownLabels:
    return read_measured_labels(Path(folder), _predictor(folder, written).info)


@lru_cache(maxsize=_MODELS)
def _all_labels(folder: str, written: int) -> KnownLabels:
    return read_all_labels(Path(folder), _predictor(folder, written).info)


class _Said(NamedTuple):
    """What is said of N predictions; arrays have the shape `(N, K)`, for K properties."""

    info: BundleInfo
    properties: list[Property]
    predicted: Predictions
    sure: Uncertainty | None
    values: np.ndarray
    low: np.ndarray
    high: np.ndarray
    domain: np.ndarray
    nearest: np.ndarray
    measured: list[dict[str, list[KnownLabel]]]
    warnings: Mapping[int, str]

    @classmethod
    def of(
        cls,
        info: BundleInfo,
        properties: list[Property],
        predicted: Predictions,
        sure: Uncertainty | None,
        known: KnownLabels,
    ) -> "_Said":
        names = [each.name for each in properties]
        values = predicted.blend[names].to_numpy()
        none = np.full(values.shape, np.nan)
        if sure is None:
            guess = predicted.blend[names].notna() & ~predicted.rankable[names]
            domain = np.full(values.shape, None, dtype=object)
            domain[guess.to_numpy()] = GUESS
            low = high = nearest = none
        else:
            domain = sure.domain[names].to_numpy()
            low, high, nearest = (
                each[names].to_numpy() for each in (sure.low, sure.high, sure.nearest)
            )
        measured = measured_of(known, info, predicted.units)
        warnings = predicted.warnings(names)
        return cls(
            info,
            properties,
            predicted,
            sure,
            values,
            low,
            high,
            domain,
            nearest,
            measured,
            warnings,
        )

    def answer(self, row: int, text: str, meant: _Meant) -> dict:
        """What is said of one unit.

        Args:
            row: of the unit.
            text: as it was given.
            meant: what it was taken for.
        """
        problem = self.predicted.problems.get(row, "")
        if problem:
            reason = meant.problem or problem
            return {"given": text, "repeat_unit": None, "polymer": "", "problem": reason} | _NOTHING
        unit = self.predicted.units[row] or ""
        name = name_of_canonical(unit) if self.info.canonical_units else name_of(unit)
        return {
            "given": text,
            "repeat_unit": unit,
            "polymer": meant.name or name,
            "problem": "",
            "warnings": [*filter(None, [self.warnings.get(row, "")])],
            "properties": {
                each.name: self._property(row, k, each) for k, each in enumerate(self.properties)
            },
        }

    def _property(self, row: int, k: int, property_: Property) -> dict:
        info, name, reason = self.info, property_.name, ""
        side = self.domain[row, k]
        if self.sure is not None and side in (OUTSIDE, GUESS):
            unseen = self.predicted.unseen
            reason = domain_in_words(info, self.sure, unseen, row, name).brief
        return {
            "value": _number(self.values[row, k]),
            "unit": property_.unit,
            "like": source_words(info.sources, property_),
            "low": _number(self.low[row, k]),
            "high": _number(self.high[row, k]),
            "domain": side,
            "reason": reason,
            "similarity": _number(self.nearest[row, k]),
            "measured": [_label(each) for each in self.measured[row].get(name, [])],
        }


_NOTHING: dict = {"warnings": [], "properties": {}}
"""What is said of a unit that cannot be predicted."""


def _number(value: float) -> float | None:
    """A number as JSON has it, which knows no NaN."""
    return float(value) if math.isfinite(value) else None


def _label(label: KnownLabel) -> dict:
    return {
        "value": _number(label.value),
        "kind": label.kind,
        "reference": label.reference,
        "note": ANY_STEREO if label.any_stereo else "",
    }


def _near(near: NearPolymer, property_: Property) -> dict:
    return {
        "repeat_unit": near.smiles,
        "unit": property_.unit,
        "polymer": name_of(near.smiles),
        "similarity": near.similarity,
        "labels": [_label(each) for each in near.labels],
    }
