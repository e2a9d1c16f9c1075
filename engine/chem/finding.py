"""What a text stands for: a repeat unit, a polymer's name, a monomer, or something else."""

import re
from functools import lru_cache
from typing import Literal, NamedTuple

from ..base.errors import UserError
from ..base.wording import clipped, either, listed
from .comonomers import compositions_made_of, explained, units_of_named
from .composition import is_composition, units_in
from .copolymer_names import NamedCopolymer, copolymer_named
from .listed_units import FoundUnit, as_listed, each_once, name_of
from .monomer_names import NamedMonomer, monomer_named
from .monomers import MadeUnit, units_of_monomer, units_of_monomers
from .names import find_polymer, named_polymers, nearest_name
from .notations import NotationError, drawn_unit
from .smiles import BadSmilesError, attachment_points, canonical, parse
from .two_ends import units_with_two_ends

_BETWEEN_MONOMERS = re.compile(r"\s*(?:\s\+\s|\.)\s*")
_MOST_TOLD = 8

How = Literal[
    "repeat unit",
    "name",
    "abbreviation",
    "class",
    "copolymer",
    "composition",
    "composition of monomers",
    "monomer",
    "monomer's name",
    "comonomer's name",
    "molecule",
    "near",
    "nothing",
]


class Found(NamedTuple):
    """What a text stands for.

    Attributes:
        text: as it was given.
        how: a `repeat unit`; the `name` of one polymer; an `abbreviation`, which several may have;
            the name of a `class` of polymers or of a `copolymer`; a `composition` of repeat units
            with fractions, or one `of monomers`; a `monomer`, or two; a `monomer's name`, or that
            of one that needs another (`comonomer's name`); a `molecule` of which no rule makes a
            polymer, or that has not two attachment points; `near` to names; or `nothing` of these.
        units: those that it may stand for: members of a class, parts of a copolymer or of a
            composition, what monomers make, polymers whose names are near, a drawing with two
            attachment points.
        compositions: those that it may stand for: of a copolymer's name, with as much of each unit;
            of a composition of monomers, with what these make.
    """

    text: str
    how: How
    units: tuple[FoundUnit, ...] = ()
    compositions: tuple[FoundUnit, ...] = ()

    @property
    def offers(self) -> tuple[FoundUnit, ...]:
        """All that it may stand for, compositions before their units."""
        return (*self.compositions, *self.units)

    @property
    def only(self) -> FoundUnit | None:
        """The repeat unit, where the text leaves no doubt which one it stands for."""
        certain = self.how in ("repeat unit", "name", "abbreviation") and len(self.units) == 1
        return self.units[0] if certain else None


def find(text: str) -> Found:
    """What a text stands for; what is only like a name is never taken for it.

    Args:
        text: a SMILES, a name, an abbreviation, a trade name, or two monomers as `A + B` or `A.B`,
            each by its SMILES or its name.

    Raises:
        UserError: when it is no text.
    """
    if not isinstance(text, str):
        raise UserError(f"{clipped(repr(text))} is no text: give a SMILES or a name.")
    return _found(text)


@lru_cache(maxsize=256)
def _found(text: str) -> Found:
    # Many blanks in a row would take a search with the cube of their number.
    text = " ".join(text.split())
    if is_composition(text):
        return _of_composition(text)
    try:
        drawn = drawn_unit(text)
    except NotationError:
        return Found(text, "nothing")
    if drawn:
        try:
            unit = canonical(drawn)
        except BadSmilesError:
            return Found(text, "nothing")
        if attachment_points(parse(unit)) != 2:
            return Found(text, "molecule", tuple(map(as_listed, units_with_two_ends(unit))))
        return Found(text, "repeat unit", (FoundUnit(unit, name_of(unit)),))
    named = find_polymer(text)
    polymers = tuple(FoundUnit(each.smiles, each.name) for each in named.polymers)
    if named.how == "copolymer":
        listed_ = NamedCopolymer(tuple((each,) for each in polymers), named.architecture)
        compositions = (copolymer_named(text) or listed_).in_equal_parts
        return Found(text, named.how, polymers, compositions)
    if named.how not in ("near", "nothing"):
        return Found(text, named.how, polymers)
    if monomer := monomer_named(text):
        return _of_named(text, monomer)
    if copolymer := copolymer_named(text):
        units = each_once(unit for part in copolymer.parts for unit in part)
        return Found(text, "copolymer", units, copolymer.in_equal_parts)
    try:
        parts = _monomers_in(text)
        made = units_of_monomers(*parts) if len(parts) == 2 else _made_alone(parts)
    except BadSmilesError:
        return Found(text, named.how, polymers)
    if units := tuple(map(as_listed, made)):
        return Found(text, "monomer", units)
    return _copolymer(text, parts) or Found(text, "molecule")


def _of_composition(text: str) -> Found:
    """The repeat units of a composition, if it can be read."""
    try:
        units = units_in(canonical(text))
        return Found(text, "composition", tuple(FoundUnit(each, name_of(each)) for each in units))
    except BadSmilesError:
        compositions = compositions_made_of(text)
        how: How = "composition of monomers" if compositions else "nothing"
        return Found(text, how, compositions=compositions)


def _of_named(text: str, monomer: NamedMonomer) -> Found:
    """What a monomer makes that is named; with those that it needs, where it does not by itself."""
    how: How = "comonomer's name" if monomer.partner else "monomer's name"
    return Found(text, how, units_of_named(monomer))


def _monomers_in(text: str) -> list[str]:
    """The SMILES of the monomers that a text is.

    Raises:
        BadSmilesError: when it is no molecule, or an own notation of repeat units.
    """
    parts = _BETWEEN_MONOMERS.split(text)
    if len(parts) == 2:
        named = [monomer_named(part) for part in parts]
        parts = [own.smiles if own else part for own, part in zip(named, parts, strict=True)]
    if any(attachment_points(parse(part)) for part in parts):
        raise BadSmilesError("it is a repeat unit")
    # One monomer twice is that monomer.
    return list({canonical(part): part for part in parts}.values())


def _made_alone(parts: list[str]) -> list[MadeUnit]:
    """What one monomer makes; nothing of several."""
    return units_of_monomer(parts[0]) if len(parts) == 1 else []


def _copolymer(text: str, parts: list[str]) -> Found | None:
    """Two monomers of which each makes a chain by itself; None where they are no such."""
    made = tuple(tuple(map(as_listed, units_of_monomer(part))) for part in parts)
    if len(made) != 2 or not all(made):
        return None
    units = each_once(unit for of_one in made for unit in of_one)
    return Found(text, "copolymer", units, NamedCopolymer(made).in_equal_parts)


def told(found: Found) -> str:
    """What was found, as a sentence; it names the polymers."""
    text = f"“{clipped(found.text)}”"
    names = [unit.name or unit.smiles for unit in found.units] or ["nothing"]
    words = listed(names, most=_MOST_TOLD)
    match found.how:
        case "repeat unit":
            return f"{text} is the repeat unit of {words}."
        case "name" | "abbreviation" if found.only:
            return f"{text} is {words}."
        case "abbreviation":
            return f"{text} stands for several polymers: {words}."
        case "class":
            return f"{text} is a class of polymers, such as {words}."
        case "copolymer":
            return f"{text} is a copolymer of {words}.{_equal_parts(found)}"
        case "composition":
            return f"{text} is a composition of {words}, with a fraction of each."
        case "composition of monomers":
            texts = either([each.smiles for each in found.compositions])
            return f"{text} is a composition of monomers; of the units they make, it is {texts}."
        case "monomer":
            what = "are two monomers, which make" if _is_pair(found.text) else "is a monomer of"
            return f"{text} {what} {words}."
        case "monomer's name":
            return f"{text} is a monomer of {words}."
        case "comonomer's name":
            return f"{text} is a monomer that needs another one; together they make {words}."
        case "molecule" if "*" in found.text:
            return f"{text} {_of_points(found)}"
        case "molecule":
            return (
                f"{text} is a molecule without attachment points (`*`), and no rule makes a "
                "polymer of it."
            )
        case "near":
            alike = listed(_as_spelled(found.text), most=_MOST_TOLD)
            return f"{text} is not in the list of names. Spelled alike: {alike}."
        case _ if is_composition(found.text):
            return f"{text} is no composition that can be read: {_reason(found.text)}."
        case _:
            return (
                f"{text} is no SMILES that can be read, and not in the list of "
                f"{len(named_polymers())} polymers' names."
            )


def _equal_parts(found: Found) -> str:
    """How much there is of each unit of a copolymer, as it is offered."""
    if not found.compositions:
        return ""
    texts = either([each.smiles for each in found.compositions])
    return f" How much there is of each is not said; with equal parts it is {texts}."


def _reason(text: str) -> str:
    """Why a composition cannot be read."""
    try:
        canonical(text)
    except BadSmilesError as error:
        return explained(error)
    return ""


def _as_spelled(text: str) -> list[str]:
    """Polymers whose names are near to a text, by the names that are."""
    told = []
    for polymer in find_polymer(text).polymers:
        name = nearest_name(polymer, text)
        told.append(name if name == polymer.name else f"{name} ({polymer.name})")
    return told


def _of_points(found: Found) -> str:
    """What another number of attachment points means, and what is offered."""
    count = attachment_points(parse(found.text))
    if count == 1:
        words = "has one attachment point (`*`), as the end of a chain has"
        mend = "With a second one it is one of these:"
    else:
        words = f"has {count} attachment points (`*`), as a branched or crosslinked unit has"
        mend = "With hydrogen in place of the others it is one of these:"
    needed = "a repeat unit of a linear chain has two attachment points, where it goes on."
    names = listed([unit.name or unit.smiles for unit in found.units] or ["nothing"])
    return f"{words}; {needed}" + (f" {mend} {names}." if found.units else "")


def _is_pair(text: str) -> bool:
    return len(_BETWEEN_MONOMERS.split(text)) == 2
