"""What the members that are Gaussian processes share: settings, files, and how they predict."""

from abc import abstractmethod
from typing import ClassVar, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from safetensors.numpy import save

from ..base.vocabulary import DESCRIPTOR_GROUPS
from .descriptor_views import blocks, points_of, scaled, views_of
from .kernels import Parameters, Views
from .member import DescriptorMember, arrays_of

_MORGAN = DESCRIPTOR_GROUPS["morgan"]

PROCESS_ARRAYS = frozenset(
    {
        *("mean", "deviation", "common", "spread", "label"),
        *("numbers", "counts", "parameters", "weights"),
    }
)
"""Of M points: the scaling of descriptors, the labels' mean and deviation `(2,)` in units, the
points' numbers `(M, G)` and Morgan counts, the kernels' parameters, and weights `(M,)`."""

_MOST_POINTS = 20_000
_LEAST_POINTS, _POINTS_AT_ONCE = 320, 16
"""See `_filled_up`."""


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

    points: int = Field(default=4000, ge=1, le=_MOST_POINTS)
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
    arrays: ClassVar[frozenset[str]]

    def __init__(self, state: dict[str, np.ndarray]) -> None:
        """Keep the arrays of a fitted process."""
        self._state = state
        self._parameters = Parameters.of(state["parameters"])
        self._points = self._parameters.scale(_filled_up(points_of(state)))

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """See `DescriptorMember`."""
        state = arrays_of(content)
        _demand_sound(state, cls.arrays)
        model = cls(state)
        # Arrays whose shapes do not match fail here, not later on a page.
        if not np.isfinite(model.predict(np.zeros((1, model._width), dtype=np.float32))).all():
            raise ValueError("What it predicts is no number.")
        return model

    def to_bytes(self) -> bytes:
        """See `DescriptorMember`."""
        return save(self._state)

    def takes(self, width: int, columns: int) -> bool:
        """See `DescriptorMember`."""
        return self._width == width and columns == 1

    @property
    def _width(self) -> int:
        return len(self._state["mean"]) + _MORGAN

    def predict(self, descriptors: np.ndarray) -> np.ndarray:
        """See `DescriptorMember`."""
        mean, deviation = self._state["label"]
        parts = []
        # At least one block, also of no rows: it has the right shape.
        for rows in [*blocks(len(descriptors), len(self._state["weights"]))] or [slice(0)]:
            views = views_of(*scaled(descriptors[rows], self._state))
            kernel = self._parameters.covariance(self._parameters.scale(views), self._points)
            of_points = kernel[:, : len(self._state["weights"])]
            parts.append(mean + deviation * self._said(of_points))
        return np.concatenate(parts)

    @abstractmethod
    def _said(self, kernel: np.ndarray) -> np.ndarray:
        """Predictions in deviations from the mean label.

        Args:
            kernel: covariances of n rows with the M points, of units alone, shape `(n, M)`.
        """


def _filled_up(points: Views) -> Views:
    """The points, and empty ones after them, so that products have a shape of few kinds.

    What OpenBLAS multiplies in one thread has then the same bits for a row in any company, whatever
    the processor (docs/experiments.md, "The same bits in a file of any length").
    """
    count = len(points.chain)
    more = -(-max(count, _LEAST_POINTS) // _POINTS_AT_ONCE) * _POINTS_AT_ONCE - count
    rdkit, chain = (np.pad(each, ((0, more), (0, 0))) for each in (points.rdkit, points.chain))
    morgan = points.morgan.copy()
    morgan.resize((count + more, morgan.shape[1]))
    return Views(rdkit, chain, morgan)


def _demand_sound(state: dict[str, np.ndarray], names: frozenset[str]) -> None:
    """Refuse arrays of another member, with other shapes, or with what is no number.

    Raises:
        ValueError: what is wrong.
    """
    if {*state} != names:
        raise ValueError("These are not the arrays of this member.")
    points, width, common = (state[name].size for name in ("weights", "mean", "common"))
    shapes = {
        **{"mean": (width,), "deviation": (width,), "common": (common,), "spread": (1,)},
        **{"numbers": (points, width), "counts": (points, common), "weights": (points,)},
        "parameters": (Parameters.count(width - DESCRIPTOR_GROUPS["rdkit_2d"]),),
    }
    for name, shape in shapes.items():
        if state[name].shape != shape:
            raise ValueError(f"The array {name} has another shape.")
    if points > _MOST_POINTS or len(state["label"]) != 2:
        raise ValueError("The points are too many, or the scale of the labels is damaged.")
    for name, each in state.items():
        if each.dtype.kind != ("i" if name in ("common", "sources") else "f"):
            raise ValueError(f"The array {name} holds numbers of another kind.")
        # A descriptor that never varied is divided by infinity.
        if np.isnan(each).any() if name == "deviation" else not np.isfinite(each).all():
            raise ValueError(f"The array {name} holds what is no number.")
    if common and not (state["common"].min() >= 0 and state["common"].max() < _MORGAN):
        raise ValueError("A Morgan count does not exist.")
    if (state["deviation"] <= 0).any() or (state["spread"] <= 0).any():
        raise ValueError("A scale is not positive.")
