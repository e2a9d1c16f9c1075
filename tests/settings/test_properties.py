"""The registry of properties, and the units that their columns may be in."""

import numpy as np
import pytest

from engine.base.errors import UserError
from engine.settings.properties import (
    Property,
    Registration,
    Unit,
    accepted_units,
    is_registered,
    possible_range,
    predicted_columns,
    property_and_conversion,
    property_for,
)

NAMES = ("Tg", "FFV", "Tc", "Density", "Rg")


@pytest.mark.parametrize("name", NAMES)
def test_a_registered_property_is_accepted_in_its_own_unit(name: str) -> None:
    values = np.array([1.5, -0.0, np.nan])
    assert is_registered(name)
    for unit in (property_for(name).unit, accepted_units(name)[0], None):
        property_, convert = property_and_conversion(name, unit)
        assert property_ == property_for(name)
        np.testing.assert_array_equal(convert(values), values)
        assert np.signbit(convert(values)[1])


@pytest.mark.parametrize(
    "units",
    [(), (Unit(("K",), zero=273.15), Unit(("°C",))), (Unit(("°C",), factor=2.0),)],
)
def test_a_property_cannot_be_registered_without_its_own_unit(units: tuple[Unit, ...]) -> None:
    with pytest.raises(ValueError, match="The property Tm is registered in “°C”"):
        Registration(Property(name="Tm", title="Melting temperature", unit="°C"), units)


def test_units_are_in_the_registry_alone() -> None:
    described = property_for("tg").model_dump()
    assert list(described)[:6] == ["name", "title", "unit", "low", "high", "decimals"]
    assert described["name"] == "tg"
    assert Property(**described) == property_for("tg")


def test_a_property_that_is_not_registered_is_shown_in_any_unit() -> None:
    property_, convert = property_and_conversion("Hardness", "MPa")
    assert (property_.unit, convert(np.array([2.0])).tolist()) == ("MPa", [2.0])
    assert accepted_units("Hardness") == []
    assert not is_registered("Hardness")


@pytest.mark.parametrize("unit", ["å", "\N{ANGSTROM SIGN}", " ANGSTROM "])
def test_case_of_a_unit_is_ignored_where_no_exact_spelling_fits(unit: str) -> None:
    assert property_and_conversion("rg", unit)[0].unit == "Å"


def test_a_unit_that_is_not_accepted_is_refused_with_those_that_are() -> None:
    with pytest.raises(UserError, match="Tg cannot be given in “mol”; accepted units are: °C, K"):
        property_and_conversion("Tg", "mol")


@pytest.mark.parametrize(
    ("name", "unit", "given", "expected"),
    [
        ("Density", "lb/ft^3", 62.43, 1.0),
        ("Rg", "pm", 1200.0, 12.0),
        ("Tc", "W/(cm K)", 0.002, 0.2),
    ],
)
def test_any_unit_of_the_same_kind_is_accepted(
    name: str, unit: str, given: float, expected: float
) -> None:
    _, convert = property_and_conversion(name, unit)
    assert convert(np.array([given]))[0] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "lowest"),
    [
        ("refractive_index", 1.0),
        ("static_dielectric_const", 1.0),
        ("Dielectric constant (1 kHz)", 1.0),
        ("Cp", 0.0),
        ("bulk_modulus", 0.0),
        ("Young's modulus", 0.0),
        ("Bandgap", 0.0),
        ("self_diffusion", 0.0),
        ("log10 diffusivity", -np.inf),
        ("change of heat capacity", -np.inf),
        ("electron affinity", -np.inf),
        ("capacity", -np.inf),
        ("refractive index increment (mL/g)", -np.inf),
        ("temperature coefficient of refractive index", -np.inf),
        ("diffusion coefficient", 0.0),
        ("excess heat capacity", -np.inf),
        ("viscosity index", -np.inf),
    ],
)
def test_what_cannot_be_negative_is_known_by_its_name(name: str, lowest: float) -> None:
    assert possible_range(name) == (lowest, np.inf)
    predicted = predicted_columns([Property(name=name, title=name)], np.array([[-2.0], [5.0]]))
    assert predicted.ravel().tolist() == [max(lowest, -2.0), 5.0]
