"""Frontier levels by Hückel's method, against what is known in closed form."""

import math

import pytest

from engine.chem.frontier import frontier_levels


def test_a_ring_beside_the_chain_has_the_levels_of_benzene() -> None:
    levels = frontier_levels(["*CC(*)c1ccccc1"])
    assert levels == pytest.approx((1, -1))


def test_a_chain_of_double_bonds_is_a_band_with_a_gap() -> None:
    """Of alternating bonds 1 and k its edges are at ±(1 − k): Hückel's answer to polyacetylene."""
    levels = frontier_levels(["*C=C*"])
    assert levels == pytest.approx((0.1, -0.1))


def test_a_conjugated_piece_in_a_saturated_chain_has_its_own_levels() -> None:
    """Butadiene, with a single bond of 0.9: the roots of x² ± 0.9 x − 1."""
    level = (math.sqrt(0.81 + 4) - 0.9) / 2
    levels = frontier_levels(["*CC=CC=CC*"])
    assert levels == pytest.approx((level, -level))


def test_a_saturated_chain_has_those_of_single_bonds() -> None:
    assert frontier_levels(["*CC*"]) == frontier_levels(["*OCC*"]) == (2.5, -2.5)


def test_joined_units_lie_between_their_own_chains() -> None:
    donor, acceptor = "*c1ccc(*)s1", "*c1ccc(*)c([N+](=O)[O-])c1"
    joined = frontier_levels([donor, acceptor])
    own = [frontier_levels([unit]) for unit in (donor, acceptor)]
    assert joined.filled < max(each.filled for each in own)
    assert joined.empty > min(each.empty for each in own) - 0.2


@pytest.mark.parametrize("unit", ["*CC*", "*c1ccc(*)s1", "*c1ccc2c(c1)[nH]c1cc(*)ccc12"])
def test_two_periods_have_the_levels_of_one(unit: str) -> None:
    assert frontier_levels([unit, unit]) == pytest.approx(frontier_levels([unit]))


def test_it_is_the_same_whichever_end_a_unit_begins_at() -> None:
    donor = "*c1ccc(*)s1"
    one, other = "*c1ccc(*)c([N+](=O)[O-])c1", "*c1ccc(*)cc1[N+](=O)[O-]"
    assert frontier_levels([donor, one]) == pytest.approx(frontier_levels([donor, other]))


def test_a_unit_that_cannot_be_joined_has_its_own_levels() -> None:
    assert frontier_levels(["*c1ccccc1"]) == pytest.approx((1, -1))
