"""A Gaussian process on descriptors: one for each property.

For properties with some hundred labels, as most of polymers have, it is as good as boosted trees
and errs elsewhere, so that a blend gains from it. Gaussian processes on repeat-unit descriptors:
Kim et al., J. Phys. Chem. C 122 (2018) 17575, doi:10.1021/acs.jpcc.8b02913.
"""

from collections.abc import Iterator

import numpy as np
from pydantic import BaseModel, ConfigDict
from safetensors.numpy import load, save

from ..base.vocabulary import DESCRIPTOR_GROUPS
from .kernels import JITTER, Parameters, Views, learn
from .member import DescriptorMember

_RDKIT = DESCRIPTOR_GROUPS["rdkit_2d"]
_MORGAN = DESCRIPTOR_GROUPS["morgan"]
_FURTHEST = 4.0
"""Standard deviations at which descriptors are cut off: outliers would stand all alone."""
_RARE = 3
"""Morgan counts that fewer training rows have are not looked at."""
_NEIGHBOURS = 7
"""Rows most like another, of which two are drawn to make a point with it."""
_POINTS_PER_ROW = 2
_CELLS = 1_000_000
"""Of a matrix of covariances that is made at once."""
_ARRAYS = {
    *("mean", "deviation", "common", "spread", "label"),
    *("numbers", "counts", "parameters", "weights"),
}


class GaussianProcessConfig(BaseModel):
    """How much work a Gaussian process is.

    Attributes:
        points: near the training rows, at most, that its predictions are made from.
        tuning_rows: rows that its parameters are found with, at most; of more, a random draw.
        steps: of the search for the parameters.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    points: int = 4000
    tuning_rows: int = 1000
    steps: int = 40


class GaussianProcess(DescriptorMember):
    """A process that is projected onto points near the training rows.

    What is kept are not these rows but points, each the mean of three units that are alike, and
    their weights, which are fitted to all rows (Rasmussen & Williams, Gaussian Processes for
    Machine Learning, MIT Press 2006, section 8.3.4). So a bundle holds no repeat unit's
    descriptors and no label, and from some number on predicting takes no longer for more rows.
    """

    name = "gaussian_process"
    title = "Gaussian process"
    colour = "#a3a01f"
    Config = GaussianProcessConfig
    suffix = "safetensors"

    def __init__(self, state: dict[str, np.ndarray]) -> None:
        self._state = state
        self._parameters = Parameters.of(state["parameters"])
        self._points = self._parameters.place(_points(state))

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
        few = _drawn(len(labels), config.tuning_rows, random)
        learned = learn(_views(numbers[few], counts[few]), targets[few], config.steps)
        state["parameters"], parameters = learned, Parameters.of(learned)
        views = _views(numbers, counts)
        # The mean of a repeat unit and its own copies would be its descriptors.
        both = np.hstack([numbers, counts])
        different = np.sort(np.unique(both, axis=0, return_index=True)[1])
        # Each unit once before any is taken again.
        rounds = [random.permutation(len(different)) for _ in range(_POINTS_PER_ROW)]
        centres = np.concatenate(rounds)[: config.points]
        like = different[_with_neighbours(views.of(different), centres, parameters, random)]
        # In this order: safetensors writes the bytes as they lie.
        for name, values in (("numbers", numbers), ("counts", counts)):
            state[name] = values[like].mean(axis=1).astype(np.float16, order="C")
        state["weights"] = _weights(_points(state), views, targets, parameters)
        return cls(state)

    @classmethod
    def from_bytes(cls, content: bytes) -> "GaussianProcess":
        """See `DescriptorMember`."""
        state = load(content)
        if {*state} != _ARRAYS:
            raise ValueError("These are not the arrays of a Gaussian process.")
        model = cls(state)
        # Arrays whose shapes do not go together fail here, not later on a page.
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
            kernel = self._parameters.covariance(self._parameters.place(views), self._points)
            predicted[rows] = mean + deviation * (kernel @ self._state["weights"])
        return predicted


def _drawn(count: int, most: int, random: np.random.Generator) -> np.ndarray:
    """All rows, or a draw of so many."""
    if count <= most:
        return np.arange(count)
    return np.sort(random.choice(count, most, replace=False))


def _with_neighbours(
    views: Views, centres: np.ndarray, parameters: Parameters, random: np.random.Generator
) -> np.ndarray:
    """For each centre, itself and two of the rows most like it; shape `(M, 3)`, or less for few."""
    count, all_rows = len(views.chain), parameters.place(views)
    among = min(max(count // 10, 2), _NEIGHBOURS, count - 1)
    if among < 1:
        return centres[:, None]
    found = np.empty((len(centres), 1 + min(among, 2)), dtype=int)
    for rows in _blocks(len(centres), count):
        kernel = parameters.covariance(parameters.place(views.of(centres[rows])), all_rows)
        kernel[np.arange(len(kernel)), centres[rows]] = -np.inf
        nearest = np.argsort(-kernel, axis=1, kind="stable")[:, :among]
        chosen = random.permuted(nearest, axis=1)[:, : found.shape[1] - 1]
        found[rows] = np.column_stack([centres[rows], chosen])
    return found


def _weights(
    points: Views, views: Views, targets: np.ndarray, parameters: Parameters
) -> np.ndarray:
    """What each of M points adds to a prediction, from all rows; shape `(M,)`."""
    # Loaded here, as in `kernels.py`: pages that know this member by its title need no SciPy.
    from scipy.linalg import cho_solve, cholesky, solve_triangular

    placed, count = parameters.place(points), len(points.chain)
    among = np.empty((count, count))
    for rows in _blocks(count, count):
        among[rows] = parameters.covariance(parameters.place(points.of(rows)), placed)
    among[np.diag_indices_from(among)] += JITTER
    root = cholesky(among, lower=True, overwrite_a=True)
    precision = (np.exp(parameters.noise) + JITTER) * np.eye(count)
    pull = np.zeros(count)
    for rows in _blocks(len(targets), count):
        with_points = parameters.covariance(placed, parameters.place(views.of(rows)))
        whitened = solve_triangular(root, with_points, lower=True, check_finite=False)
        precision += whitened @ whitened.T
        pull += whitened @ targets[rows]
    found = cho_solve((cholesky(precision, lower=True, overwrite_a=True), True), pull)
    return solve_triangular(root, found, lower=True, trans="T")


def _blocks(count: int, others: int) -> Iterator[slice]:
    """Rows whose kernel with so many others is made at once: all of it may not fit the memory."""
    at_once = max(_CELLS // max(others, 1), 1)
    return (slice(start, start + at_once) for start in range(0, count, at_once))


def _scaling(descriptors: np.ndarray) -> dict[str, np.ndarray]:
    """How descriptors are scaled, from those of the training rows."""
    numbers = _tamed(descriptors)
    known = np.isfinite(numbers)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, numbers, 0).sum(axis=0) / count
    variance = (np.where(known, numbers - mean, 0) ** 2).sum(axis=0) / count
    counts = descriptors[:, -_MORGAN:]
    common = np.flatnonzero((counts > 0).sum(axis=0) >= _RARE)
    spread = np.log1p(counts[:, common].astype(float)).var(axis=0).sum()
    return {
        "mean": mean,
        "deviation": np.where(variance > 1e-12, np.sqrt(variance), np.inf),
        "common": common,
        "spread": np.array([spread if spread > 0 else 1.0]),
    }


def _tamed(descriptors: np.ndarray) -> np.ndarray:
    """All but the Morgan counts, on a scale between linear and logarithmic; float64."""
    numbers = descriptors[:, :-_MORGAN].astype(float)
    return np.sign(numbers) * np.log1p(np.abs(numbers))


def _scaled(
    descriptors: np.ndarray, scaling: dict[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """All but the Morgan counts, and these; shapes `(N, G)` and `(N, common)`, float64."""
    numbers = (_tamed(descriptors) - scaling["mean"]) / scaling["deviation"]
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
