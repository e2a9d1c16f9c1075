"""How sure a prediction is: its conformal interval, and whether it lies in the domain."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..base.errors import UserError
from .bundle import BundleInfo
from .conformal import member_spread
from .domain import Domain

INSIDE, OUTSIDE = "inside", "outside"


@dataclass(frozen=True)
class Certainty:
    """The intervals and the domain of N predictions; one column for each of K properties.

    Attributes:
        low, high: the intervals' ends, in the properties' units; NaN where a row could not be
            predicted, or the property had too few labels for an interval.
        domain: `inside` or `outside`; None where neither can be said.
    """

    low: pd.DataFrame
    high: pd.DataFrame
    domain: pd.DataFrame

    def columns(self) -> pd.DataFrame:
        """`Tg_low`, `Tg_high`, `Tg_domain` and so on: N rows, three columns for each property.

        Raises:
            UserError: when a property of the model has such a name itself.
        """
        parts = {"low": self.low, "high": self.high, "domain": self.domain}
        made = {f"{name}_{part}": frame[name] for name in self.low for part, frame in parts.items()}
        taken = [name for name in self.low if name in made]
        if taken:
            raise UserError(
                f"The model predicts a property named {taken[0]!r}, which the intervals need as a "
                "column; rename it in the table and train anew, or predict without intervals."
            )
        return pd.DataFrame(made)


def gauge(
    info: BundleInfo,
    domain: Domain,
    smiles: Sequence[str | None],
    blend: pd.DataFrame,
    members: np.ndarray,
) -> Certainty:
    """The certainty of predictions.

    Args:
        info: of the model, which has intervals and a domain.
        domain: of the same model.
        smiles: N repeat units; None for one that could not be read.
        blend: N rows, K columns, in the properties' units.
        members: shape `(M, N, K)`, in the same units.
    """
    spread = member_spread(members)
    half = np.full(blend.shape, np.nan)
    for k, name in enumerate(info.names):
        if name in info.intervals:
            half[:, k] = info.intervals[name].half_width(spread[:, k])
    units = {text: place for place, text in enumerate(dict.fromkeys(filter(None, smiles)))}
    known = np.array([text is not None for text in smiles], dtype=bool)
    place = [units[text] for text in smiles if text is not None]
    thresholds = np.array([info.domain.thresholds.get(name, np.nan) for name in info.names])
    words = np.full(blend.shape, None, dtype=object)
    if units:
        inside = np.where(domain.distances(list(units)) <= thresholds, INSIDE, OUTSIDE)
        words[known] = np.where(np.isfinite(thresholds), inside, None)[place]
    return Certainty(
        low=blend - half,
        high=blend + half,
        # Else pandas would make texts of them, and NaN of None.
        domain=pd.DataFrame(words, columns=info.names, dtype=object),
    )
