"""The kernel of the Gaussian process, and how its parameters are learned.

A sum of three Matérn 5/2 kernels: on RDKit's descriptors, on those of backbone and composition,
where each has a length of its own ("automatic relevance"), and on Morgan counts.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_array

JITTER = 1e-5
"""Added to the diagonal of covariances, so that rounding leaves them positive definite."""


class Views(NamedTuple):
    """N rows as the three kernels see them; the squared distance of typical rows is about 2."""

    rdkit: np.ndarray
    chain: np.ndarray  # backbone and composition
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
    def of(cls, flat: np.ndarray) -> "Parameters":
        """Split an array of all of them, in this order."""
        return cls(flat[:3], flat[3], flat[4], flat[5], flat[6:])

    def scale(self, views: Views) -> "ScaledRows":
        """Divide rows by the lengths."""
        from scipy.sparse import csr_array

        scaled = Views(
            views.rdkit * np.exp(-self.rdkit_length),
            views.chain * np.exp(-self.chain_lengths),
            views.morgan * np.exp(-self.morgan_length),
        )
        squares = [np.asarray((view * view).sum(axis=1)) for view in scaled]
        return ScaledRows(scaled, csr_array(scaled.morgan.T), squares)

    def covariance(self, rows: "ScaledRows", others: "ScaledRows") -> np.ndarray:
        """Covariances of n rows and m others without noise; shape `(n, m)`."""
        total = np.zeros((len(rows.squares[0]), len(others.squares[0])))
        for log_variance, squared in zip(self.variances, rows.squared(others), strict=True):
            total += np.exp(log_variance) * matern(squared)[0]
        return total


class ScaledRows(NamedTuple):
    """Rows divided by the kernels' lengths, with what all their distances need."""

    views: Views
    morgan_transposed: "csr_array"
    squares: list[np.ndarray]  # squared norms of the rows in each view

    def squared(self, others: "ScaledRows") -> Iterator[np.ndarray]:
        """Squared distances to other rows, shape `(n, m)`, view by view."""
        products = (
            lambda: self.views.rdkit @ others.views.rdkit.T,
            lambda: self.views.chain @ others.views.chain.T,
            lambda: (self.views.morgan @ others.morgan_transposed).toarray(),
        )
        for product, own, other in zip(products, self.squares, others.squares, strict=True):
            yield _distances(own, other, product())


def _distances(own: np.ndarray, other: np.ndarray, products: np.ndarray) -> np.ndarray:
    """Squared distances of n rows and m others from their squares and products, never negative."""
    return np.maximum(own[:, None] + other - 2 * products, 0)


# Normal priors of the parameters, and their bounds: first the six that are not chain lengths.
_PRIOR = ([-0.5, -0.5, -0.5, 1.0, 1.0, -2.0], 0.5)
_SPREAD = (2.0, 1.0)
_BOUNDS = ([(-7, 4)] * 3 + [(-2, 4)] * 2 + [(-7, 1)], (-3, 6))


def learn(views: Views, targets: np.ndarray, steps: int) -> np.ndarray:
    """The parameters of greatest posterior density, as one flat array.

    Rasmussen & Williams, Gaussian Processes for Machine Learning, MIT Press 2006, section 5.4.

    Args:
        views: of n rows; the time grows with n³.
        targets: their labels, of mean 0 and variance 1, shape `(n,)`.
        steps: greatest number of steps of the search.
    """
    from scipy.optimize import minimize

    lengths = views.chain.shape[1]
    centre = np.array([*_PRIOR[0], *[_PRIOR[1]] * lengths])
    spread = np.array([_SPREAD[0]] * len(_PRIOR[0]) + [_SPREAD[1]] * lengths)
    plain = Parameters.of(np.zeros_like(centre)).scale(views)
    at_length_one = tuple(plain.squared(plain))

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = evidence(views.chain, at_length_one, targets, Parameters.of(flat))
        away = (flat - centre) / spread
        return value + 0.5 * float(away @ away), slope + away / spread

    bounds = [*_BOUNDS[0], *[_BOUNDS[1]] * lengths]
    optimum = minimize(
        loss, centre, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": steps}
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
        chain: the view of backbone and composition, shape `(n, d)`.
        at_length_one: squared distances `(n, n)` in the three views, for lengths of 1.
        targets: shape `(n,)`.
        parameters: at which to evaluate it.
    """
    from scipy.linalg import LinAlgError, cho_solve, cholesky
    from scipy.linalg.lapack import dpotri

    weights = np.exp(-parameters.chain_lengths)
    own = chain * weights
    squares = (own**2).sum(axis=1)
    squared = (
        at_length_one[0] * np.exp(-2 * parameters.rdkit_length),
        _distances(squares, squares, own @ own.T),
        at_length_one[2] * np.exp(-2 * parameters.morgan_length),
    )
    variances, noise = np.exp(parameters.variances), np.exp(parameters.noise)
    values, slopes = zip(*(matern(distances) for distances in squared), strict=True)
    kernel = sum(variance * value for variance, value in zip(variances, values, strict=True))
    kernel[np.diag_indices_from(kernel)] += noise + JITTER
    try:
        factor = cholesky(kernel, lower=True)
    except LinAlgError:
        return 1e6, np.zeros(chain.shape[1] + len(_PRIOR[0]))
    alpha = cho_solve((factor, True), targets)
    inverse, _ = dpotri(factor, lower=1)
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    outer = 0.5 * (inverse - np.outer(alpha, alpha))
    along = [variance * outer * slope for variance, slope in zip(variances, slopes, strict=True)]
    by_variance = [
        variance * (outer * value).sum() for variance, value in zip(variances, values, strict=True)
    ]
    by_length = [-2 * (along[view] * squared[view]).sum() for view in (0, 2)]
    # The sum of H_ij (x_i − x_j)² for symmetric H, without a matrix for each descriptor.
    pull = 2 * ((along[1].sum(axis=1) @ chain**2) - np.einsum("id,id->d", chain, along[1] @ chain))
    slope = [*by_variance, *by_length, noise * np.trace(outer), *(-2 * weights**2 * pull)]
    value = 0.5 * targets @ alpha + np.log(np.diag(factor)).sum()
    return float(value), np.array(slope)


def matern(squared: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The Matérn kernel with ν = 5/2 at squared distances, and its derivative by them."""
    root = np.sqrt(5 * squared)
    falling = np.exp(-root)
    return (1 + root + root**2 / 3) * falling, -5 / 6 * (1 + root) * falling
