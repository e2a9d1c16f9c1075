"""How one quantity differs between sources: what a coregionalised Gaussian process learns of it.

Each source sees the same function of the repeat unit, times a scale of its own, plus a function of
its own, an offset and noise: intrinsic coregionalisation (Bonilla, Chai & Williams, Multi-task
Gaussian Process Prediction, NIPS 2007; Álvarez, Rosasco & Lawrence, Found. Trends Mach. Learn. 4
(2012) 195, doi:10.1561/2200000036).
"""

from typing import NamedTuple

import numpy as np

from .kernels import (
    CHAIN_PRIOR,
    JITTER,
    KERNEL_PRIOR,
    NOISE_PRIOR,
    UNLIKELY,
    KernelSum,
    Parameters,
    Prior,
    Views,
    minus_log_likelihood,
    most_probable,
    row_sums,
    squared_at_length_one,
)

_OFFSET_VARIANCE = 1.0
"""Of each source's offset: labels have variance 1, so it may be as large as they are."""
_OWN_PRIOR = Prior([-2.0], [2.0], [(-7, 3)])
_SCALE_PRIOR = Prior([0.0], [0.3], [(-3, 3)])
_KERNELS = len(KERNEL_PRIOR.centre)


class Coupling(NamedTuple):
    """Learned logarithms by source, each of shape `(S,)`, for labels scaled to variance 1."""

    noise: np.ndarray  # its variance
    own: np.ndarray  # variance of the source's own function, as a share of the common one's
    scale: np.ndarray  # of the common function

    @classmethod
    def of(cls, flat: np.ndarray) -> "Coupling":
        """Split an array of all of them, in this order."""
        return cls(*flat.reshape(3, -1))

    def factors(self, sources: np.ndarray, others: np.ndarray) -> np.ndarray:
        """What the kernel of n rows and m others is multiplied by; shape `(n, m)`.

        Args:
            sources: the source of each of n rows, shape `(n,)`, int.
            others: the source of each of m rows, shape `(m,)`, int.
        """
        scale, same = np.exp(self.scale), sources[:, None] == others
        return np.outer(scale[sources], scale[others]) + same * np.exp(self.own)[others]

    def couple(self, kernel: np.ndarray, sources: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Covariances without noise, offsets included, from the kernel `(n, m)` of units alone."""
        offsets = _OFFSET_VARIANCE * (sources[:, None] == others)
        return self.factors(sources, others) * kernel + offsets

    def predict(self, kernel: np.ndarray, points: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """What all S sources say of n rows; shape `(n, S)`.

        Args:
            kernel: of n rows and M points, of units alone, shape `(n, M)`.
            points: the source of each point, shape `(M,)`, int.
            weights: of the points, shape `(M,)`.
        """
        sources = np.arange(len(self.scale))
        offsets = np.bincount(points, weights, minlength=len(sources))
        by_source = self.factors(sources, points) * weights  # S × M
        sums = [row_sums(kernel, of_source) for of_source in by_source]
        return np.column_stack(sums) + _OFFSET_VARIANCE * offsets


def learn_coupled(
    views: Views, targets: np.ndarray, sources: np.ndarray, count: int, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """The parameters of greatest posterior density.

    Args:
        views: of n rows; the time grows with n³.
        targets: their labels, of mean 0 and variance 1, shape `(n,)`.
        sources: the source of each label, shape `(n,)`, int.
        count: S, the number of sources.
        steps: greatest number of steps of the search.

    Returns:
        The kernels' parameters and the sources', as `Parameters.of` and `Coupling.of` read them.
    """
    at_length_one = squared_at_length_one(views)

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        return coupled_evidence(views.chain, at_length_one, targets, sources, flat)

    chain = CHAIN_PRIOR.repeated(views.chain.shape[1])
    by_source = (NOISE_PRIOR, _OWN_PRIOR, _SCALE_PRIOR)
    prior = KERNEL_PRIOR + chain
    for one in by_source:
        prior += one.repeated(count)
    flat = most_probable(loss, prior, steps)
    own = len(flat) - len(by_source) * count
    return _with_noise(flat[:own]), flat[own:]


def coupled_evidence(
    chain: np.ndarray,
    at_length_one: tuple[np.ndarray, ...],
    targets: np.ndarray,
    sources: np.ndarray,
    flat: np.ndarray,
) -> tuple[float, np.ndarray]:
    """The negative logarithm of the marginal likelihood, up to a constant, and its gradient.

    Args:
        chain: the view of backbone and elements, shape `(n, d)`.
        at_length_one: squared distances `(n, n)` in the three views, for lengths of 1.
        targets: shape `(n,)`.
        sources: shape `(n,)`, int.
        flat: logarithms of three variances, two lengths and d chain lengths, and those of
            `Coupling`, where to evaluate it.
    """
    own = _KERNELS + chain.shape[1]
    coupling = Coupling.of(flat[own:])
    sums = KernelSum.of(chain, at_length_one, Parameters.of(_with_noise(flat[:own])))
    units = sums.kernel()
    kernel = coupling.couple(units, sources, sources)
    kernel[np.diag_indices_from(kernel)] += np.exp(coupling.noise)[sources] + JITTER
    likelihood = minus_log_likelihood(kernel, targets)
    if likelihood is None:
        return UNLIKELY, np.zeros(len(flat))
    value, outer = likelihood
    shared, by_chain = sums.slope(outer * coupling.factors(sources, sources))
    along, count = outer * units, len(coupling.scale)
    scale = np.exp(coupling.scale)[sources]
    by_noise = np.exp(coupling.noise) * np.bincount(sources, np.diag(outer), minlength=count)
    members = (sources[:, None] == np.arange(count)).astype(float)  # n × S
    by_own = np.exp(coupling.own) * np.einsum("is,is->s", members, along @ members)
    by_scale = 2 * np.bincount(sources, scale * (along @ scale), minlength=count)
    return value, np.array([*shared, *by_chain, *by_noise, *by_own, *by_scale])


def _with_noise(flat: np.ndarray) -> np.ndarray:
    """The kernels' parameters as `Parameters.of` reads them; its noise is not used here."""
    return np.insert(flat, _KERNELS, 0.0)
