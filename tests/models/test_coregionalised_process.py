"""One Gaussian process for all sources of a quantity."""

import numpy as np
import pytest
from scipy.optimize import check_grad

from engine.models import descriptor_views
from engine.models.coregionalisation import Coupling, coupled_evidence
from engine.models.coregionalised_process import CoregionalisedProcess
from engine.models.gaussian_process import GaussianProcess
from engine.models.kernels import squared_at_length_one
from engine.models.projected_process import GaussianProcessConfig

CONFIG = GaussianProcessConfig()
QUICK = GaussianProcessConfig(points=60, tuning_rows=40, steps=4)


def _two_sources(labels: np.ndarray, few: int) -> np.ndarray:
    """The first `few` labels as one source has them, all as another that is off; `(N, 2)`."""
    noise = np.random.default_rng(3).normal(0, 5, len(labels))
    first = np.where(np.arange(len(labels)) < few, labels, np.nan)
    return np.column_stack([first, 0.8 * labels + 60 + noise])


def test_the_slope_of_the_evidence_is_right(polymers) -> None:
    descriptors, labels = polymers[0][:40], polymers[1][:40]
    targets = (labels - labels.mean()) / labels.std()
    scaling = descriptor_views.scaling_of(descriptors)
    views = descriptor_views.views_of(*descriptor_views.scaled(descriptors, scaling))
    random = np.random.default_rng(0)
    sources, distances = random.integers(0, 3, 40), squared_at_length_one(views)
    start = random.normal(0.2, 0.4, 5 + views.chain.shape[1] + 9)

    def found(flat: np.ndarray) -> tuple[float, np.ndarray]:
        return coupled_evidence(views.chain, distances, targets, sources, flat)

    assert check_grad(lambda flat: found(flat)[0], lambda flat: found(flat)[1], start) < 1e-4


def test_a_source_of_few_labels_learns_from_one_of_many(polymers) -> None:
    order = np.random.default_rng(1).permutation(len(polymers[1]))
    descriptors, labels = polymers[0][order], polymers[1][order]
    known, held_out = np.arange(len(labels)) < 90, np.arange(len(labels)) >= 90
    by_source = _two_sources(labels, few=20)
    model = CoregionalisedProcess.fit(descriptors[known], by_source[known], CONFIG, 0)
    alone = GaussianProcess.fit(descriptors[:20], labels[:20], CONFIG, 0)
    together = model.predict(descriptors[held_out])
    error = np.abs(together[:, 0] - labels[held_out]).mean()
    assert error < 0.9 * np.abs(alone.predict(descriptors[held_out]) - labels[held_out]).mean()
    # The second source lies where it was put, by 0.8 y + 60.
    shift = (together[:, 1] - (0.8 * together[:, 0] + 60)).mean()
    assert abs(shift) < 10


def test_it_survives_the_disk_and_one_seed_gives_one_model(polymers) -> None:
    by_source = _two_sources(polymers[1], few=30)
    first, again, other = (
        CoregionalisedProcess.fit(polymers[0], by_source, QUICK, seed) for seed in (0, 0, 1)
    )
    assert first.to_bytes() == again.to_bytes() != other.to_bytes()
    read = CoregionalisedProcess.from_bytes(first.to_bytes())
    np.testing.assert_array_equal(read.predict(polymers[0]), first.predict(polymers[0]))
    assert read.predict(polymers[0]).shape == (len(polymers[1]), 2)
    assert len(first._state["weights"]) <= QUICK.points


@pytest.mark.parametrize("few", [0, 1, 2])
def test_hardly_any_labels_of_a_source_do(few: int, polymers) -> None:
    model = CoregionalisedProcess.fit(polymers[0], _two_sources(polymers[1], few), QUICK, 0)
    assert np.isfinite(model.predict(polymers[0])).all()


def test_labels_that_are_all_equal_are_learned(polymers) -> None:
    by_source = np.full((len(polymers[1]), 2), 7.5)
    model = CoregionalisedProcess.fit(polymers[0], by_source, QUICK, 0)
    np.testing.assert_allclose(model.predict(polymers[0]), 7.5, rtol=1e-5)


def test_a_source_in_a_far_larger_unit_does_not_drown_out_a_small_one(polymers) -> None:
    descriptors, labels = polymers
    by_source = np.column_stack([labels, 1000 * labels + 3])
    by_source[::2, 0] = np.nan
    model = CoregionalisedProcess.fit(descriptors, by_source, QUICK, 0)
    predicted = model.predict(descriptors)
    assert np.abs(predicted[:, 0] - labels).mean() < 0.5 * labels.std()
    np.testing.assert_allclose((predicted[:, 1] / 1000 - labels).std() / labels.std(), 0, atol=0.5)


def test_what_sources_share_and_what_is_their_own() -> None:
    coupling = Coupling(np.zeros(2), np.log([0.5, 0.25]), np.log([1.0, 2.0]))
    sources = np.array([0, 1])
    np.testing.assert_allclose(coupling.factors(sources, sources), [[1.5, 2.0], [2.0, 4.25]])
    kernel = np.array([[1.0, 0.5], [0.5, 1.0]])
    np.testing.assert_allclose(coupling.couple(kernel, sources, sources), [[2.5, 1.0], [1.0, 5.25]])
    weights = np.array([0.3, -0.2])
    np.testing.assert_allclose(
        coupling.predict(kernel, sources, weights)[:, 0],
        coupling.couple(kernel, np.array([0, 0]), sources) @ weights,
    )


def test_other_arrays_are_refused(polymers) -> None:
    content = GaussianProcess.fit(*polymers, QUICK, 0).to_bytes()
    with pytest.raises(ValueError, match="not the arrays of this member"):
        CoregionalisedProcess.from_bytes(content)
