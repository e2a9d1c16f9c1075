"""A Gaussian process on descriptors: one for each property.

With a few hundred labels, as most polymer properties have, it is as accurate as boosted trees and
errs on other repeat units, so a blend gains from it. Gaussian processes on repeat-unit descriptors:
Kim et al., J. Phys. Chem. C 122 (2018) 17575, doi:10.1021/acs.jpcc.8b02913.
"""

import numpy as np

from .descriptor_views import blocks, near_points, points_of, scaled, scaling_of, views_of
from .kernels import JITTER, Parameters, Views, learn, projected_weights, row_sums
from .projected_process import (
    PROCESS_ARRAYS,
    GaussianProcessConfig,
    ProjectedProcess,
)


class GaussianProcess(ProjectedProcess):
    """A process of one property's labels."""

    name = "gaussian_process"
    title = "Gaussian process"
    colour = "#a3a01f"
    arrays = PROCESS_ARRAYS

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
            **scaling_of(descriptors),
            "label": np.array([labels.mean(), deviation if deviation > 0 else 1.0], dtype=float),
        }
        targets = (labels - state["label"][0]) / state["label"][1]
        numbers, counts = scaled(descriptors, state)
        tuning = _drawn(len(labels), config.tuning_rows, random)
        learned = learn(views_of(numbers[tuning], counts[tuning]), targets[tuning], config.steps)
        state["parameters"], parameters = learned, Parameters.of(learned)
        similar = near_points(numbers, counts, config.points, parameters, random)
        # C order: safetensors writes the bytes as they lie in memory.
        for name, values in (("numbers", numbers), ("counts", counts)):
            state[name] = values[similar].mean(axis=1).astype(np.float16, order="C")
        state["weights"] = _weights(
            points_of(state), views_of(numbers, counts), targets, parameters
        )
        return cls(state)

    def _said(self, kernel: np.ndarray) -> np.ndarray:
        return row_sums(kernel, self._state["weights"])


def _drawn(count: int, limit: int, random: np.random.Generator) -> np.ndarray:
    """The numbers of all rows, or of `limit` drawn at random, in order."""
    if count <= limit:
        return np.arange(count)
    return np.sort(random.choice(count, limit, replace=False))


def _weights(
    points: Views, views: Views, targets: np.ndarray, parameters: Parameters
) -> np.ndarray:
    """The weight of each of M points, fitted to all rows; shape `(M,)`."""
    scaled_points, count = parameters.scale(points), len(points.chain)
    among = np.empty((count, count))
    for rows in blocks(count, count):
        among[rows] = parameters.covariance(parameters.scale(points.of(rows)), scaled_points)
    with_rows = (
        (parameters.covariance(scaled_points, parameters.scale(views.of(rows))), targets[rows])
        for rows in blocks(len(targets), count)
    )
    return projected_weights(among, with_rows, np.exp(parameters.noise) + JITTER)
