"""Numbers as people read them."""

import pytest

from engine.settings.numbers import number_range
from engine.settings.properties import property_for

EXPANSION = property_for("linear_expansion", "1/K")


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (5.995e-5, 1.348e-4, "5.995 × 10⁻⁵ to 1.348 × 10⁻⁴ 1/K"),
        (-2.6e-5, 3.115e-4, "−2.6 × 10⁻⁵ to 3.115 × 10⁻⁴ 1/K"),
        (0.0, 1.187e-12, "0 to 1.187 × 10⁻¹² 1/K"),
        (9500.0, 12000.0, "9.5 × 10³ to 1.2 × 10⁴ 1/K"),
        (1.0, 1.2, "1 to 1.2 1/K"),
    ],
)
def test_both_ends_of_a_range_have_one_notation(low: float, high: float, words: str) -> None:
    assert number_range(EXPANSION, low, high) == words


def test_decimals_that_a_property_has_stay() -> None:
    assert number_range(property_for("Tg"), -15.84, 66.6, " … ") == "−15.8 … 66.6 °C"
