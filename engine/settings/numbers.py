"""How values of properties and figures of error are written for people, on pages and in reports."""

import re

from .properties import Property

_POWER = re.compile(r"(?<=\d)e([+-]\d+)\b")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(property_: Property, value: float | None, sign: bool = False) -> str:
    """A value with its unit and a true minus sign; a dash where there is none.

    Args:
        property_: the property, in whose unit the value is.
        value: the number.
        sign: whether to show the sign of a positive value, as for errors.
    """
    if value is None or value != value:
        return "–"
    text = _POWER.sub(_as_power, property_.format(value)).replace("-", "−", 1)
    return f"+{text}" if sign and value > 0 else text


def _as_power(match: re.Match[str]) -> str:
    """`e+04` as people write it: ` × 10⁴`."""
    return f" × 10{str(int(match[1])).translate(_RAISED)}"


def without_unit(property_: Property) -> Property:
    """The property without its unit, for numbers beside which the unit stands already."""
    return property_.model_copy(update={"unit": ""})


def r2_words(value: float | None) -> str:
    """An R², in words where it is negative."""
    if value is None or value != value:
        return "–"
    return f"{value:.3f}" if value >= 0 else f"{value:.3f}, worse than the mean"
