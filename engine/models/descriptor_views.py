"""Descriptors as the kernels of Gaussian processes see them."""

from collections.abc import Iterator

import numpy as np

from ..base.vocabulary import DESCRIPTOR_GROUPS
from .kernels import Parameters, Views

_RDKIT = DESCRIPTOR_GROUPS["rdkit_2d"]
_MORGAN = DESCRIPTOR_GROUPS["morgan"]
_FURTHEST = 4.0
"""Standard deviations at which descriptors are clipped: an outlier would resemble no other row
(docs/experiments.md, "The same without the logarithm; cut off at 6 standard deviations …")."""
_RARE = 3
"""Morgan counts that fewer training rows have are ignored."""
_NEIGHBOURS = 7
"""Rows most similar to a centre, of which two are drawn to make a point with it."""
_POINTS_PER_ROW = 2
"""docs/experiments.md, "A bundle should hold no training rows"."""
_CELLS = 1_000_000
"""Greatest number of covariances that are computed at once."""


def _with_neighbours(
    views: Views, centres: np.ndarray, parameters: Parameters, random: np.random.Generator
) -> np.ndarray:
    """Each centre and two of the rows most similar to it; `(M, 3)`, narrower for few rows."""
    count, all_rows = len(views.chain), parameters.scale(views)
    among = min(max(count // 10, 2), _NEIGHBOURS, count - 1)
    if among < 1:
        return centres[:, None]
    groups = np.empty((len(centres), 1 + min(among, 2)), dtype=int)
    for rows in blocks(len(centres), count):
        kernel = parameters.covariance(parameters.scale(views.of(centres[rows])), all_rows)
        kernel[np.arange(len(kernel)), centres[rows]] = -np.inf
        nearest = np.argsort(-kernel, axis=1, kind="stable")[:, :among]
        chosen = random.permuted(nearest, axis=1)[:, : groups.shape[1] - 1]
        groups[rows] = np.column_stack([centres[rows], chosen])
    return groups


def near_points(
    numbers: np.ndarray,
    counts: np.ndarray,
    limit: int,
    parameters: Parameters,
    random: np.random.Generator,
) -> np.ndarray:
    """The rows whose means make points: each row that is drawn and two similar ones.

    Args:
        numbers, counts: of n rows, as `scaled` gives them.
        limit: greatest number of points.
        parameters: say which rows are similar.
        random: draws them.

    Returns:
        Shape `(M, 3)`, int; narrower for few rows.
    """
    # The mean of copies of one repeat unit would be its descriptors.
    both = np.hstack([numbers, counts])
    different = np.sort(np.unique(both, axis=0, return_index=True)[1])
    if not len(different):
        return np.empty((0, 1), dtype=int)
    # Each unit is used once before any is used again.
    rounds = [random.permutation(len(different)) for _ in range(_POINTS_PER_ROW)]
    centres = np.concatenate(rounds)[:limit]
    views = views_of(numbers[different], counts[different])
    return different[_with_neighbours(views, centres, parameters, random)]


def blocks(count: int, others: int) -> Iterator[slice]:
    """Slices of rows whose covariances with so many others fit into memory."""
    at_once = max(_CELLS // max(others, 1), 1)
    return (slice(start, start + at_once) for start in range(0, count, at_once))


def scaling_of(descriptors: np.ndarray) -> dict[str, np.ndarray]:
    """The scaling of descriptors, learned from training rows."""
    numbers = _log_scaled(descriptors)
    finite = np.isfinite(numbers)
    count = np.maximum(finite.sum(axis=0), 1)
    mean = np.where(finite, numbers, 0).sum(axis=0) / count
    variance = (np.where(finite, numbers - mean, 0) ** 2).sum(axis=0) / count
    counts = descriptors[:, -_MORGAN:]
    common = np.flatnonzero((counts > 0).sum(axis=0) >= _RARE)
    spread = np.log1p(counts[:, common].astype(float)).var(axis=0).sum()
    return {
        "mean": mean,
        "deviation": np.where(variance > 1e-12, np.sqrt(variance), np.inf),
        "common": common,
        "spread": np.array([spread if spread > 0 else 1.0]),
    }


def _log_scaled(descriptors: np.ndarray) -> np.ndarray:
    """All but the Morgan counts, as sign · log(1 + size); float64."""
    numbers = descriptors[:, :-_MORGAN].astype(float)
    return np.sign(numbers) * np.log1p(np.abs(numbers))


def scaled(
    descriptors: np.ndarray, scaling: dict[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Scaled numbers `(N, G)`, and scaled Morgan counts `(N, common)`; float64."""
    numbers = (_log_scaled(descriptors) - scaling["mean"]) / scaling["deviation"]
    counts = descriptors[:, -_MORGAN:][:, scaling["common"]].astype(float)
    return (
        np.clip(np.nan_to_num(numbers, nan=0.0), -_FURTHEST, _FURTHEST),
        np.log1p(counts) / np.sqrt(scaling["spread"][0]),
    )


def points_of(state: dict[str, np.ndarray]) -> Views:
    """The M points of a fitted process: its arrays `numbers` and `counts`."""
    return views_of(state["numbers"].astype(float), state["counts"])


def views_of(numbers: np.ndarray, counts: np.ndarray) -> Views:
    """Rows as the kernels see them, from what `scaled` gives: `(N, G)` and `(N, common)`."""
    from scipy.sparse import csr_array

    chain = numbers[:, _RDKIT:]
    # Only what is not zero is made a number of double precision: most counts are zero.
    rows, columns = (each.astype(np.int32) for each in np.nonzero(counts))
    starts = np.searchsorted(rows, np.arange(len(counts) + 1)).astype(np.int32)
    return Views(
        numbers[:, :_RDKIT] / np.sqrt(_RDKIT),
        chain / np.sqrt(chain.shape[1]),
        csr_array((counts[rows, columns].astype(float), columns, starts), shape=counts.shape),
    )
