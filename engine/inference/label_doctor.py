"""Which labels of a finished run are likely to be wrong."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from ..settings.properties import Property
from ..table.duplicates import drawn_alike
from .conformal import held_out_half_widths, member_spread
from .domain import Domain
from .error_analysis import BLEND

NEIGHBOURS = 5
DOUBTFUL = 1.0
"""The score from which a label is doubtful: outside both intervals."""

_GAUSSIAN = 1.4826
_AT_LEVEL = 1.645
"""Standard deviations within which 90 % of a normal distribution lie."""

_NEAR = 0.1
"""A distance that is added to each, so that labels of the same polymer do not weigh all."""

_LEAST = 100
"""An interval is no narrower than this part of a typical one: members may agree by chance."""

_RARE, _LEAST_LIKENESS = 10, 0.01
"""The percentile of likeness below which a label has no neighbours to speak of, and what is taken
for none at all."""

_WORDS = ((3.0, "very unlikely"), (2.0, "unlikely"), (DOUBTFUL, "doubtful"), (-np.inf, "likely"))
"""From which score on a label is how unlikely."""

_ADDED = (
    *("least", "most", "neighbours", "similarities", "same"),
    *("by_members", "by_neighbours", "score"),
)

Progress = Callable[[int, int], None]


def doubtful_labels(
    out_of_fold: pd.DataFrame,
    properties: Sequence[Property],
    members: Sequence[str],
    conditions: bool = False,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """The labels of a run, the least likely first: all members and the neighbours contradict them.

    A label is suspected as a consensus filter suspects it: Brodley and Friedl, J. Artif. Intell.
    Res. 11 (1999) 131, doi:10.1613/jair.606, by all members, which were trained without it; and
    by its nearest neighbours, after Wilson, IEEE Trans. Syst. Man Cybern. 2 (1972) 408,
    doi:10.1109/TSMC.1972.4309137. They answer in numbers here, so what counts is how far off the
    label is, in half-widths of a 90 % conformal interval calibrated on the other folds
    (`conformal.held_out_half_widths`):

    - `by_members`: its distance from the blend, averaged with that from the member that comes
      nearest to it, which is 0 when that member lies on its other side.
    - `by_neighbours`: its distance from the median of its neighbours' labels, weighted by
      likeness; 0 when it is on the other side of that median than of the blend. Neighbours are the
      labels of the five most similar polymers (Tanimoto similarity of count fingerprints); other
      labels of the same polymer come before all others. Where neighbours are less alike than those
      of nine in ten labels, their interval is wider in the same proportion.
    - `score`: the lesser of the two. From 1 on a label lies outside both intervals.

    Half-widths make the scores of all properties comparable. All distances are on the property's
    scale, in decades for one that is learned on a log10 scale. Neighbours measured under other
    conditions are compared as they would be under the label's own: their labels are moved by what
    the blend says that both differ by.

    Args:
        out_of_fold: from `engine.runs.read_out_of_fold`.
        properties: those to look at.
        members: the columns of the members.
        conditions: whether labels were measured under conditions that the members know.
        progress: told how many steps of how many are done.

    Returns:
        The table's columns for each label with predictions, and `least` and `most` (the members'
        lowest and highest prediction), `neighbours` (a list of the neighbours' labels, the nearest
        first), `similarities` (theirs, 0 to 1; 1 for the same polymer), `same` (how many of them
        are of the same polymer), `by_members`, `by_neighbours` and `score`. Values are in the
        property's unit. A label without neighbours has no score and is left out.
    """
    places = [(each, _usable(out_of_fold, each)) for each in properties]
    places = [(property_, rows) for property_, rows in places if len(rows) > 1]
    if not places:
        return out_of_fold.iloc[:0].assign(**dict.fromkeys(_ADDED, pd.Series(dtype=float)))
    tell = progress or (lambda done, total: None)
    # Half of the work is to tell which rows draw the same polymer.
    keys = drawn_alike(out_of_fold["smiles"].tolist(), lambda done, total: tell(done, 2 * total))
    units, polymers = np.unique(keys.astype(str), return_inverse=True)
    labelled = np.full((len(units), len(places)), np.nan)
    for k, (_, rows) in enumerate(places):
        labelled[polymers[rows], k] = 1
    nearest = Domain.of(units.tolist(), labelled).neighbours(
        NEIGHBOURS, lambda done, total: tell(total + done, 2 * total)
    )
    parts = [
        _of_property(
            out_of_fold.iloc[rows], property_, members, conditions, polymers[rows], neighbours
        )
        for (property_, rows), neighbours in zip(places, nearest, strict=True)
    ]
    found = pd.concat(parts)
    return found.sort_values("score", ascending=False, kind="stable", ignore_index=True)


def _usable(out_of_fold: pd.DataFrame, property_: Property) -> np.ndarray:
    """The places of one property's labels that the blend predicts."""
    scaled = property_.scaled(out_of_fold[[BLEND, "label"]].to_numpy(dtype=float))
    own = (out_of_fold["property"] == property_.name).to_numpy()
    return np.flatnonzero(own & np.isfinite(scaled).all(axis=1))


def _of_property(
    rows: pd.DataFrame,
    property_: Property,
    members: Sequence[str],
    conditions: bool,
    polymers: np.ndarray,
    nearest: tuple[np.ndarray, np.ndarray],
) -> pd.DataFrame:
    """The labels of one property with their scores.

    Args:
        rows: L of the out-of-fold table.
        property_: the property.
        members: the members' columns.
        conditions: whether labels of one polymer differ by their conditions.
        polymers: shape `(L,)`: the number of each label's polymer.
        nearest: what `Domain.neighbours` says of these polymers, in the order of their numbers.
    """
    labels, blend = (property_.scaled(rows[name].to_numpy()) for name in ("label", BLEND))
    predicted = property_.scaled(rows[list(members)].to_numpy().T)  # members × L
    predicted = predicted[np.isfinite(predicted).all(axis=1)]
    known = blend if conditions else np.zeros(len(blend))
    values, distances, same = _neighbours_of(labels - known, polymers, nearest)
    values += known[:, None]
    folds = rows["fold"].to_numpy()
    side = np.sign(labels - blend)
    by_members = _by_members(labels, blend, predicted, folds)
    by_neighbours = _by_neighbours(labels, values, distances, folds, side)
    ends = (predicted.min(axis=0), predicted.max(axis=0)) if len(predicted) else (blend, blend)
    found = rows.assign(
        least=property_.unscaled(ends[0]),
        most=property_.unscaled(ends[1]),
        neighbours=[property_.unscaled(each[np.isfinite(each)]).tolist() for each in values],
        similarities=[(1 - each[np.isfinite(each)]).tolist() for each in distances],
        same=same,
        by_members=by_members,
        by_neighbours=by_neighbours,
        score=np.minimum(by_members, by_neighbours),
    )
    return found[np.isfinite(found["score"])]


def _neighbours_of(
    labels: np.ndarray, polymers: np.ndarray, nearest: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The labels of each label's neighbours, their distances, and how many are of its polymer.

    Returns:
        Two arrays of shape `(L, C)`, the nearest first, NaN behind the last; and one of shape
        `(L,)`.
    """
    order = np.argsort(polymers, kind="stable")
    _, starts, place, sizes = np.unique(
        polymers[order], return_index=True, return_inverse=True, return_counts=True
    )
    groups = np.split(order, starts[1:])
    # A polymer of several labels is one neighbour, with their median.
    medians = np.array([np.median(labels[group]) for group in groups])
    of_label = np.empty(len(labels), dtype=int)
    of_label[order] = place
    which, distances = (each[of_label] for each in nearest)
    values = np.full((len(labels), NEIGHBOURS), np.nan)
    apart = np.full(values.shape, np.nan)
    values[:, : which.shape[1]], apart[:, : which.shape[1]] = medians[which], distances
    same = np.minimum(sizes[of_label] - 1, NEIGHBOURS)
    for i in np.flatnonzero(same):
        group = groups[of_label[i]]
        others = labels[group[group != i]][:NEIGHBOURS]
        values[i] = np.concatenate([others, values[i]])[:NEIGHBOURS]
        apart[i] = np.concatenate([np.zeros(len(others)), apart[i]])[:NEIGHBOURS]
    return values, apart, same


def _by_members(
    labels: np.ndarray, blend: np.ndarray, predicted: np.ndarray, folds: np.ndarray
) -> np.ndarray:
    """How far labels `(L,)` lie from what `(M, L)` members say, in half-widths; shape `(L,)`."""
    several = predicted if len(predicted) else blend[None]
    residuals = np.abs(labels - blend)
    half_widths = _half_widths(residuals, member_spread(several[:, :, None])[:, 0], folds)
    nearest = np.min(np.sign(labels - blend) * (labels - several), axis=0)
    return (residuals + np.clip(nearest, 0, None)) / 2 / half_widths


def _by_neighbours(
    labels: np.ndarray,
    values: np.ndarray,
    distances: np.ndarray,
    folds: np.ndarray,
    side: np.ndarray,
) -> np.ndarray:
    """How far labels lie from their neighbours' in one direction, in half-widths; shape `(L,)`.

    Args:
        labels: shape `(L,)`.
        values, distances: of the neighbours, shape `(L, C)`, NaN where there are fewer.
        folds: shape `(L,)`.
        side: shape `(L,)`: the direction, −1 or 1.
    """
    weights = np.where(np.isfinite(values), 1 / (distances + _NEAR) ** 2, 0)
    middle = _weighted_medians(values, weights)
    # What they disagree by, and the less alike they are, what any two labels disagree by.
    total = np.maximum(weights.sum(axis=1), 1e-300)
    disagree = np.nansum(weights * np.abs(values - middle[:, None]), axis=1) / total
    apart = np.nansum(weights * distances, axis=1) / total
    typical = np.median(np.abs(labels - np.median(labels)))
    half_widths = _half_widths(np.abs(labels - middle), disagree + apart * typical, folds)
    likeness = np.maximum(1 - apart, _LEAST_LIKENESS)
    half_widths *= np.maximum(np.percentile(likeness, _RARE) / likeness, 1)
    return np.clip(side * (labels - middle), 0, None) / half_widths


def _weighted_medians(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weighted median of each row; NaN for a row without weights. `(L, C)` becomes `(L,)`."""
    order = np.argsort(values, axis=1, kind="stable")
    values, weights = (np.take_along_axis(each, order, axis=1) for each in (values, weights))
    sums = weights.cumsum(axis=1)
    first = (sums >= sums[:, -1:] / 2).argmax(axis=1)
    return values[np.arange(len(values)), first]


def _half_widths(residuals: np.ndarray, spread: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Of each label's 90 % interval, from the other folds or, where these are few, from all."""
    found = held_out_half_widths(residuals, spread, folds)
    # A median withstands the wrong labels that are looked for.
    rough = _AT_LEVEL * _GAUSSIAN * np.median(residuals)
    found = np.where(np.isfinite(found), found, rough)
    typical = rough or float(np.mean(residuals)) or 1.0
    return np.maximum(found, typical / _LEAST)


def unlikely_words(score: float) -> str:
    """How unlikely a label of that score is."""
    return next(words for least, words in _WORDS if score >= least)
