"""The kernel of the Gaussian process, and how its parameters are learned.

A sum of three Matérn 5/2 kernels: on RDKit's descriptors, on those of backbone and elements,
where each has a length of its own ("automatic relevance"), and on Morgan counts.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_array

JITTER = 1e-5
"""Added to the diagonal of covariances, so that rounding leaves them positive definite."""
UNLIKELY = 1e6
"""The loss of parameters that make covariances which are not positive definite."""
_CELLS_AT_ONCE = 16_384
"""Covariances that are evaluated at once: their arrays stay in the processor's cache."""
_ROWS_AT_ONCE = 4
"""As OpenBLAS multiplies them (docs/experiments.md, "The same bits in a file of any length")."""


class Views(NamedTuple):
    """N rows as the three kernels see them; the squared distance of typical rows is about 2."""

    rdkit: np.ndarray
    chain: np.ndarray  # backbone and elements
    morgan: "csr_array"

    def of(self, rows: np.ndarray | slice) -> "Views":
        """Some of the rows."""
        return Views(*(view[rows] for view in self))


class Parameters(NamedTuple):
    """Learned logarithms of variances and lengths, for labels scaled to variance 1."""

    variances: np.ndarray  # of the three kernels
    rdkit_length: float
    morgan_length: float
    noise: float
    chain_lengths: np.ndarray  # one for each descriptor

    @classmethod
    def count(cls, chain: int) -> int:
        """How many there are in all for so many descriptors of backbone and elements."""
        return 3 + len(cls._fields[1:-1]) + chain

    @classmethod
    def of(cls, flat: np.ndarray) -> "Parameters":
        """Split an array of all of them, in this order."""
        return cls(flat[:3], flat[3], flat[4], flat[5], flat[6:])

    def scale(self, views: Views) -> "ScaledRows":
        """Divide rows by the lengths."""
        scaled = Views(
            views.rdkit * np.exp(-self.rdkit_length),
            views.chain * np.exp(-self.chain_lengths),
            views.morgan * np.exp(-self.morgan_length),
        )
        return ScaledRows(scaled, [np.asarray((view * view).sum(axis=1)) for view in scaled])

    def covariance(self, rows: "ScaledRows", others: "ScaledRows") -> np.ndarray:
        """Covariances of n rows and m others without noise; shape `(n, m)`."""
        total = np.zeros((len(rows.squares[0]), len(others.squares[0])))
        at_once = max(_CELLS_AT_ONCE // max(total.shape[1], 1), 1)
        for log_variance, (own, other, products) in zip(
            self.variances, rows.products(others), strict=True
        ):
            for start in range(0, len(total), at_once):
                few = slice(start, start + at_once)
                part = matern(_distances(own[few], other, products[few]))
                part *= np.exp(log_variance)
                total[few] += part
        return total


class ScaledRows(NamedTuple):
    """Rows divided by the kernels' lengths, with what all their distances need."""

    views: Views
    squares: list[np.ndarray]  # squared norms of the rows in each view

    def squared(self, others: "ScaledRows") -> Iterator[np.ndarray]:
        """Squared distances to other rows, shape `(n, m)`, view by view."""
        return (_distances(*each) for each in self.products(others))

    def products(self, others: "ScaledRows") -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """What distances to other rows are made of, view by view.

        Yields:
            Squared norms of these rows `(n,)` and of the others `(m,)`, inner products `(n, m)`.
        """
        products = (
            lambda: _products(self.views.rdkit, others.views.rdkit),
            lambda: _products(self.views.chain, others.views.chain),
            lambda: _sparse_products(self.views.morgan, others.views.morgan),
        )
        for product, own, other in zip(products, self.squares, others.squares, strict=True):
            yield own, other, product()


def _products(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Inner products of n rows and m others, `(n, m)`; each row gets the same bits in any company.

    BLAS takes a few rows at a time and adds up what is left over in another order.
    """
    padding = -len(rows) % _ROWS_AT_ONCE
    padded = np.concatenate([rows, np.zeros((padding, rows.shape[1]))]) if padding else rows
    return (padded @ others.T)[: len(rows)]


def _sparse_products(rows: "csr_array", others: "csr_array") -> np.ndarray:
    """The same of sparse rows: half the time of a product that is sparse itself."""
    return np.ascontiguousarray((others @ rows.toarray().T).T)


def row_sums(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The sum of each row `(n, m)` with weights `(m,)`; a row gets the same bits in any company."""
    return (rows * weights).sum(axis=1)


def _distances(own: np.ndarray, other: np.ndarray, products: np.ndarray) -> np.ndarray:
    """Squared distances of n rows and m others from their squares and products, never negative."""
    # In place, here and below: half of the time went into fetching memory for what is in between.
    distances = own[:, None] + other
    distances -= 2 * products
    return np.maximum(distances, 0, out=distances)


class Prior(NamedTuple):
    """Normal priors of n parameters, and the bounds that they are looked for in."""

    centre: list[float]
    spread: list[float]
    bounds: list[tuple[float, float]]

    def __add__(self, other: "Prior") -> "Prior":  # type: ignore[override]
        """The priors of these parameters and of others after them."""
        return Prior(
            self.centre + other.centre, self.spread + other.spread, self.bounds + other.bounds
        )

    def repeated(self, count: int) -> "Prior":
        """The same prior for so many times as many parameters."""
        return Prior(self.centre * count, self.spread * count, self.bounds * count)


# All are logarithms, for labels of variance 1.
KERNEL_PRIOR = Prior([-0.5] * 3, [2.0] * 3, [(-7, 4)] * 3) + Prior(
    [1.0] * 2, [2.0] * 2, [(-2, 4)] * 2
)
"""Of the three variances, and of the lengths of RDKit's and Morgan's view."""
NOISE_PRIOR = Prior([-2.0], [2.0], [(-7, 1)])
CHAIN_PRIOR = Prior([0.5], [1.0], [(-3, 6)])
"""Of each length of the view of backbone and elements."""


def learn(views: Views, targets: np.ndarray, steps: int) -> np.ndarray:
    """The parameters of greatest posterior density, as one flat array.

    Args:
        views: of n rows; the time grows with n³.
        targets: their labels, of mean 0 and variance 1, shape `(n,)`.
        steps: greatest number of steps of the search.
    """
    at_length_one = squared_at_length_one(views)

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        return evidence(views.chain, at_length_one, targets, Parameters.of(flat))

    chain = CHAIN_PRIOR.repeated(views.chain.shape[1])
    return most_probable(loss, KERNEL_PRIOR + NOISE_PRIOR + chain, steps)


def squared_at_length_one(views: Views) -> tuple[np.ndarray, ...]:
    """Squared distances `(n, n)` among rows in the three views, for lengths of 1."""
    lengths = np.zeros(len(KERNEL_PRIOR.centre) + 1 + views.chain.shape[1])
    plain = Parameters.of(lengths).scale(views)
    return tuple(plain.squared(plain))


def most_probable(
    loss: Callable[[np.ndarray], tuple[float, np.ndarray]], prior: Prior, steps: int
) -> np.ndarray:
    """The parameters of greatest posterior density, looked for from the centre of their prior.

    Rasmussen & Williams, Gaussian Processes for Machine Learning, MIT Press 2006, section 5.4.

    Args:
        loss: the negative logarithm of the likelihood at parameters, and its gradient by them.
        prior: of the parameters.
        steps: greatest number of steps of the search.
    """
    from scipy.optimize import minimize

    centre, spread = np.array(prior.centre), np.array(prior.spread)

    def with_prior(flat: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = loss(flat)
        away = (flat - centre) / spread
        return value + 0.5 * float(away @ away), slope + away / spread

    options = {"maxiter": steps}
    optimum = minimize(
        with_prior, centre, jac=True, method="L-BFGS-B", bounds=prior.bounds, options=options
    )
    return optimum.x


def evidence(
    chain: np.ndarray,
    at_length_one: tuple[np.ndarray, ...],
    targets: np.ndarray,
    parameters: Parameters,
) -> tuple[float, np.ndarray]:
    """The negative logarithm of the marginal likelihood, up to a constant, and its gradient.

    Args:
        chain: the view of backbone and elements, shape `(n, d)`.
        at_length_one: squared distances `(n, n)` in the three views, for lengths of 1.
        targets: shape `(n,)`.
        parameters: at which to evaluate it.
    """
    sums = KernelSum.of(chain, at_length_one, parameters)
    kernel, noise = sums.kernel(), np.exp(parameters.noise)
    kernel[np.diag_indices_from(kernel)] += noise + JITTER
    likelihood = minus_log_likelihood(kernel, targets)
    if likelihood is None:
        return UNLIKELY, np.zeros(len(KERNEL_PRIOR.centre) + 1 + chain.shape[1])
    value, outer = likelihood
    shared, by_chain = sums.slope(outer)
    return value, np.array([*shared, noise * np.trace(outer), *by_chain])


class KernelSum(NamedTuple):
    """The three kernels among n rows at given parameters, with what their gradient needs."""

    chain: np.ndarray  # n × d
    weights: np.ndarray  # one over the chain lengths
    variances: np.ndarray
    squared: tuple[np.ndarray, ...]  # distances in each view, n × n
    values: tuple[np.ndarray, ...]  # of the Matérn kernels there
    slopes: tuple[np.ndarray, ...]

    @classmethod
    def of(
        cls, chain: np.ndarray, at_length_one: tuple[np.ndarray, ...], parameters: Parameters
    ) -> "KernelSum":
        """Evaluate the kernels; the arguments are those of `evidence`."""
        weights = np.exp(-parameters.chain_lengths)
        own = chain * weights
        squares = (own**2).sum(axis=1)
        squared = (
            at_length_one[0] * np.exp(-2 * parameters.rdkit_length),
            _distances(squares, squares, own @ own.T),
            at_length_one[2] * np.exp(-2 * parameters.morgan_length),
        )
        values, slopes = zip(*(matern_and_slope(distances) for distances in squared), strict=True)
        return cls(chain, weights, np.exp(parameters.variances), squared, values, slopes)

    def kernel(self) -> np.ndarray:
        """Covariances without noise, shape `(n, n)`; a new array."""
        pairs = zip(self.variances, self.values, strict=True)
        return sum((variance * value for variance, value in pairs), np.zeros(()))

    def slope(self, outer: np.ndarray) -> tuple[list[float], np.ndarray]:
        """The gradient of a loss by the logarithms of the parameters.

        Args:
            outer: the symmetric gradient of the loss by the covariances, shape `(n, n)`.

        Returns:
            By the three variances and the lengths of RDKit's and Morgan's view; and by the lengths
            of the chain's view, shape `(d,)`.
        """
        chain, parts = self.chain, zip(self.variances, self.slopes, strict=True)
        along = [variance * outer * slope for variance, slope in parts]
        by_variance = [
            variance * (outer * value).sum()
            for variance, value in zip(self.variances, self.values, strict=True)
        ]
        by_length = [-2 * (along[view] * self.squared[view]).sum() for view in (0, 2)]
        # The sum of H_ij (x_i − x_j)² for symmetric H, without a matrix for each descriptor.
        pull = 2 * (
            (along[1].sum(axis=1) @ chain**2) - np.einsum("id,id->d", chain, along[1] @ chain)
        )
        return [*by_variance, *by_length], -2 * self.weights**2 * pull


def minus_log_likelihood(
    kernel: np.ndarray, targets: np.ndarray
) -> tuple[float, np.ndarray] | None:
    """The negative logarithm of the marginal likelihood, up to a constant.

    Args:
        kernel: covariances of n labels with their noise, shape `(n, n)`.
        targets: the labels, shape `(n,)`.

    Returns:
        Its value, and its gradient by the covariances, shape `(n, n)`; None where rounding leaves
        the covariances not positive definite.
    """
    from scipy.linalg import LinAlgError, cho_solve, cholesky
    from scipy.linalg.lapack import dpotri

    try:
        factor = cholesky(kernel, lower=True)
    except LinAlgError:
        return None
    alpha = cho_solve((factor, True), targets)
    inverse, _ = dpotri(factor, lower=1)
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    value = 0.5 * targets @ alpha + np.log(np.diag(factor)).sum()
    return float(value), 0.5 * (inverse - np.outer(alpha, alpha))


def projected_weights(
    among: np.ndarray, with_rows: Iterable[tuple[np.ndarray, np.ndarray]], noise: float
) -> np.ndarray:
    """The weights of M points that stand for all rows in predictions.

    Rasmussen & Williams, section 8.3.4.

    Args:
        among: covariances among the points, shape `(M, M)`; overwritten.
        with_rows: in blocks of b rows, the points' covariances with them, shape `(M, b)`, and the
            rows' labels `(b,)`.
        noise: the variance of the labels' noise.

    Returns:
        Shape `(M,)`.
    """
    # Imported here: pages that only show members need no SciPy.
    from scipy.linalg import cho_solve, cholesky, solve_triangular

    count = len(among)
    among[np.diag_indices_from(among)] += JITTER
    root = cholesky(among, lower=True, overwrite_a=True)
    precision = noise * np.eye(count)
    pull = np.zeros(count)
    for with_points, targets in with_rows:
        whitened = solve_triangular(root, with_points, lower=True, check_finite=False)
        precision += whitened @ whitened.T
        pull += whitened @ targets
    solution = cho_solve((cholesky(precision, lower=True, overwrite_a=True), True), pull)
    return solve_triangular(root, solution, lower=True, trans="T")


def matern(squared: np.ndarray) -> np.ndarray:
    """The Matérn kernel with ν = 5/2 at squared distances."""
    root = 5 * squared
    np.sqrt(root, out=root)
    value = np.square(root)
    value /= 3
    value += 1 + root
    np.negative(root, out=root)
    value *= np.exp(root, out=root)
    return value


def matern_and_slope(squared: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same, and its derivative by the squared distances."""
    root = np.sqrt(5 * squared)
    falling = np.exp(-root)
    return (1 + root + root**2 / 3) * falling, -5 / 6 * (1 + root) * falling
