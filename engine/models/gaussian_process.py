"""A Gaussian process on descriptors: one for each property.

With a few hundred labels, as most polymer properties have, it is as accurate as boosted trees and
errs on other repeat units, so a blend gains from it. Gaussian processes on repeat-unit descriptors:
Kim et al., J. Phys. Chem. C 122 (2018) 17575, doi:10.1021/acs.jpcc.8b02913.
"""

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from safetensors.numpy import load, save

from ..base.vocabulary import DESCRIPTOR_GROUPS
from .descriptor_views import blocks, points_of, scaled, scaling_of, views_of, with_neighbours
from .kernels import JITTER, Parameters, Views, learn, projected_weights
from .member import DescriptorMember

POINTS_PER_ROW = 2
"""docs/experiments.md, "A bundle should hold no training rows"."""
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
        self._points = self._parameters.scale(points_of(state))

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
        views = views_of(numbers, counts)
        # The mean of copies of one repeat unit would be its descriptors.
        both = np.hstack([numbers, counts])
        different = np.sort(np.unique(both, axis=0, return_index=True)[1])
        # Each unit is used once before any is used again.
        rounds = [random.permutation(len(different)) for _ in range(POINTS_PER_ROW)]
        centres = np.concatenate(rounds)[: config.points]
        similar = different[with_neighbours(views.of(different), centres, parameters, random)]
        # C order: safetensors writes the bytes as they lie in memory.
        for name, values in (("numbers", numbers), ("counts", counts)):
            state[name] = values[similar].mean(axis=1).astype(np.float16, order="C")
        state["weights"] = _weights(points_of(state), views, targets, parameters)
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
        for rows in blocks(len(descriptors), len(self._state["weights"])):
            views = views_of(*scaled(descriptors[rows], self._state))
            kernel = self._parameters.covariance(self._parameters.scale(views), self._points)
            predicted[rows] = mean + deviation * (kernel @ self._state["weights"])
        return predicted


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
