"""A repeat unit in a sentence, for those who do not see its drawing."""

import re
from functools import lru_cache

from rdkit.Chem import rdMolDescriptors

from ..base.wording import counted, listed
from .finding import name_of
from .replacements import count_groups, cut_between_carbons
from .smiles import attachment_points, parse

_STARS = re.compile(r"\*\d*")
_MOST_GROUPS = 8


@lru_cache(maxsize=2000)
def described(smiles: str) -> str:
    """A repeat unit in words: its polymer's name, formula, attachment points, rings and groups.

    Args:
        smiles: of a repeat unit, or of another molecule.

    Returns:
        A sentence such as `Repeat unit of Polystyrene: C8H8, 2 attachment points, 1 ring, with
        1 phenyl group.` The formula counts no `*`. Groups are those of a list of common ones.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    mol = parse(smiles)
    points = attachment_points(mol)
    formula = _STARS.sub("", rdMolDescriptors.CalcMolFormula(mol))
    name, kind = name_of(smiles), "Repeat unit" if points else "Molecule"
    parts = [formula, counted(points, "attachment point")]
    if rings := mol.GetRingInfo().NumRings():
        parts.append(counted(rings, "ring"))
    # A unit may be drawn with its ends inside a group.
    if groups := count_groups(cut_between_carbons(smiles)):
        words = [counted(number, f"{group} group") for group, number in groups.items()]
        parts.append(f"with {listed(words, 'kinds of group', _MOST_GROUPS)}")
    return f"{kind}{f' of {name}' if name else ''}: {', '.join(filter(None, parts))}."
