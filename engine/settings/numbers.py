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


def number_range(property_: Property, low: float, high: float, between: str = " to ") -> str:
    """Two values in one notation, with the unit behind the second: `6 × 10⁻⁵ to 1.3 × 10⁻⁴ 1/K`.

    Args:
        property_: the property, in whose unit the values are.
        low, high: the numbers.
        between: what stands between them.
    """
    ends = [property_.number(end) for end in (low, high)]
    if any(_POWER.search(end) for end in ends):
        ends = [_with_power(end, value) for end, value in zip(ends, (low, high), strict=True)]
    first, second = (_POWER.sub(_as_power, end).replace("-", "−", 1) for end in ends)
    return f"{first}{between}{second} {property_.unit}".strip()


def _with_power(text: str, value: float) -> str:
    """A value of four significant digits with its power of ten, but for zero."""
    if value == 0 or _POWER.search(text):
        return text
    digits, power = f"{value:.3e}".split("e")
    return f"{digits.rstrip('0').rstrip('.')}e{power}"


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
