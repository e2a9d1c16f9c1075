"""The registry of polymer properties: their names, plausible ranges, units and conversions."""

import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from ..base.errors import UserError
from .units import conversion, is_unit

Scale = Literal["linear", "log10"]
"""On which a property is learned: as it is, or its decimal logarithm."""


class Property(BaseModel):
    """One property of a repeat unit that a model can learn.

    Attributes:
        name: the column's name in tables.
        title: the words shown on pages.
        unit: the unit that values are in; empty for a pure number.
        low, high: the range outside which a value is hardly physical, in `unit`; None where none is
            given.
        decimals: how many decimals a value is shown with; None for four significant digits.
        source: the name of the source that its labels come from; empty in a table of one source.
        quantity: the quantity that is measured or simulated, where the name says the source too:
            `Tg` of `Tg (radonpy)`. Empty where the name is the quantity.
        origin: how its labels were obtained, where that differs from the source's kind.
        scale: on which it is learned, blended, and its errors and intervals are measured; values
            stay in `unit` wherever they are kept or shown.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    name: str
    title: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    decimals: int | None = Field(default=None, ge=0, le=12)
    source: str = ""
    quantity: str = ""
    origin: str = ""
    scale: Scale = "linear"

    @property
    def is_answer(self) -> bool:
        """Whether its source is the one that answers are to be like."""
        return not self.quantity

    @property
    def base(self) -> str:
        """The quantity's name, whatever the source."""
        return self.quantity or self.name

    def of_source(self, source: str, is_answer: bool) -> "Property":
        """The same quantity as one source has it.

        Args:
            source: its name.
            is_answer: whether answers are to be like this source, so that the name stays plain.
        """
        if is_answer:
            return self.model_copy(update={"source": source})
        changes = {
            "name": f"{self.name} ({source})",
            "title": f"{self.title}, {source}",
            "source": source,
            "quantity": self.name,
        }
        return self.model_copy(update=changes)

    def scaled(self, values: np.ndarray) -> np.ndarray:
        """Values in the unit, of any shape, as they lie on the scale; NaN where they cannot."""
        if self.scale == "linear":
            return values
        values = np.asarray(values, dtype=np.float64)
        return np.log10(values, out=np.full(values.shape, np.nan), where=values > 0)

    def unscaled(self, values: np.ndarray) -> np.ndarray:
        """Values on the scale, of any shape, in the unit."""
        # Far beyond any label, but finite: a network may say anything of a strange repeat unit.
        return values if self.scale == "linear" else 10.0 ** np.clip(values, -300, 300)

    @property
    def errors(self) -> "Property":
        """The property as its errors are written: in its unit, or in decades."""
        if self.scale == "linear":
            return self
        return self.model_copy(update={"unit": "decades", "decimals": 2, "scale": "linear"})

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


def scaled_columns(properties: Sequence[Property], values: np.ndarray) -> np.ndarray:
    """Values `(…, K)` in the units of K properties, each on its property's scale."""
    if all(property_.scale == "linear" for property_ in properties):
        return values
    columns = [property_.scaled(values[..., k]) for k, property_ in enumerate(properties)]
    return np.stack(columns, axis=-1)


def unscaled_columns(properties: Sequence[Property], values: np.ndarray) -> np.ndarray:
    """Values `(…, K)` on the scales of K properties, each in its property's unit."""
    if all(property_.scale == "linear" for property_ in properties):
        return values
    columns = [property_.unscaled(values[..., k]) for k, property_ in enumerate(properties)]
    return np.stack(columns, axis=-1)


def predicted_columns(properties: Sequence[Property], scaled: np.ndarray) -> np.ndarray:
    """Predictions `(…, K)` on the scales of K properties, in units, kept to what physics allows."""
    ends = np.array([possible_range(property_.base) for property_ in properties])
    return np.clip(unscaled_columns(properties, scaled), ends[:, 0], ends[:, 1])


class Unit(NamedTuple):
    """A unit that a registered property may be given in.

    A value v in it is (v − `zero`) · `factor` in the property's own unit.

    Attributes:
        spellings: the ways to write it; pages and messages show the first.
    """

    spellings: tuple[str, ...]
    factor: float = 1.0
    zero: float = 0.0

    def convert(self, values: np.ndarray) -> np.ndarray:
        """Values in this unit, as values in the property's own unit.

        Rounded to 12 significant digits: 260.2 K is −12.95 °C, and not −12.949999999999989.
        """
        if self.factor == 1 and self.zero == 0:
            return values
        turned = np.asarray((values - self.zero) * self.factor)
        return np.array([float(f"{value:.12g}") for value in turned.flat]).reshape(turned.shape)


@dataclass(frozen=True)
class Registration:
    """A property with the units that its columns may be in.

    Attributes:
        property_: the property.
        units: the accepted units; the first is the property's own.
        possible: the lowest and the highest value that physics allows, in the property's own unit.
        aliases: other names of it, in lower case with spaces between words.
    """

    property_: Property
    units: Sequence[Unit]
    possible: tuple[float, float] = (-math.inf, math.inf)
    aliases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that the property's own unit is the first.

        Raises:
            ValueError: when it is not.
        """
        first = self.units[0] if self.units else Unit(())
        if self.property_.unit not in first.spellings or first != Unit(first.spellings):
            raise ValueError(
                f"The property {self.property_.name} is registered in “{self.property_.unit}”, so "
                "its accepted units have to begin with that unit, with factor 1 and zero 0."
            )


def by_quantity(quantities: Sequence[str]) -> dict[str, list[int]]:
    """The numbers of the properties of each quantity, in order of first mention.

    Args:
        quantities: what each property is, whatever its source: `Property.base`.
    """
    numbers: dict[str, list[int]] = {}
    for k, quantity in enumerate(quantities):
        numbers.setdefault(quantity, []).append(k)
    return numbers


_REGISTRATIONS = (
    Registration(
        Property(
            name="Tg",
            title="Glass transition temperature",
            unit="°C",
            low=-150,
            high=500,
            decimals=1,
        ),
        (
            Unit(("°C", "C", "degC", "deg C", "celsius", "℃")),
            Unit(("K", "kelvin"), zero=273.15),
            Unit(("°F", "F", "degF", "deg F", "fahrenheit", "℉"), factor=5 / 9, zero=32.0),
        ),
        possible=(-273.15, math.inf),
        aliases=(
            "t g",
            "glass transition temperature",
            "glass transition",
            "glass transition temp",
        ),
    ),
    Registration(
        Property(name="FFV", title="Fractional free volume", low=0.1, high=0.8, decimals=4),
        (Unit(("fraction", "", "1", "-")), Unit(("%", "percent"), factor=0.01)),
        possible=(0.0, 1.0),
        aliases=("fractional free volume",),
    ),
    Registration(
        Property(
            name="Tc", title="Thermal conductivity", unit="W/(m·K)", low=0.01, high=1.0, decimals=3
        ),
        (
            Unit(("W/(m·K)", "W/(m*K)", "W/(m K)", "W/m/K", "W/mK", "W/m·K", "W/m-K")),
            Unit(("mW/(m·K)", "mW/(m*K)", "mW/(m K)", "mW/m/K", "mW/mK", "mW/m·K"), factor=0.001),
        ),
        possible=(0.0, math.inf),
        aliases=("thermal conductivity",),
    ),
    Registration(
        Property(name="Density", title="Density", unit="g/cm³", low=0.5, high=3.0, decimals=3),
        (
            Unit(("g/cm³", "g/cm3", "g/cm^3", "g/cc", "g/mL")),
            Unit(("kg/m³", "kg/m3", "kg/m^3"), factor=0.001),
        ),
        possible=(0.0, math.inf),
        aliases=("mass density", "ρ", "rho"),
    ),
    Registration(
        Property(name="Rg", title="Radius of gyration", unit="Å", low=1, high=100, decimals=2),
        (Unit(("Å", "A", "angstrom", "ångström")), Unit(("nm",), factor=10.0)),
        possible=(0.0, math.inf),
        aliases=("r g", "radius of gyration", "gyration radius"),
    ),
)
_BY_NAME = {entry.property_.name.casefold(): entry for entry in _REGISTRATIONS}
_BY_ALIAS = {name: entry.property_.name for entry in _REGISTRATIONS for name in entry.aliases} | {
    entry.property_.name.casefold(): entry.property_.name for entry in _REGISTRATIONS
}

_LOWEST = (
    (1.0, re.compile(r"\b(refractive index|dielectric const(ant)?|relative permittivity)\b")),
    (
        0.0,
        re.compile(
            r"\b((specific )?heat capacity|cp|(bulk|young s|youngs|shear|elastic|tensile) modulus"
            r"|(self )?diffusion( coefficient)?|diffusivity|viscosity|band ?gap|tensile strength)\b"
        ),
    ),
)
"""The lowest values of quantities that cannot be negative, or that vacuum has."""
OF_ANOTHER = re.compile(
    r"\b(log|log10|lg|ln|delta|change|difference|increment|shift|deviation|error|score|excess"
    r"|imag|imaginary|derivative|contrast|loss|thermal diffusion|viscosity index"
    r"|(?<!diffusion )coefficient)\b"
)
"""Words of a name that make another quantity of it, of any sign."""

Conversion = Callable[[np.ndarray], np.ndarray]


def is_registered(name: str) -> bool:
    """Whether the registry holds a property of that name, case ignored."""
    return _registration(name) is not None


def property_for(name: str, unit: str | None = None) -> Property:
    """The registered property of that name, case ignored, or a new one in the user's unit."""
    registration = _registration(name)
    if registration is None:
        return Property(name=name, title=name, unit=unit or "")
    return registration.property_.model_copy(update={"name": name})


def property_and_conversion(column: str, unit: str | None = None) -> tuple[Property, Conversion]:
    """The property of a column, and what turns its values into that property's unit.

    Args:
        column: the column's name.
        unit: the unit its values are in; for a property that is not registered it is only shown.

    Raises:
        UserError: for a unit that a registered property is not accepted in.
    """
    registration = _registration(column)
    property_ = property_for(column, unit)
    if registration is None or unit is None:
        return property_, Unit((property_.unit,)).convert
    accepted = _accepted(registration, unit)
    if accepted is None:
        raise UserError(
            f"{column} cannot be given in “{unit}”; accepted units are: "
            f"{', '.join(accepted_units(column))}. Convert the column first, or choose one of "
            "these."
        )
    return property_, accepted.convert


def conversion_to(property_: Property, name: str, unit: str) -> Conversion | None:
    """What turns values in a unit into those of a property; None where nothing can.

    Args:
        property_: whose unit is wanted.
        name: by which the registry knows it, if it does.
        unit: of the values.
    """
    registration = _registration(name)
    if registration:
        accepted = _accepted(registration, unit)
        return accepted.convert if accepted else None
    if unit == property_.unit:
        return Unit((unit,)).convert
    turned = conversion(unit, property_.unit) if property_.unit else None
    return Unit((unit,), turned[0], -turned[1] / turned[0]).convert if turned else None


def _accepted(registration: Registration, unit: str) -> Unit | None:
    """The unit of that spelling, its case ignored where no exact one fits."""
    spelling = unit.strip()
    for accepted in registration.units:
        if spelling in accepted.spellings:
            return accepted
    for accepted in registration.units:
        if spelling.lower() in map(str.lower, accepted.spellings):
            return accepted
    # Any other spelling, and any other unit of the same kind.
    turned = conversion(spelling, registration.property_.unit) if spelling else None
    if turned is None:
        return None
    factor, offset = turned
    return Unit((spelling,), factor, -offset / factor)


def registered_as(words: str) -> str | None:
    """The name of the registered property that some words mean, such as `glass transition`."""
    return _BY_ALIAS.get(" ".join(re.split(r"[\s_]+", words.strip().casefold())))


def is_accepted(name: str, unit: str) -> bool:
    """Whether a registered property may be given in a unit; for any other, whether it is one."""
    registration = _registration(name)
    return is_unit(unit) if registration is None else _accepted(registration, unit) is not None


def accepted_units(column: str) -> list[str]:
    """The units a registered property may be given in, its own first; empty for any other."""
    registration = _registration(column)
    return [unit.spellings[0] for unit in registration.units] if registration else []


def is_competition(names: Collection[str]) -> bool:
    """Whether properties are those of the competition, for which the weighted error was made."""
    return {name.casefold() for name in names} >= {*_BY_NAME}


def possible_range(column: str) -> tuple[float, float]:
    """The lowest and the highest value that physics allows, in the property's own unit.

    Those of a property that is not registered are known by words of its name, in any unit.
    """
    registration = _registration(column)
    if registration:
        return registration.possible
    words = " ".join(re.findall(r"[^\W_]+", column.casefold()))
    if not OF_ANOTHER.search(words):
        for lowest, quantity in _LOWEST:
            if quantity.search(words):
                return lowest, math.inf
    return -math.inf, math.inf


def other_units(column: str) -> Sequence[Unit]:
    """The units that a registered property may be given in besides its own."""
    registration = _registration(column)
    return registration.units[1:] if registration else ()


def _registration(name: str) -> Registration | None:
    return _BY_NAME.get(name.strip().casefold())
