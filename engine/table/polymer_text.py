"""What stands for a row's polymer, and why a row cannot be used."""

from typing import NamedTuple


class Problem(NamedTuple):
    """Why a row cannot be used: the kind of fault, and the reason."""

    kind: str
    reason: str


class PolymerText(NamedTuple):
    """What stands for the polymer of a row.

    Attributes:
        text: a unit's SMILES or a composition; None where there is none.
        problem: why there is none; it may still turn out that the text cannot be read.
        given: how many units it names, equal ones counted each.
        shown: what the row holds, for people.
    """

    text: str | None
    problem: Problem | None = None
    given: int = 1
    shown: str = ""


def empty(shown: str = "") -> PolymerText:
    """Of a row whose polymer is not given."""
    return PolymerText(None, Problem("empty_smiles", "the SMILES is empty"), 0, shown)
