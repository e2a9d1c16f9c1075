"""What a model says of many compositions of the same repeat units.

The compositions lie on a line on which one unit goes from none to all, or on a triangle of three.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..base.errors import UserError
from ..base.wording import clipped
from ..chem.architectures import Architecture
from ..chem.composition import Composition
from ..settings.conditions import same_for_all
from .predict import Predictor, Progress


class Answers(NamedTuple):
    """What a model predicts of P rows.

    Attributes:
        values, low, high: P rows, a column for each property, in the properties' units; the ends of
            the intervals are NaN where there are none.
        outside: P rows of bool: whether a row is outside the domain.
        warnings: P sentences, what no training unit has.
    """

    values: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame
    outside: pd.DataFrame
    warnings: list[str]

    def rows(self, start: int, end: int) -> "Answers":
        """Those from one row to another, which is none of them."""
        values, low, high, outside = (
            frame.iloc[start:end].reset_index(drop=True)
            for frame in (self.values, self.low, self.high, self.outside)
        )
        return Answers(values, low, high, outside, self.warnings[start:end])


class OverCompositions(NamedTuple):
    """What a model predicts of P compositions of N units, and of each unit alone.

    Attributes:
        fractions: mole fractions, shape `(P, N)`.
        answers: of the P compositions.
        units: of the N homopolymers.
    """

    fractions: np.ndarray
    answers: Answers
    units: Answers


def along(fractions: np.ndarray, unit: int, line: np.ndarray) -> np.ndarray:
    """Compositions on a line on which one unit goes from none to all.

    Args:
        fractions: of N units, shape `(N,)`; those of the others keep their proportions.
        unit: its place.
        line: its fractions, shape `(P,)`.

    Returns:
        Shape `(P, N)`.
    """
    others = np.array(fractions, dtype=np.float64)
    others[unit] = 0.0
    if not others.sum():
        others = (np.arange(len(others)) != unit).astype(np.float64)
    found = (1 - line)[:, None] * others / others.sum()
    found[:, unit] = line
    return found


def triangle(steps: int) -> np.ndarray:
    """All compositions of three units in so many steps from none to all; shape `(P, 3)`."""
    return np.array(
        [
            (first, second, steps - first - second)
            for first in range(steps + 1)
            for second in range(steps + 1 - first)
        ],
        dtype=np.float64,
    ) / float(steps)


def answers_of(
    predictor: Predictor,
    texts: Sequence[str],
    given: Mapping[str, float | str],
    progress: Progress | None = None,
) -> Answers:
    """What a model predicts of P repeat units or compositions, in one call.

    Args:
        predictor: the model.
        texts: P of them.
        given: conditions, for a model that predicts at such.
        progress: told how far the features are.

    Raises:
        UserError: when one is not predicted.
    """
    at = same_for_all(predictor.info.conditions, len(texts), dict(given))
    predicted = predictor.predict(texts, progress, at)
    if predicted.problems:
        row, problem = min(predicted.problems.items())
        raise UserError(f"The unit {clipped(texts[row])} is not predicted: {problem}.")
    sentences = predicted.warnings(predictor.info.answer_names)
    warnings = [sentences.get(row, "") for row in range(len(texts))]
    return Answers(predicted.blend, *predictor.ends_and_outside(predicted), warnings)


def predict_over(
    predictor: Predictor,
    units: Sequence[str],
    fractions: np.ndarray,
    architecture: Architecture,
    given: Mapping[str, float | str],
    progress: Progress | None = None,
) -> OverCompositions:
    """What a model that learned compositions predicts of many, all in one call.

    A composition of which one unit is all is that unit's homopolymer, and has its answer.

    Args:
        predictor: the model.
        units: N repeat units.
        fractions: mole fractions, shape `(P, N)`.
        architecture: of all P.
        given, progress: as for `answers_of`.

    Raises:
        UserError: when one is not predicted.
    """
    texts = [Composition.of(units, row, architecture).unrounded for row in fractions.tolist()]
    found = answers_of(predictor, [*units, *texts], given, progress)
    count = len(units)
    return OverCompositions(fractions, found.rows(count, count + len(texts)), found.rows(0, count))
