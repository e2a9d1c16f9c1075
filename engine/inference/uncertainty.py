"""How sure a prediction is: its conformal interval, and whether it lies in the domain."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..base.errors import UserError
from ..settings.properties import predicted_columns, scaled_columns
from .bundle import BundleInfo
from .conformal import LEVEL, member_spread
from .domain import Domain
from .seen import Unseen, lacks_atoms

if TYPE_CHECKING:
    from ..chem.fingerprints import Fingerprints

INSIDE, OUTSIDE, GUESS = "inside", "outside", "guess"
"""Where a unit lies; what has atoms that no training unit has is outside, and its value a guess."""


@dataclass(frozen=True)
class Uncertainty:
    """The intervals and the domain of N predictions; each frame has a column for each property.

    Attributes:
        low, high: the intervals' ends, in the properties' units, kept to what physics allows; NaN
            where a row could not be predicted, or the property had too few labels for an interval.
        domain: `inside`, `outside` or `guess`; None where none can be said.
        half_widths: how far the intervals reach to either side of the blend, on the properties'
            scales, before they are kept to what physics allows; NaN as above.
        nearest: the similarity of the nearest training unit with a label of the property, 0 to 1.
        near: the mean similarity of the five nearest, by which a unit is inside or outside.
    """

    low: pd.DataFrame
    high: pd.DataFrame
    domain: pd.DataFrame
    half_widths: pd.DataFrame
    nearest: pd.DataFrame
    near: pd.DataFrame

    @property
    def is_outside(self) -> pd.DataFrame:
        """Which units are known to be outside the domain; guesses are."""
        return self.domain.isin([OUTSIDE, GUESS])

    def columns(self, names: Mapping[str, str] | None = None) -> pd.DataFrame:
        """`Tg_low`, `Tg_high`, `Tg_domain` and so on: N rows, three columns for each property.

        Args:
            names: of the properties, by the columns that their values are in; all by default.

        Raises:
            UserError: when a property of the model has such a name itself.
        """
        parts = {"low": self.low, "high": self.high, "domain": self.domain}
        names = {name: name for name in self.low} if names is None else names
        columns = {
            f"{column}_{part}": frame[name]
            for column, name in names.items()
            for part, frame in parts.items()
        }
        taken = [name for name in names if name in columns]
        if taken:
            raise UserError(
                f"The model predicts a property named {taken[0]!r}, which the intervals need as a "
                "column; rename it in the table and train anew, or predict without intervals."
            )
        return pd.DataFrame(columns)


def estimate_uncertainty(
    info: BundleInfo,
    domain: Domain,
    fingerprints: "Fingerprints",
    place: np.ndarray,
    blend: pd.DataFrame,
    members: np.ndarray,
    coverage: float = LEVEL,
    unseen: Mapping[int, Unseen] | None = None,
) -> Uncertainty:
    """The intervals of predictions, and whether their repeat units lie in the domain.

    Args:
        info: of the model, which has intervals and a domain.
        domain: of the same model.
        fingerprints: of U repeat units, as the model takes them.
        place: shape `(N,)`, int: the unit of each row; −1 where it could not be predicted.
        blend: N rows, K columns, in the properties' units.
        members: shape `(M, N, K)`, in the same units.
        coverage: the share of labels that should lie within the intervals.
        unseen: by position, what no training unit has: such a unit is outside, or a guess.

    Raises:
        UserError: when the model keeps no intervals of that coverage.
    """
    _check_coverage(info, coverage)
    scaled = scaled_columns(info.properties, blend.to_numpy())
    spread = member_spread(scaled_columns(info.properties, members))
    half_widths = np.full(blend.shape, np.nan)
    intervals = info.intervals or {}
    for k, name in enumerate(info.names):
        if name in intervals:
            half_widths[:, k] = intervals[name].half_width(spread[:, k], coverage)
    distances, nearest = _nearness(info, domain, fingerprints, place)
    sides = _sides(info, distances)
    for row, new in (unseen or {}).items():
        # Guesses last: what makes one is told of beside what only lies outside.
        for words in sorted(new, key=lacks_atoms):
            places = [info.names.index(name) for name in new[words]]
            sides[row, places] = GUESS if lacks_atoms(words) else OUTSIDE
    return Uncertainty(
        low=_in_units(info, scaled - half_widths),
        high=_in_units(info, scaled + half_widths),
        # Without a dtype, pandas would make a column of texts, with NaN in place of None.
        domain=pd.DataFrame(sides, columns=info.names, dtype=object),
        half_widths=pd.DataFrame(half_widths, columns=info.names),
        nearest=pd.DataFrame(nearest, columns=info.names),
        near=pd.DataFrame(1 - distances, columns=info.names),
    )


def _in_units(info: BundleInfo, scaled: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(predicted_columns(info.properties, scaled), columns=info.names)


def _check_coverage(info: BundleInfo, coverage: float) -> None:
    """Refuse a coverage that no interval of the model has."""
    intervals = (info.intervals or {}).values()
    kept = {one.level for one in intervals}
    kept |= {percent / 100 for one in intervals for percent in one.quantiles}
    if kept and coverage not in kept:
        shares = ", ".join(f"{share:g}" for share in sorted(kept))
        raise UserError(
            f"The model {info.name!r} has no intervals of coverage {coverage:g}: choose one of "
            f"{shares}."
        )


def _nearness(
    info: BundleInfo, domain: Domain, fingerprints: "Fingerprints", place: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """As `Domain.nearness`, shape `(N, K)` each; NaN where a row could not be predicted."""
    distances = np.full((len(place), len(info.names)), np.nan)
    similar, there = distances.copy(), place >= 0
    if there.any():
        of_units = domain.nearness(fingerprints)
        distances[there], similar[there] = (each[place[there]] for each in of_units)
    return distances, similar


def _sides(info: BundleInfo, distances: np.ndarray) -> np.ndarray:
    """`INSIDE`, `OUTSIDE` or None by distance, `(N, K)`."""
    thresholds = info.domain.thresholds if info.domain else {}
    limits = np.array([thresholds.get(name, np.nan) for name in info.names])
    sides = np.where(distances <= limits, INSIDE, OUTSIDE).astype(object)
    sides[~np.isfinite(distances) | ~np.isfinite(limits)] = None
    return sides
