"""One Gaussian process for a quantity as all its sources have it.

A source with few labels learns from the others, and each keeps its own offset, scale and noise
(docs/experiments.md, "One Gaussian process for all sources of a property").
"""

from collections.abc import Iterator

import numpy as np

from .coregionalisation import Coupling, learn_coupled
from .descriptor_views import blocks, near_points, points_of, scaled, scaling_of, views_of
from .kernels import JITTER, Parameters, Views, projected_weights
from .member import SourcesMember
from .projected_process import (
    PROCESS_ARRAYS,
    GaussianProcessConfig,
    ProjectedProcess,
)

_MOST_SOURCES = 1000
_LEAST_SPREAD = 0.2
"""A source whose labels spread less, as a share of the spread of all, gets a scale of its own."""


class CoregionalisedProcess(ProjectedProcess, SourcesMember):
    """A Gaussian process of all sources, projected onto points near the training rows.

    As `GaussianProcess`, it stores no rows: each point is the mean of three similar repeat units of
    one source.
    """

    name = "coregionalised_process"
    title = "Coregionalised process"
    colour = "#a8672f"
    arrays = PROCESS_ARRAYS | {"coupling", "sources"}

    def __init__(self, state: dict[str, np.ndarray]) -> None:
        """Keep the arrays of a fitted process.

        Raises:
            ValueError: when a point is of no source.
        """
        super().__init__(state)
        self._coupling = Coupling.of(state["coupling"])
        count, sources = len(self._coupling.scale), state["sources"]
        # One scale for all sources, or one for each.
        if (
            state["label"].shape not in ((2,), (2, count))
            or sources.shape != state["weights"].shape
        ):
            raise ValueError("The sources do not match.")
        if len(sources) and not (sources.min() >= 0 and sources.max() < count <= _MOST_SOURCES):
            raise ValueError("A point is of no source.")

    def takes(self, width: int, columns: int) -> bool:
        """See `DescriptorMember`."""
        return self._width == width and len(self._coupling.scale) == columns

    @classmethod
    def fit(
        cls,
        descriptors: np.ndarray,
        labels: np.ndarray,
        config: GaussianProcessConfig,
        seed: int,
    ) -> "CoregionalisedProcess":
        """See `SourcesMember`."""
        random, count = np.random.default_rng(seed), labels.shape[1]
        sources, rows = np.nonzero(np.isfinite(labels).T)
        values = labels[rows, sources]
        state = {**scaling_of(descriptors), "label": _label_scale(values, sources, count)}
        targets = (values - state["label"][0, sources]) / state["label"][1, sources]
        numbers, counts = (each[rows] for each in scaled(descriptors, state))
        tuning = _drawn_evenly(sources, count, config.tuning_rows, random)
        state["parameters"], state["coupling"] = learn_coupled(
            views_of(numbers[tuning], counts[tuning]),
            targets[tuning],
            sources[tuning],
            count,
            config.steps,
        )
        parameters, groups = Parameters.of(state["parameters"]), []
        for source in range(count):
            own = np.flatnonzero(sources == source)
            share = max(config.points * len(own) // len(sources), 1)
            groups.append(own[near_points(numbers[own], counts[own], share, parameters, random)])
        state["sources"] = np.concatenate(
            [np.full(len(group), number) for number, group in enumerate(groups)]
        )
        for name, each in (("numbers", numbers), ("counts", counts)):
            means = [each[group].mean(axis=1) for group in groups if len(group)]
            # C order: safetensors writes the bytes as they lie in memory.
            state[name] = np.concatenate(means).astype(np.float16, order="C")
        state["weights"] = _weights(state, views_of(numbers, counts), targets, sources)
        return cls(state)

    def _said(self, kernel: np.ndarray) -> np.ndarray:
        return self._coupling.predict(kernel, self._state["sources"], self._state["weights"])


def _label_scale(values: np.ndarray, sources: np.ndarray, count: int) -> np.ndarray:
    """What labels of each source are reduced by and divided by; `(2, S)`, in their unit.

    The same for all, since sources of one quantity mostly differ by little and that is worth
    knowing; each source's own where one scale would leave the labels of a source all alike.
    """
    mean, deviation = values.mean(), values.std()
    own = np.tile([[mean], [deviation if deviation > 0 else 1.0]], count)
    spreads = np.array(
        [values[sources == s].std() if (sources == s).any() else 0.0 for s in range(count)]
    )
    varied = spreads > 0
    if not varied.any() or spreads[varied].min() > _LEAST_SPREAD * deviation:
        return own
    for source in np.flatnonzero(varied):
        own[:, source] = values[sources == source].mean(), spreads[source]
    for source in np.flatnonzero(~varied):
        # One label, or equal ones: nothing tells their scale.
        own[1, source] = spreads[varied].max()
        if (sources == source).any():
            own[0, source] = values[sources == source].mean()
    return own


def _drawn_evenly(
    sources: np.ndarray, count: int, limit: int, random: np.random.Generator
) -> np.ndarray:
    """At most `limit` labels in order, as many of each source as there are, or an equal share.

    A source of a hundred labels beside thousands would else hardly have a say.
    """
    drawn: list[np.ndarray] = []
    by_size = sorted(range(count), key=lambda source: (sources == source).sum())
    for place, source in enumerate(by_size):
        own = np.flatnonzero(sources == source)
        share = (limit - sum(map(len, drawn))) // (count - place)
        drawn.append(own if len(own) <= share else random.choice(own, share, replace=False))
    return np.sort(np.concatenate(drawn))


def _weights(
    state: dict[str, np.ndarray], views: Views, targets: np.ndarray, sources: np.ndarray
) -> np.ndarray:
    """The weight of each of M points, fitted to all labels; shape `(M,)`."""
    parameters, coupling = Parameters.of(state["parameters"]), Coupling.of(state["coupling"])
    points, of_points = points_of(state), state["sources"]
    scaled_points, count = parameters.scale(points), len(of_points)
    among = np.empty((count, count))
    for rows in blocks(count, count):
        kernel = parameters.covariance(parameters.scale(points.of(rows)), scaled_points)
        among[rows] = coupling.couple(kernel, of_points[rows], of_points)
    # Divided by its deviation, each label has noise of variance 1.
    root = np.sqrt(np.exp(coupling.noise)[sources] + JITTER)

    def with_rows() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for rows in blocks(len(targets), count):
            kernel = parameters.covariance(scaled_points, parameters.scale(views.of(rows)))
            coupled = coupling.couple(kernel, of_points, sources[rows])
            yield coupled / root[rows], targets[rows] / root[rows]

    return projected_weights(among, with_rows(), 1.0)
