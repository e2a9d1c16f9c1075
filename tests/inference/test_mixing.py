"""Mixing rules, against small calculations of their own and values of textbooks."""

import math

import numpy as np
import pandas as pd
import pytest

from engine.base.errors import UserError
from engine.chem.polymers import unit_mass
from engine.inference.mixing import (
    estimates,
    rules_of,
    simha_boyer,
    volume_fractions,
    weight_fractions,
)
from engine.settings.properties import Property, property_for

PROPERTIES = [
    property_for("Tg"),
    property_for("Density"),
    property_for("FFV"),
    property_for("refractive_index"),
    property_for("static_dielectric_const"),
    property_for("Cp", "J/(kg·K)"),
    property_for("bulk_modulus", "Pa"),
    property_for("Rg"),
]
# Polystyrene and 1,4-polybutadiene, as handbooks have them.
VALUES = pd.DataFrame(
    [
        (100.0, 1.05, 0.18, 1.591, 2.55, 1220.0, 3.3e9, 14.0),
        (-102.0, 0.90, 0.20, 1.516, 2.30, 1960.0, 1.6e9, 19.0),
    ],
    columns=[each.name for each in PROPERTIES],
)
LOW, HIGH = VALUES - VALUES.abs() * 0.02, VALUES + VALUES.abs() * 0.03


def _mixed(weights: list[list[float]], k: float | None = None, frame: pd.DataFrame = VALUES):
    found = estimates(PROPERTIES, frame, LOW, HIGH, np.array(weights), k)
    return {(name, each.rule.name): each for name, own in found.items() for each in own}


def test_styrene_butadiene_rubber_by_fox() -> None:
    """23.5 % of styrene; the usual rubber has −50 to −60 °C, as its butadiene is not all 1,4."""
    (found,) = _mixed([[0.235, 0.765]])["Tg", "Fox"].values
    kelvin = 1 / (0.235 / 373.15 + 0.765 / 171.15)
    assert found == pytest.approx(kelvin - 273.15)
    assert -80 < found < -60


def test_gordon_taylor_with_a_k_of_ones_own_and_by_simha_and_boyer() -> None:
    weights = [[0.4, 0.6]]
    given = _mixed(weights, k=0.3)["Tg", "Gordon–Taylor"]
    expected = (0.4 * 373.15 + 0.3 * 0.6 * 171.15) / (0.4 + 0.3 * 0.6) - 273.15
    assert given.values == pytest.approx([expected])
    k = 1.05 * 373.15 / (0.90 * 171.15)
    ruled = _mixed(weights)["Tg", "Gordon–Taylor"]
    assert ruled.k == pytest.approx([1, k])
    expected = (0.4 * 373.15 + k * 0.6 * 171.15) / (0.4 + k * 0.6) - 273.15
    assert ruled.values == pytest.approx([expected])
    # Of units of one density it is Fox's rule.
    alike = VALUES.assign(Density=1.0)
    mixed = _mixed(weights, frame=alike)
    assert mixed["Tg", "Gordon–Taylor"].values == pytest.approx(mixed["Tg", "Fox"].values)
    assert simha_boyer(np.array([300.0, 400.0]), np.array([1.2, 0.9])) == pytest.approx([1, 1])


def test_each_other_rule() -> None:
    first, second = 0.3 / 1.05, 0.7 / 0.90
    share = first / (first + second)
    mixed = _mixed([[0.3, 0.7]])

    def electronic(n: float) -> float:
        return (n * n - 1) / (n * n + 2)

    assert mixed["Density", "volume additivity"].values == pytest.approx([1 / (first + second)])
    free = 0.18 * share + 0.2 * (1 - share)
    assert mixed["FFV", "volume additivity"].values == pytest.approx([free])
    (index,) = mixed["refractive_index", "Lorentz–Lorenz"].values
    assert electronic(index) == pytest.approx(
        share * electronic(1.591) + (1 - share) * electronic(1.516)
    )
    assert 1.516 < index < 1.591
    assert mixed["static_dielectric_const", "Lichtenecker"].values == pytest.approx(
        [2.55**share * 2.30 ** (1 - share)]
    )
    assert mixed["Cp", "Neumann–Kopp"].values == pytest.approx([0.3 * 1220 + 0.7 * 1960])
    assert mixed["bulk_modulus", "Reuss"].values == pytest.approx(
        [1 / (share / 3.3e9 + (1 - share) / 1.6e9)]
    )
    assert not any(name == "Rg" for name, _ in mixed)


def test_ends_are_the_homopolymers_and_a_unit_with_itself_is_itself() -> None:
    for each_name, each in _mixed([[1, 0], [0, 1]]).items():
        # To the bit, or a rounded value could be another one.
        assert each.values.tolist() == VALUES[each_name[0]].tolist(), each_name
        assert each.low == pytest.approx(LOW[each_name[0]].to_numpy()), each_name
        assert each.high == pytest.approx(HIGH[each_name[0]].to_numpy()), each_name
    twice = pd.concat([VALUES[:1], VALUES[:1]], ignore_index=True)
    for each_name, each in _mixed([[0.2, 0.8]], frame=twice).items():
        assert each.values == pytest.approx(VALUES[each_name[0]][:1].to_numpy()), each_name


def test_the_band_holds_the_values() -> None:
    line = np.linspace(0, 1, 21)
    for each in _mixed(np.stack([1 - line, line], axis=1).tolist()).values():
        assert (each.low < each.values).all()
        assert (each.values < each.high).all()


def test_a_unit_without_intervals_leaves_no_band_and_an_impossible_one_no_value() -> None:
    none = VALUES * np.nan
    found = estimates(PROPERTIES, VALUES, none, none, np.array([[0.5, 0.5]]))
    assert np.isnan(found["Tg"][0].low).all()
    assert np.isfinite(found["Tg"][0].values).all()
    lost = VALUES.assign(Tg=[100.0, np.nan])
    assert np.isnan(_mixed([[0.5, 0.5]], frame=lost)["Tg", "Fox"].values).all()


def test_below_absolute_zero_there_is_no_value() -> None:
    cold = VALUES.assign(Tg=[100.0, -300.0], bulk_modulus=[3e9, -2e9])
    found = estimates(PROPERTIES, cold, cold, cold, np.array([[0.5, 0.5]]))
    assert all(np.isnan(each.values).all() for each in found["Tg"] + found["bulk_modulus"])
    assert np.isfinite(found["FFV"][0].values).all()


def test_three_units() -> None:
    three = pd.concat([VALUES, VALUES.iloc[:1].assign(Tg=-50.0)], ignore_index=True)
    found = estimates(PROPERTIES, three, three, three, np.array([[0.5, 0.3, 0.2]]))
    expected = 1 / (0.5 / 373.15 + 0.3 / 171.15 + 0.2 / 223.15) - 273.15
    assert found["Tg"][0].values == pytest.approx([expected])


def test_temperatures_are_taken_in_the_propertys_unit() -> None:
    in_kelvin = Property(name="glass transition temperature", title="Tg", unit="K")
    frame = pd.DataFrame({in_kelvin.name: [373.15, 171.15]})
    weights = np.array([[0.5, 0.5]])
    found = estimates([in_kelvin], frame, frame, frame, weights)[in_kelvin.name]
    # Without a density there is no k.
    assert [each.rule.name for each in found] == ["Fox"]
    assert found[0].values - 273.15 == pytest.approx(_mixed([[0.5, 0.5]])["Tg", "Fox"].values)


@pytest.mark.parametrize(
    ("name", "unit", "rules"),
    [
        ("Tg", None, ["Fox", "Gordon–Taylor"]),
        ("glass transition temperature", "", []),
        ("Tg shift", "K", []),
        ("heat_capacity", "J/(mol·K)", []),
        ("Specific heat capacity", "kJ/(kg·K)", ["Neumann–Kopp"]),
        ("relative permittivity", "", ["Lichtenecker"]),
        ("log dielectric constant", "", []),
        ("density", None, ["volume additivity"]),
        ("Tc", None, []),
        ("self_diffusion", "m²/s", []),
    ],
)
def test_a_rule_is_found_by_name_and_unit(name: str, unit: str | None, rules: list[str]) -> None:
    assert [each.name for each in rules_of(property_for(name, unit))] == rules


def test_mole_fractions_become_weights_by_the_units_masses() -> None:
    styrene, butadiene = unit_mass("*CC(*)c1ccccc1"), unit_mass("*CC=CC*")
    assert (styrene, butadiene) == pytest.approx((104.15, 54.09), abs=0.01)
    # An acrylonitrile–styrene azeotrope, 0.38 by mole, is 24 % by weight.
    weights = weight_fractions(np.array([[0.38, 0.62]]), ["*CC(*)C#N", "*CC(*)c1ccccc1"])
    assert weights == pytest.approx(np.array([[0.24, 0.76]]), abs=0.005)
    assert weight_fractions(np.array([[0.38, 0.62]])) == pytest.approx(np.array([[0.38, 0.62]]))
    volumes = volume_fractions(np.array([[0.5, 0.5]]), np.array([1.0, 3.0]))
    assert volumes == pytest.approx(np.array([[0.75, 0.25]]))


@pytest.mark.parametrize("fractions", [[0.5, 0.6], [0.3, 0.3], [1.2, -0.2], [math.nan, 1.0]])
def test_fractions_that_do_not_close_are_refused(fractions: list[float]) -> None:
    with pytest.raises(UserError, match="add up to 100 %"):
        weight_fractions(np.array([fractions]))
