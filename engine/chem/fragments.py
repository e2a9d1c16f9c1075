"""RDKit's fragment counts (`fr_*`), without a search for fragments that cannot be there."""

import inspect
import re
from functools import cache, lru_cache

import numpy as np
from rdkit import Chem
from rdkit.Chem import Fragments

from .skeleton import Skeleton

NAMES = tuple(name for name, _ in Fragments.fns)

Kind = tuple[str, int]
"""A kind of atom that a query may ask for: `("AtomicNum", 7)`, or `("Type", 1007)`, RDKit's code
of an aromatic nitrogen."""

_KIND = re.compile(r"Atom(Type|AtomicNum) (\d+) = val")


def fragments(mol: Chem.Mol, atoms: Skeleton) -> np.ndarray:
    """How often each of RDKit's fragments occurs in a molecule, in the order of `NAMES`."""
    kinds = frozenset((atoms.numbers + 1000 * atoms.aromatic).tolist())
    counts = np.zeros(len(NAMES))
    for index, pattern in _possible(kinds):
        counts[index] = len(mol.GetSubstructMatches(pattern))
    return counts


@lru_cache(maxsize=1000)
def _possible(kinds: frozenset[int]) -> list[tuple[int, Chem.Mol]]:
    """The patterns that atoms of these types may match, each with its index."""
    present = {("Type", kind) for kind in kinds} | {("AtomicNum", kind % 1000) for kind in kinds}
    return [
        (index, pattern)
        for index, (pattern, needed) in enumerate(_patterns())
        if all(any(choice <= present for choice in choices) for choices in needed)
    ]


@cache
def _patterns() -> list[tuple[Chem.Mol, list[list[set[Kind]]]]]:
    """Each fragment's pattern, and the kinds of atoms that it needs."""
    patterns = [
        inspect.signature(count).parameters["pattern"].default for _, count in Fragments.fns
    ]
    return [(pattern, _needed(pattern)) for pattern in patterns]


def _needed(pattern: Chem.Mol) -> list[list[set[Kind]]]:
    """The kinds of atoms that a pattern needs: of every list, all kinds of at least one set.

    In SMARTS `&` binds closer than `,` and `,` closer than `;`.
    """
    clauses = []
    for atom in pattern.GetAtoms():
        text = atom.GetSmarts()
        inside = text[1:-1] if text.startswith("[") else text
        for clause in _split(inside, ";"):
            clauses.append([_kinds(choice) for choice in _split(clause, ",")])
    return clauses


def _kinds(primitives: str) -> set[Kind]:
    """The kinds of atoms that primitives joined by `&` ask for."""
    kinds: set[Kind] = set()
    for primitive in _split(primitives, "&"):
        if primitive.startswith("$("):
            clauses = _needed(Chem.MolFromSmarts(primitive[2:-1]))
            kinds.update(*(choices[0] for choices in clauses if len(choices) == 1))
        elif not primitive.startswith("!"):
            query = Chem.MolFromSmarts(f"[{primitive}]").GetAtomWithIdx(0).DescribeQuery()
            if match := _KIND.fullmatch(query.strip()):
                kinds.add((match[1], int(match[2])))
    return kinds


def _split(text: str, mark: str) -> list[str]:
    """The parts of a text between marks that stand outside brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        if letter == mark and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
