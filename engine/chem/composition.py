"""A composition of several repeat units, and the text that stands for it wherever a unit's stands.

A copolymer is its repeat units, the mole fraction of each, and an architecture. Its text is
`A|B|0.25|0.75|random`; that of a single unit is the unit's own SMILES, so that a homopolymer is
a composition of one. Two texts of one composition have the same canonical form: units are in
order, equal ones are merged, and those of fraction 0 are left out.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, wraps

from .architectures import Architecture, architecture_of, is_word
from .fractions import fractions_of, is_number
from .notations import BadSmilesError, bars_of, units_of_big_smiles

MOST_UNITS = 6
"""Most repeat units of a composition."""

MAX_TEXT = 15_000
"""Longest text that is read, in characters: `MOST_UNITS` of the longest units, and their fractions.
"""

BAR = "|"

NO_ENDS = (
    "has no `*` where the chain goes on; a salt, a solvent or a filler is a condition, in a column "
    "of its own"
)
"""What is wrong with a unit that is none."""

_WHOLE = 1_000_000
"""Fractions are kept in millionths: whole numbers have one sum, in any order, to the bit."""

_EDGE = re.compile(r"(\d+)-(\d+):([\d.eE+-]+):([\d.eE+-]+)")
"""A bond of wD-MPNN's notation behind its `<`: two ends, and the weight of each direction."""
_END = re.compile(r"[*∗＊⁎]|\[R\d*#?\]|\[[A-Z][a-z]\]")
"""How the end of a chain may be written, by a stand-in element too."""
_CHAIN_LENGTH = re.compile(r"~\d+(\.\d*)?$")
"""How many units a chain has, behind the bonds; it is not read."""
_MAP_NUMBER = re.compile(r"\[(?:\d{1,9})?\*:(\d{1,9})\]")
_ALTERNATES, _MEETS = 0.75, 0.375
"""Shares of bonds between unlike units: above the first a chain alternates, above the second it is
random."""


class NoEndsError(BadSmilesError):
    """A unit of a composition that has no `*`.

    Attributes:
        unit: its text.
    """

    def __init__(self, unit: str) -> None:
        """Say it of a text."""
        super().__init__(f"its unit “{unit[:60]}” {NO_ENDS}")
        self.unit = unit


@dataclass(frozen=True)
class Composition:
    """Repeat units, the mole fraction of each, and how they follow each other.

    Attributes:
        units: one to `MOST_UNITS` different texts, in order.
        millionths: of the moles of all units, the share of each; they add up to a million, but for
            the rounding of equal shares such as thirds.
        architecture: empty where it is not known, or does not matter with one unit.
        moles: the shares as they were given, before they were rounded; how units are merged must
            not depend on how they are spelled.
    """

    units: tuple[str, ...]
    millionths: tuple[int, ...]
    architecture: Architecture = ""
    moles: tuple[float, ...] = field(default=(), repr=False, compare=False)

    @property
    def fractions(self) -> tuple[float, ...]:
        """The mole fraction of each unit, 0 to 1."""
        total = sum(self.millionths)
        return tuple(each / total for each in self.millionths)

    @property
    def text(self) -> str:
        """The text that stands for it; of one unit, the unit's own."""
        shares = [each / _WHOLE for each in self.millionths]
        return self._text([f"{each:g}" if each >= 1e-4 else f"{each:.6f}" for each in shares])

    @property
    def unrounded(self) -> str:
        """The text with more digits than a canonical one has; it is read as the same."""
        return self._text([f"{each:.9f}".rstrip("0") for each in self.moles or self.fractions])

    def _text(self, numbers: Sequence[str]) -> str:
        if len(self.units) == 1:
            return self.units[0]
        return BAR.join(filter(None, [*self.units, *numbers, self.architecture]))

    @classmethod
    def of(
        cls, units: Sequence[str], moles: Sequence[float], architecture: Architecture = ""
    ) -> "Composition":
        """Units in order, equal ones merged, none of fraction 0.

        Args:
            units: U texts.
            moles: of each of them, in any measure; none negative, and not all 0.
            architecture: how they follow each other.

        Raises:
            BadSmilesError: when there are more than `MOST_UNITS` different ones.
        """
        together: dict[str, list[float]] = {}
        for unit, amount in zip(units, moles, strict=True):
            together.setdefault(unit, []).append(amount)
        # Sorted, or the sum would depend on the order of the units.
        amounts = {unit: sum(sorted(together[unit])) for unit in sorted(together)}
        shares = _millionths(list(amounts.values()))
        kept = {unit: share for unit, share in zip(amounts, shares, strict=True) if share}
        total = sum(sorted(amounts.values()))
        if len(kept) > MOST_UNITS:
            raise BadSmilesError(
                f"it holds {len(kept)} different repeat units; the most that is read is "
                f"{MOST_UNITS}"
            )
        return cls(
            tuple(kept),
            tuple(kept.values()),
            architecture if len(kept) > 1 else "",
            tuple(amounts[unit] / total for unit in kept),
        )

    def with_units(
        self, form: Callable[[str], str], periods: Callable[[str, str], float] | None = None
    ) -> "Composition":
        """The same with each unit in another form; units that become equal are merged.

        Args:
            form: of a unit.
            periods: how many times the second text, a unit's form, is held in the first, the unit:
                so many moles are there of it. Once, where it is not given.

        Raises:
            BadSmilesError: when a unit cannot be read.
        """
        units, moles = [], []
        for unit, share in zip(self.units, self.moles or self.fractions, strict=True):
            try:
                units.append(form(unit))
            except BadSmilesError as error:
                raise BadSmilesError(f"its unit “{unit[:60]}”: {error}") from error
            if "*" not in units[-1]:
                raise NoEndsError(unit)
            moles.append(share * (periods(unit, units[-1]) if periods else 1.0))
        return Composition.of(units, moles, self.architecture)


def is_composition(text: str) -> bool:
    """Whether a text is that of several repeat units; the tail of a CXSMILES makes none."""
    return BAR in text and bars_of(text) > 0


def units_in(text: str) -> tuple[str, ...]:
    """The repeat units of a row's canonical text: its own where it is a single unit."""
    if BAR not in text:
        return (text,)
    # In a canonical text nothing but a unit holds `*`; to read it whole takes ten times as long.
    return tuple(field for field in text.split(BAR) if "*" in field)


def of_each_unit(form: Callable[[str], str]) -> Callable[[str], str]:
    """A function of a unit's SMILES, for the text of a composition too."""

    # Of a table's compositions, whose units are few.
    remembered = lru_cache(maxsize=20_000)(form)

    @wraps(form)
    def of_text(text: str) -> str:
        if BAR not in text or not is_composition(text):
            return form(text)
        return read(text).with_units(remembered).text

    return of_text


@lru_cache(maxsize=20_000)
def read(text: str) -> Composition:
    """Read a composition, in any of the notations of one column.

    `A|B|0.25|0.75`, or without the last fraction, which is the rest; an architecture may follow.
    `A.B|0.25|0.75|<1-3:0.5:0.5…`, as wD-MPNN has it: which bonds join the units, and how often,
    tells the architecture (Aldeghi & Coley, Chem. Sci. 13 (2022) 10486, doi:10.1039/D2SC02839E).
    `{[$]A[$],[$]B[$]}|0.25|0.75`: BigSMILES of a statistical copolymer, with fractions behind it
    (Lin et al., ACS Cent. Sci. 5 (2019) 1523, doi:10.1021/acscentsci.9b00476).

    The text of a single unit is that of a homopolymer.

    Args:
        text: the units need not be canonical, and are not looked into.

    Raises:
        BadSmilesError: when it cannot be read as a composition.
    """
    if not is_composition(text):
        return Composition((text.strip(),), (_WHOLE,))
    return composed(*parts_of(text))


def count_units(text: str) -> int:
    """How many repeat units a text lists with a fraction above 0, equal ones counted each.

    Raises:
        BadSmilesError: when it cannot be read as a composition.
    """
    return sum(fraction > 0 for fraction in parts_of(text)[1]) if is_composition(text) else 1


def parts_of(text: str) -> tuple[list[str], list[float], Architecture]:
    """The units of a text as it lists them, the fraction of each, and the architecture.

    Raises:
        BadSmilesError: when it cannot be read as a composition.
    """
    units, fractions, architecture = _listed(text)
    for number, (unit, fraction) in enumerate(zip(units, fractions, strict=True), 1):
        # It will be left out unread, and may be a word in the wrong place.
        if not fraction and not _END.search(unit):
            raise BadSmilesError(f"its unit {number}, “{unit[:60]}”, is no repeat unit")
    return units, fractions, architecture


def _listed(text: str) -> tuple[list[str], list[float], Architecture]:
    """The same, of units that may be any texts."""
    if len(text) > MAX_TEXT:
        raise BadSmilesError(
            f"the composition has {len(text):,} characters; the longest that is read has "
            f"{MAX_TEXT:,}"
        )
    fields = [field.strip() for field in text.strip().split(BAR)]
    architecture: Architecture = ""
    if fields and fields[-1].startswith("<"):
        edges = fields.pop()
        units, architecture = _units_of_edges(fields[:1], edges)
        return units, fractions_of(fields[1:], len(units)), architecture
    if fields and "{" in fields[0]:
        units, fields, architecture = units_of_big_smiles(fields[0]), fields[1:], "random"
    else:
        units = []
        while fields and fields[0] and not _is_word(fields[0]):
            units.append(fields.pop(0))
    word = fields.pop() if fields and not is_number(fields[-1]) else ""
    if not units:
        raise BadSmilesError("it has fractions, and no repeat unit before them")
    # Before the fractions, whose error would hide that it is none.
    architecture_of(word)
    fractions = fractions_of(fields, len(units))
    there = {unit for unit, fraction in zip(units, fractions, strict=True) if fraction}
    return units, fractions, architecture_of(word, len(there)) or architecture


def text_of(
    units: Sequence[str], fractions: Sequence[float], architecture: str = "", digits: int = 6
) -> str:
    """The text of a composition with its units in the order in which they are given.

    Args:
        units: U texts without bars.
        fractions: U of their moles.
        architecture: how they follow each other; empty where it is not known.
        digits: of the fractions.
    """
    numbers = [f"{each:.{digits}f}".rstrip("0").rstrip(".") for each in fractions]
    return BAR.join([*units, *numbers, *filter(None, [architecture])])


def with_units_changed(text: str, form: Callable[[str], str]) -> str:
    """A composition's text with its units in another form; the text itself where none changes.

    Args:
        text: that holds too many units, or cannot be read, stays as it is.
        form: of a unit; what it gives need not be readable.
    """
    try:
        units, fractions, architecture = _listed(text)
    except BadSmilesError:
        return text
    if len(units) > MOST_UNITS:
        return text
    changed = [form(unit) for unit in units]
    return text if changed == units else text_of(changed, fractions, architecture, digits=9)


def composed(
    units: Sequence[str], fractions: Sequence[float], architecture: Architecture = ""
) -> Composition:
    """A composition of repeat units that may be written in any way.

    Args:
        units: U texts.
        fractions: of their moles, U numbers that `fractions_of` gives.
        architecture: how they follow each other.

    Raises:
        BadSmilesError: when a unit is missing, or is no repeat unit.
    """
    for number, unit in enumerate(units, 1):
        if not unit:
            raise BadSmilesError(f"its unit {number} is empty")
        if BAR in unit:
            raise BadSmilesError(f"its unit {number} is a composition itself")
    return Composition.of([unit.strip() for unit in units], fractions, architecture)


def _is_word(field: str) -> bool:
    """Whether a field is a number or an architecture, and no repeat unit."""
    return bool(is_number(field)) or ("*" not in field and is_word(field) and len(field) > 1)


def _units_of_edges(fields: Sequence[str], edges: str) -> tuple[list[str], Architecture]:
    """The units and the architecture of wD-MPNN's notation."""
    units = fields[0].split(".") if fields else []
    owner = _owners_of_ends(units)
    between = within = 0.0
    for edge in _CHAIN_LENGTH.sub("", edges).removeprefix("<").split("<"):
        read = _EDGE.fullmatch(edge.strip())
        try:
            first, second, one, other = read.groups() if read else ("", "", "", "")
            apart = owner[int(first)] != owner[int(second)]
            weights = float(one), float(other)
        except (KeyError, ValueError) as error:
            raise BadSmilesError(
                f"its bond “<{edge[:40]}” joins ends that no unit has, or is not written like "
                "<1-3:0.5:0.5"
            ) from error
        if min(weights) < 0:
            raise BadSmilesError(f"its bond “<{edge[:40]}” has a weight less than 0")
        weight = sum(weights)
        between, within = (between + weight, within) if apart else (between, within + weight)
    total = between + within
    if not 0 < total < math.inf:
        raise BadSmilesError("it has no bond between ends, such as <1-3:0.5:0.5")
    share = between / total
    if share > _ALTERNATES:
        return units, "alternating"
    return units, "random" if share > _MEETS else "block"


def _owners_of_ends(units: Sequence[str]) -> dict[int, int]:
    """The place of the unit that has the end with each number of wD-MPNN's notation."""
    owner: dict[int, int] = {}
    for place, unit in enumerate(units):
        for number in map(int, _MAP_NUMBER.findall(unit)):
            if number in owner:
                raise BadSmilesError(
                    f"two of its ends have the number {number}, as in [*:{number}]: give each its "
                    "own"
                )
            owner[number] = place
    return owner


def _millionths(amounts: Sequence[float]) -> list[int]:
    """Shares of amounts in whole millionths; the largest takes what is missing to a million.

    Not where several are the largest: which of them did would depend on the order of the units,
    which is another one when they are drawn otherwise.
    """
    total = sum(sorted(amounts))
    shares = [round(amount / total * _WHOLE) for amount in amounts]
    if shares.count(max(shares)) == 1:
        shares[shares.index(max(shares))] += _WHOLE - sum(shares)
        return shares
    # As they will be when they are read again.
    whole = sum(shares)
    shares = [round(share / whole * _WHOLE) for share in shares]
    return shares
