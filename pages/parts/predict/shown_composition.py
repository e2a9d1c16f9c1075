"""The composition that the Predict page shows."""

from typing import NamedTuple

from engine.base.wording import clipped, distinct
from engine.chem.architectures import Architecture
from engine.chem.composition import is_composition
from engine.chem.entered_units import EnteredUnits
from engine.chem.listed_units import name_of
from engine.chem.repeat_unit import canonical_unit
from engine.chem.smiles import canonical


class ShownComposition(NamedTuple):
    """The composition that is shown, and what is asked of it.

    Attributes:
        units: N canonical SMILES, in the order in which they were entered.
        fractions: the mole fraction of each.
        architecture: how they follow each other.
        names: of the units, no two alike.
    """

    units: tuple[str, ...]
    fractions: tuple[float, ...]
    architecture: Architecture
    names: list[str]

    @property
    def smiles(self) -> str:
        """Its canonical text; a SMILES where all of it is one polymer, however that is drawn."""
        text = canonical(EnteredUnits(self.units, self.fractions, self.architecture).text)
        polymer = canonical_unit(text)
        return text if is_composition(polymer) else polymer

    @classmethod
    def of(cls, entered: EnteredUnits, canonical: tuple[str, ...]) -> "ShownComposition":
        """Of units that can be read.

        Args:
            entered: N units.
            canonical: the canonical SMILES of each.
        """
        names = distinct([clipped(name_of(unit) or unit, 32) for unit in canonical])
        return cls(canonical, entered.fractions, entered.architecture, names)
