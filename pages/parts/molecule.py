"""What pages know of one molecule."""

from dataclasses import dataclass
from typing import NamedTuple

from engine.inference.domain_words import DomainInWords
from engine.runs.known_labels import KnownLabel


class IntervalAndDomain(NamedTuple):
    """The uncertainty of one predicted value.

    Attributes:
        low, high: the interval's ends, in the property's unit; NaN where there is none.
        domain: how the molecule lies to those that the model learned the property from.
    """

    low: float
    high: float
    domain: DomainInWords

    @property
    def outside(self) -> bool:
        """Whether the molecule lies outside the applicability domain."""
        return self.domain.outside


@dataclass(frozen=True)
class Textbook:
    """One polymer of the textbook table.

    Attributes:
        name, smiles: as the table has them.
        values: by property's name: the value and the key of its source.
    """

    name: str
    smiles: str
    values: dict[str, tuple[float, str]]

    def value_of(self, name: str) -> tuple[float, str] | None:
        """The value of a property and its source, whatever the letter case of the name."""
        return self.values.get(name.casefold())


class Molecule(NamedTuple):
    """What there is to show of one molecule.

    Attributes:
        predicted: `{"blend" or member: {property: value}}`, in the properties' units.
        uncertainty: by property; empty for a model without intervals.
        textbook: the same molecule in the textbook table; None if it is not in it.
        known: by property, the labels that the model learned of this molecule.
    """

    predicted: dict[str, dict[str, float]]
    uncertainty: dict[str, IntervalAndDomain]
    textbook: Textbook | None
    known: dict[str, list[KnownLabel]]
