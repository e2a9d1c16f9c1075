"""Which rows a student cannot rule out, and so have to be predicted by the ensemble."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..inference.specification import Requirement
from ..settings.properties import Property
from .student import Margins, covering

_SAMPLE = 1_920
"""Rows, spread over all, that show how far student and ensemble lie apart in the files at hand."""

_MORE, _FIRST = 1.5, 500
"""Times as many rows as are wanted, and so many at least, are scored first: that tells about how
good the best are, and how far the student errs there."""


class FirstPass(NamedTuple):
    """What a student says of all rows.

    Attributes:
        properties: the J properties.
        values: shape `(N, J)`, float32, on the properties' scales; NaN where it cannot judge.
        readable: shape `(N,)`, bool; the others have no prediction at all.
        margins: how far the ensemble may lie from these values.
    """

    properties: Sequence[Property]
    values: np.ndarray
    readable: np.ndarray
    margins: Margins

    def place_of(self, name: str) -> int:
        """The column of a property."""
        return [each.name for each in self.properties].index(name)

    def scaled(self, requirement: Requirement) -> tuple[float, float]:
        """A requirement's ends on its property's scale; infinite for no end."""
        own = self.properties[self.place_of(requirement.name)]
        low, high = requirement.low, requirement.high
        return (
            -np.inf if low is None else float(own.scaled(np.array(low))),
            np.inf if high is None else float(own.scaled(np.array(high))),
        )


class Scored(NamedTuple):
    """Rows that the ensemble predicted and that are kept.

    Attributes:
        rows: shape `(S,)`, int, their numbers among all.
        values: shape `(S,)`, of the property by which the best are chosen, on its scale.
    """

    rows: np.ndarray
    values: np.ndarray

    @classmethod
    def none(cls) -> "Scored":
        """No rows."""
        return cls(np.zeros(0, dtype=np.int64), np.zeros(0))


def sample_of(readable: np.ndarray) -> np.ndarray:
    """The numbers of some rows that can be read, spread evenly over all."""
    rows = np.flatnonzero(readable)
    count = min(_SAMPLE, len(rows))
    return rows[np.linspace(0, len(rows) - 1, count).astype(int)] if count else rows


def may_meet(first: FirstPass, keep: Sequence[Requirement]) -> np.ndarray:
    """Which rows may meet all of some requirements; shape `(N,)`, bool.

    Args:
        first: what the student says.
        keep: what rows have to meet.
    """
    may = first.readable.copy()
    for each in keep:
        low, high = first.scaled(each)
        below, above = first.margins.of(each.name, low, high)
        values = first.values[:, first.place_of(each.name)]
        # NaN is on neither side: what the student cannot judge it cannot rule out.
        may &= ~((values < low - below) | (values > high + above))
    return may


def next_rows(
    first: FirstPass,
    by: Requirement,
    top: int,
    may: np.ndarray,
    done: np.ndarray,
    scored: Scored,
) -> np.ndarray:
    """The rows that have to be scored next, to find the best; none when these are found.

    Args:
        first: what the student says.
        by: the property and the direction by which the best are chosen.
        top: how many are wanted.
        may: which rows may meet what has to be met, shape `(N,)`, bool.
        done: which are scored already, shape `(N,)`, bool.
        scored: those of them that are kept.

    Returns:
        Their numbers, ascending.
    """
    sign = 1.0 if by.direction == "high" else -1.0
    values = sign * first.values[:, first.place_of(by.name)]
    left = may & ~done
    unjudged = left & np.isnan(values)
    if len(scored.rows) < top or not done.any():
        # Too few are found: first about as many as are wanted, then twice as many each time.
        count = max(int(_MORE * top), _FIRST) + int(done.sum())
        order = np.argsort(-np.where(left, values, -np.inf), kind="stable")
        best = order[:count]
        return np.flatnonzero(mask_of(best[left[best]], len(left)) | unjudged)
    best = np.argsort(-sign * scored.values, kind="stable")[:top]
    least = float(sign * scored.values[best[-1]])
    margin = _margin(first, by, sign, least, scored, best)
    return np.flatnonzero(left & ~(values < least - margin))


def _margin(
    first: FirstPass,
    by: Requirement,
    sign: float,
    least: float,
    scored: Scored,
    best: np.ndarray,
) -> float:
    """How far below the least of the best the student may put one of them.

    At the far end, of which few held-out units lie, the best that are found tell more than these.
    """
    ends = (least, np.inf) if sign > 0 else (-np.inf, -least)
    below, above = first.margins.of(by.name, *ends)
    own = first.values[scored.rows[best], first.place_of(by.name)]
    short = least - sign * own[np.isfinite(own)]
    found = covering(short) if len(short) else 0.0
    return max(below if sign > 0 else above, found)


def mask_of(rows: np.ndarray, count: int) -> np.ndarray:
    """Which of so many rows are among some, by their numbers; shape `(count,)`, bool."""
    mask = np.zeros(count, dtype=bool)
    mask[rows] = True
    return mask
