"""How sure a prediction is: its conformal interval, and whether it lies in the domain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..base.errors import UserError
from ..settings.properties import predicted_columns, scaled_columns
from .bundle import BundleInfo
from .conformal import LEVEL, member_spread
from .domain import Domain
from .seen import Unseen

INSIDE, OUTSIDE = "inside", "outside"


@dataclass(frozen=True)
class Uncertainty:
    """The intervals and the domain of N predictions; each frame has a column for each property.

    Attributes:
        low, high: the intervals' ends, in the properties' units, kept to what physics allows; NaN
            where a row could not be predicted, or the property had too few labels for an interval.
        domain: `inside` or `outside`; None where neither can be said.
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
    smiles: Sequence[str | None],
    blend: pd.DataFrame,
    members: np.ndarray,
    coverage: float = LEVEL,
    unseen: Mapping[int, Unseen] | None = None,
) -> Uncertainty:
    """The intervals of predictions, and whether their repeat units lie in the domain.

    Args:
        info: of the model, which has intervals and a domain.
        domain: of the same model.
        smiles: N repeat units, as the model takes them; None for one that could not be read.
        blend: N rows, K columns, in the properties' units.
        members: shape `(M, N, K)`, in the same units.
        coverage: the share of labels that should lie within the intervals.
        unseen: by position, what no training unit has: such a unit is outside.

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
    distances, nearest = _nearness(info, domain, smiles)
    sides = _sides(info, distances)
    for row, new in (unseen or {}).items():
        sides[row, [info.names.index(name) for names in new.values() for name in names]] = OUTSIDE
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
    info: BundleInfo, domain: Domain, smiles: Sequence[str | None]
) -> tuple[np.ndarray, np.ndarray]:
    """As `Domain.nearness`, shape `(N, K)` each; NaN for a unit that could not be read."""
    distances = np.full((len(smiles), len(info.names)), np.nan)
    similar = distances.copy()
    units = {text: place for place, text in enumerate(dict.fromkeys(filter(None, smiles)))}
    if units:
        readable = np.array([text is not None for text in smiles], dtype=bool)
        places = [units[text] for text in smiles if text is not None]
        of_units = domain.nearness(list(units))
        distances[readable], similar[readable] = of_units[0][places], of_units[1][places]
    return distances, similar


def _sides(info: BundleInfo, distances: np.ndarray) -> np.ndarray:
    """`INSIDE`, `OUTSIDE` or None by distance, `(N, K)`."""
    thresholds = info.domain.thresholds if info.domain else {}
    limits = np.array([thresholds.get(name, np.nan) for name in info.names])
    sides = np.where(distances <= limits, INSIDE, OUTSIDE).astype(object)
    sides[~np.isfinite(distances) | ~np.isfinite(limits)] = None
    return sides
