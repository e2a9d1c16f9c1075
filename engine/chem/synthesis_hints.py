"""Hints at how hard a repeat unit is to make: a score of its complexity, and unstable groups."""

from functools import lru_cache
from typing import NamedTuple

from rdkit import Chem

from .skeleton import skeleton
from .smiles import BadSmilesError, parse

HARD = 6.0
"""The score from which a molecule is called hard to make."""

# Groups that seldom outlive a polymerisation, or that make a polymer dangerous to handle.
_ALERTS = (
    ("peroxide", "[OX2][OX2]"),
    ("azide", "[$([NX1-]=[NX2+]=[NX2]),$([NX2]=[NX2+]=[NX1-])]"),
    ("diazo group", "[#6]=[N+]=[N-]"),
    ("acyl halide", "[CX3](=O)[F,Cl,Br,I]"),
    ("isocyanate", "[NX2]=C=O"),
    ("open anhydride", "[CX3](=O)[OX2;!R][CX3](=O)"),
    ("epoxide or aziridine", "[C]1[O,N]C1"),
    ("nitrogen or oxygen bound to halogen", "[N,O][F,Cl,Br,I]"),
    ("N–O single bond", "[NX3;!$([N+])][OX2]"),
    ("geminal diol or hemiacetal", "[CX4]([OX2H])[OX2]"),
    ("enol", "[CX3;!$(C=O);!a]([OX2H])=[CX3;!a]"),
    ("thiol", "[SX2H]"),
    ("cumulated double bonds", "[CX3]=[CX2]=[CX3]"),
    ("three heteroatoms in a row", "[N,O,S;X2,X3;!R][N,O,S;X2,X3;!R][N,O,S;X2,X3;!R]"),
    ("radical or open valence", "[#6;v1,v2,v3;+0]"),
)
_PATTERNS = [(name, Chem.MolFromSmarts(smarts)) for name, smarts in _ALERTS]


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

    The score is that of Ertl and Schuffenhauer, J. Cheminform. 1 (2009) 8,
    doi:10.1186/1758-2946-1-8, as RDKit brings it: it was made for small molecules, and knows
    nothing of polymerisations. Alerts are patterns of our own.

    Args:
        smiles: of a repeat unit.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    # Here: it reads a file of fragments for half a second.
    from rdkit.Contrib.SA_Score import sascorer

    from .capped import Capped

    unit = parse(smiles)
    capped = Capped(unit, skeleton(unit)).mol
    try:
        score = round(float(sascorer.calculateScore(capped)), 2)
    except (ValueError, RuntimeError, ZeroDivisionError, TypeError):
        score = None
    alerts = [name for name, pattern in _PATTERNS if capped.HasSubstructMatch(pattern)]
    return SynthesisHints(score, tuple(alerts))


def hints_or_none(smiles: str) -> SynthesisHints | None:
    """The same; None for what is no repeat unit that can be read."""
    try:
        return synthesis_hints(smiles)
    except BadSmilesError:
        return None
