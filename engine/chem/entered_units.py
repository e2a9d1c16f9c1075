"""Repeat units in the order in which they are entered, and the text that keeps that order."""

from contextlib import suppress
from typing import NamedTuple

from .architectures import Architecture
from .composition import BAR, MOST_UNITS, is_composition, parts_of, text_of
from .finding import find
from .notations import BadSmilesError, NotationError, as_smiles
from .smiles import canonical


class EnteredUnits(NamedTuple):
    """One to `MOST_UNITS` repeat units in the order in which they were entered.

    Unlike a `Composition`, it keeps what is not readable yet, equal units, and those of fraction 0.

    Attributes:
        texts: of the units: SMILES, or what may become one.
        shares: the amount of each in moles, in any measure; none is negative.
        architecture: how they follow each other; empty where it is not known.
    """

    texts: tuple[str, ...]
    shares: tuple[float, ...] = (1.0,)
    architecture: Architecture = ""

    @property
    def fractions(self) -> tuple[float, ...]:
        """The mole fraction of each; all alike where no share is above 0."""
        total = sum(self.shares)
        if not total:
            return (1 / len(self.shares),) * len(self.shares)
        return tuple(share / total for share in self.shares)

    @property
    def text(self) -> str:
        """The text that `entered` reads as the same, but for units that are empty yet.

        Of a single unit, it is the unit's own.
        """
        for place, text in enumerate(self.texts):
            if not text and len(self.texts) > 1:
                return self.without(place).text
        if len(self.texts) == 1:
            return self.texts[0]
        return text_of([*map(_bare, self.texts)], self.fractions, self.architecture)

    def with_unit(self, text: str, architecture: Architecture = "") -> "EnteredUnits":
        """One unit more, with an equal part; the others keep their proportions.

        Args:
            text: of the new unit.
            architecture: where there was a single unit.
        """
        count = len(self.texts)
        shares = [each * count / (count + 1) for each in self.fractions]
        known = architecture if count == 1 else self.architecture
        return EnteredUnits((*self.texts, text), (*shares, 1 / (count + 1)), known)

    def without(self, place: int) -> "EnteredUnits":
        """All units but one; of two, a single unit is left."""
        texts = self.texts[:place] + self.texts[place + 1 :]
        shares = self.fractions[:place] + self.fractions[place + 1 :]
        if len(texts) == 1:
            return EnteredUnits(texts)
        # Of units without any share, all are alike.
        return self._replace(texts=texts, shares=shares if sum(shares) else (1.0,) * len(texts))

    def changed(self, place: int, text: str) -> "EnteredUnits":
        """The same with another text of one unit."""
        return self._replace(texts=(*self.texts[:place], text, *self.texts[place + 1 :]))


def entered(text: str) -> EnteredUnits:
    """The units of a composition's text in its order, in any notation that `read` takes.

    Args:
        text: its units may be names of polymers too, where these leave no doubt.

    Raises:
        BadSmilesError: when it cannot be read as a composition.
    """
    units, fractions, architecture = parts_of(text)
    if len(units) > MOST_UNITS:
        raise BadSmilesError(
            f"it holds {len(units)} repeat units; the most that is read is {MOST_UNITS}"
        )
    return EnteredUnits(tuple(map(unit_named, units)), tuple(fractions), architecture)


def with_named_units(text: str) -> str:
    """A composition's text in which SMILES stand for its units' names.

    Raises:
        BadSmilesError: as for `entered`.
    """
    return entered(text).text if is_composition(text) else text


def readable_composition(text: str) -> str:
    """A composition's text as it is, or with SMILES for the names of its units.

    Args:
        text: of a composition.

    Raises:
        BadSmilesError: when neither can be read.
    """
    try:
        canonical(text)
        return text
    except BadSmilesError:
        named = with_named_units(text)
    canonical(named)
    return named


def unit_named(text: str) -> str:
    """The SMILES of a repeat unit that may be named; the text itself where a doubt is left."""
    found = None if "*" in text or not text else find(text)
    return found.only.smiles if found and found.only else text


def _bare(text: str) -> str:
    """A unit's text without bars, which would be taken for those between units."""
    with suppress(NotationError):
        text = as_smiles(text)
    return text.partition(BAR)[0].strip()
