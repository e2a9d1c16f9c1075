"""The registry of known polymer properties: names, units, conversions and plausible ranges."""

from collections.abc import Callable

import numpy as np
from pydantic import BaseModel, ConfigDict

from ..base.errors import UserError


class Property(BaseModel):
    """One property of a repeat unit that a model can learn.

    Attributes:
        name: the column's name in tables.
        title: the words shown on pages.
        unit: the unit that values are in; empty for a pure number.
        low, high: the range outside which a value is hardly physical, in `unit`; None if unknown.
        decimals: how many decimals a value is shown with; None for four significant digits.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    title: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    decimals: int | None = None

    def number(self, value: float) -> str:
        """The value without its unit, as people read it."""
        return f"{value:.4g}" if self.decimals is None else f"{value:.{self.decimals}f}"

    def format(self, value: float) -> str:
        """The value with its unit, as people read it."""
        return f"{self.number(value)} {self.unit}".strip()

    @property
    def label(self) -> str:
        """The name with its unit, for axes and column heads."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


REGISTRY = {
    known.name: known
    for known in (
        Property(
            name="Tg",
            title="Glass transition temperature",
            unit="°C",
            low=-150,
            high=500,
            decimals=1,
        ),
        Property(name="FFV", title="Fractional free volume", low=0.1, high=0.8, decimals=4),
        Property(
            name="Tc", title="Thermal conductivity", unit="W/(m·K)", low=0.01, high=1.0, decimals=3
        ),
        Property(name="Density", title="Density", unit="g/cm³", low=0.5, high=3.0, decimals=3),
        Property(name="Rg", title="Radius of gyration", unit="Å", low=1, high=100, decimals=2),
    )
}


def property_for(name: str, unit: str | None = None) -> Property:
    """The registered property of that name (case ignored), or a new one in the user's unit."""
    for known in REGISTRY.values():
        if known.name.casefold() == name.strip().casefold():
            return known.model_copy(update={"name": name})
    return Property(name=name, title=name, unit=unit or "")


Convert = Callable[[np.ndarray], np.ndarray]


def _times(factor: float) -> Convert:
    return lambda values: values * factor


_SAME = _times(1.0)

# Per registered property: the ways to write a unit, the first of which is shown, and what turns
# values in it into the registered unit.
_ACCEPTED: dict[str, list[tuple[tuple[str, ...], Convert]]] = {
    "Tg": [
        (("°C", "C", "degC", "deg C", "celsius", "℃"), _SAME),
        (("K", "kelvin"), lambda values: values - 273.15),
    ],
    "FFV": [(("fraction", "", "1", "-"), _SAME), (("%", "percent"), _times(0.01))],
    "Tc": [
        (("W/(m·K)", "W/(m*K)", "W/(m K)", "W/m/K", "W/mK", "W/m·K", "W/m-K"), _SAME),
        (("mW/(m·K)", "mW/(m*K)", "mW/(m K)", "mW/m/K", "mW/mK", "mW/m·K"), _times(0.001)),
    ],
    "Density": [
        (("g/cm³", "g/cm3", "g/cm^3", "g/cc", "g/mL"), _SAME),
        (("kg/m³", "kg/m3", "kg/m^3"), _times(0.001)),
    ],
    "Rg": [(("Å", "Å", "A", "angstrom", "ångström"), _SAME), (("nm",), _times(10.0))],
}


def property_and_conversion(column: str, unit: str | None = None) -> tuple[Property, Convert]:
    """The property of a column, and what turns its values into that property's unit.

    Args:
        column: the column's name.
        unit: the unit its values are in; for a property that is not registered it is only shown.

    Raises:
        UserError: for a unit that a registered property is not accepted in.
    """
    known = registered_name(column)
    if known is None or unit is None:
        return property_for(column, unit), _SAME
    wanted = unit.strip()
    for exact in (True, False):
        for spellings, convert in _ACCEPTED[known]:
            if wanted in spellings if exact else wanted.lower() in map(str.lower, spellings):
                return property_for(column), convert
    accepted = ", ".join(spellings[0] for spellings, _ in _ACCEPTED[known])
    raise UserError(
        f"{column} cannot be given in “{unit}”; accepted units are: {accepted}. Convert the column "
        "first, or choose one of these."
    )


def accepted_units(column: str) -> list[str]:
    """The units a registered property may be given in, its own first; empty for any other."""
    known = registered_name(column)
    return [spellings[0] for spellings, _ in _ACCEPTED[known]] if known else []


def registered_name(column: str) -> str | None:
    """The registry's name of a column's property, or None when it is not registered."""
    wanted = column.strip().casefold()
    return next((name for name in REGISTRY if name.casefold() == wanted), None)
