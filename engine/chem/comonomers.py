"""What monomers make stands in their place: in a repeat unit, and in compositions."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import islice, product

from ..base.wording import either
from .architectures import Architecture
from .composition import (
    MOST_UNITS,
    NoEndsError,
    is_composition,
    parts_of,
    text_of,
    with_units_changed,
)
from .listed_units import FoundUnit, as_listed, each_once, name_of
from .monomer_names import NamedMonomer, monomer_named, partners_of
from .monomers import units_of_monomer, units_of_monomers
from .names import polymer_named
from .notations import BadSmilesError
from .smiles import MAX_LENGTH

_MOST_OFFERED = 8
"""Compositions, since each monomer may make several units."""


@lru_cache(maxsize=20_000)
def units_made_of(text: str) -> tuple[FoundUnit, ...]:
    """The repeat units that one monomer makes by itself; none of what is no such monomer.

    Args:
        text: its SMILES without `*`, or its name.
    """
    if "*" in text or len(text) > MAX_LENGTH or polymer_named(text):
        return ()
    if monomer := monomer_named(text):
        return () if monomer.partner else units_of_named(monomer)
    try:
        return each_once(map(as_listed, units_of_monomer(text)))
    except BadSmilesError:
        return ()


def units_of_named(monomer: NamedMonomer) -> tuple[FoundUnit, ...]:
    """What a monomer of the list makes; with those that it needs, where it does not by itself."""
    if not monomer.partner:
        return tuple(map(as_listed, units_of_monomer(monomer.smiles)))
    units: dict[str, FoundUnit] = {}
    for partner in partners_of(monomer):
        for each in map(as_listed, units_of_monomers(monomer.smiles, partner.smiles)):
            reaction = f"with {partner.name}: {each.reaction}"
            units.setdefault(each.smiles, each._replace(reaction=reaction))
    return tuple(units.values())


def is_of_monomer(error: BadSmilesError) -> bool:
    """Whether a composition cannot be read since one of its units is a monomer."""
    return isinstance(error, NoEndsError) and bool(units_made_of(error.unit))


def explained(error: BadSmilesError) -> str:
    """What is wrong with a composition; of a unit that is a monomer, what to write in its place."""
    if isinstance(error, NoEndsError) and (made := units_made_of(error.unit)):
        return f"its unit “{error.unit[:60]}” {monomer_words(made)}"
    return str(error)


def monomer_words(made: Sequence[FoundUnit]) -> str:
    """That a text is a monomer where a repeat unit should stand, and what it makes.

    Args:
        made: the units, at least one.
    """
    units = either([f"{each.smiles} ({each.reaction})" for each in made])
    one = "" if len(made) == 1 else "one of "
    return f"has no `*` where the chain goes on; as a monomer it makes {one}{units}"


def with_units_made(text: str) -> str:
    """A text of a table with the unit of each monomer that makes one alone.

    Args:
        text: of a repeat unit or a composition; what holds no such monomer stays as it is.
    """
    if not is_composition(text):
        made = units_made_of(text)
        return made[0].smiles if len(made) == 1 else text
    return with_units_changed(text, with_units_made)


def compositions_made_of(text: str) -> tuple[FoundUnit, ...]:
    """The compositions that one with monomers among its units may stand for.

    Args:
        text: of a composition; its other units are drawn, or polymers' names.

    Returns:
        None where no unit is a monomer, or one is nothing that is known.
    """
    try:
        units, fractions, architecture = parts_of(text)
    except BadSmilesError:
        return ()
    if len(units) > MOST_UNITS:
        return ()
    made = [units_made_of(unit) for unit in units]
    if not any(made):
        return ()
    options = [own or _drawn_or_named(unit) for own, unit in zip(made, units, strict=True)]
    return compositions_of(options, fractions, architecture)


def _drawn_or_named(unit: str) -> tuple[FoundUnit, ...]:
    if "*" in unit:
        return (FoundUnit(unit, ""),)
    polymer = polymer_named(unit)
    return (FoundUnit(polymer.smiles, polymer.name),) if polymer else ()


def compositions_of(
    options: Sequence[Sequence[FoundUnit]], fractions: Sequence[float], architecture: Architecture
) -> tuple[FoundUnit, ...]:
    """The compositions of units of which each may be one of several; the first few of them.

    Args:
        options: for each of U units, those that it may be.
        fractions: U of their moles.
        architecture: how they follow each other.
    """
    return tuple(
        _composition(units, fractions, architecture)
        for units in islice(product(*options), _MOST_OFFERED)
    )


def _composition(
    units: Sequence[FoundUnit], fractions: Sequence[float], architecture: Architecture
) -> FoundUnit:
    """A composition as it is offered, with the names of its units.

    Equal ones are merged; with one left it is that unit.
    """
    shares: dict[str, float] = {}
    for unit, fraction in zip(units, fractions, strict=True):
        shares[unit.smiles] = shares.get(unit.smiles, 0.0) + fraction
    if len(shares) == 1:
        return units[0]
    names = [f"{shares[unit.smiles]:.3g} {_named(unit)}" for unit in each_once(units)]
    how = f" ({architecture})" if architecture else ""
    reactions = dict.fromkeys(unit.reaction for unit in units if unit.reaction)
    text = text_of([*shares], [*shares.values()], architecture)
    return FoundUnit(text, " + ".join(names) + how, "; ".join(reactions))


def _named(unit: FoundUnit) -> str:
    try:
        return unit.name or name_of(unit.smiles) or unit.smiles
    except BadSmilesError:
        return unit.smiles
