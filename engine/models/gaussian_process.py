"""A Gaussian process on descriptors: one for each property.

For properties with some hundred labels, as most of polymers have, it is as good as boosted trees
and errs elsewhere, so that a blend gains from it. Gaussian processes on repeat-unit descriptors:
Kim et al., J. Phys. Chem. C 122 (2018) 17575, doi:10.1021/acs.jpcc.8b02913.
"""

from collections.abc import Iterator
from typing import ClassVar, NamedTuple

import numpy as np
from safetensors.numpy import load, save
from scipy.linalg import LinAlgError, cho_solve, cholesky, solve_triangular
from scipy.linalg.lapack import dpotri
from scipy.optimize import minimize
from scipy.sparse import csr_array

from engine.models.settings import GaussianProcessSettings
from engine.vocabulary import DESCRIPTOR_GROUPS

_RDKIT = DESCRIPTOR_GROUPS["rdkit_2d"]
_MORGAN = DESCRIPTOR_GROUPS["morgan"]
_FURTHEST = 4.0
"""Standard deviations at which descriptors are cut off: outliers would stand all alone."""
_RARE = 3
"""Morgan counts that fewer training rows have are not looked at."""
_JITTER = 1e-5
_CELLS = 1_000_000
_NEIGHBOURS = 7
_POINTS_PER_ROW = 2
_ARRAYS = {
    *("mean", "deviation", "common", "spread", "label"),
    *("numbers", "counts", "parameters", "weights"),
}


class _Views(NamedTuple):
    """Rows as the three kernels see them; the squared distance of typical rows is about 2."""

    rdkit: np.ndarray
    chain: np.ndarray  # backbone and composition
    morgan: csr_array

    def of(self, rows: np.ndarray | slice) -> "_Views":
        """Some of the rows."""
        return _Views(self.rdkit[rows], self.chain[rows], self.morgan[rows])


class _Parameters(NamedTuple):
    """What is learned: logarithms of variances and lengths, labels being scaled to variance 1."""

    variances: np.ndarray  # of the three kernels
    rdkit_length: float
    morgan_length: float
    noise: float
    chain_lengths: np.ndarray  # one for each descriptor

    @classmethod
    def of(cls, flat: np.ndarray) -> "_Parameters":
        return cls(flat[:3], flat[3], flat[4], flat[5], flat[6:])


# Before the labels speak: centres and standard deviations of normal distributions, then bounds.
_PRIOR = ([-0.5, -0.5, -0.5, 1.0, 1.0, -2.0], 0.5)
_SPREAD = (2.0, 1.0)
_BOUNDS = ([(-7, 4)] * 3 + [(-2, 4)] * 2 + [(-7, 1)], (-3, 6))


class GaussianProcess:
    """A sum of three Matérn 5/2 kernels: on RDKit's descriptors, on Morgan counts, and on those of
    backbone and composition, where each has a length of its own ("automatic relevance").

    The parameters maximise the posterior (Rasmussen & Williams, Gaussian Processes for Machine
    Learning, MIT Press 2006, section 5.4). What is kept are not the training rows but points near
    them, each the mean of three rows that are alike, and their weights, which are fitted to all
    rows (the projected process of section 8.3.4): a bundle holds no repeat unit's descriptors and
    no label, and predicting takes no longer for more rows.
    """

    suffix: ClassVar[str] = "safetensors"

    def __init__(self, state: dict[str, np.ndarray]) -> None:
        self._state = state
        self._points = _views(state["numbers"].astype(float), state["counts"].astype(float))
        self._parameters = _Parameters.of(state["parameters"])

    @classmethod
    def fit(
        cls,
        descriptors: np.ndarray,
        labels: np.ndarray,
        settings: GaussianProcessSettings,
        seed: int,
    ) -> "GaussianProcess":
        """See `DescriptorModel`."""
        random = np.random.default_rng(seed)
        deviation = labels.std()
        state = {
            **_scaling(descriptors),
            "label": np.array([labels.mean(), deviation if deviation > 0 else 1.0], dtype=float),
        }
        targets = (labels - state["label"][0]) / state["label"][1]
        numbers, counts = _scaled(descriptors, state)
        few = _drawn(len(labels), settings.tuning_rows, random)
        learned = _learn(_views(numbers[few], counts[few]), targets[few], settings.steps)
        state["parameters"], parameters = learned, _Parameters.of(learned)
        views = _views(numbers, counts)
        # Each row once before any is taken again.
        rounds = [random.permutation(len(labels)) for _ in range(_POINTS_PER_ROW)]
        centres = np.concatenate(rounds)[: settings.points]
        like = _with_neighbours(views, centres, parameters, random)
        # In this order: safetensors writes the bytes as they lie.
        for name, values in (("numbers", numbers), ("counts", counts)):
            state[name] = values[like].mean(axis=1).astype(np.float16, order="C")
        points = _views(state["numbers"].astype(float), state["counts"].astype(float))
        state["weights"] = _weights(points, views, targets, parameters)
        return cls(state)

    @classmethod
    def from_bytes(cls, content: bytes) -> "GaussianProcess":
        """See `DescriptorModel`."""
        state = load(content)
        if {*state} != _ARRAYS:
            raise ValueError("These are not the arrays of a Gaussian process.")
        return cls(state)

    def to_bytes(self) -> bytes:
        """See `DescriptorModel`."""
        return save(self._state)

    def predict(self, descriptors: np.ndarray) -> np.ndarray:
        """See `DescriptorModel`."""
        mean, deviation = self._state["label"]
        predicted = np.empty(len(descriptors))
        for rows in _blocks(len(descriptors), len(self._points.chain)):
            views = _views(*_scaled(descriptors[rows], self._state))
            kernel = _kernel(views, self._points, self._parameters)
            predicted[rows] = mean + deviation * (kernel @ self._state["weights"])
        return predicted


def _drawn(count: int, most: int, random: np.random.Generator) -> np.ndarray:
    """All rows, or a draw of so many."""
    if count <= most:
        return np.arange(count)
    return np.sort(random.choice(count, most, replace=False))


def _with_neighbours(
    views: _Views, centres: np.ndarray, parameters: _Parameters, random: np.random.Generator
) -> np.ndarray:
    """For each centre, itself and two of the rows most like it; shape `(M, 3)`, or less for few."""
    count = len(views.chain)
    among = min(max(count // 10, 2), _NEIGHBOURS, count - 1)
    if among < 1:
        return centres[:, None]
    found = np.empty((len(centres), 1 + min(among, 2)), dtype=int)
    for rows in _blocks(len(centres), count):
        kernel = _kernel(views.of(centres[rows]), views, parameters)
        kernel[np.arange(len(kernel)), centres[rows]] = -np.inf
        nearest = np.argsort(-kernel, axis=1, kind="stable")[:, :among]
        chosen = random.permuted(nearest, axis=1)[:, : found.shape[1] - 1]
        found[rows] = np.column_stack([centres[rows], chosen])
    return found


def _weights(
    points: _Views, views: _Views, targets: np.ndarray, parameters: _Parameters
) -> np.ndarray:
    """What each of M points adds to a prediction, from all rows; shape `(M,)`."""
    among = _kernel(points, points, parameters)
    among[np.diag_indices_from(among)] += _JITTER
    root = cholesky(among, lower=True)
    precision = (np.exp(parameters.noise) + _JITTER) * np.eye(len(root))
    pull = np.zeros(len(root))
    for rows in _blocks(len(targets), len(root)):
        whitened = solve_triangular(
            root, _kernel(points, views.of(rows), parameters), lower=True, check_finite=False
        )
        precision += whitened @ whitened.T
        pull += whitened @ targets[rows]
    found = cho_solve((cholesky(precision, lower=True), True), pull)
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


def _views(numbers: np.ndarray, counts: np.ndarray) -> _Views:
    chain = numbers[:, _RDKIT:]
    return _Views(
        numbers[:, :_RDKIT] / np.sqrt(_RDKIT), chain / np.sqrt(chain.shape[1]), csr_array(counts)
    )


def _learn(views: _Views, targets: np.ndarray, steps: int) -> np.ndarray:
    """The parameters of the greatest posterior density, flat."""
    lengths = views.chain.shape[1]
    centre = np.array([*_PRIOR[0], *[_PRIOR[1]] * lengths])
    spread = np.array([_SPREAD[0]] * len(_PRIOR[0]) + [_SPREAD[1]] * lengths)
    fixed = _squared(views.rdkit, views.rdkit), _squared(views.morgan, views.morgan)

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = _evidence(views.chain, fixed, targets, _Parameters.of(flat))
        away = (flat - centre) / spread
        return value + 0.5 * float(away @ away), slope + away / spread

    bounds = [*_BOUNDS[0], *[_BOUNDS[1]] * lengths]
    found = minimize(
        loss, centre, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": steps}
    )
    return found.x


def _evidence(
    chain: np.ndarray,
    fixed: tuple[np.ndarray, np.ndarray],
    targets: np.ndarray,
    parameters: _Parameters,
) -> tuple[float, np.ndarray]:
    """The negative logarithm of the marginal likelihood, up to a constant, and its slope.

    Args:
        chain: the view of backbone and composition, shape `(n, d)`.
        fixed: squared distances `(n, n)` in the two other views, for lengths of 1.
        targets: shape `(n,)`.
        parameters: where.
    """
    weights = np.exp(-parameters.chain_lengths)
    own = _squared(chain * weights, chain * weights)
    squared = (
        fixed[0] * np.exp(-2 * parameters.rdkit_length),
        own,
        fixed[1] * np.exp(-2 * parameters.morgan_length),
    )
    variances, noise = np.exp(parameters.variances), np.exp(parameters.noise)
    values, slopes = zip(*(_matern(one) for one in squared), strict=True)
    kernel = sum(variance * one for variance, one in zip(variances, values, strict=True))
    kernel[np.diag_indices_from(kernel)] += noise + _JITTER
    try:
        factor = cholesky(kernel, lower=True)
    except LinAlgError:
        return 1e6, np.zeros(len(chain.T) + len(_PRIOR[0]))
    alpha = cho_solve((factor, True), targets)
    inverse, _ = dpotri(factor, lower=1)
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    outer = 0.5 * (inverse - np.outer(alpha, alpha))
    along = [variance * outer * slope for variance, slope in zip(variances, slopes, strict=True)]
    by_variance = [
        variance * (outer * one).sum() for variance, one in zip(variances, values, strict=True)
    ]
    by_length = [-2 * (along[place] * squared[place]).sum() for place in (0, 2)]
    # The sum of H_ij (x_i − x_j)² for symmetric H, without a matrix for each descriptor.
    pull = 2 * ((along[1].sum(axis=1) @ chain**2) - np.einsum("id,id->d", chain, along[1] @ chain))
    slope = [*by_variance, *by_length, noise * np.trace(outer), *(-2 * weights**2 * pull)]
    value = 0.5 * targets @ alpha + np.log(np.diag(factor)).sum()
    return float(value), np.array(slope)


def _kernel(rows: _Views, others: _Views, parameters: _Parameters) -> np.ndarray:
    """Covariances of rows and other rows, shape `(n, m)`."""
    weights = np.exp(-parameters.chain_lengths)
    squared = (
        _squared(rows.rdkit, others.rdkit) * np.exp(-2 * parameters.rdkit_length),
        _squared(rows.chain * weights, others.chain * weights),
        _squared(rows.morgan, others.morgan) * np.exp(-2 * parameters.morgan_length),
    )
    variances = np.exp(parameters.variances)
    return sum(variance * _matern(one)[0] for variance, one in zip(variances, squared, strict=True))


def _squared(rows: np.ndarray | csr_array, others: np.ndarray | csr_array) -> np.ndarray:
    """Squared distances, shape `(n, m)`, never negative."""
    products = rows @ others.T
    if not isinstance(products, np.ndarray):
        products = products.toarray()
    squares = [np.asarray((one * one).sum(axis=1)) for one in (rows, others)]
    return np.maximum(squares[0][:, None] + squares[1] - 2 * products, 0)


def _matern(squared: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Matérn's kernel with ν = 5/2 of squared distances, and its slope along them."""
    root = np.sqrt(5 * squared)
    falling = np.exp(-root)
    return (1 + root + root**2 / 3) * falling, -5 / 6 * (1 + root) * falling
