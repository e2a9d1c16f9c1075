"""Conditions under which a property was measured: what a model is told beside the repeat unit."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict

from .numbers import number
from .properties import Property, Scale

ConditionKind = Literal["number", "word", "structure"]
"""A temperature, the name of a method, the SMILES of a solvent."""

CONDITION_PREFIX = "condition:"
"""Before a condition's name in tables of a run, so that none hides a column such as `id`."""

MOST_WORDS = 50
"""Different words that a condition may have; more are rather a name of each row."""

_ROUNDING = 1e-6
"""Of numbers that were converted from another unit, as a share of them."""


class Condition(BaseModel):
    """One condition, such as the temperature of a measurement or its solvent.

    Attributes:
        name: the column's name, without the unit.
        kind: what its values are.
        unit: of its numbers; empty for a pure number, words and structures.
        scale: on which a model sees its numbers.
        low, high: its least and greatest number in the training table, in `unit`; None for words
            and structures.
        usual: the median of its numbers, in `unit`, or its commonest word or structure, as text.
        choices: the words or structures of the training table, the commonest first.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    kind: ConditionKind
    unit: str = ""
    scale: Scale = "linear"
    low: float | None = None
    high: float | None = None
    usual: str = ""
    choices: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The name with its unit, for fields and axes."""
        return self.as_property.label

    @property
    def as_property(self) -> Property:
        """As a property, which knows how its numbers are scaled and written."""
        return Property(name=self.name, title=self.name, unit=self.unit, scale=self.scale)

    @property
    def usual_value(self) -> float | str:
        """What is assumed where nothing better is known."""
        return float(self.usual) if self.kind == "number" else self.usual

    def choice(self, text: str) -> str | None:
        """The word of the training table that a text means, case ignored; None for no such one."""
        if text.strip() in self.choices:
            return text.strip()
        wanted = text.strip().casefold()
        return next((word for word in self.choices if word.casefold() == wanted), None)

    def beyond_words(self, value: float | str) -> str:
        """A sentence where no training row had such a value; else empty.

        Args:
            value: a number in the unit, a word, or a canonical SMILES.
        """
        if self.kind == "number":
            low, high, shown = *self._span, self.as_property
            if not self._beyond(np.array([value], dtype=float)).any():
                return ""
            return (
                f"{self.name}: the training table goes from {number(shown, low)} to "
                f"{number(shown, high)}; beyond it the model is guessing."
            )
        if value in self.choices:
            return ""
        return (
            f"{self.name}: the training table has no such structure; the model goes by what it has "
            "in common with the others."
        )

    def unseen(self, values: np.ndarray) -> dict[int, str]:
        """By position, a value that no training row had, in words.

        Args:
            values: shape `(n,)`, of the condition's kind; NaN or None where unknown.
        """
        if self.kind == "number":
            low, high, shown = *self._span, self.as_property
            span = f"{number(shown, low)} to {number(shown, high)} were seen"
            beyond = np.flatnonzero(self._beyond(values))
            return {int(n): f"{number(shown, float(values[n]))} ({span})" for n in beyond}
        known = {*self.choices}
        texts = enumerate(values.tolist())
        return {n: f"“{t}”" for n, t in texts if isinstance(t, str) and t not in known}

    @property
    def _span(self) -> tuple[float, float]:
        assert self.low is not None
        assert self.high is not None
        return self.low, self.high

    def _beyond(self, numbers: np.ndarray) -> np.ndarray:
        """Which numbers lie beyond those of the training table, but for what units round."""
        low, high = self._span
        rounding = _ROUNDING * max(abs(low), abs(high), high - low)
        return (numbers < low - rounding) | (numbers > high + rounding)


class GivenConditions(NamedTuple):
    """The conditions at which n rows are to be predicted.

    Attributes:
        values: by the condition's name, shape `(n,)`: numbers in its unit, words or SMILES.
        problems: by position, why a row has no conditions that can be used.
    """

    values: dict[str, np.ndarray]
    problems: dict[int, str]


def condition_words(conditions: Sequence[Condition], row: Mapping[str, Any]) -> list[str]:
    """The conditions of a label, each as its name and its value; one that is unknown is left out.

    Args:
        conditions: that the row may have.
        row: of an out-of-fold table.
    """
    words = []
    for condition in conditions:
        value = row.get(CONDITION_PREFIX + condition.name)
        if value is None or value != value:
            continue
        is_number = condition.kind == "number"
        text = number(condition.as_property, float(value)) if is_number else str(value)
        words.append(f"{condition.name} {text}")
    return words


def same_for_all(
    conditions: Sequence[Condition],
    count: int,
    given: Mapping[str, float | str] | None = None,
) -> GivenConditions:
    """The same conditions for so many rows; the usual value of each that is not given."""
    values = {}
    for condition in conditions:
        value = (given or {}).get(condition.name, condition.usual_value)
        dtype = float if condition.kind == "number" else object
        values[condition.name] = np.full(count, value, dtype=dtype)
    return GivenConditions(values, {})
