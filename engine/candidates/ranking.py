"""The order of a list's candidates, and which of them are shown."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Literal, NamedTuple

import numpy as np

from ..inference.specification import Requirement
from ..inference.uncertainty import GUESS, OUTSIDE
from .answers import Answers

LIKELY = 0.5


class Order(Enum):
    """What candidates are ordered by besides properties, which may have any name."""

    PROBABILITY = "the probability of meeting the specification"
    HARDNESS = "the score of synthetic accessibility"
    OWN = "a column of their file"


Only = Literal["likely to meet the specification", "Pareto front", "inside the domain", "a problem"]
"""What candidates can be narrowed to."""


class View(NamedTuple):
    """How a list is looked at.

    Attributes:
        by: a property's name, another `Order`, or empty for the order of adding.
        descending: whether the greatest comes first.
        only: what candidates are narrowed to; all of it must hold.
        guesses: whether guesses rank with the other values, and not behind them: values of units
            with atoms that no training unit has.
    """

    by: str | Order = ""
    descending: bool = True
    only: tuple[Only, ...] = ()
    guesses: bool = False


def ranked(
    ids: Sequence[int],
    answers: Answers | None,
    requirements: Sequence[Requirement],
    view: View,
    others: Mapping[Order, Mapping[int, float | None]],
    problems: Sequence[int] = (),
) -> list[int]:
    """The numbers of the candidates that are shown, in order.

    What has no value to rank by comes last, in the order of adding.

    Args:
        ids: of all candidates, in the order of adding.
        answers: of those that are predicted; None where none is.
        requirements: of the specification.
        view: how the list is looked at.
        others: what is known of candidates besides the answers, by number: the scores of
            synthetic accessibility, a column of their file.
        problems: the candidates without a repeat unit.
    """
    numbers = np.asarray(ids, dtype=np.int64)
    key, shown = np.full(len(numbers), np.nan), np.ones(len(numbers), dtype=bool)
    if isinstance(view.by, Order) and view.by in others:
        known = others[view.by]
        key = np.array([_number(known.get(each)) for each in numbers.tolist()])
    if answers is not None:
        rows = _rows_of(numbers, answers.ids)
        there = rows >= 0
        if view.by and view.by not in others:
            key[there] = _key(answers, requirements, view)[rows[there]]
    for each in view.only:
        if each == "a problem":
            failed = set(problems) | set(answers.problems if answers else ())
            shown &= np.isin(numbers, list(failed))
        elif answers is None:
            shown[:] = False
        else:
            shown &= there
            shown[there] &= _fits(answers, requirements, view, each)[rows[there]]
    numbers, key = numbers[shown], key[shown]
    order = np.argsort(-key if view.descending else key, kind="stable")  # NaN comes last
    return [int(each) for each in numbers[order]]


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)


def _rows_of(numbers: np.ndarray, answered: np.ndarray) -> np.ndarray:
    """Each candidate's row among the answers, which are sorted by number; -1 without one."""
    if not len(answered):
        return np.full(len(numbers), -1)
    places = np.minimum(np.searchsorted(answered, numbers), len(answered) - 1)
    return np.where(answered[places] == numbers, places, -1)


def _key(answers: Answers, requirements: Sequence[Requirement], view: View) -> np.ndarray:
    """What answers are ranked by, shape `(N,)`; NaN where they cannot be."""
    if isinstance(view.by, Order):
        names = [each.name for each in requirements if each.has_ends]
        key = answers.probabilities(requirements).of_all
        if not len(key):
            return np.full(len(answers.ids), np.nan)
    else:
        names, key = [view.by], answers.column(view.by)
    return key if view.guesses else np.where(answers.rankable(names), key, np.nan)


def _fits(
    answers: Answers, requirements: Sequence[Requirement], view: View, only: Only
) -> np.ndarray:
    """Which answers candidates are narrowed to, shape `(N,)`, bool."""
    likely = answers.probabilities(requirements).of_all
    if only == "likely to meet the specification":
        if not len(likely):
            return np.ones(len(answers.ids), dtype=bool)
        names = [each.name for each in requirements if each.has_ends]
        return (likely >= LIKELY) & (view.guesses | answers.rankable(names))
    if only == "Pareto front":
        return answers.front(requirements)
    names = [each.name for each in requirements] or answers.names
    places = [answers.names.index(name) for name in names]
    far = np.isin(answers.domains, [OUTSIDE, GUESS]) & ~answers.is_measured
    return np.asarray(~far[:, places].any(axis=1))
