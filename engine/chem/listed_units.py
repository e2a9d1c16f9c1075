"""Repeat units with the names that the list of polymers has for them."""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from .composition import is_composition, with_units_changed
from .monomers import MadeUnit
from .names import NamedPolymer, named_polymers, polymer_named
from .repeat_unit import canonical_unit


class FoundUnit(NamedTuple):
    """A repeat unit that a text may stand for, or a composition of such.

    Attributes:
        smiles: of the unit, or a composition's text.
        name: of its polymer; empty where the list of names has none.
        reaction: by which a monomer makes it, or what was changed of a drawing with another number
            of attachment points; empty where neither was given.
    """

    smiles: str
    name: str
    reaction: str = ""


def as_listed(made: MadeUnit) -> FoundUnit:
    """What a monomer makes, as the list of names draws it."""
    known = _known().get(made.smiles)
    if known is None:
        return FoundUnit(made.smiles, "", made.reaction)
    return FoundUnit(known.smiles, known.name, made.reaction)


def each_once(units: Iterable[FoundUnit]) -> tuple[FoundUnit, ...]:
    """Units by their SMILES, in order; of one that is found twice, what was found last."""
    return tuple({each.smiles: each for each in units}.values())


def with_polymers_drawn(text: str) -> str:
    """A polymer's name, or a composition of such, as SMILES.

    Args:
        text: a unit that names no polymer stays as it is.
    """
    if is_composition(text):
        return with_units_changed(text, with_polymers_drawn)
    polymer = polymer_named(text)
    return polymer.smiles if polymer else text


@lru_cache(maxsize=4096)
def name_of(smiles: str) -> str:
    """The name of the polymer of a repeat unit; empty where the list of names has none."""
    return name_of_canonical(canonical_unit(smiles))


def name_of_canonical(unit: str) -> str:
    """The same for a unit that is known to be canonical: nothing is parsed."""
    known = _known().get(unit)
    return known.name if known else ""


@lru_cache(maxsize=1)
def _known() -> dict[str, NamedPolymer]:
    """The polymers of the list, by their canonical repeat units."""
    return {canonical_unit(polymer.smiles): polymer for polymer in named_polymers()}
