"""What a source changed for the others, from out-of-fold predictions with and without it."""

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel

_Z = 1.96
"""Standard errors to either side of a mean that make its 95 % interval."""
FEWEST = 10
"""Labels from which an interval of their mean difference is told."""


class SourceEffect(BaseModel):
    """What one source changed in the errors of a property of another source.

    Both errors are of the coregionalised process, or of the Gaussian process where no other source
    is left, on the same held-out labels.

    Attributes:
        name: of the property whose labels are predicted.
        source: the source that was there, or not.
        labels: on how many labels both were compared.
        without, together: the mean absolute errors, in the property's unit.
        low, high: the 95 % interval of `together` − `without`, paired by label, in the same unit.
    """

    name: str
    source: str
    labels: int
    without: float
    together: float
    low: float
    high: float

    @property
    def harms(self) -> bool:
        """Whether the errors are greater with the source by more than chance."""
        return self.low > 0

    @property
    def helps(self) -> bool:
        """Whether they are smaller by more than chance."""
        return self.high < 0

    @property
    def sentence(self) -> str:
        """The change in words."""
        to_percent = 100 / self.without if self.without else 0.0
        change = (self.together - self.without) * to_percent
        interval = f"{self.low * to_percent:+.1f} to {self.high * to_percent:+.1f} %"
        error = f"error {change:+.1f} % ({interval})"
        if self.helps or self.harms:
            verb = "helps" if self.helps else "harms"
            text = f"{self.source} {verb} {self.name}: {error}, {self.labels:,} labels."
        else:
            text = (
                f"{self.source} makes no difference to {self.name} that {self.labels:,} labels "
                f"could tell: {error}."
            )
        return text.replace(" -", " −").replace("(-", "(−")


def source_effect(
    name: str, source: str, labels: np.ndarray, without: np.ndarray, together: np.ndarray
) -> SourceEffect | None:
    """Compare two predictions of the same held-out labels.

    Args:
        name: of the property.
        source: the source that `together` learned from and `without` did not.
        labels: shape `(N,)`, in the property's unit, NaN where missing.
        without, together: out-of-fold predictions, shape `(N,)`, in the same unit.

    Returns:
        None where the labels are too few for an interval.
    """
    rows = np.isfinite(labels) & np.isfinite(without) & np.isfinite(together)
    if rows.sum() < FEWEST:
        return None
    before, after = (np.abs(each[rows] - labels[rows]) for each in (without, together))
    low, high = interval_of_mean(after - before)
    return SourceEffect(
        name=name,
        source=source,
        labels=int(rows.sum()),
        without=float(before.mean()),
        together=float(after.mean()),
        low=low,
        high=high,
    )


def interval_of_mean(values: np.ndarray) -> tuple[float, float]:
    """The ends of the 95 % interval of the mean of n values; shape `(n,)`."""
    mean, reach = values.mean(), _Z * values.std(ddof=1) / len(values) ** 0.5
    return float(mean - reach), float(mean + reach)


def groups_without(
    source: str, sources: Sequence[str], groups: Sequence[Sequence[int]]
) -> list[list[int]]:
    """The properties of each quantity that a source shares with two or more others, without it.

    Args:
        source: its name.
        sources: of the K properties.
        groups: the properties of each quantity that has several sources.
    """
    shared = [group for group in groups if source in {sources[k] for k in group}]
    left = [[k for k in group if sources[k] != source] for group in shared]
    return [group for group in left if len(group) > 1]
