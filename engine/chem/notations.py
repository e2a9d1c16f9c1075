"""Other ways to write a repeat unit, read as SMILES where they leave no doubt.

BigSMILES: Lin et al., ACS Cent. Sci. 5:1523 (2019), doi:10.1021/acscentsci.9b00476. CXSMILES:
ChemAxon Extended SMILES, whose tail `|…|` follows a blank.
"""

import re
from collections import Counter
from collections.abc import Collection, Sequence

_TELLTALES = re.compile(r"[∗＊⁎{}|]|\[R\d*#?\]|\[[dgte]\]")
_STARS = str.maketrans("∗＊⁎", "***")
# From the first of several blanks alone: to try each takes a time with the square of their number.
_TAIL = re.compile(r"(?<!\s)\s+\|(?P<tail>[^|*]*)\|[^|]*")
_R_GROUP = re.compile(r"\[R\d*#?\]")
_LADDER = re.compile(r"\[[dgte]\]")
_STAR = re.compile(r"\[\d*\*(?::\d+)?\]|\*")
_BIG = re.compile(r"\{(?P<inside>[^{}]*)\}")
_DESCRIPTOR = re.compile(r"\[[$<>]\d*\]")
_EXOTIC = (
    "La|Ce|Pr|Nd|Pm|Sm|Eu|Gd|Tb|Dy|Ho|Er|Tm|Yb|Lu|Ac|Th|Pa|U|Np|Pu|Am|Cm|Bk|Cf|Es|Fm|Md|No|Lr"
    "|Cu|Ag|Au|Pt|Pd|Ir|Os|Re|Hg|Tl|Po|At|Rn|Fr|Ra|Xe|Kr|Ar|Ne|He|Cs|Rb"
)
_EXOTIC_ATOM = re.compile(rf"\[({_EXOTIC})(?:H\d?)?(?:[+-]\d?)?\]")
_MOST = 0.5
"""Share of the rows in which a pair of atoms has to stand for `*`."""


class BadSmilesError(ValueError):
    """A SMILES that cannot be used; the text is the reason."""


class NotationError(BadSmilesError):
    """A notation that cannot be read as one repeat unit."""


def as_smiles(text: str) -> str:
    """The SMILES of a repeat unit that may be written in another notation.

    Read are: other signs than `*`, `[R1]` and `[R2]` as chain ends, the tail of CXSMILES, and the
    BigSMILES of a homopolymer.

    Raises:
        NotationError: where the notation is known and cannot be read as one repeat unit.
    """
    if not _TELLTALES.search(text):
        return text
    text = text.translate(_STARS)
    if tail := _TAIL.search(text):
        text = _without_tail(text[: tail.start()], tail["tail"])
    elif "|" in text:
        raise NotationError(
            "this is a composition of several repeat units, where one unit is needed"
        )
    if "{" in text:
        text = _from_big_smiles(text)
    if _LADDER.search(text):
        raise NotationError(
            "this is a ladder polymer's notation ([d], [g], [t], [e]), whose units share two "
            "bonds: such chains cannot be read; a repeat unit with two `*` is needed"
        )
    if _R_GROUP.search(text):
        text = _from_r_groups(text)
    return text


def drawn_unit(text: str) -> str:
    """The SMILES of a text that is drawn with chain ends; empty for a name, or a molecule.

    Raises:
        NotationError: as for `as_smiles`.
    """
    smiles = as_smiles(text)
    return smiles if "*" in smiles else ""


def _without_tail(smiles: str, tail: str) -> str:
    if "*" not in smiles and "Sg:" in tail:
        raise NotationError(
            "this is a CXSMILES with polymer brackets but without `*`: write `*` where the "
            "neighbouring units join"
        )
    return smiles


def _from_r_groups(text: str) -> str:
    groups = len(_R_GROUP.findall(text)) + len(_STAR.findall(text))
    if groups != 2:
        raise NotationError(
            f"it holds {groups} R groups and `*` together, so it is unclear which are the chain's "
            "ends: write `*` for the two ends, and the substituents as they are"
        )
    return _R_GROUP.sub("*", text)


def _from_big_smiles(text: str) -> str:
    match = _BIG.fullmatch(text.strip())
    if not match:
        raise NotationError(
            "this is BigSMILES with parts outside or inside of each other's braces: only a "
            "homopolymer without end groups can be read, such as {[$]CC[$]}"
        )
    inside = match["inside"]
    if "," in inside:
        raise NotationError(
            "this is a copolymer in BigSMILES: write the fraction of each unit behind it, as in "
            "{[$]CC[$],[$]CC(C)[$]}|0.25|0.75"
        )
    return _unit_of(_without_outer(inside.partition(";")[0].strip()))


def _unit_of(written: str) -> str:
    """The SMILES of a BigSMILES unit between its bonding descriptors."""
    ends = _DESCRIPTOR.findall(written)
    if len(ends) != 2:
        raise NotationError(
            f"this BigSMILES holds {len(ends)} bonding descriptors; a chain's repeat unit has two"
        )
    return _DESCRIPTOR.sub("*", written)


def units_of_big_smiles(text: str) -> list[str]:
    """The repeat units of a statistical copolymer in BigSMILES, such as `{[$]CC[$],[$]CC(C)[$]}`.

    Raises:
        NotationError: where it has parts outside its braces, or a unit has not two ends.
    """
    match = _BIG.fullmatch(text.strip())
    if not match:
        raise NotationError(
            "this is BigSMILES with parts outside or inside of each other's braces: only "
            "statistical copolymers without end groups can be read, such as {[$]CC[$],[$]CC(C)[$]}"
        )
    inside = match["inside"].partition(";")[0].strip()
    if _DESCRIPTOR.search(inside) and {"<", ">"} <= set("".join(_DESCRIPTOR.findall(inside))):
        heads = [set(_DESCRIPTOR.findall(each)) for each in inside.split(",")]
        if any(len(ends) == 1 for ends in heads):
            raise NotationError(
                "this BigSMILES joins units of two kinds by turns, such as a diacid and a diamine: "
                "write the repeat unit that they make together"
            )
    return [_unit_of(_without_outer(each.strip())) for each in inside.split(",")]


def bars_of(text: str) -> int:
    """How many bars `|` stand in a text, without those around the tail of a CXSMILES."""
    return _TAIL.sub("", text).count("|")


def _without_outer(inside: str) -> str:
    """A stochastic object's content without its terminal descriptors, which may be empty."""
    inside = inside.removeprefix("[]").removesuffix("[]")
    descriptors = list(_DESCRIPTOR.finditer(inside))
    if len(descriptors) != 4:
        return inside
    first, second, third, fourth = descriptors
    outer_left = first.start() == 0 and first.end() == second.start()
    outer_right = fourth.end() == len(inside) and third.end() == fourth.start()
    return inside[first.end() : fourth.start()] if outer_left and outer_right else inside


def stand_in_ends(texts: Sequence[str]) -> tuple[str, ...]:
    """The elements that stand for `*` in a table, such as `Ce` and `Th`; none where there are none.

    Some programs know no `*` and write two atoms that no polymer holds at the ends of each unit.

    Args:
        texts: SMILES as given.
    """
    pairs = Counter(
        tuple(sorted(found))
        for text in texts
        if "*" not in text and len(found := _EXOTIC_ATOM.findall(text)) == 2
    )
    if not pairs:
        return ()
    pair, count = pairs.most_common(1)[0]
    return tuple(dict.fromkeys(pair)) if count > _MOST * len(texts) else ()


def with_stars(text: str, elements: Collection[str]) -> str:
    """A SMILES in which some elements' atoms are `*`."""
    return _EXOTIC_ATOM.sub(lambda atom: "*" if atom[1] in elements else atom[0], text)


def checked_elements(words: str) -> tuple[str, ...]:
    """The elements that a user says stand for `*`, separated by commas.

    Raises:
        NotationError: for one that may be part of a polymer.
    """
    elements = tuple(word.strip(" []") for word in words.split(",") if word.strip(" []"))
    for element in elements:
        if not re.fullmatch(_EXOTIC, element):
            raise NotationError(
                f"{element!r} cannot stand for `*`: it is no element that polymers do without"
            )
    return elements
