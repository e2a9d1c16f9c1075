"""A repeat unit in a sentence, for those who do not see its drawing."""

import re
from functools import lru_cache

from rdkit.Chem import rdMolDescriptors

from ..base.wording import clipped, counted, listed
from .composition import Composition, is_composition, read
from .listed_units import name_of
from .panels import percent_words
from .replacements import count_groups, cut_between_carbons
from .smiles import attachment_points, parse

_STARS = re.compile(r"\*\d*")
_MOST_GROUPS = 8


@lru_cache(maxsize=2000)
def described(smiles: str) -> str:
    """A repeat unit in words: its polymer's name, formula, attachment points, rings and groups.

    Args:
        smiles: of a repeat unit, or of another molecule; or the text of a composition.

    Returns:
        A sentence such as `Repeat unit of Polystyrene: C8H8, 2 attachment points, 1 ring, with
        1 phenyl group.` The formula counts no `*`. Groups are those of a list of common ones. Of a
        composition, a sentence for each unit, with its share of the moles.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    if is_composition(smiles):
        return _composition(read(smiles))
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


def _composition(row: Composition) -> str:
    if len(row.units) == 1:
        return described(row.units[0])
    kind = f"{row.architecture.capitalize()} copolymer" if row.architecture else "Composition"
    units = zip(row.units, row.fractions, strict=True)
    sentences = [f"{percent_words(share)}: {described(unit)}" for unit, share in units]
    return f"{kind} of {counted(len(row.units), 'repeat unit')}. {' '.join(sentences)}"


def title_of_composition(text: str) -> str:
    """A composition in a line: `Polystyrene 0.25, Polybutadiene 0.75, random`.

    Args:
        text: of a composition that can be read; of a single unit, its name or SMILES.
    """
    composition = read(text)
    names = [name_of(unit) or clipped(unit, 30) for unit in composition.units]
    if len(names) == 1:
        return names[0]
    parts = [f"{name} {part:.3g}" for name, part in zip(names, composition.fractions, strict=True)]
    return ", ".join([*parts, *filter(None, [composition.architecture])])
