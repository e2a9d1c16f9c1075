"""What the members that are Gaussian processes share: settings, files, and how they predict."""

from abc import abstractmethod
from typing import ClassVar, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from safetensors.numpy import load, save

from ..base.vocabulary import DESCRIPTOR_GROUPS
from .descriptor_views import blocks, points_of, scaled, views_of
from .kernels import Parameters
from .member import DescriptorMember

PROCESS_ARRAYS = frozenset(
    {
        *("mean", "deviation", "common", "spread", "label"),
        *("numbers", "counts", "parameters", "weights"),
    }
)
"""Of M points: the scaling of descriptors, the labels' mean and deviation `(2,)` in units, the
points' numbers `(M, G)` and Morgan counts, the kernels' parameters, and weights `(M,)`."""


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


class ProjectedProcess(DescriptorMember):
    """A Gaussian process that is projected onto points near the training rows.

    It stores no rows but points, each the mean of three similar repeat units, with weights that
    are fitted to all rows (Rasmussen & Williams, Gaussian Processes for Machine Learning, MIT Press
    2006, section 8.3.4). So a bundle holds no repeat unit's descriptors and no label, and the time
    of a prediction stops growing with the number of rows.

    Attributes:
        arrays: the names of those that are stored.
    """

    Config = GaussianProcessConfig
    suffix = "safetensors"
    arrays: ClassVar[frozenset[str]]

    def __init__(self, state: dict[str, np.ndarray]) -> None:
        """Keep the arrays of a fitted process."""
        self._state = state
        self._parameters = Parameters.of(state["parameters"])
        self._points = self._parameters.scale(points_of(state))

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """See `DescriptorMember`."""
        state = load(content)
        if {*state} != cls.arrays:
            raise ValueError(f"These are not the arrays of {cls.name}.")
        model = cls(state)
        # Arrays whose shapes do not match fail here, not later on a page.
        width = len(state["mean"]) + DESCRIPTOR_GROUPS["morgan"]
        model.predict(np.zeros((1, width), dtype=np.float32))
        return model

    def to_bytes(self) -> bytes:
        """See `DescriptorMember`."""
        return save(self._state)

    def predict(self, descriptors: np.ndarray) -> np.ndarray:
        """See `DescriptorMember`."""
        mean, deviation = self._state["label"]
        parts = []
        # At least one block, also of no rows: it has the right shape.
        for rows in [*blocks(len(descriptors), len(self._state["weights"]))] or [slice(0)]:
            views = views_of(*scaled(descriptors[rows], self._state))
            kernel = self._parameters.covariance(self._parameters.scale(views), self._points)
            parts.append(mean + deviation * self._said(kernel))
        return np.concatenate(parts)

    @abstractmethod
    def _said(self, kernel: np.ndarray) -> np.ndarray:
        """Predictions in deviations from the mean label.

        Args:
            kernel: covariances of n rows with the M points, of units alone, shape `(n, M)`.
        """
