"""Features of compositions: what follows from what a composition is, bit for bit."""

import numpy as np
import pytest

from engine.base.vocabulary import COMPOSITION_COLUMNS
from engine.chem.composition import Composition, read
from engine.chem.repeat_unit import canonical_unit
from engine.features.compositions import composition_columns, meetings, with_composition_columns
from engine.features.compute import UniqueUnits, compute_features

STYRENE, PROPYLENE, OXIDE = "*CC(*)c1ccccc1", "*CC(*)C", "*OCC*"


def _bytes(text: str) -> list[bytes]:
    """All that members see of a composition."""
    unit = canonical_unit(text)
    features = with_composition_columns(compute_features([unit], canonical_units=True), [unit])
    return [array.tobytes() for array in features.arrays().values()]


@pytest.mark.parametrize(
    "other",
    [
        f"{PROPYLENE}|{STYRENE}|0.6|0.4|random",
        "*C(C)C*|*C(*)Cc1ccccc1|0.6|0.4|random".replace("*C(*)Cc1ccccc1", "C(*)(c1ccccc1)C*"),
        f"{STYRENE}|{PROPYLENE}|{STYRENE}|0.1|0.6|0.3|stat",
        f"{STYRENE}|{PROPYLENE}|{OXIDE}|0.4|0.6|0|random",
        f"{STYRENE}|{PROPYLENE}|40|60|random",
        f"{STYRENE}|{PROPYLENE}|2|3|random",
        f"{STYRENE}|{PROPYLENE}|0.4|statistical",
    ],
)
def test_one_composition_has_the_same_bits_however_it_is_written(other: str) -> None:
    assert _bytes(other) == _bytes(f"{STYRENE}|{PROPYLENE}|0.4|0.6|random")


@pytest.mark.parametrize(
    "text", [f"{STYRENE}|{PROPYLENE}|1|0|block", f"{STYRENE}|{STYRENE}|0.5|0.5", f"{STYRENE}|1"]
)
def test_a_single_unit_is_a_homopolymer_to_the_bit(text: str) -> None:
    assert canonical_unit(text) == canonical_unit(STYRENE)


def test_two_periods_of_a_chain_are_two_moles() -> None:
    assert canonical_unit("*OCCOCC*|*CC(*)C|0.5|0.5") == canonical_unit("*OCC*|*CC(*)C|2|1")


def test_homopolymers_beside_compositions_keep_their_features() -> None:
    units = [canonical_unit(unit) for unit in (STYRENE, PROPYLENE)]
    mixture = canonical_unit(f"{STYRENE}|{PROPYLENE}|0.4|0.6")
    alone = compute_features(units, canonical_units=True)
    beside = compute_features([*units, mixture], canonical_units=True)
    np.testing.assert_array_equal(beside.descriptors[:2], alone.descriptors)
    for row in range(2):
        for one, other in zip(alone.graphs.graph(row), beside.graphs.graph(row), strict=True):
            np.testing.assert_array_equal(one, other)
        atoms, bonds = beside.graphs.weights(row) or (np.empty(0), np.empty(0))
        assert set(atoms.tolist()) == set(bonds.flatten().tolist()) == {1.0}


def test_descriptors_are_means_by_mole_fraction() -> None:
    units = [canonical_unit(unit) for unit in (STYRENE, PROPYLENE)]
    mixture = canonical_unit(f"{STYRENE}|{PROPYLENE}|0.25|0.75")
    one, other, mean = compute_features([*units, mixture], canonical_units=True).descriptors
    np.testing.assert_allclose(mean, 0.25 * one + 0.75 * other, rtol=1e-6)


def test_columns_of_a_composition_fade_to_those_of_the_homopolymer() -> None:
    """A curve over composition has no jump at its ends."""
    texts = [f"{STYRENE}|{PROPYLENE}|{1 - x}|{x}|block" for x in (0, 1e-5, 0.5)]
    alone, nearly, half = composition_columns([canonical_unit(text) for text in texts])
    assert np.abs(nearly - alone).max() < 1e-3
    assert np.abs(half - alone).max() > 0.4


@pytest.mark.parametrize("architecture", ["", "random", "alternating", "block", "graft"])
@pytest.mark.parametrize("moles", [(1, 1), (1, 3), (1, 2, 4), (2, 2, 1), (5, 1, 1, 1), (1,) * 6])
def test_units_meet_as_often_as_there_are_units(architecture: str, moles: tuple) -> None:
    composition = Composition.of("abcdef"[: len(moles)], moles, architecture)  # type: ignore[arg-type]
    shares = meetings(composition)
    np.testing.assert_allclose(shares.sum(axis=1), composition.fractions, atol=1e-9)
    np.testing.assert_allclose(shares, shares.T)
    assert (shares >= 0).all()


@pytest.mark.parametrize("moles", [(1, 1), (2, 1, 1), (2, 2, 1), (4, 3, 2, 1), (1,) * 6])
def test_units_that_take_turns_meet_none_of_their_kind(moles: tuple) -> None:
    shares = meetings(Composition.of("abcdef"[: len(moles)], moles, "alternating"))
    np.testing.assert_allclose(np.diag(shares), 0, atol=1e-9)


def test_a_trace_of_a_third_unit_changes_little() -> None:
    two = meetings(Composition.of("ab", (1, 1), "alternating"))
    three = meetings(Composition.of("abc", (1, 1, 0.001), "alternating"))
    assert np.abs(three[:2, :2] - two).max() < 0.01


def test_architectures_differ_in_how_often_unlike_units_meet() -> None:
    apart = {
        word: meetings(read(f"{STYRENE}|{PROPYLENE}|0.5|0.5|{word}"))[0, 1]
        for word in ("alternating", "random", "block")
    }
    assert apart["alternating"] == 0.5
    assert apart["alternating"] > apart["random"] > apart["block"] > 0


def test_what_a_mean_loses_is_told() -> None:
    columns = dict(
        zip(
            COMPOSITION_COLUMNS,
            composition_columns([canonical_unit(f"{STYRENE}|{OXIDE}|0.5|0.5|block")])[0],
            strict=True,
        )
    )
    assert (columns["block"], columns["random"]) == (1, 0)
    assert columns["mixing_entropy"] == pytest.approx(np.log(2))
    assert columns["other_units"] == pytest.approx(0.5)
    assert columns["least_filled"] == pytest.approx(1.0)  # of benzene beside a chain
    assert columns["greatest_filled"] == pytest.approx(2.5)  # poly(ethylene oxide) has no π bonds


def test_units_that_are_not_joined_at_two_ends_are_side_by_side() -> None:
    text = canonical_unit("*CC(*)(*)C|*OCC*|0.5|0.5")
    graphs = compute_features([text], canonical_units=True).graphs
    sizes = [
        len(compute_features([unit], canonical_units=True).graphs.atoms)
        for unit in read(text).units
    ]
    border = sizes[0]
    assert not any((one < border) != (other < border) for one, other in graphs.ends)


def test_a_model_of_homopolymers_says_that_it_knows_no_compositions() -> None:
    units = UniqueUnits.of([STYRENE, f"{STYRENE}|{OXIDE}|0.5|0.5"], canonical_units=True)
    assert units.place.tolist() == [0, -1]
    assert "learned homopolymers only" in units.problems[1]
