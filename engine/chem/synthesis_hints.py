"""Hints at how hard a repeat unit is to make: its synthetic accessibility, and groups."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from .composition import is_composition, read
from .smiles import BadSmilesError, parse
from .unstable_groups import ALERTS

HARD = 6.0
"""The synthetic accessibility score from which a molecule is called hard to make."""


class SynthesisHints(NamedTuple):
    """What hints at how hard a repeat unit is to make.

    Attributes:
        score: the synthetic accessibility score of the unit between methyl groups, 1 (easy) to 10
            (hard); None where it cannot be said.
        alerts: the names of groups that seldom outlive a polymerisation.
    """

    score: float | None
    alerts: tuple[str, ...]


@lru_cache(maxsize=4096)
def synthesis_hints(smiles: str) -> SynthesisHints:
    """What hints at how hard a repeat unit is to make.

    The synthetic accessibility score is that of Ertl and Schuffenhauer, J. Cheminform. 1 (2009) 8,
    doi:10.1186/1758-2946-1-8, as RDKit brings it: it was made for small molecules, and knows
    nothing of polymerisations. Alerts are patterns of our own.

    Args:
        smiles: of a repeat unit; of a composition, its hardest unit counts, and the alerts of all.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    if is_composition(smiles):
        return _of_all([synthesis_hints(unit) for unit in read(smiles).units])
    # Here: it reads a file of fragments for half a second.
    from rdkit.Contrib.SA_Score import sascorer

    from .capped import capped_molecule

    capped = capped_molecule(parse(smiles))
    try:
        accessibility = round(float(sascorer.calculateScore(capped)), 2)
    except (ValueError, RuntimeError, ZeroDivisionError, TypeError):
        accessibility = None
    alerts = [name for name, pattern in ALERTS if capped.HasSubstructMatch(pattern)]
    return SynthesisHints(accessibility, tuple(alerts))


def _of_all(units: Sequence[SynthesisHints]) -> SynthesisHints:
    scores = [each.score for each in units if each.score is not None]
    alerts = dict.fromkeys(alert for each in units for alert in each.alerts)
    return SynthesisHints(max(scores) if len(scores) == len(units) else None, tuple(alerts))


def hints_or_none(smiles: str) -> SynthesisHints | None:
    """The same; None for what is no repeat unit that can be read."""
    try:
        return synthesis_hints(smiles)
    except BadSmilesError:
        return None
