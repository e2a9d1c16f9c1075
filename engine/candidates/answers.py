"""What a model says of the candidates of a list, as arrays to rank them by."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter, ValidationError

from ..chem.finding import name_of_canonical
from ..inference.bundle import BundleInfo, bundle_files
from ..inference.conformal import Interval
from ..inference.predict import Predictions
from ..inference.specification import Probabilities, Requirement, pareto_front, probabilities
from ..inference.uncertainty import INSIDE, OUTSIDE, Uncertainty
from ..settings.properties import Property
from ..table.columns import free_name
from .store import Answer, CandidateList

_NUMBERS = 5
"""Of each property: its value, the ends of its interval, half its width, and its domain."""

UNSEEN = "unseen"
"""The domain of a unit with an element, a charge or a valence that no training unit has."""

_DOMAINS = (INSIDE, OUTSIDE, UNSEEN)
_PROPERTIES: TypeAdapter[list[Property]] = TypeAdapter(list[Property])
_INTERVALS: TypeAdapter[dict[str, Interval]] = TypeAdapter(dict[str, Interval])


@dataclass(frozen=True)
class Answers:
    """What a model says of N candidates of a list.

    Attributes:
        properties: the K properties that the model answers with.
        intervals: of these, by name; a property without one has no probabilities.
        ids: shape `(N,)`, the candidates' numbers.
        values, low, high: shape `(N, K)`, in the properties' units; NaN where there is none.
        half_widths: shape `(N, K)`, of the intervals, on the properties' scales.
        domains: shape `(N, K)`, `inside`, `outside` or `unseen`; None where it is not known.
        warnings, problems: by number, what is to be said of a candidate.
    """

    properties: list[Property]
    intervals: dict[str, Interval]
    ids: np.ndarray
    values: np.ndarray
    low: np.ndarray
    high: np.ndarray
    half_widths: np.ndarray
    domains: np.ndarray
    warnings: dict[int, str] = field(default_factory=dict)
    problems: dict[int, str] = field(default_factory=dict)
    _made: dict[tuple, Any] = field(default_factory=dict, repr=False, compare=False)
    """What was asked for already: the front of 200,000 candidates takes seconds."""

    @property
    def names(self) -> list[str]:
        """The properties' names."""
        return [each.name for each in self.properties]

    def column(self, name: str) -> np.ndarray:
        """The values of one property, shape `(N,)`, in its unit."""
        return self.values[:, self.names.index(name)]

    def rankable(self, names: Sequence[str]) -> np.ndarray:
        """Which candidates can be ranked by some properties: those whose values are no mere guess.

        Args:
            names: of the properties.

        Returns:
            Shape `(N,)`, bool.
        """
        places = [self.names.index(name) for name in names]
        known = np.isfinite(self.values[:, places]) & (self.domains[:, places] != UNSEEN)
        return known.all(axis=1)

    def probabilities(self, requirements: Sequence[Requirement]) -> Probabilities:
        """How likely each candidate meets requirements of these properties."""
        key = "probabilities", *requirements
        if key not in self._made:
            self._made[key] = probabilities(
                requirements,
                {each.name: each for each in self.properties},
                self.intervals,
                {name: self.values[:, k] for k, name in enumerate(self.names)},
                {name: self.half_widths[:, k] for k, name in enumerate(self.names)},
            )
        return self._made[key]

    def front(self, requirements: Sequence[Requirement]) -> np.ndarray:
        """Which candidates no other one beats, shape `(N,)`, bool; those with guesses never."""
        key = "front", *requirements
        if key not in self._made:
            names = [each.name for each in requirements]
            rankable = self.rankable(names)
            columns = {name: np.where(rankable, self.column(name), np.nan) for name in names}
            likely = self.probabilities(requirements).of_all
            # Of a property without an interval, nothing is likely or not.
            known = likely if np.isfinite(likely).any() else None
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
    text = bundle_files(folder).digest + json.dumps(given, sort_keys=True)
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
        }
    )


def answers_of(
    info: BundleInfo,
    ids: Sequence[int],
    predicted: Predictions,
    uncertainty: Uncertainty | None,
) -> list[Answer]:
    """What is kept of the predictions of some candidates.

    Args:
        info: of the model.
        ids: the N candidates' numbers.
        predicted: N predictions.
        uncertainty: of the same; None for a model without intervals.
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
    guessed = predicted.blend[names].notna() & ~predicted.rankable[names]
    numbers[:, :, 4][guessed.to_numpy()] = _DOMAINS.index(UNSEEN)
    warnings = predicted.warnings(names)
    return [
        Answer(
            candidate,
            numbers[row].astype("<f8").tobytes(),
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
    except (ValueError, KeyError, TypeError, ValidationError, RecursionError):
        return None
    size = 8 * _NUMBERS * len(properties)
    whole = [each for each in kept if isinstance(each.numbers, bytes) and len(each.numbers) == size]
    numbers = np.frombuffer(b"".join(each.numbers for each in whole), "<f8")
    numbers = numbers.reshape(len(whole), len(properties), _NUMBERS)
    domains = np.full(numbers.shape[:2], None, dtype=object)
    for code, side in enumerate(_DOMAINS):
        domains[numbers[:, :, 4] == code] = side
    return Answers(
        properties=properties,
        intervals=intervals,
        ids=np.array([each.candidate for each in whole], dtype=np.int64),
        values=numbers[:, :, 0],
        low=numbers[:, :, 1],
        high=numbers[:, :, 2],
        half_widths=numbers[:, :, 3],
        domains=domains,
        warnings={each.candidate: str(each.warning) for each in whole if each.warning},
        problems={each.candidate: str(each.problem) for each in whole if each.problem},
    )


def value_columns(answers: Answers) -> pd.DataFrame:
    """All values of N candidates as a table: `Tg`, `Tg_low`, `Tg_high`, `Tg_domain` and so on."""
    columns: dict[str, np.ndarray] = {}
    taken = set(answers.names)
    for k, name in enumerate(answers.names):
        columns[name] = answers.values[:, k]
        columns[free_name(f"{name}_low", taken)] = answers.low[:, k]
        columns[free_name(f"{name}_high", taken)] = answers.high[:, k]
        columns[free_name(f"{name}_domain", taken)] = answers.domains[:, k]
    return pd.DataFrame(columns)
