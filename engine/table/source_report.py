"""How the sources of one quantity differ on the polymers that they share: the source doctor."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from pydantic import BaseModel

from ..base.wording import SHOWN, counted
from ..settings.properties import Property, by_quantity
from .checking import Table
from .duplicates import CONFLICT_SHARE, drawn_alike

FEWEST_SHARED = 3
"""Shared polymers from which an offset and a slope are told."""

_CONFLICT_SPREADS = 3.0
"""Robust standard deviations from the median difference beyond which two values conflict."""

_MOST_IN_SLOPE = 1_000
_KELVIN = 273.15
_OF_TEMPERATURE = ("°C", "K", "")
_NEAR_KELVIN = 100.0
_THOUSAND = 1000.0


class SharedPolymer(BaseModel):
    """A polymer that two sources have a label of; values in the property's unit."""

    smiles: str
    first: float
    second: float


class SourcePair(BaseModel):
    """Two sources of one quantity.

    Attributes:
        quantity, unit: what both give.
        first, second: names of the sources.
        shared: the polymers of both, however they are drawn, stereochemistry aside; the mean of
            several labels of one.
        offset: the median of second − first, in `unit`; None for fewer than three polymers.
        slope: of second by first (Theil and Sen), no unit; None where it cannot be told.
        scatter: robust standard deviation of second − first around the offset, in `unit`.
        correlation: Pearson's.
        conflicts: shared polymers whose values differ far more than the offset, worst first.
        warning: why both cannot be the same quantity in the same unit, and the mend; else empty.
    """

    quantity: str
    unit: str
    first: str
    second: str
    shared: list[SharedPolymer] = []
    offset: float | None = None
    slope: float | None = None
    scatter: float | None = None
    correlation: float | None = None
    conflicts: list[SharedPolymer] = []
    warning: str = ""

    @property
    def sentence(self) -> str:
        """The differences in words."""
        about = f"{self.quantity}: {self.second} against {self.first}"
        if self.offset is None:
            return f"{about}: {counted(len(self.shared), 'shared polymer')}, too few to compare."
        unit = f" {self.unit}" if self.unit else ""
        return (
            f"{about}: {counted(len(self.shared), 'shared polymer')}, offset {self.offset:+.3g}"
            f"{unit}, scatter {self.scatter:.2g}{unit}"
            + (f", slope {self.slope:.2f}" if self.slope is not None else "")
            + (f", r = {self.correlation:.2f}" if self.correlation is not None else "")
            + (f", {counted(len(self.conflicts), 'conflict')}" if self.conflicts else "")
            + "."
        )


def compare_sources(table: Table) -> list[SourcePair]:
    """Compare the sources of each quantity, two by two.

    Args:
        table: as `join_tables` makes it.
    """
    groups = by_quantity([property_.base for property_ in table.properties])
    pairs = [pair for columns in groups.values() for pair in combinations(columns, 2)]
    if not pairs:
        return []
    units = drawn_alike(table.canonical)
    return [_compare(units, table.labels, table.properties, *pair) for pair in pairs]


def _compare(
    units: np.ndarray, labels: np.ndarray, properties: Sequence[Property], first: int, second: int
) -> SourcePair:
    means = [_by_unit(units, labels[:, k]) for k in (first, second)]
    both = pd.concat(means, axis=1, join="inner", keys=["first", "second"])
    pair = SourcePair(
        quantity=properties[first].base,
        unit=properties[first].unit,
        first=properties[first].source,
        second=properties[second].source,
        shared=[
            SharedPolymer(smiles=str(smiles), first=row.first, second=row.second)
            for smiles, row in zip(both.index, both.itertuples(index=False), strict=True)
        ],
    )
    pair.warning = _warning(pair, means[0].to_numpy(), means[1].to_numpy())
    if len(both) < FEWEST_SHARED:
        return pair
    x, y = both["first"].to_numpy(), both["second"].to_numpy()
    difference = y - x
    pair.offset = float(np.median(difference))
    pair.scatter = float(1.4826 * np.median(np.abs(difference - pair.offset)))
    if np.ptp(x) > 0 and np.ptp(y) > 0:
        from scipy.stats import theilslopes

        # All pairs of polymers are compared: of many, a draw says as much.
        drawn = np.random.default_rng(0).permutation(len(x))[:_MOST_IN_SLOPE]
        pair.slope = float(theilslopes(y[drawn], x[drawn]).slope)
        pair.correlation = float(np.corrcoef(x, y)[0, 1])
    far = np.abs(difference - pair.offset)
    order = np.argsort(-far, kind="stable")
    least = CONFLICT_SHARE * max(np.ptp(x), np.ptp(y))
    limit = max(_CONFLICT_SPREADS * pair.scatter, least)
    pair.conflicts = [pair.shared[i] for i in order if far[i] > limit]
    return pair


def _by_unit(units: np.ndarray, labels: np.ndarray) -> pd.Series:
    rows = np.isfinite(labels)
    return pd.Series(labels[rows]).groupby(units[rows], sort=False).mean()


def _warning(pair: SourcePair, first: np.ndarray, second: np.ndarray) -> str:
    """Whether one source looks like the other in another unit or on another scale."""
    if len(pair.shared) >= FEWEST_SHARED:
        first = np.array([polymer.first for polymer in pair.shared])
        second = np.array([polymer.second for polymer in pair.shared])
    elif min(len(first), len(second)) < FEWEST_SHARED:
        return ""
    for (name, values), (other, others) in (
        ((pair.first, first), (pair.second, second)),
        ((pair.second, second), (pair.first, first)),
    ):
        if words := _larger(values, others, len(pair.shared) >= FEWEST_SHARED, pair.unit):
            return (
                f"{pair.quantity} of {name} looks like that of {other} {words}. If so, say its "
                "unit or convert its column; otherwise the model learns the units' difference as a "
                "real one."
            )
    return ""


def _larger(values: np.ndarray, others: np.ndarray, shared: bool, unit: str) -> str:
    """How `values` look as if they were `others` in another unit; empty where they do not."""
    median, other = float(np.median(values)), float(np.median(others))
    offset = np.median(values - others) if shared else 0.0
    if unit in _OF_TEMPERATURE and abs(offset - _KELVIN) < _NEAR_KELVIN and median > 0:
        return "in kelvin, which is 273.15 more than °C"
    positive = median > 0 and other > 0
    if positive and _THOUSAND / 3 < median / other < _THOUSAND * 3:
        return "times a thousand (kg/m³ against g/cm³, or mW against W)"
    if shared and (values > 0).all() and np.ptp(values) > 0:
        logarithms = np.log10(values)
        if np.median(np.abs(logarithms - others)) < 0.1 * max(np.ptp(logarithms), 0.1) and (
            np.median(np.abs(values - others)) > np.ptp(others)
        ):
            return "before its logarithm was taken"
    return ""


def conflict_words(pair: SourcePair) -> list[str]:
    """The worst conflicts of a pair, each with both values."""
    unit = f" {pair.unit}" if pair.unit else ""
    return [
        f"{polymer.smiles}: {pair.first} {polymer.first:.4g}{unit}, "
        f"{pair.second} {polymer.second:.4g}{unit}"
        for polymer in pair.conflicts[:SHOWN]
    ]
