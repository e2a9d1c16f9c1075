"""Choosing labels by what they are like and how far off their predictions are."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from ..base.wording import counted
from ..settings.conditions import CONDITION_PREFIX, Condition
from ..settings.numbers import number, without_unit
from ..settings.properties import Property

Ends = tuple[float | None, float | None]
"""From and to, both included; None where there is no end."""

OVER, UNDER = "predicted too high", "predicted too low"
SEEN, UNSEEN = "seen in training", "not seen in training"
_ANY: Ends = (None, None)


@dataclass(frozen=True)
class ErrorFilter:
    """What a label has to be like to be shown; all that is said has to hold.

    Attributes:
        label: ends of the label, in the property's unit.
        size: ends of the number of heavy atoms.
        similarity: ends of the similarity to training.
        classes: chemical classes, one of which the unit has to belong to; any when empty.
        units: numbers of repeat units, of which it has to have one; any when empty.
        architectures: of compositions, one of which it has to have; any when empty.
        folds: one of which it has to be in; any when empty.
        sign: `OVER`, `UNDER`, or empty for both.
        seen: `SEEN`, `UNSEEN`, or empty for both.
        ranges: of conditions that are numbers, the ends in their units.
        choices: of other conditions, the values of which a label has to have one; any when empty.
    """

    label: Ends = _ANY
    size: Ends = _ANY
    similarity: Ends = _ANY
    classes: tuple[str, ...] = ()
    units: tuple[int, ...] = ()
    architectures: tuple[str, ...] = ()
    folds: tuple[int, ...] = ()
    sign: str = ""
    seen: str = ""
    ranges: tuple[tuple[Condition, Ends], ...] = ()
    choices: tuple[tuple[Condition, tuple[str, ...]], ...] = ()

    def chosen(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows that are left.

        Args:
            rows: from `engine.inference.error_traits.with_traits`; a column that they lack leaves
                nothing out.
        """
        kept = np.ones(len(rows), dtype=bool)
        for name in ("label", "size", "similarity"):
            if name in rows:
                kept &= _within(rows[name].to_numpy(dtype=float), getattr(self, name))
        if self.classes and "classes" in rows:
            wanted = {*self.classes}
            kept &= np.array([not wanted.isdisjoint(own) for own in rows["classes"]], dtype=bool)
        for name, own in (("units", self.units), ("architecture", self.architectures)):
            if own and name in rows:
                kept &= rows[name].isin(own).to_numpy(dtype=bool)
        if self.folds:
            kept &= rows["fold"].isin(self.folds).to_numpy(dtype=bool)
        if self.sign:
            kept &= (rows["error"] > 0 if self.sign == OVER else rows["error"] < 0).to_numpy()
        if self.seen and "seen" in rows:
            kept &= (rows["seen"].astype("boolean") == (self.seen == SEEN)).fillna(False).to_numpy()
        return rows[kept & self._at_conditions(rows)]

    def _at_conditions(self, rows: pd.DataFrame) -> np.ndarray:
        """Which rows were measured under the conditions that are asked for; `(N,)`, bool."""
        kept = np.ones(len(rows), dtype=bool)
        for condition, ends in self.ranges:
            values = rows.get(CONDITION_PREFIX + condition.name)
            if values is not None:
                kept &= _within(values.to_numpy(dtype=float), ends)
        for condition, wanted in self.choices:
            values = rows.get(CONDITION_PREFIX + condition.name)
            if wanted and values is not None:
                kept &= values.isin(wanted).to_numpy(dtype=bool)
        return kept

    def words(self, property_: Property) -> list[str]:
        """What is asked for, in words; empty where nothing is."""
        return [
            *_ends_words(
                "label", self.label, partial(number, without_unit(property_)), property_.unit
            ),
            *_ends_words("size", self.size, lambda value: f"{value:.0f}", "heavy atoms"),
            *_ends_words("similarity to training", self.similarity, lambda value: f"{value:.2f}"),
            *([" or ".join(self.classes)] if self.classes else []),
            *_units_words(self.units),
            *([f"architecture {' or '.join(self.architectures)}"] if self.architectures else []),
            *_folds_words(self.folds),
            *filter(None, (self.sign, self.seen)),
            *(
                words
                for condition, ends in self.ranges
                for words in _ends_words(
                    condition.name, ends, lambda value: f"{value:.6g}", condition.unit
                )
            ),
            *(f"{each.name} {' or '.join(wanted)}" for each, wanted in self.choices if wanted),
        ]


def chosen_words(chosen: int, total: int, words: list[str]) -> str:
    """How many labels are left of how many, and by what: a sentence.

    Args:
        chosen, total: numbers of labels.
        words: from `ErrorFilter.words`.
    """
    if not words:
        return f"All {counted(total, 'label')}."
    return f"{chosen:,} of {counted(total, 'label')}: {'; '.join(words)}."


def _within(values: np.ndarray, ends: Ends) -> np.ndarray:
    low, high = ends
    kept = np.ones(len(values), dtype=bool)
    if low is not None:
        kept &= values >= low
    if high is not None:
        kept &= values <= high
    return kept


def _ends_words(
    name: str, ends: Ends, written: Callable[[float], str], unit: str = ""
) -> list[str]:
    low, high = ("" if end is None else written(end) for end in ends)
    if not low and not high:
        return []
    words = f"{low} to {high}" if low and high else f"from {low}" if low else f"up to {high}"
    return [f"{name} {words} {unit}".strip()]


def _units_words(units: tuple[int, ...]) -> list[str]:
    if not units:
        return []
    *first, last = sorted(units)
    numbers = " or ".join([*(f"{each}" for each in first), counted(last, "repeat unit")])
    return [numbers]


def _folds_words(folds: tuple[int, ...]) -> list[str]:
    """Folds are counted from 1 for people."""
    if not folds:
        return []
    numbers = " or ".join(str(fold + 1) for fold in sorted(folds))
    return [f"fold {numbers}"]
