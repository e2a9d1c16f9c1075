"""Units as people write them."""

import time

import pytest

from engine.settings.units import conversion, is_unit


@pytest.mark.parametrize(
    "text", ["MPa", "g/cm3", "W/(m K)", "kJ/mol", "cm-1", "1/K", "Å", "%", "Barrer", "J/(kg*K)"]
)
def test_units(text: str) -> None:
    assert is_unit(text)


@pytest.mark.parametrize(
    "text", ["exp", "md", "O2", "min", "", " ", "K" * 30, "wrong", "2", "(", "K^99"]
)
def test_no_units(text: str) -> None:
    assert not is_unit(text)


@pytest.mark.parametrize(
    "text", ["m9**9**9", "m**9**9**9", "K^9^9^9", "m*9e9", "__import__", "((((m"]
)
def test_hostile_texts_are_no_units_and_take_no_time(text: str) -> None:
    began = time.monotonic()
    is_unit(text)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("unit", "wanted", "expected"),
    [("K", "°C", (1, -273.15)), ("kg/m3", "g/cm³", (0.001, 0)), ("GPa", "MPa", (1000, 0))],
)
def test_conversion(unit: str, wanted: str, expected: tuple[float, float]) -> None:
    assert conversion(unit, wanted) == pytest.approx(expected)


def test_what_cannot_be_converted() -> None:
    assert conversion("m", "s") is None
    assert conversion("nonsense", "s") is None
    assert conversion("%*degC", "°C") is None
