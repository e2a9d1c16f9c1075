"""Source-based names of copolymers, such as `poly(styrene-co-isoprene)` or `PS-b-PMMA`.

IUPAC, Source-based nomenclature for copolymers, Pure Appl. Chem. 57 (1985) 1427,
doi:10.1351/pac198557101427.
"""

import re
from typing import NamedTuple

from .architectures import Architecture, architecture_of
from .comonomers import compositions_of, units_of_named
from .composition import MOST_UNITS
from .listed_units import FoundUnit
from .monomer_names import monomer_named
from .names import polymer_named

_IN_POLY = re.compile(r"p(?:oly)?[ -]?[(\[](.+)[)\]]", re.IGNORECASE)
_CONNECTIVES = (
    *("co", "ter", "stat", "statistical", "ran", "random", "r", "grad", "gradient"),
    *("alt", "alternating", "per", "block", "b", "graft", "g"),
)
_SHORT = {
    **{"S": "styrene", "St": "styrene", "E": "ethylene", "P": "propylene", "B": "butadiene"},
    **{"I": "isoprene", "AN": "acrylonitrile", "VAc": "vinyl acetate", "AA": "acrylic acid"},
    **{"MA": "methyl acrylate", "EA": "ethyl acrylate", "BA": "butyl acrylate"},
    **{"nBA": "butyl acrylate", "n-BA": "butyl acrylate", "MAA": "methacrylic acid"},
    **{"EMA": "ethyl methacrylate", "BMA": "butyl methacrylate"},
    **{"VDF": "vinylidene fluoride", "TFE": "tetrafluoroethylene", "HFP": "hexafluoropropylene"},
}
"""Monomers as they are shortened within `poly(…)`, where a letter is enough."""
_BETWEEN = re.compile(rf"[ -]({'|'.join(_CONNECTIVES)})-", re.IGNORECASE)
_LONGEST = 300


class NamedCopolymer(NamedTuple):
    """A copolymer by its name, which says nothing of amounts.

    Attributes:
        parts: for each comonomer, two to `MOST_UNITS` of them, the repeat units that it may make.
        architecture: what the connectives say; empty for `-co-`, and where they differ.
    """

    parts: tuple[tuple[FoundUnit, ...], ...]
    architecture: Architecture = ""

    @property
    def in_equal_parts(self) -> tuple[FoundUnit, ...]:
        """The compositions that it stands for with as much of each comonomer."""
        count = len(self.parts)
        return compositions_of(self.parts, [1 / count] * count, self.architecture)


def copolymer_named(text: str) -> NamedCopolymer | None:
    """The copolymer that a name is of; None where it is no such name, or one part is not known.

    Args:
        text: its parts are monomers within `poly(…)`, and polymers outside.
    """
    if len(text) > _LONGEST:
        return None
    within = _IN_POLY.fullmatch(text)
    inside = within[1] if within and _is_closed(within[1]) else ""
    names, connectives = _split(inside or text)
    if not 1 < len(names) <= MOST_UNITS:
        return None
    parts = tuple(_of_monomer(name) if inside else _of_polymer(name) for name in names)
    if not all(parts):
        return None
    told = {architecture_of(each) for each in connectives}
    return NamedCopolymer(parts, told.pop() if len(told) == 1 else "")


def _split(text: str) -> tuple[list[str], list[str]]:
    """The names between connectives that stand in no brackets, and these."""
    names, connectives, start = [], [], 0
    for found in _BETWEEN.finditer(text):
        if _is_closed(text[: found.start()]):
            names.append(text[start : found.start()].strip(" -"))
            connectives.append(found[1].lower())
            start = found.end()
    return [*names, text[start:].strip(" -")], connectives


def _is_closed(text: str) -> bool:
    """Whether no bracket of a text is open, nor closed before it is opened."""
    depth = 0
    for sign in text:
        depth += (sign in "([") - (sign in ")]")
        if depth < 0:
            return False
    return not depth


def _of_monomer(name: str) -> tuple[FoundUnit, ...]:
    name = _SHORT.get(name, name)
    if polymer := polymer_named(f"poly({name})"):
        return (FoundUnit(polymer.smiles, polymer.name),)
    monomer = monomer_named(name)
    return units_of_named(monomer) if monomer else ()


def _of_polymer(name: str) -> tuple[FoundUnit, ...]:
    polymer = polymer_named(name)
    return (FoundUnit(polymer.smiles, polymer.name),) if polymer else ()
