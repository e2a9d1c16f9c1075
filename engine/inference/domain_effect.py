"""What lying outside the applicability domain does to the error, measured on held-out folds."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from .comparison import PERCENTILE, Comparison, evenly, mean_of_nearest, without_own
from .conformal import held_out_half_widths
from .seen import seen_by_property
from .seen_compositions import compositions_by_property

FEWEST_LABELS = 10
"""Of fewer labels nothing is said: their mean error would say little."""

_EDGES = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)
"""Similarities to the nearest training unit, between which errors are taken together."""


class Errors(BaseModel):
    """The errors of some held-out labels of one property.

    Attributes:
        labels: how many they are.
        mae: their mean absolute error, in the unit in which the property's errors are told.
        coverage: the share of them that lay within intervals made without their fold; None where
            there were too few labels for intervals.
    """

    model_config = ConfigDict(allow_inf_nan=False)

    labels: int = Field(ge=1)
    mae: float = Field(ge=0)
    coverage: float | None = Field(default=None, ge=0, le=1)


class SimilarErrors(Errors):
    """The errors of labels whose units are about as similar to their nearest training unit.

    Attributes:
        low, high: between which that similarity lies; `high` itself is left out, but for 1.
    """

    low: float = Field(ge=0, le=1)
    high: float = Field(ge=0, le=1)


class DomainEffect(BaseModel):
    """The errors of one property inside and outside the domain of the other folds.

    Attributes:
        inside, outside: of units inside and outside; None where there are none.
        unseen: of those outside that have what no unit of the other folds has.
        by_similarity: of all, by the similarity of the nearest unit of the other folds.
    """

    inside: Errors | None = None
    outside: Errors | None = None
    unseen: Errors | None = None
    by_similarity: list[SimilarErrors] = Field(default=[], max_length=len(_EDGES))

    def at_similarity(self, similarity: float) -> SimilarErrors | None:
        """The errors of units whose nearest training unit is about as similar; None if unknown."""
        for each in self.by_similarity:
            if each.low <= similarity < each.high or similarity == each.high == 1:
                return each
        return None


class HeldOutSides(NamedTuple):
    """How the rows of each fold lie to the domain that is made of the other folds.

    Attributes:
        outside: shape `(N, K)`, bool: further than the threshold, or with something unseen.
        unseen: shape `(N, K)`, bool: with something that no unit of the other folds has.
        similarity: shape `(N, K)`, to the nearest labelled unit of the other folds; NaN in cells
            without a label and where fewer than two of these have one.
    """

    outside: np.ndarray
    unseen: np.ndarray
    similarity: np.ndarray


def held_out_sides(smiles: Sequence[str], labels: np.ndarray, folds: np.ndarray) -> HeldOutSides:
    """Compare each labelled row with the domain of the folds that it is not in.

    All pairs of units are compared once, some at a time; of more than 10,000 units, 10,000 spread
    evenly are compared with all, and the others' cells are without an answer.

    Args:
        smiles: of N rows, parsable and canonical, as the model takes them.
        labels: shape `(N, K)`, NaN where missing.
        folds: shape `(N,)`; negative in rows that are in no fold and always learned from.
    """
    from ..chem.composition import is_composition
    from ..chem.fingerprints import count_fingerprints
    from ..chem.inventory import inventory

    units = {unit: number for number, unit in enumerate(dict.fromkeys(smiles))}
    place = np.array([units[unit] for unit in smiles])
    sides = HeldOutSides(
        np.zeros(labels.shape, dtype=bool),
        np.zeros(labels.shape, dtype=bool),
        np.full(labels.shape, np.nan),
    )
    labelled, numbers = np.isfinite(labels), np.unique(folds[folds >= 0])
    if not len(numbers):
        return sides
    learned = [_of_units(place, labelled & (folds != fold)[:, None]) for fold in numbers]
    held = [_of_units(place, labelled & (folds == fold)[:, None]) for fold in numbers]
    inventories = [inventory(unit) for unit in units]
    texts = [*units]
    has_compositions = any(map(is_composition, texts))
    prints = count_fingerprints(texts, has_compositions)
    distances = _distances(Comparison(prints), learned, held)
    for number, fold in enumerate(numbers):
        rows = np.flatnonzero(folds == fold)
        names = [str(k) for k in range(labels.shape[1])]
        seen = seen_by_property(inventories, learned[number], names)
        compositions = (
            compositions_by_property(texts, learned[number], names) if has_compositions else {}
        )
        for k, name in enumerate(names):
            own = rows[labelled[rows, k]]
            found = distances[number][k]
            if found is None or not len(own):
                continue
            far, similar = found
            new = [
                bool(
                    seen[name].unseen(inventories[unit])
                    or (name in compositions and compositions[name].unseen(texts[unit]))
                )
                for unit in place[own]
            ]
            sides.unseen[own, k] = new
            sides.outside[own, k] = far[place[own]] | np.array(new)
            sides.similarity[own, k] = similar[place[own]]
    return sides


def _of_units(place: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """What is true of any row of each of U units; `(N, K)` becomes `(U, K)`, bool."""
    units = np.zeros((place.max() + 1, rows.shape[1]), dtype=bool)
    np.logical_or.at(units, place, rows)
    return units


def _distances(
    units: Comparison, learned: list[np.ndarray], held: list[np.ndarray]
) -> list[list[tuple[np.ndarray, np.ndarray] | None]]:
    """By fold and property, which units are too far away, and their nearest one's similarity.

    Args:
        units: U of them.
        learned, held: by fold, shape `(U, K)`: which units have a label elsewhere, and which in it.

    Returns:
        Two arrays of shape `(U,)`; None where fewer than two units are learned from, or none of
        them was compared.
    """
    count, properties = learned[0].shape
    pairs = [(f, k) for f in range(len(learned)) for k in range(properties)]
    columns = {(f, k): np.flatnonzero(learned[f][:, k]) for f, k in pairs}
    pairs = [pair for pair in pairs if len(columns[pair]) > 1]
    among: dict[tuple[int, int], list[np.ndarray]] = {pair: [] for pair in pairs}
    away = {pair: np.full(count, np.nan) for pair in pairs}
    similar = {pair: np.full(count, np.nan) for pair in pairs}
    for rows in units.chunks(evenly(np.arange(count))):
        to_all = units.of_own(rows)
        for f, k in pairs:
            own, to = np.flatnonzero(learned[f][rows, k]), columns[f, k]
            if len(own):
                apart = without_own(to_all[np.ix_(own, to)], np.searchsorted(to, rows[own]))
                among[f, k].append(mean_of_nearest(apart))
            out = np.flatnonzero(held[f][rows, k])
            if len(out):
                apart = to_all[np.ix_(out, to)]
                away[f, k][rows[out]] = mean_of_nearest(apart)
                similar[f, k][rows[out]] = 1 - apart.min(axis=1)
    found: list[list[tuple[np.ndarray, np.ndarray] | None]] = [[None] * properties for _ in learned]
    for f, k in pairs:
        if not among[f, k]:
            continue  # of many units, none with such a label was among those compared
        threshold = np.percentile(np.concatenate(among[f, k]), PERCENTILE)
        found[f][k] = away[f, k] > threshold, similar[f, k]
    return found


def measured_effects(
    sides: HeldOutSides,
    residuals: np.ndarray,
    spreads: np.ndarray,
    folds: np.ndarray,
    names: Sequence[str],
) -> dict[str, DomainEffect]:
    """The errors of each property inside and outside the domain, and by similarity.

    Args:
        sides: of N rows.
        residuals: shape `(N, K)`, |label − blend| out of fold, on the properties' scales; NaN where
            there is no label.
        spreads: shape `(N, K)`, of the members' out-of-fold predictions.
        folds: shape `(N,)`.
        names: of the K properties.
    """
    effects = {}
    for k, name in enumerate(names):
        told = np.isfinite(residuals[:, k]) & np.isfinite(sides.similarity[:, k])
        if not told.any():
            continue
        errors, outside = residuals[told, k], sides.outside[told, k]
        half_widths = held_out_half_widths(errors, spreads[told, k], folds[told])
        covered = np.where(np.isfinite(half_widths), errors <= half_widths, np.nan)
        similarity = sides.similarity[told, k]
        bins = np.clip(np.searchsorted(_EDGES, similarity, side="right") - 1, 0, len(_EDGES) - 2)
        effects[name] = DomainEffect(
            inside=_errors(errors, covered, ~outside),
            outside=_errors(errors, covered, outside),
            unseen=_errors(errors, covered, sides.unseen[told, k]),
            by_similarity=[
                SimilarErrors(low=_EDGES[number], high=_EDGES[number + 1], **own.model_dump())
                for number in range(len(_EDGES) - 1)
                if (own := _errors(errors, covered, bins == number)) and own.labels >= FEWEST_LABELS
            ],
        )
    return effects


def _errors(errors: np.ndarray, covered: np.ndarray, rows: np.ndarray) -> Errors | None:
    """The figures of some labels; None without any."""
    if not rows.any():
        return None
    known = covered[rows & np.isfinite(covered)]
    return Errors(
        labels=int(rows.sum()),
        mae=float(errors[rows].mean()),
        coverage=float(known.mean()) if len(known) else None,
    )
