"""Recognising a polymer, whichever part of its chain was drawn as the repeat unit.

`*CC*` and `*CCCC*` are the same polymer, and so are `*CC(*)C` and `*C(C)C*`. For folds,
duplicates in tables, and what is known of a polymer; stereo marks are left out. Two compositions
are the same where their units, fractions and architecture are, however the units are drawn.
"""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence, Set
from functools import lru_cache
from math import gcd

import numpy as np
from numpy.typing import ArrayLike
from rdkit import Chem

from .composition import is_composition, read
from .repeat_unit import JOINING, canonical_unit
from .smiles import atoms_of, parse, stars_of, without_stereo

_MAYBE_UNJOINABLE = re.compile(
    r"\.|[=#~:$>]\[?\*|\*\]?[=#~:$<\d-]|[A-Za-z\])\d]\*[A-Za-z\[(]|\*[A-Za-z\[(].*\*[A-Za-z\[(]"
)
"""A glance at a canonical SMILES, since to parse it takes much longer."""

_TOKEN = re.compile(r"\[[^\]]*\]|Br|Cl|[A-Za-z*]|%\d\d|\d|[=#]")
_HYDROGEN = 1.008
"""The molar mass of hydrogen, in g/mol."""
_BOND_TO_END = re.compile(r"\*[=#]|[=#]\*")


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
    ends = stars_of(mol)
    if any(end.GetDegree() != 1 for end in ends):
        return "a `*` stands within the chain and not at its end"
    kinds = {end.GetBonds()[0].GetBondType() for end in ends}
    if not kinds <= JOINING:
        return "a `*` hangs on a bond of no definite order"
    return "its two `*` hang on bonds of unlike order" if len(kinds) > 1 else None


@lru_cache(maxsize=20_000)
def unit_mass(smiles: str) -> float:
    """The molar mass of a repeat unit as it is drawn, in g/mol; `*` weighs nothing.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    return sum(
        atom.GetMass() + _HYDROGEN * atom.GetTotalNumHs() for atom in atoms_of(parse(smiles))
    )


def moles_of(units: Sequence[str], weights: Sequence[float]) -> list[float]:
    """Amounts in moles of repeat units from amounts by weight.

    Args:
        units: U SMILES that can be read.
        weights: of each, in any measure.

    Raises:
        BadSmilesError: when a unit cannot be read.
    """
    return [weight / unit_mass(unit) for unit, weight in zip(units, weights, strict=True)]


def weights_of(units: Sequence[str], moles: ArrayLike) -> np.ndarray:
    """Weight fractions of repeat units from amounts in moles, which are not all 0.

    Args:
        units: U SMILES that can be read.
        moles: of each, in any measure, shape `(U,)`, or `(P, U)` of P compositions.

    Returns:
        Of the same shape.

    Raises:
        BadSmilesError: when a unit cannot be read.
    """
    weights = np.asarray(moles, dtype=np.float64) * np.array([unit_mass(unit) for unit in units])
    return weights / weights.sum(axis=-1, keepdims=True)


def with_single_ends(smiles: str) -> str | None:
    """The canonical SMILES of a repeat unit whose `*` hang on single bonds; None if it has none.

    Args:
        smiles: parsable.
    """
    mol = Chem.RWMol(parse(smiles))
    for star in stars_of(mol):
        for bond in star.GetBonds():
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
    """For each repeat unit or composition a text that all drawings of its polymer share.

    Args:
        units: N parsable SMILES without stereo marks, or texts of compositions.
        progress: called every 200 different units and at the end.

    Returns:
        The first of the N that draws the same polymer.
    """
    texts = dict.fromkeys(units)
    first = _first_drawings(
        list(dict.fromkeys(u for text in texts for u in drawn_units(text))), progress
    )
    repeated = {drawn for unit, drawn in first.items() if unit != drawn}
    keys: dict[str, str] = {}
    firsts: dict[str, str] = {}
    for text in texts:
        keys[text] = firsts.setdefault(_key(text, first, repeated), text)
    return [keys[text] for text in units]


def drawn_units(text: str) -> tuple[str, ...]:
    """The repeat units of a row as they are drawn: its own where it is no composition.

    Args:
        text: a SMILES, or the text of a composition.
    """
    return read(text).units


def _key(text: str, first: Mapping[str, str], repeated: Set[str]) -> str:
    """What all drawings of a row's polymer share.

    Args:
        text: of a repeat unit or a composition.
        first: of each unit the first drawing of the same polymer.
        repeated: the first drawings of those that are drawn in several ways.
    """
    if not is_composition(text):
        return first[text]
    # Another drawing may hold more periods of the chain, and so be fewer moles.
    own = read(text)
    if not any(first[unit] in repeated for unit in own.units):
        return own.text
    canonical = canonical_unit(text)
    # Of two drawings of one unit: a homopolymer.
    return canonical if is_composition(canonical) else first[own.units[0]]


def _first_drawings(
    different: Sequence[str], progress: Callable[[int, int], None] | None
) -> dict[str, str]:
    """For each of some different repeat units the first that draws the same polymer."""
    at_a_glance: dict[frozenset, list[str]] = {}
    for unit in different:
        at_a_glance.setdefault(_tokens(unit), []).append(unit)
    first, done = {}, 0
    for group in at_a_glance.values():
        for unit, drawn in _firsts(group):
            first[unit] = drawn
            done += 1
            if progress and (done % 200 == 0 or done == len(different)):
                progress(done, len(different))
    return first


def _firsts(units: list[str]) -> Iterator[tuple[str, str]]:
    """Each of some different units, and the first of them that draws the same polymer."""
    if len(units) == 1:
        yield units[0], units[0]
        return
    alike: dict[frozenset, list[str]] = {}
    for unit in units:
        alike.setdefault(outline(unit), []).append(unit)
    for drawings in alike.values():
        # The full key takes milliseconds, and few units are alike in their outlines.
        by_key: dict[str, str] = {}
        for unit in drawings:
            key = polymer(unit) if len(drawings) > 1 else unit
            yield unit, by_key.setdefault(key, unit)


def _tokens(smiles: str) -> frozenset:
    """What all drawings of a polymer share in their SMILES, and needs no parsing.

    These are the shares of its atoms, double and triple bonds and ring closures. A bond to `*` is
    half of the bond at which the chain was cut.
    """
    counts = Counter(
        "ring" if token[0].isdigit() or token[0] == "%" else token
        for token in _TOKEN.findall(smiles)
    )
    halves = {token: 2 * count for token, count in counts.items() if token not in ("*", "[H]")}
    for bond in _BOND_TO_END.findall(smiles):
        halves[bond.strip("*")] -= 1
    return _shares(halves)


def _shares(counts: Mapping[Hashable, int]) -> frozenset:
    common = gcd(*counts.values()) if counts else 1
    return frozenset((kind, count // common) for kind, count in counts.items())


@lru_cache(maxsize=50_000)
def outline(smiles: str) -> frozenset:
    """What all drawings of a polymer share, and is quickly counted: its atoms' surroundings.

    Args:
        smiles: of a repeat unit.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    atoms = atoms_of(parse(smiles))
    kinds = [
        (atom.GetAtomicNum(), atom.GetDegree(), atom.GetTotalNumHs(), atom.GetIsAromatic())
        for atom in atoms
    ]
    neighbours = [[each.GetIdx() for each in atom.GetNeighbors()] for atom in atoms]
    ends = [number for number, kind in enumerate(kinds) if not kind[0]]
    if len(ends) == 2 and all(len(neighbours[end]) == 1 for end in ends):
        # In the chain, each `*` is the atom that follows.
        (first,), (last,) = (neighbours[end] for end in ends)
        kinds[ends[0]], kinds[ends[1]] = kinds[last], kinds[first]
    return _shares(
        Counter(
            (kinds[number], *sorted(kinds[each] for each in neighbours[number]))
            for number, atom in enumerate(atoms)
            if atom.GetAtomicNum()
        )
    )


@lru_cache(maxsize=50_000)
def polymer(smiles: str) -> str:
    """A key that all drawings of a polymer share: its canonical repeat unit, without stereo marks.

    Args:
        smiles: of a repeat unit, or the text of a composition.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    return canonical_unit(without_stereo(smiles))
