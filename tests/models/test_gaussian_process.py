"""The Gaussian process on descriptors."""

import numpy as np
import pytest
from safetensors.numpy import load, save
from scipy.optimize import check_grad

from engine.base.vocabulary import DESCRIPTOR_GROUPS
from engine.chem import backbone, rdkit_2d
from engine.chem.descriptors import MORGAN_SIZE, names
from engine.models import descriptor_views
from engine.models.gaussian_process import GaussianProcess
from engine.models.kernels import Parameters, evidence
from engine.models.projected_process import GaussianProcessConfig

CONFIG = GaussianProcessConfig()


def test_groups_are_those_of_the_descriptor_vector() -> None:
    assert sum(DESCRIPTOR_GROUPS.values()) == len(names())
    assert DESCRIPTOR_GROUPS["rdkit_2d"] == len(rdkit_2d.NAMES)
    assert DESCRIPTOR_GROUPS["backbone"] == len(backbone.NAMES)
    assert DESCRIPTOR_GROUPS["morgan"] == MORGAN_SIZE
    assert list(DESCRIPTOR_GROUPS) == ["rdkit_2d", "backbone", "elements", "morgan"]


def test_it_errs_less_than_the_mean_on_polymers_it_has_not_seen(polymers) -> None:
    descriptors, labels = polymers
    held_out = np.arange(len(labels)) % 4 == 0
    model = GaussianProcess.fit(descriptors[~held_out], labels[~held_out], CONFIG, 0)
    error = np.abs(model.predict(descriptors[held_out]) - labels[held_out]).mean()
    assert error < 0.6 * np.abs(labels[held_out] - labels[~held_out].mean()).mean()


def test_the_slope_of_the_evidence_is_right(polymers) -> None:
    descriptors, labels = polymers[0][:40], polymers[1][:40]
    targets = (labels - labels.mean()) / labels.std()
    scaling = descriptor_views.scaling_of(descriptors)
    views = descriptor_views.views_of(*descriptor_views.scaled(descriptors, scaling))
    start = np.random.default_rng(0).normal(0.3, 0.4, 6 + views.chain.shape[1])
    plain = Parameters.of(np.zeros_like(start)).scale(views)
    distances = tuple(plain.squared(plain))

    def found(flat: np.ndarray) -> tuple[float, np.ndarray]:
        return evidence(views.chain, distances, targets, Parameters.of(flat))

    assert check_grad(lambda flat: found(flat)[0], lambda flat: found(flat)[1], start) < 1e-4


def test_points_are_as_many_as_the_settings_say(polymers) -> None:
    few = GaussianProcessConfig(points=60, tuning_rows=30, steps=5)
    first, again, other = (GaussianProcess.fit(*polymers, few, seed) for seed in (0, 0, 1))
    assert first.to_bytes() == again.to_bytes() != other.to_bytes()
    assert len(first._state["weights"]) == 60


def test_no_training_row_is_kept(polymers) -> None:
    descriptors, labels = polymers
    model = GaussianProcess.fit(descriptors, labels, GaussianProcessConfig(steps=3), 0)
    numbers, _ = descriptor_views.scaled(descriptors, model._state)
    points = model._state["numbers"].astype(float)
    nearest = np.abs(points[:, None] - numbers[None]).max(axis=2).min(axis=1)
    # A row that is kept comes back to within 0.01, the rounding to half precision.
    assert nearest.min() > 0.1


def test_no_unit_that_is_measured_often_is_kept(polymers) -> None:
    descriptors, labels = (values[:60].repeat(8, axis=0) for values in polymers)
    model = GaussianProcess.fit(descriptors, labels, GaussianProcessConfig(steps=3), 0)
    numbers, _ = descriptor_views.scaled(descriptors, model._state)
    points = model._state["numbers"].astype(float)
    assert np.abs(points[:, None] - numbers[None]).max(axis=2).min() > 0.1


def test_points_do_nearly_as_well_as_all_rows(polymers) -> None:
    descriptors, labels = polymers
    held_out = np.arange(len(labels)) % 4 == 0
    model = GaussianProcess.fit(descriptors[~held_out], labels[~held_out], CONFIG, 0)
    views = [
        descriptor_views.views_of(*descriptor_views.scaled(descriptors[rows], model._state))
        for rows in (~held_out, held_out)
    ]
    parameters = model._parameters
    known, unknown = (parameters.scale(one) for one in views)
    kernel = parameters.covariance(known, known)
    kernel += np.exp(parameters.noise) * np.eye(len(kernel))
    mean, deviation = model._state["label"]
    weights = np.linalg.solve(kernel, (labels[~held_out] - mean) / deviation)
    exact = mean + deviation * parameters.covariance(unknown, known) @ weights
    apart = np.abs(model.predict(descriptors[held_out]) - exact).mean()
    assert apart < 0.25 * np.abs(exact - labels[held_out]).mean()


def test_one_row_and_rows_of_many_blocks_are_predicted_alike(polymers, monkeypatch) -> None:
    model = GaussianProcess.fit(*polymers, GaussianProcessConfig(steps=3), 0)
    together = model.predict(polymers[0])
    monkeypatch.setattr(descriptor_views, "_CELLS", 2_000)
    np.testing.assert_allclose(model.predict(polymers[0]), together, rtol=1e-9)
    np.testing.assert_allclose(model.predict(polymers[0][:1]), together[:1], rtol=1e-9)
    assert model.predict(polymers[0][:0]).shape == (0,)


@pytest.mark.parametrize("rows", [1, 2])
def test_hardly_any_rows_do(rows: int, polymers) -> None:
    model = GaussianProcess.fit(polymers[0][:rows], polymers[1][:rows], CONFIG, 0)
    assert np.isfinite(model.predict(polymers[0])).all()


def test_other_arrays_are_refused(polymers) -> None:
    model = GaussianProcess.fit(polymers[0][:9], polymers[1][:9], CONFIG, 0)
    for name in ("weights", "mean", "numbers", "parameters"):
        whole = model._state[name]
        model._state[name] = np.ascontiguousarray(whole[:-1])
        with pytest.raises((ValueError, IndexError)):
            GaussianProcess.from_bytes(model.to_bytes())
        model._state[name] = whole
    del model._state["weights"]
    with pytest.raises(ValueError, match="not the arrays"):
        GaussianProcess.from_bytes(model.to_bytes())


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("deviation", lambda each: each[:, None]),
        ("deviation", lambda each: -each),
        ("mean", lambda each: each[1:]),
        ("mean", lambda each: each * np.nan),
        ("common", lambda each: each + 5000),
        ("common", lambda each: each.astype(float)),
        ("counts", lambda each: each[1:]),
        ("weights", lambda each: each[:, None]),
        ("weights", lambda each: each * np.inf),
        ("parameters", lambda each: each[:2]),
        ("label", lambda each: each[:1]),
        ("spread", lambda each: each * 0),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(polymers, name: str, change) -> None:
    descriptors, labels = polymers[0][:40], polymers[1][:40]
    arrays = load(GaussianProcess.fit(descriptors, labels, CONFIG, 0).to_bytes())
    changed = np.ascontiguousarray(change(arrays[name]))
    with pytest.raises(ValueError, match=r"array|scale|points|Morgan|number"):
        GaussianProcess.from_bytes(save({**arrays, name: changed}))
