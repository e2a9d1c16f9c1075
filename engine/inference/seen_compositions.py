"""Which compositions a model was trained on, and what of another composition none of them has."""

from collections.abc import Sequence
from functools import cached_property
from hashlib import blake2b

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator

from ..base.wording import listed
from ..chem.architectures import ARCHITECTURES, Architecture
from ..chem.composition import MOST_UNITS, is_composition, read, units_in
from .seen import NEW_ARCHITECTURE, NEW_FRACTION, NEW_NUMBER, NEW_UNIT

MOST_NAMED = 12
"""Of more different fractions than this only the least and the greatest are told."""

_DIGEST = 8
"""Bytes; a bundle tells units by digests, as it holds no structures."""
_NEAR = 0.02
"""Fractions that are no farther apart than this are told as one."""


class SeenCompositions(BaseModel):
    """What the training rows of a property have in common as compositions.

    Attributes:
        units: digests of all their repeat units.
        fractions: all mole fractions of units, in order, where they are few; else the least and the
            greatest. That of a homopolymer is 1.
        few: whether `fractions` are all.
        architectures: all that were named.
        most: the most units of any.
    """

    model_config = ConfigDict(allow_inf_nan=False)

    units: list[str]
    fractions: list[float] = Field(min_length=1, max_length=MOST_NAMED)
    few: bool
    architectures: list[Architecture] = Field(max_length=len(ARCHITECTURES))
    most: int = Field(ge=1, le=MOST_UNITS)

    @field_validator("fractions")
    @classmethod
    def _ascend(cls, fractions: list[float]) -> list[float]:
        if fractions != sorted(fractions) or not 0 <= fractions[0] <= fractions[-1] <= 1:
            raise ValueError("fractions are not in order, or not between 0 and 1")
        return fractions

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.units)

    @classmethod
    def of(cls, texts: Sequence[str]) -> "SeenCompositions":
        """What some rows, one at least, have in common.

        Args:
            texts: canonical, of homopolymers and compositions.
        """
        rows = [read(text) for text in texts if is_composition(text)]
        fractions = {round(each, 3) for row in rows for each in row.fractions}
        fractions |= {1.0} if len(rows) < len(texts) else set()
        few = len(fractions) <= MOST_NAMED
        return cls(
            units=sorted({_digest(unit) for text in texts for unit in units_in(text)}),
            fractions=sorted(fractions) if few else [min(fractions), max(fractions)],
            few=few,
            architectures=sorted({row.architecture for row in rows if row.architecture}),
            most=max([1, *(len(row.units) for row in rows)]),
        )

    def unseen(self, text: str) -> list[str]:
        """What a row has and none of these has, in words; empty where there is nothing.

        Args:
            text: canonical, of a homopolymer or a composition.
        """
        own = [unit for unit in units_in(text) if _digest(unit) not in self._known]
        new = [f"{NEW_UNIT} {unit}" for unit in own]
        if not is_composition(text):
            return new
        row = read(text)
        if len(row.units) > self.most == 1:
            return [*new, f"{NEW_NUMBER} one repeat unit"]
        low, high = self.fractions[0], self.fractions[-1]
        beyond = [each for each in row.fractions if not low - _NEAR <= each <= high + _NEAR]
        if beyond:
            new.append(f"{NEW_FRACTION} {beyond[0]:.3g} ({self.in_words} were seen)")
        # Where none was ever named, none is newer than another: `composition_words` says it once.
        if row.architecture and self.architectures and row.architecture not in self.architectures:
            new.append(f"{NEW_ARCHITECTURE} {row.architecture}")
        if len(row.units) > self.most:
            new.append(f"{NEW_NUMBER} {self.most} repeat units")
        return new

    @property
    def in_words(self) -> str:
        """The fractions that were seen."""
        if not self.few:
            return f"{self.fractions[0]:.3g} to {self.fractions[-1]:.3g}"
        return listed([f"{each:.3g}" for each in self.fractions], most=MOST_NAMED)


def compositions_by_property(
    texts: Sequence[str], labelled: np.ndarray, names: Sequence[str]
) -> dict[str, SeenCompositions]:
    """What the training rows of each property have in common; nothing for one without a label.

    Args:
        texts: of N rows, canonical.
        labelled: shape `(N, K)`, bool.
        names: of the K properties.
    """
    return {
        name: SeenCompositions.of([texts[row] for row in np.flatnonzero(labelled[:, k]).tolist()])
        for k, name in enumerate(names)
        if labelled[:, k].any()
    }


def _digest(unit: str) -> str:
    return blake2b(unit.encode(), digest_size=_DIGEST).hexdigest()
