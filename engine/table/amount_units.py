"""Units in which a column's name says that repeat units are weighed or counted: `A (mg)`."""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from ..base.errors import UserError
from ..settings.polymer_columns import Basis

Measure = Literal["mass", "phr", "moles"]
"""What an amount is measured in; parts per hundred of rubber weigh no known number of grams."""

_PREFIXES = {"k": 1e3, "": 1.0, "m": 1e-3, "µ": 1e-6, "μ": 1e-6, "u": 1e-6, "n": 1e-9}
_UNIT = re.compile(
    r"\s*[(\[]\s*(?:(?P<prefix>[kmµμun]?)(?:(?P<mass>g)|(?P<moles>mol))"
    r"|(?P<grams>grams?)|(?P<mole>moles?)|(?P<phr>phr))\s*[)\]]",
    re.IGNORECASE,
)


class AmountUnit(NamedTuple):
    """A unit of amounts.

    Attributes:
        measure: what it measures.
        factor: how many grams, moles, or parts it is.
        may_be_share: whether it may only say what fractions are shares of: `fraction A (mol)`.
    """

    measure: Measure
    factor: float
    may_be_share: bool

    @property
    def basis(self) -> Basis:
        """What fractions are shares of, if this is the unit of the amounts."""
        return "mole" if self.measure == "moles" else "weight"


def amount_unit(name: str) -> AmountUnit | None:
    """The unit in brackets in a column's name; None where there is none of amounts."""
    unit = _UNIT.search(name)
    if not unit:
        return None
    if unit["phr"]:
        return AmountUnit("phr", 1.0, False)
    prefix = (unit["prefix"] or "").lower()
    is_mass = bool(unit["mass"] or unit["grams"])
    return AmountUnit("mass" if is_mass else "moles", _PREFIXES[prefix], not (is_mass or prefix))


def without_amount_unit(name: str) -> str:
    """A column's name without such a unit."""
    return _UNIT.sub("", name)


def demand_one_measure(table: str, columns: Sequence[str]) -> None:
    """Refuse amounts that cannot be added up.

    Args:
        table: its name.
        columns: of the amounts, one for each unit.

    Raises:
        UserError: when some are weights and others moles, or only some have a unit and no two the
            same.
    """
    units = {name: amount_unit(name) for name in columns}
    known = {name: unit for name, unit in units.items() if unit}
    measures = {unit.measure: name for name, unit in known.items()}
    if len(measures) > 1:
        first, second = [*measures.values()][:2]
        raise UserError(
            f"{table}: “{first}” and “{second}” are measured in unlike ways, which cannot be added "
            "up: give all amounts by weight, or all in moles."
        )
    lacking = next((name for name, unit in units.items() if unit is None), None)
    if lacking and len({unit.factor for unit in known.values()}) > 1:
        raise UserError(
            f"{table}: “{lacking}” has no unit beside amounts in several: write one into its name, "
            "such as `A (g)`."
        )
