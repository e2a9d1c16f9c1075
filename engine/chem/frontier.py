"""Frontier levels of a chain's π electrons by Hückel's method, for single units and joined ones.

How easily a conjugated chain takes up or gives away an electron follows from its lowest empty and
its highest filled level, and in a copolymer from those of the units together. Hückel, Z. Phys. 70
(1931) 204, doi:10.1007/BF01339530, with the parameters of Van-Catledge, J. Org. Chem. 45 (1980)
4801, doi:10.1021/jo01312a005; bromine and iodine, which it lacks, are taken for chlorine.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np
from rdkit import Chem

from .repeat_unit import repeats
from .smiles import atoms_of, bonds_of, parse, stars_of

_ONE = {5: -0.45, 6: 0.0, 7: 0.51, 8: 0.97, 14: 0.0, 15: 0.19, 16: 0.46}
"""h of an atom that gives one electron, by its atomic number."""
_TWO = {7: 1.37, 8: 2.09, 9: 2.71, 15: 0.75, 16: 1.11, 17: 1.48, 35: 1.48, 53: 1.48}
"""h of an atom that gives two: a lone pair."""
_PAIRS = {(6, 6): 1.0, (6, 7): 1.02, (6, 8): 1.06, (6, 16): 0.81, (7, 7): 1.09, (7, 8): 1.14}
"""k of a bond between atoms that give one electron each."""
_BESIDE_TWO = {7: 0.89, 8: 0.66, 9: 0.52, 15: 0.76, 16: 0.69, 17: 0.62, 35: 0.62, 53: 0.62}
"""k of a bond to an atom that gives two."""
_OTHER_PAIR = 0.9
_SINGLE = 0.9
"""What is left of k where a bond between π systems is a single one: it is longer, and may turn."""
_CATION = 1.0
"""Added to h of an atom of positive charge."""
_NO_LEVEL = 2.5
"""|α − E| / |β| of a chain without π electrons, or without an empty level: that of σ bonds."""


class Levels(NamedTuple):
    """Levels (α − E)/|β|, without unit: higher numbers are lower energies.

    Attributes:
        filled: the highest filled level.
        empty: the lowest empty one.
    """

    filled: float
    empty: float


class _Site(NamedTuple):
    """An atom with a p orbital."""

    number: int
    electrons: int


class _Pi(NamedTuple):
    """The π electrons of a unit; an end is None where the atom beside it is no site."""

    matrix: np.ndarray
    sites: list[_Site]
    ends: tuple[int | None, int | None]

    @property
    def electrons(self) -> int:
        return sum(site.electrons for site in self.sites)

    @property
    def reversed(self) -> "_Pi":
        """The same unit, which its other end comes first of."""
        return self._replace(ends=self.ends[::-1])


def frontier_levels(units: Sequence[str]) -> Levels:
    """The frontier levels of a chain in which some units follow each other, over and over.

    Units follow each other either way round, since a unit's SMILES begins at either of its ends:
    of several, the levels are means over all ways.

    Args:
        units: canonical SMILES; of one that cannot be joined, the levels are its own.

    Raises:
        BadSmilesError: when one cannot be read.
    """
    return _levels(tuple(units))


@lru_cache(maxsize=50_000)
def _levels(units: tuple[str, ...]) -> Levels:
    first, *others = (_pi_of(unit) for unit in units)
    ways = product(*([part, part.reversed] for part in others))
    return Levels(*np.mean([_of_chain([first, *way]) for way in ways], axis=0).tolist())


def _of_chain(parts: Sequence[_Pi]) -> Levels:
    """The levels of a chain of units in one way round each."""
    count = sum(len(part.sites) for part in parts)
    if not count:
        return Levels(_NO_LEVEL, -_NO_LEVEL)
    filled = min(-(-sum(part.electrons for part in parts) // 2), count)
    # A band's edges are where neighbouring cells have the same phase, or opposite ones.
    bands = np.array([np.linalg.eigvalsh(_cell(parts, phase))[::-1] for phase in (1, -1)])
    empty = bands[:, filled].max() if filled < count else -_NO_LEVEL
    return Levels(float(bands[:, filled - 1].min()), float(empty))


def _cell(parts: Sequence[_Pi], phase: int) -> np.ndarray:
    """The Hückel matrix of the units, the last joined to the first of the next cell."""
    starts = np.cumsum([0, *(len(part.sites) for part in parts)])
    matrix = np.zeros((starts[-1], starts[-1]))
    for part, start in zip(parts, starts, strict=False):
        own = slice(start, start + len(part.sites))
        matrix[own, own] = part.matrix
    for number, part in enumerate(parts):
        following = (number + 1) % len(parts)
        tail, head = part.ends[1], parts[following].ends[0]
        if tail is None or head is None:
            continue
        bond = _bond(part.sites[tail], parts[following].sites[head], is_single=True)
        bond *= 1 if following else phase
        first, second = starts[number] + tail, starts[following] + head
        matrix[first, second] += bond
        matrix[second, first] += bond
    return matrix


@lru_cache(maxsize=20_000)
def _pi_of(unit: str) -> _Pi:
    mol = parse(unit)
    sites: dict[int, _Site] = {}
    levels = []
    for atom in atoms_of(mol):
        electrons = _given(atom)
        if electrons:
            sites[atom.GetIdx()] = _Site(atom.GetAtomicNum(), electrons)
            own = (_TWO if electrons == 2 else _ONE).get(atom.GetAtomicNum(), 0.0)
            levels.append(own + _CATION * (atom.GetFormalCharge() > 0))
    places = {atom: place for place, atom in enumerate(sites)}
    matrix = np.diag(np.array(levels, dtype=float))
    for bond in bonds_of(mol):
        first, second = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        if first in sites and second in sites:
            single = bond.GetBondTypeAsDouble() < 1.5
            value = _bond(sites[first], sites[second], single)
            matrix[places[first], places[second]] = matrix[places[second], places[first]] = value
    beside = [star.GetNeighbors()[0].GetIdx() for star in stars_of(mol)] if repeats(mol) else []
    head, tail = [places.get(atom) for atom in beside] or [None, None]
    return _Pi(matrix, list(sites.values()), (head, tail))


def _given(atom: Chem.Atom) -> int:
    """How many electrons an atom gives to the π system: 0, 1, or 2 of a lone pair."""
    number, charge = atom.GetAtomicNum(), atom.GetFormalCharge()
    if not number:
        return 0
    if any(bond.GetBondTypeAsDouble() > 1 for bond in atom.GetBonds()):
        return 2 if atom.GetIsAromatic() and not charge and _has_pair_in_ring(atom) else 1
    if number in _TWO and charge <= 0 and _is_beside_multiple(atom):
        return 2
    return 0


def _has_pair_in_ring(atom: Chem.Atom) -> bool:
    """Whether an aromatic atom gives a lone pair, as those of pyrrole, furan and thiophene do."""
    if atom.GetAtomicNum() in (7, 15):
        return atom.GetTotalDegree() == 3
    return atom.GetAtomicNum() in _TWO


def _is_beside_multiple(atom: Chem.Atom) -> bool:
    return any(
        bond.GetBondTypeAsDouble() > 1 for near in atom.GetNeighbors() for bond in near.GetBonds()
    )


def _bond(one: _Site, other: _Site, is_single: bool) -> float:
    """k of the bond between two sites."""
    pairs = [_BESIDE_TWO[site.number] for site in (one, other) if site.electrons == 2]
    if pairs:
        value = min(pairs)
    else:
        low, high = sorted((one.number, other.number))
        value = _PAIRS.get((low, high), _OTHER_PAIR)
    return value * (_SINGLE if is_single else 1.0)
