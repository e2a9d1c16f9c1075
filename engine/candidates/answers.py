"""What a model says of the candidates of a list, as arrays to rank them by."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pydantic import TypeAdapter, ValidationError

from ..chem.listed_units import name_of_canonical
from ..inference.bundle import BundleInfo, bundle_files
from ..inference.conformal import Interval
from ..inference.predictions import Predictions
from ..inference.specification import Probabilities, Requirement, pareto_front, probabilities
from ..inference.uncertainty import GUESS, INSIDE, OUTSIDE, Uncertainty
from ..runs.known_labels import KnownLabel, KnownLabels
from ..settings.properties import Property
from ..settings.sources import source_words
from ..table.columns import free_name
from . import measured as measurements
from .measured import Measured
from .rows import Answer
from .store import CandidateList

_NUMBERS = 5
"""Of each property: its value, the ends of its interval, half its width, and its domain. Behind
those of all properties stand the measured values, as text."""

_FORM = "numbers, measured values and what predictions are like"
"""What is kept of an answer: what was kept in another form is predicted anew."""

NEGLIGIBLE = 0.005
"""Probabilities below this are shown as 0 %."""

_DOMAINS = (INSIDE, OUTSIDE, GUESS)
_PROPERTIES: TypeAdapter[list[Property]] = TypeAdapter(list[Property])
_LIKE: TypeAdapter[dict[str, str]] = TypeAdapter(dict[str, str])
_INTERVALS: TypeAdapter[dict[str, Interval]] = TypeAdapter(dict[str, Interval])


@dataclass(frozen=True)
class Answers:
    """What a model says of N candidates of a list.

    Attributes:
        properties: the K properties that the model answers with.
        intervals: of these, by name; a property without one has no probabilities.
        like: what predictions are like, by name: `as simulated (radonpy)`; empty for a property of
            a model that learned from one table.
        ids: shape `(N,)`, the candidates' numbers.
        predicted, low, high: shape `(N, K)`, in the properties' units; NaN where there is none.
        half_widths: shape `(N, K)`, of the intervals, on the properties' scales.
        domains: shape `(N, K)`, `inside`, `outside` or `guess`; None where it is not known.
        warnings, problems: by number, what is to be said of a candidate.
        measured: by number, the measured values that there are of a candidate.
    """

    properties: list[Property]
    intervals: dict[str, Interval]
    ids: np.ndarray
    predicted: np.ndarray
    low: np.ndarray
    high: np.ndarray
    half_widths: np.ndarray
    domains: np.ndarray
    like: dict[str, str] = field(default_factory=dict)
    warnings: dict[int, str] = field(default_factory=dict)
    problems: dict[int, str] = field(default_factory=dict)
    measured: dict[int, Measured] = field(default_factory=dict)
    _made: dict[tuple, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What was asked for already: the front of 200,000 candidates takes seconds."""

    @property
    def names(self) -> list[str]:
        """The properties' names."""
        return [each.name for each in self.properties]

    @cached_property
    def values(self) -> np.ndarray:
        """What candidates are judged by, shape `(N, K)`: measured where it was, else predicted."""
        return self._with_measured(self.predicted, lambda values: values[0])

    @cached_property
    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """Of the intervals, or of the measured values, the ends; two of shape `(N, K)`."""
        return self._with_measured(self.low, min), self._with_measured(self.high, max)

    @cached_property
    def is_measured(self) -> np.ndarray:
        """Which values are measured, shape `(N, K)`, bool."""
        none = np.zeros(self.predicted.shape, dtype=bool)
        return self._with_measured(none, lambda values: True)

    def predicted_words(self, property_: Property) -> str:
        """What a prediction of a property is: `predicted as simulated (radonpy)`."""
        return f"predicted {self.like.get(property_.name, '')}".strip()

    def like_words(self, properties: Sequence[Property]) -> str:
        """As what some properties are predicted: `Predicted are Tg as measured; FFV, Rg as in md.`.

        Empty for a model that learned from one table.
        """
        names: dict[str, list[str]] = {}
        for each in properties:
            if words := self.like.get(each.name):
                names.setdefault(words, []).append(each.name)
        told = [f"{', '.join(own)} {words}" for words, own in names.items()]
        return f"Predicted are {'; '.join(told)}." if told else ""

    def labels(self, row: int, name: str) -> list[KnownLabel]:
        """The measured values of a property; empty where there is none."""
        return self.measured.get(int(self.ids[row]), {}).get(name, [])

    def _with_measured(self, of_model: np.ndarray, take: Callable) -> np.ndarray:
        """A copy of what the model says, with something of the values where there are measured."""
        taken, names = of_model.copy(), self.names
        for candidate, by_name in self.measured.items():
            row = self.row_of(candidate)
            for name in names if row is not None else ():
                if name in by_name:
                    values = [each.value for each in by_name[name]]
                    taken[row, names.index(name)] = take(values)
        return taken

    def column(self, name: str) -> np.ndarray:
        """What candidates are judged by of one property, shape `(N,)`, in its unit."""
        return self.values[:, self.names.index(name)]

    def rankable(self, names: Sequence[str]) -> np.ndarray:
        """Which candidates can be ranked by some properties: those whose values are no mere guess.

        Args:
            names: of the properties.

        Returns:
            Shape `(N,)`, bool.
        """
        places = [self.names.index(name) for name in names]
        is_guess = (self.domains == GUESS) & ~self.is_measured
        known = np.isfinite(self.values) & ~is_guess
        return np.asarray(known[:, places].all(axis=1))

    def probabilities(self, requirements: Sequence[Requirement]) -> Probabilities:
        """How likely each candidate meets requirements of these properties.

        Of a measured value, it is the share of the different measured ones that meet them: 0 or 1
        where there is one. How far further samples would scatter is not known.
        """
        key = "probabilities", *requirements
        if key not in self._made:
            predicted = probabilities(
                requirements,
                {each.name: each for each in self.properties},
                self.intervals,
                {name: self.predicted[:, k] for k, name in enumerate(self.names)},
                {name: self.half_widths[:, k] for k, name in enumerate(self.names)},
            )
            self._made[key] = self._of_measured(predicted, requirements)
        return self._made[key]

    def _of_measured(
        self, predicted: Probabilities, requirements: Sequence[Requirement]
    ) -> Probabilities:
        """Probabilities of which those of measured values are told by these."""
        likely = {name: each.copy() for name, each in predicted.by_property.items()}
        by_name = {each.name: each for each in requirements if each.has_ends}
        for candidate, own in self.measured.items():
            row = self.row_of(candidate)
            for name in own.keys() & by_name.keys() if row is not None else ():
                likely[name][row] = measurements.share_that_meets(by_name[name], own[name])
        return Probabilities.of(likely)

    def front(self, requirements: Sequence[Requirement]) -> np.ndarray:
        """Which candidates no other one beats, shape `(N,)`, bool.

        Never those with guesses, and those that miss the ends of the requirements for all that is
        known: however good the rest of such a candidate is, it is none to choose.
        """
        key = "front", *requirements
        if key not in self._made:
            names = [each.name for each in requirements]
            rankable = self.rankable(names)
            columns = {name: np.where(rankable, self.column(name), np.nan) for name in names}
            likely = self.probabilities(requirements).of_all
            # Of a property without an interval, nothing is likely or not.
            known = None
            if np.isfinite(likely).any():
                known = np.where(rankable & (likely >= NEGLIGIBLE), likely, np.nan)
            front = pareto_front(requirements, columns, known)
            self._made[key] = front if len(front) else np.zeros(len(self.ids), dtype=bool)
        return self._made[key]

    def row_of(self, candidate: int) -> int | None:
        """The row of a candidate; None where it is not predicted."""
        place = int(np.searchsorted(self.ids, candidate))
        return place if place < len(self.ids) and self.ids[place] == candidate else None


def model_key(folder: Path, given: dict[str, float | str]) -> str:
    """What tells the answers of one model, at some conditions, from all others.

    Args:
        folder: the bundle's.
        given: the conditions, by name.

    Raises:
        UserError: when the folder holds no bundle.
    """
    text = bundle_files(folder).digest + json.dumps(given, sort_keys=True) + _FORM
    return sha256(text.encode()).hexdigest()[:32]


def description_of(info: BundleInfo) -> str:
    """What is kept of a model, so that its answers can be read when it is gone."""
    names = set(info.answer_names)
    properties = [each for each in info.properties if each.name in names]
    intervals = {name: each for name, each in (info.intervals or {}).items() if name in names}
    return json.dumps(
        {
            "name": info.name,
            "properties": _PROPERTIES.dump_python(properties, mode="json"),
            "intervals": _INTERVALS.dump_python(intervals, mode="json"),
            "like": {each.name: source_words(info.sources, each) for each in properties},
        }
    )


def answers_of(
    info: BundleInfo,
    ids: Sequence[int],
    predicted: Predictions,
    uncertainty: Uncertainty | None,
    known: KnownLabels,
) -> list[Answer]:
    """What is kept of the predictions of some candidates, and of their measured values.

    Args:
        info: of the model.
        ids: the N candidates' numbers.
        predicted: N predictions.
        uncertainty: of the same; None for a model without intervals.
        known: the labels that the model learned, of measured sources alone.
    """
    names = info.answer_names
    numbers = np.full((len(ids), len(names), _NUMBERS), np.nan)
    numbers[:, :, 0] = predicted.blend[names].to_numpy()
    if uncertainty is not None:
        frames = (uncertainty.low, uncertainty.high, uncertainty.half_widths)
        for place, frame in enumerate(frames, start=1):
            numbers[:, :, place] = frame[names].to_numpy()
        sides = uncertainty.domain[names].to_numpy()
        for code, side in enumerate(_DOMAINS):
            numbers[:, :, 4][sides == side] = code
    else:
        guessed = predicted.blend[names].notna() & ~predicted.rankable[names]
        numbers[:, :, 4][guessed.to_numpy()] = _DOMAINS.index(GUESS)
    warnings = predicted.warnings(names)
    measured = measurements.measured_of(known, info, predicted.units)
    return [
        Answer(
            candidate,
            numbers[row].astype("<f8").tobytes() + measurements.as_text(measured[row]).encode(),
            warnings.get(row, ""),
            predicted.problems.get(row, ""),
            name_of_canonical(predicted.units[row] or "") if info.canonical_units else "",
        )
        for row, candidate in enumerate(ids)
    ]


def read_answers(list_: CandidateList, model: str) -> Answers | None:
    """What a model said of a list's candidates; None where it has not been asked.

    Args:
        list_: the list.
        model: its key, see `model_key`.
    """
    description, kept = list_.answers(model)
    try:
        described = json.loads(description)
        properties = _PROPERTIES.validate_python(described["properties"])
        intervals = _INTERVALS.validate_python(described["intervals"])
        like = _LIKE.validate_python(described["like"])
    except (ValueError, KeyError, TypeError, ValidationError, RecursionError):
        return None
    size = 8 * _NUMBERS * len(properties)
    whole, measured = _whole(kept, size)
    numbers = np.frombuffer(b"".join(each.numbers[:size] for each in whole), "<f8")
    numbers = numbers.reshape(len(whole), len(properties), _NUMBERS)
    domains = np.full(numbers.shape[:2], None, dtype=object)
    for code, side in enumerate(_DOMAINS):
        domains[numbers[:, :, 4] == code] = side
    return Answers(
        properties=properties,
        intervals=intervals,
        ids=np.array([each.candidate for each in whole], dtype=np.int64),
        predicted=numbers[:, :, 0],
        low=numbers[:, :, 1],
        high=numbers[:, :, 2],
        half_widths=numbers[:, :, 3],
        domains=domains,
        like=like,
        warnings={each.candidate: str(each.warning) for each in whole if each.warning},
        problems={each.candidate: str(each.problem) for each in whole if each.problem},
        measured=measured,
    )


def _whole(kept: Sequence[Answer], size: int) -> tuple[list[Answer], dict[int, Measured]]:
    """The answers that are not damaged, and the measured values in them, by candidate."""
    whole, measured = [], {}
    for each in kept:
        if not isinstance(each.numbers, bytes) or len(each.numbers) < size:
            continue
        try:
            if own := measurements.from_text(each.numbers[size:].decode()):
                measured[each.candidate] = own
        except ValueError:
            continue
        whole.append(each)
    return whole, measured


class ValueNames(NamedTuple):
    """The names of a property's columns: they differ from those of all others."""

    value: str
    low: str
    high: str
    domain: str
    source: str


def value_names(properties: Sequence[Property]) -> list[ValueNames]:
    """The names of each property's columns: `Tg`, `Tg_low`, `Tg_high`, `Tg_domain`, `Tg_source`."""
    taken = {each.name for each in properties}
    found = []
    for each in properties:
        ends = ("low", "high", "domain", "source")
        further = [free_name(f"{each.name}_{end}", taken) for end in ends]
        taken |= {*further}
        found.append(ValueNames(each.name, *further))
    return found


def value_columns(answers: Answers) -> pd.DataFrame:
    """All values of N candidates as a table, with the columns of `value_names`.

    The source tells measured values, with their references, from predicted ones, and as what these
    are predicted. The interval and the domain are of a prediction: where a value is measured, there
    is no interval.
    """
    columns: dict[str, np.ndarray | list[str]] = {}
    for k, names in enumerate(value_names(answers.properties)):
        is_measured = answers.is_measured[:, k]
        columns[names.value] = answers.values[:, k]
        columns[names.low] = np.where(is_measured, np.nan, answers.low[:, k])
        columns[names.high] = np.where(is_measured, np.nan, answers.high[:, k])
        columns[names.domain] = answers.domains[:, k]
        columns[names.source] = _sources(answers, k)
    return pd.DataFrame(columns)


def _sources(answers: Answers, k: int) -> list[str]:
    """Of each value of a property, as what it is predicted, or where it was measured."""
    property_ = answers.properties[k]
    words = answers.predicted_words(property_)
    sources = np.where(np.isfinite(answers.values[:, k]), words, "").astype(object)
    for row in np.flatnonzero(answers.is_measured[:, k]):
        labels = answers.labels(int(row), property_.name)
        sources[row] = f"measured: {measurements.with_references(property_, labels)}"
    return [str(each) for each in sources]
