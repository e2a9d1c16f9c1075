"""Two models on one labelled table: whose errors are smaller, label by label."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from ..settings.properties import Property
from ..settings.units import conversion
from .error_analysis import summary
from .scoring import Scored
from .source_effects import FEWEST, interval_of_mean


class Compared(NamedTuple):
    """The errors of two models on the same labels of one property.

    Attributes:
        property_: as the first model has it; errors are in its unit, or in decades.
        first, second: see `engine.inference.error_analysis.summary`.
        seen: labels of repeat units that one of the models was trained on, or both.
        difference: the mean absolute error of the second less that of the first; None without
            labels.
        interval: the 95 % interval of the difference, paired by label; None for too few labels.
    """

    property_: Property
    first: dict[str, float]
    second: dict[str, float]
    seen: int
    difference: float | None
    interval: tuple[float, float] | None

    @property
    def better(self) -> str:
        """`first` or `second`, where the difference is more than chance; else empty."""
        if self.interval is None or self.interval[0] <= 0 <= self.interval[1]:
            return ""
        return "first" if self.interval[0] > 0 else "second"


def compare_models(first: Scored, second: Scored, with_seen: bool = False) -> list[Compared]:
    """Compare two models on the labels that both predict.

    Args:
        first, second: predictions of the same table.
        with_seen: whether labels count of repeat units that one of the models was trained on. Such
            errors flatter a model.

    Returns:
        One for each property that the table labels and both models predict in units that can be
        converted.
    """
    known = {each.name: k for k, each in enumerate(second.predictor.info.properties)}
    compared = []
    for k, property_ in enumerate(first.predictor.info.properties):
        place = known.get(property_.name)
        labelled = np.isfinite(first.labels[:, k])
        if place is None or not labelled.any():
            continue
        guesses = _in_unit_of(property_, second, place)
        if guesses is None:
            continue
        seen = _seen(first, k) | _seen(second, place)
        rows = labelled if with_seen else labelled & ~seen
        labels = first.labels[:, k]
        own = first.predicted.blend.iloc[:, k].to_numpy()
        rows = rows & np.isfinite(own) & np.isfinite(guesses)
        compared.append(
            _compared(property_, labels[rows], own[rows], guesses[rows], int(seen[labelled].sum()))
        )
    return compared


def _compared(
    property_: Property, labels: np.ndarray, first: np.ndarray, second: np.ndarray, seen: int
) -> Compared:
    """Compare predictions of the same labels; all of shape `(n,)`, in the property's unit."""
    truth, *guesses = (property_.scaled(each) for each in (labels, first, second))
    errors = [guess - truth for guess in guesses]
    own, other = (
        summary(pd.DataFrame({"label": labels, "error": each}), property_) for each in errors
    )
    changes = np.abs(errors[1]) - np.abs(errors[0])
    return Compared(
        property_,
        first=own,
        second=other,
        seen=seen,
        difference=float(changes.mean()) if len(changes) else None,
        interval=interval_of_mean(changes) if len(changes) >= FEWEST else None,
    )


def _seen(scored: Scored, place: int) -> np.ndarray:
    """Whether a model was trained on the repeat units; False for one that does not know."""
    if scored.seen is None:
        return np.zeros(len(scored.labels), dtype=bool)
    return scored.seen[:, place]


def _in_unit_of(property_: Property, scored: Scored, place: int) -> np.ndarray | None:
    """A model's predictions in the unit of another; None where that cannot be converted."""
    values = scored.predicted.blend.iloc[:, place].to_numpy()
    unit = scored.predictor.info.properties[place].unit
    if unit == property_.unit or not unit or not property_.unit:
        return values
    turned = conversion(unit, property_.unit)
    return None if turned is None else values * turned[0] + turned[1]
