"""The homopolymers that mixing rules stand on: measured values where they are known.

What rules make of them over many compositions stands here too.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..base.wording import listed
from ..chem.polymers import unit_mass
from ..chem.repeat_unit import canonical_unit
from ..settings.properties import Property
from .mixing import Estimate, estimates, weight_fractions
from .over_compositions import Answers


class Homopolymers(NamedTuple):
    """The values of N units' homopolymers, measured where that is known, else predicted.

    Attributes:
        values: N rows, a column for each property, in the properties' units.
        low, high: in the same form, the ends of the intervals of what the model predicts; wider
            where a measured value lies outside, and NaN where there are none.
        measured: N rows of bool.
        predicted: what the model answers of each of them.
    """

    values: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame
    measured: pd.DataFrame
    predicted: Answers

    @classmethod
    def of(
        cls, predicted: Answers, known: Sequence[Mapping[str, Sequence[float]]]
    ) -> "Homopolymers":
        """Measured values in place of predicted ones.

        Args:
            predicted: of N homopolymers.
            known: of each, measured values by property, the one that is shown first.
        """
        values, low, high = (
            frame.copy() for frame in (predicted.values, predicted.low, predicted.high)
        )
        measured = pd.DataFrame(False, index=values.index, columns=values.columns)
        for row, own in enumerate(known):
            for name in values.columns.intersection([*own]):
                if not own[name]:
                    continue
                values.loc[row, name], measured.loc[row, name] = own[name][0], True
                # Never around a missing end: how sure anybody is, is not known there.
                low.loc[row, name] = np.minimum(low.loc[row, name], min(own[name]))
                high.loc[row, name] = np.maximum(high.loc[row, name], max(own[name]))
        return cls(values, low, high, measured, predicted)

    def of_property(self, name: str) -> str:
        """Whether a property's values are measured: `measured homopolymers`, `predicted …`."""
        own = self.measured[name]
        if own.all():
            return "measured homopolymers"
        return "measured and predicted homopolymers" if own.any() else "predicted homopolymers"

    def in_words(self, name: str, names: Sequence[str]) -> str:
        """Which values of a property are measured, and which are predicted.

        Args:
            name: of the property.
            names: of the N homopolymers.
        """
        parts = []
        for word, is_so in (("measured", True), ("predicted", False)):
            own = [
                unit
                for unit, known in zip(names, self.measured[name], strict=True)
                if known == is_so
            ]
            if own:
                parts.append(f"{word} for {listed(own)}")
        return ", and ".join(parts)


def rules_over(
    properties: Sequence[Property],
    units: Sequence[str],
    homopolymers: Homopolymers,
    fractions: np.ndarray,
    k: float | None = None,
) -> dict[str, list[Estimate]]:
    """What mixing rules on N homopolymers say of P compositions.

    Args:
        properties: those with a rule are looked for among them, and a density.
        units: the N repeat units.
        homopolymers: of these.
        fractions: mole fractions, shape `(P, N)`.
        k: as for `estimates`.

    Returns:
        By property's name; a straight line where no rule can be used.
    """
    weights = weight_fractions(fractions, units)
    # Of canonical units: a unit that is drawn with two periods of its chain is two moles.
    moles = weights / [unit_mass(canonical_unit(unit)) for unit in units]
    moles /= moles.sum(axis=1, keepdims=True)
    ends = homopolymers.values, homopolymers.low, homopolymers.high
    return estimates(properties, *ends, weights, k, moles)
