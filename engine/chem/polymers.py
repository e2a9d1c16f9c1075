"""Recognising a polymer, whichever part of its chain was drawn as the repeat unit.

`*CC*` and `*CCCC*` are the same polymer, and so are `*CC(*)C` and `*C(C)C*`. For folds over several
tables and for checks of what is new to a model; members take a repeat unit as it was drawn.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from math import gcd

from rdkit import Chem

from .repeat_unit import JOINING, canonical_unit
from .smiles import atoms_of, parse, without_stereo

_MAYBE_UNJOINABLE = re.compile(
    r"\.|[=#~:$>]\[?\*|\*\]?[=#~:$<\d-]|[A-Za-z\])\d]\*[A-Za-z\[(]|\*[A-Za-z\[(].*\*[A-Za-z\[(]"
)
"""A glance at a canonical SMILES, since to parse it takes much longer."""


def joining_problem(smiles: str) -> str | None:
    """Why copies of a repeat unit cannot be joined to a chain; None where they can.

    Args:
        smiles: canonical, with two `*`.
    """
    if not _MAYBE_UNJOINABLE.search(smiles):
        return None
    mol = parse(smiles)
    if len(Chem.GetMolFrags(mol)) > 1:
        return "it is in several pieces"
    ends = [atom for atom in atoms_of(mol) if atom.GetAtomicNum() == 0]
    if any(end.GetDegree() != 1 for end in ends):
        return "a `*` stands within the chain and not at its end"
    kinds = {end.GetBonds()[0].GetBondType() for end in ends}
    if not kinds <= JOINING:
        return "a `*` hangs on a bond of no definite order"
    return "its two `*` hang on bonds of unlike order" if len(kinds) > 1 else None


def with_single_ends(smiles: str) -> str | None:
    """The canonical SMILES of a repeat unit whose `*` hang on single bonds; None if it has none.

    Args:
        smiles: parsable.
    """
    mol = Chem.RWMol(parse(smiles))
    for atom in atoms_of(mol):
        if atom.GetAtomicNum() == 0:
            for bond in atom.GetBonds():
                bond.SetBondType(Chem.BondType.SINGLE)
    try:
        Chem.SanitizeMol(mol)
    except Chem.MolSanitizeException:
        return None
    mended = Chem.MolToSmiles(mol)
    return None if joining_problem(mended) else mended


def polymer_keys(
    units: Sequence[str], progress: Callable[[int, int], None] | None = None
) -> list[str]:
    """For each repeat unit a text that all drawings of its polymer share.

    Args:
        units: N parsable SMILES without stereo marks.
        progress: called every 200 different units and at the end.

    Returns:
        The first of the N units that draws the same polymer.
    """
    alike: dict[frozenset, list[str]] = {}
    different = list(dict.fromkeys(units))
    for done, unit in enumerate(different, start=1):
        alike.setdefault(outline(unit), []).append(unit)
        if progress and (done % 200 == 0 or done == len(different)):
            progress(done, len(different))
    first: dict[str, str] = {}
    for drawings in alike.values():
        # The full key takes milliseconds, and few units are alike at a glance.
        by_key: dict[str, str] = {}
        for unit in drawings:
            key = polymer(unit) if len(drawings) > 1 else unit
            first[unit] = by_key.setdefault(key, unit)
    return [first[unit] for unit in units]


@lru_cache(maxsize=50_000)
def outline(smiles: str) -> frozenset:
    """What all drawings of a polymer share, and is quickly counted: its kinds of atoms.

    Args:
        smiles: of a repeat unit.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    mol = parse(smiles)
    atoms = Counter(
        (atom.GetAtomicNum(), atom.GetDegree(), atom.GetTotalNumHs(), atom.GetIsAromatic())
        for atom in mol.GetAtoms()
        if atom.GetAtomicNum()
    )
    common = gcd(*atoms.values()) if atoms else 1
    return frozenset((kind, count // common) for kind, count in atoms.items())


@lru_cache(maxsize=50_000)
def polymer(smiles: str) -> str:
    """A key that all drawings of a polymer share: its canonical repeat unit, without stereo marks.

    Args:
        smiles: of a repeat unit.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    return canonical_unit(without_stereo(smiles))
