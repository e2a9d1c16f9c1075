"""The columns of a table that say what a row's polymer is, as a user or a model knows them."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from ..base.vocabulary import Basis


class SaidUnits(BaseModel):
    """What a user says of a table's compositions, None where it is to be guessed.

    Attributes:
        units: the columns of repeat units after the first.
        fractions: the columns of their fractions.
        basis: what the fractions are shares of.
        architecture: the column that says how units follow each other; empty where none does.
        one_architecture: that of all rows which say none themselves.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    units: tuple[str, ...] | None = None
    fractions: tuple[str, ...] | None = None
    basis: Basis | None = None
    architecture: str | None = None
    one_architecture: str | None = None


NOTHING_SAID = SaidUnits()
"""Where all of it is to be guessed."""


class PolymerColumns(BaseModel):
    """The columns of a table's compositions, as a model keeps them that learned from it.

    Attributes:
        smiles: of the first repeat unit.
        others: the columns that say the rest.
        whole: what the fractions of a row add up to; None in bundles of before it was kept.
    """

    model_config = ConfigDict(frozen=True)

    smiles: str
    others: SaidUnits
    whole: Literal["one", "hundred", "parts"] | None = None

    @property
    def names(self) -> set[str]:
        """All of them."""
        more = (*(self.others.units or ()), *(self.others.fractions or ()))
        return {self.smiles, *more, *filter(None, [self.others.architecture])}
