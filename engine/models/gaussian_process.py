"""A Gaussian process on descriptors: one for each property.

With a few hundred labels, as most polymer properties have, it is as accurate as boosted trees and
errs on other repeat units, so a blend gains from it. Gaussian processes on repeat-unit descriptors:
Kim et al., J. Phys. Chem. C 122 (2018) 17575, doi:10.1021/acs.jpcc.8b02913.
"""

from collections.abc import Iterator

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from safetensors.numpy import load, save

from ..base.vocabulary import DESCRIPTOR_GROUPS
from .kernels import JITTER, Parameters, Views, learn
from .member import DescriptorMember

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
_ARRAYS = {
    *("mean", "deviation", "common", "spread", "label"),
    *("numbers", "counts", "parameters", "weights"),
}


class GaussianProcessConfig(BaseModel):
    """How much work a Gaussian process is.

    Attributes:
        points: greatest number of points near the training rows that it predicts from
            (docs/experiments.md, "A bundle should hold no training rows").
        tuning_rows: greatest number of rows that its parameters are learned from; of more rows, a
            random draw.
        steps: greatest number of steps of the search for the parameters.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    points: int = Field(default=4000, ge=1)
    tuning_rows: int = Field(default=1000, ge=2)
    steps: int = Field(default=40, ge=1)


class GaussianProcess(DescriptorMember):
    """A process that is projected onto points near the training rows.

    It stores no rows but points, each the mean of three similar repeat units, with weights that
    are fitted to all rows (Rasmussen & Williams, Gaussian Processes for Machine Learning, MIT Press
    2006, section 8.3.4). So a bundle holds no repeat unit's descriptors and no label, and the time
    of a prediction stops growing with the number of rows.
    """

    name = "gaussian_process"
    title = "Gaussian process"
    colour = "#a3a01f"
    Config = GaussianProcessConfig
    suffix = "safetensors"

    def __init__(self, state: dict[str, np.ndarray]) -> None:
        self._state = state
        self._parameters = Parameters.of(state["parameters"])
        self._points = self._parameters.scale(_points(state))

    @classmethod
    def fit(
        cls,
        descriptors: np.ndarray,
        labels: np.ndarray,
        config: GaussianProcessConfig,
        seed: int,
    ) -> "GaussianProcess":
        """See `DescriptorMember`."""
        random = np.random.default_rng(seed)
        deviation = labels.std()
        state = {
            **_scaling(descriptors),
            "label": np.array([labels.mean(), deviation if deviation > 0 else 1.0], dtype=float),
        }
        targets = (labels - state["label"][0]) / state["label"][1]
        numbers, counts = _scaled(descriptors, state)
        tuning = _drawn(len(labels), config.tuning_rows, random)
        learned = learn(_views(numbers[tuning], counts[tuning]), targets[tuning], config.steps)
        state["parameters"], parameters = learned, Parameters.of(learned)
        views = _views(numbers, counts)
        # The mean of copies of one repeat unit would be its descriptors.
        both = np.hstack([numbers, counts])
        different = np.sort(np.unique(both, axis=0, return_index=True)[1])
        # Each unit is used once before any is used again.
        rounds = [random.permutation(len(different)) for _ in range(_POINTS_PER_ROW)]
        centres = np.concatenate(rounds)[: config.points]
        similar = different[_with_neighbours(views.of(different), centres, parameters, random)]
        # C order: safetensors writes the bytes as they lie in memory.
        for name, values in (("numbers", numbers), ("counts", counts)):
            state[name] = values[similar].mean(axis=1).astype(np.float16, order="C")
        state["weights"] = _weights(_points(state), views, targets, parameters)
        return cls(state)

    @classmethod
    def from_bytes(cls, content: bytes) -> "GaussianProcess":
        """See `DescriptorMember`."""
        state = load(content)
        if {*state} != _ARRAYS:
            raise ValueError("These are not the arrays of a Gaussian process.")
        model = cls(state)
        # Arrays whose shapes do not match fail here, not later on a page.
        model.predict(np.zeros((1, sum(DESCRIPTOR_GROUPS.values())), dtype=np.float32))
        return model

    def to_bytes(self) -> bytes:
        """See `DescriptorMember`."""
        return save(self._state)

    def predict(self, descriptors: np.ndarray) -> np.ndarray:
        """See `DescriptorMember`."""
        mean, deviation = self._state["label"]
        predicted = np.empty(len(descriptors))
        for rows in _blocks(len(descriptors), len(self._state["weights"])):
            views = _views(*_scaled(descriptors[rows], self._state))
            kernel = self._parameters.covariance(self._parameters.scale(views), self._points)
            predicted[rows] = mean + deviation * (kernel @ self._state["weights"])
        return predicted


def _drawn(count: int, limit: int, random: np.random.Generator) -> np.ndarray:
    """The numbers of all rows, or of `limit` drawn at random, in order."""
    if count <= limit:
        return np.arange(count)
    return np.sort(random.choice(count, limit, replace=False))


def _with_neighbours(
    views: Views, centres: np.ndarray, parameters: Parameters, random: np.random.Generator
) -> np.ndarray:
    """Each centre and two of the rows most similar to it; `(M, 3)`, narrower for few rows."""
    count, all_rows = len(views.chain), parameters.scale(views)
    among = min(max(count // 10, 2), _NEIGHBOURS, count - 1)
    if among < 1:
        return centres[:, None]
    groups = np.empty((len(centres), 1 + min(among, 2)), dtype=int)
    for rows in _blocks(len(centres), count):
        kernel = parameters.covariance(parameters.scale(views.of(centres[rows])), all_rows)
        kernel[np.arange(len(kernel)), centres[rows]] = -np.inf
        nearest = np.argsort(-kernel, axis=1, kind="stable")[:, :among]
        chosen = random.permuted(nearest, axis=1)[:, : groups.shape[1] - 1]
        groups[rows] = np.column_stack([centres[rows], chosen])
    return groups


def _weights(
    points: Views, views: Views, targets: np.ndarray, parameters: Parameters
) -> np.ndarray:
    """The weight of each of M points, fitted to all rows; shape `(M,)`."""
    # Imported here, as in `kernels.py`: pages that only show this member need no SciPy.
    from scipy.linalg import cho_solve, cholesky, solve_triangular

    scaled_points, count = parameters.scale(points), len(points.chain)
    among = np.empty((count, count))
    for rows in _blocks(count, count):
        among[rows] = parameters.covariance(parameters.scale(points.of(rows)), scaled_points)
    among[np.diag_indices_from(among)] += JITTER
    root = cholesky(among, lower=True, overwrite_a=True)
    precision = (np.exp(parameters.noise) + JITTER) * np.eye(count)
    pull = np.zeros(count)
    for rows in _blocks(len(targets), count):
        with_points = parameters.covariance(scaled_points, parameters.scale(views.of(rows)))
        whitened = solve_triangular(root, with_points, lower=True, check_finite=False)
        precision += whitened @ whitened.T
        pull += whitened @ targets[rows]
    solution = cho_solve((cholesky(precision, lower=True, overwrite_a=True), True), pull)
    return solve_triangular(root, solution, lower=True, trans="T")


def _blocks(count: int, others: int) -> Iterator[slice]:
    """Slices of rows whose covariances with so many others fit into memory."""
    at_once = max(_CELLS // max(others, 1), 1)
    return (slice(start, start + at_once) for start in range(0, count, at_once))


def _scaling(descriptors: np.ndarray) -> dict[str, np.ndarray]:
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


def _scaled(
    descriptors: np.ndarray, scaling: dict[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Scaled numbers `(N, G)`, and scaled Morgan counts `(N, common)`; float64."""
    numbers = (_log_scaled(descriptors) - scaling["mean"]) / scaling["deviation"]
    counts = descriptors[:, -_MORGAN:][:, scaling["common"]].astype(float)
    return (
        np.clip(np.nan_to_num(numbers, nan=0.0), -_FURTHEST, _FURTHEST),
        np.log1p(counts) / np.sqrt(scaling["spread"][0]),
    )


def _points(state: dict[str, np.ndarray]) -> Views:
    return _views(state["numbers"].astype(float), state["counts"].astype(float))


def _views(numbers: np.ndarray, counts: np.ndarray) -> Views:
    from scipy.sparse import csr_array

    chain = numbers[:, _RDKIT:]
    return Views(
        numbers[:, :_RDKIT] / np.sqrt(_RDKIT), chain / np.sqrt(chain.shape[1]), csr_array(counts)
    )
