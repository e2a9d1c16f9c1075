"""The registry of known polymer properties: names, units and plausible ranges."""

from pydantic import BaseModel, ConfigDict


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
