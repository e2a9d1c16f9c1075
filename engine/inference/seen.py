"""What the training units of a property are made of, and what of another unit none of them has."""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel

from ..base.wording import counted, either
from ..settings.conditions import Condition

if TYPE_CHECKING:
    from ..chem.inventory import Inventory

Unseen = dict[str, list[str]]
"""What a unit has and no training unit has, with the properties for which that is so:
`{"iron": ["Tg", "FFV"]}`."""


UNKNOWN_ATOMS = (
    "an element, a charge, a valence, a radical, an isotope, or a number of attachment points or "
    "pieces that no training unit has"
)
"""What a unit has whose values are mere guesses; see `lacks_atoms`."""

_BOND, _RING, _SIZE = "a bond", "a ring of", "as many as"
"""How begins what is new of a unit although its atoms are not."""
NEW_UNIT, NEW_FRACTION, NEW_ARCHITECTURE, NEW_NUMBER, NEW_CONDITION = (
    "the repeat unit",
    "a fraction of",
    "the architecture",
    "more than",
    "the condition",
)
"""How begins what is new of a row although its units' atoms are not."""
_OF_ROWS = (NEW_UNIT, NEW_FRACTION, NEW_ARCHITECTURE, NEW_NUMBER, NEW_CONDITION)


def lacks_atoms(words: str) -> bool:
    """Whether an entry of `Unseen` is about atoms that no training unit has, or about no unit.

    That is so of an element, a charge, a valence, a radical, an isotope, and another number of
    attachment points or pieces, where a model can only guess; not so of a bond, a ring or a size,
    in which known atoms meet: held-out errors are there like those of other units outside the
    domain.
    """
    return not words.startswith((_BOND, _RING, _SIZE, *_OF_ROWS))


class Seen(BaseModel):
    """What the training units of one property are made of, as `Inventory` names it.

    Attributes:
        elements, charges, valences: all that occur.
        bonds, rings: all kinds of bonds as they are written, such as `N=O`, and all sizes of rings;
            None in a bundle that does not say.
        unpaired, isotopes: whether any unit has such.
        stars, pieces: all numbers that occur.
        atoms: the least and the greatest number.
    """

    elements: list[str]
    charges: list[str]
    valences: list[str]
    unpaired: bool
    isotopes: bool
    stars: list[int]
    pieces: list[int]
    atoms: tuple[int, int]
    bonds: list[str] | None = None
    rings: list[int] | None = None

    @classmethod
    def of(cls, units: Sequence["Inventory"]) -> "Seen":
        """What some units, one at least, are made of."""
        return cls(
            elements=sorted(frozenset().union(*(unit.elements for unit in units))),
            charges=sorted(frozenset().union(*(unit.charges for unit in units))),
            valences=sorted(frozenset().union(*(unit.valences for unit in units))),
            unpaired=any(unit.unpaired for unit in units),
            isotopes=any(unit.isotopes for unit in units),
            stars=sorted({unit.stars for unit in units}),
            pieces=sorted({unit.pieces for unit in units}),
            atoms=(min(unit.atoms for unit in units), max(unit.atoms for unit in units)),
            bonds=sorted({written for unit in units for *_, written in unit.bonds}),
            rings=sorted(frozenset().union(*(unit.rings for unit in units))),
        )

    @cached_property
    def _written_bonds(self) -> frozenset[str]:
        return frozenset(self.bonds or ())

    def unseen(self, unit: "Inventory") -> list[str]:
        """What a unit has and none of these has, in words; empty where there is nothing."""
        new = sorted(unit.elements.difference(self.elements))
        # What is said of an element need not be said of its charge again.
        for words, known in ((unit.charges, self.charges), (unit.valences, self.valences)):
            named = sorted(words.difference(known))
            new += [each for each in named if each.partition(" ")[0] in self.elements]
        if self.bonds is not None:
            unknown = sorted(bond for bond in unit.bonds if bond[-1] not in self._written_bonds)
            new += [
                f"{_BOND} {written}{' (aromatic)' if ':' in written else ''}"
                for first, second, written in unknown
                if {first, second} <= {*self.elements}
            ]
        if self.rings is not None:
            new += [f"{_RING} {size} atoms" for size in sorted(unit.rings.difference(self.rings))]
        if unit.unpaired and not self.unpaired:
            new.append("an unpaired electron")
        if unit.isotopes and not self.isotopes:
            new.append("a named isotope")
        if unit.stars not in self.stars:
            new.append(f"{counted(unit.stars, 'attachment point')} (*)")
        if unit.pieces not in self.pieces:
            new.append(f"{unit.pieces} pieces")
        # Not so for few atoms: how short a unit is says how its chain was cut, not what it is.
        if unit.atoms > self.atoms[1]:
            new.append(f"{_SIZE} {unit.atoms} atoms besides hydrogen")
        return new


def seen_by_property(
    units: Sequence["Inventory"], labelled: np.ndarray, names: Sequence[str]
) -> dict[str, Seen]:
    """What the training units of each property are made of; nothing for one without a label.

    Args:
        units: of N rows.
        labelled: shape `(N, K)`, bool.
        names: of the K properties.
    """
    return {
        name: Seen.of([units[row] for row in np.flatnonzero(labelled[:, k]).tolist()])
        for k, name in enumerate(names)
        if labelled[:, k].any()
    }


def unseen_in(seen: Mapping[str, Seen], units: Sequence["Inventory"]) -> list[Unseen]:
    """What each of some units has and no training unit of some properties has.

    Args:
        seen: what training units are made of, by property.
        units: N of them.
    """
    # Properties that one table brought often have the same training units.
    alike: list[tuple[Seen, list[str]]] = []
    for name, own in seen.items():
        same = next((names for other, names in alike if other == own), None)
        if same is None:
            alike.append((own, [name]))
        else:
            same.append(name)
    order = {name: place for place, name in enumerate(seen)}

    def of(unit: "Inventory") -> Unseen:
        unseen: Unseen = {}
        for own, names in alike:
            for words in own.unseen(unit):
                unseen[words] = sorted([*unseen.get(words, ()), *names], key=order.__getitem__)
        return unseen

    return [of(unit) for unit in units]


def unseen_at(
    unseen: Mapping[int, Unseen],
    conditions: Sequence[Condition],
    values: Mapping[str, np.ndarray],
    names: Sequence[str],
) -> dict[int, Unseen]:
    """The same with conditions that no training row had.

    Args:
        unseen: by position, of rows that can be predicted, what units have and no training unit
            has.
        conditions: of the model.
        values: by the condition's name, of all rows.
        names: of the properties, which are all predicted at the conditions.
    """
    found = dict(unseen)
    for condition in conditions:
        for row, words in condition.unseen(values[condition.name]).items():
            if row in found:
                found[row] = {**found[row], f"{NEW_CONDITION} {condition.name} = {words}": [*names]}
    return found


def unseen_sentences(unseen: Unseen, names: Collection[str]) -> list[str]:
    """What no training unit has, a sentence for each set of properties.

    Args:
        unseen: of one unit.
        names: of the properties that are asked for.
    """
    together: dict[tuple[str, ...], list[str]] = {}
    for words, of in unseen.items():
        if own := tuple(name for name in of if name in names):
            together.setdefault(own, []).append(words)
    sentences = []
    for own, named in together.items():
        label = "" if len(own) == len(names) else f" with a label of {either(own)}"
        sentences.append(as_sentence(none_has(named, label)))
    return sentences


def none_has(named: Sequence[str], label: str = "") -> str:
    """That no training unit has something, and of what is new of a row, that no row has.

    Args:
        named: as in `Unseen`.
        label: words behind “unit” or “row”.
    """
    of_rows = [words for words in named if words.startswith(_OF_ROWS)]
    of_units = [words for words in named if words not in of_rows]
    parts = [
        f"no training {what}{label} has {either(own)}"
        for what, own in (("unit", of_units), ("row", of_rows))
        if own
    ]
    return ", and ".join(parts)


def as_sentence(words: str) -> str:
    """The same with a capital at its beginning and a point at its end."""
    return f"{words[:1].upper()}{words[1:]}."
