"""Units that people write, and converting between them; pint knows them (Pint 0.25, pint.org)."""

import re
from functools import cache, lru_cache
from typing import Any

LONGEST = 24
"""Characters of the longest text that is taken for a unit."""

_SIGNS = re.compile(r"(1/)?[A-Za-zµμΩÅ°%℃℉][A-Za-z0-9µμΩÅ°%℃℉/·*^()² ³⁻¹\-]*")
_POWER = re.compile(r"(?<=[A-Za-zµμΩÅ])\^?(-?[1-9])(?![0-9])")
_SUPERSCRIPTS = str.maketrans("⁻¹²³", "-123")
# fmt: off
_NO_UNITS = frozenset((
    "a", "c", "d", "h", "t", "s", "r", "g", "m", "n", "p", "e", "min", "max", "mean", "md", "exp",
    "std", "sd", "se", "no", "id", "log", "ln", "new", "test", "train", "sim", "calc", "cal",
    "dft", "ml", "ref", "h2", "o2", "n2", "co2", "ch4", "he", "ar", "pm", "am", "in", "at", "as",
    "mil",
))
# fmt: on
"""What pint would take for a unit and people hardly ever mean as one."""

_TEMPERATURES = {"C": "degC", "F": "degF", "°C": "degC", "°F": "degF", "℃": "degC", "℉": "degF"}


def is_unit(text: str) -> bool:
    """Whether a text is a unit, such as `MPa`, `W/(m K)` or `cm3/g`."""
    return text.strip().lower() not in _NO_UNITS and _parsed(text) is not None


def conversion(unit: str, wanted: str) -> tuple[float, float] | None:
    """The factor and the offset that turn a value in one unit into one in another.

    Args:
        unit: that values are in.
        wanted: that they are to be in.

    Returns:
        `(a, b)`, so that a value v becomes a · v + b; None where the units cannot be converted.
    """
    first, second = _parsed(unit), _parsed(wanted)
    if first is None or second is None or first.dimensionality != second.dimensionality:
        return None
    quantity = _registry().Quantity
    try:
        zero, one = (quantity(value, first).to(second).magnitude for value in (0.0, 1.0))
    except Exception:  # pint's own kinds, where a temperature is part of a product
        return None
    return one - zero, zero


@cache
def _registry() -> Any:
    # Takes half a second, and few tables need it.
    import pint

    registry: Any = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
    registry.define("barrer = 3.346e-16 mol * m / (m ** 2 * s * Pa) = _ = Barrer")
    return registry


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Any:
    """Pint's unit; None where there is none of that name."""
    text = _TEMPERATURES.get(text.strip(), text.strip()).translate(_SUPERSCRIPTS)
    if not text or len(text) > LONGEST or not _SIGNS.fullmatch(text):
        return None
    text = _POWER.sub(r"**\1", text.replace("·", "*"))
    rest = re.sub(r"\*\*-?[1-9](?!\*\*)", "", text).removeprefix("1/")
    # What is left would be computed, and a hostile text could make that take for ever.
    if re.search(r"[\d^-]|\*\*", rest):
        return None
    try:
        return _registry().parse_units(text)
    except Exception:
        return None
