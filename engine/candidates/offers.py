"""Repeat units, or compositions, for candidates without: what monomers make or words may mean."""

from collections.abc import Iterable
from typing import NamedTuple

from ..chem.finding import find
from ..chem.listed_units import FoundUnit
from ..chem.smiles import MAX_LENGTH
from .rows import Candidate


class Offer(NamedTuple):
    """What may stand in a candidate's place.

    Attributes:
        candidate: it has no repeat unit.
        how: its text was understood, see `engine.chem.finding.Found`.
        units: at least one.
    """

    candidate: Candidate
    how: str
    units: tuple[FoundUnit, ...]

    @property
    def only(self) -> FoundUnit | None:
        """What monomers make where that is one thing alone; all else is to be chosen."""
        return self.units[0] if self.is_of_monomer and len(self.units) == 1 else None

    @property
    def is_of_monomer(self) -> bool:
        """Whether its text is of monomers, which make these units, or compositions of them."""
        return self.how in ("monomer", "monomer's name", "composition of monomers")


def offers_for(candidates: Iterable[Candidate]) -> list[Offer]:
    """The offers for those candidates that a repeat unit can be offered for.

    Args:
        candidates: a few of them; each takes milliseconds.
    """
    made = []
    for each in candidates:
        if each.unit is None and each.given and len(each.given) <= MAX_LENGTH:
            found = find(each.given)
            # A name that is only spelled alike is of another polymer.
            if found.offers and found.how != "near":
                made.append(Offer(each, found.how, found.offers))
    return made
