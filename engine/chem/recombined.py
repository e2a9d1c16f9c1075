"""Made-up repeat units: the backbones of known ones taken apart and put together anew.

A backbone is cut at its single bonds outside rings into blocks, each with its side chains. Blocks
follow each other in a made-up unit only where atoms of these kinds follow each other in a known
one, so that no unit holds bonds which no known one has, such as peroxides.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from rdkit import Chem

from .repeat_unit import beside_end, canonical_unit, cuts_of, path_of, repeats
from .smiles import BadSmilesError, atoms_of, bonds_of, parse

_Kind = tuple[int, bool, bool, int, int, bool, int]
_HEAD, _TAIL = 1, 2
"""Map numbers of the `*` that stand for the neighbours before and after a block."""

_MOST_BLOCKS = 12
_MOST_ATOMS = 90
_TRIES = 6
"""Blocks that may be added until the last one can be followed by the first."""
_MOST_IN_VAIN = 1_000
"""Draws in a row that bring no new unit: it takes them for all that can be made up."""


class Block(NamedTuple):
    """A part of a backbone, in the direction in which it is read."""

    smiles: str
    head: _Kind
    tail: _Kind


_Option = TypeVar("_Option")


class _Wheel(Generic[_Option]):
    """Options that are drawn by their weights."""

    def __init__(self, weights: Mapping[_Option, float]) -> None:
        self._options = list(weights)
        self._sums = np.cumsum(list(weights.values()))

    @property
    def total(self) -> float:
        return float(self._sums[-1])

    def draw(self, random: np.random.Generator) -> _Option:
        place = np.searchsorted(self._sums, random.random() * self._sums[-1], side="right")
        return self._options[min(int(place), len(self._options) - 1)]


class Recombiner:
    """Makes up repeat units from the blocks of known ones."""

    def __init__(self, units: Sequence[str], seed: int) -> None:
        """Take units apart.

        Args:
            units: canonical repeat units without stereo marks; those that are no chain of copies
                lend no blocks.
            seed: of all choices.
        """
        self._random = np.random.default_rng(seed)
        self._known = set(units)
        self._molecules: dict[str, Chem.Mol] = {}
        self._lengths: list[int] = []
        counts: Counter[Block] = Counter()
        # By the kind of an atom, how often atoms of other kinds follow it.
        follow: defaultdict[_Kind, Counter[_Kind]] = defaultdict(Counter)
        for unit in units:
            blocks = list(blocks_of(unit))
            both_ways = blocks, [_turned(block) for block in reversed(blocks)]
            # On its own, a block may have a form that RDKit does not take.
            if not blocks or not all(map(self._can_be_read, chain.from_iterable(both_ways))):
                continue
            self._lengths.append(min(len(blocks), _MOST_BLOCKS))
            for read in both_ways:
                for block, following in zip(read, read[1:] + read[:1], strict=True):
                    counts[block] += 1
                    follow[block.tail][following.head] += 1
        by_head: defaultdict[_Kind, dict[Block, float]] = defaultdict(dict)
        for block, count in counts.items():
            # The square root: rare blocks are what made-up units are for.
            by_head[block.head][block] = count**0.5
        self._follow = follow
        self._next = {kind: _Wheel(each) for kind, each in follow.items()}
        self._blocks = {kind: _Wheel(each) for kind, each in by_head.items()}
        self._starts = _Wheel({kind: each.total for kind, each in self._blocks.items()})

    def units(self) -> Iterator[str]:
        """Canonical repeat units, each once, and none of the known ones.

        It ends when many draws in a row have brought nothing new.
        """
        made, in_vain = set(self._known), 0
        while self._lengths and in_vain < _MOST_IN_VAIN:
            in_vain += 1
            try:
                unit = canonical_unit(self.joined(self._sequence()))
            except (BadSmilesError, Chem.MolSanitizeException, IndexError):
                continue
            if unit not in made and parse(unit).GetNumAtoms() <= _MOST_ATOMS:
                made.add(unit)
                in_vain = 0
                yield unit

    def _sequence(self) -> list[Block]:
        """Blocks of which each may follow the one before, and the first the last.

        Raises:
            IndexError: when the last has no way back to the first.
        """
        blocks = [self._blocks[self._starts.draw(self._random)].draw(self._random)]
        for _ in range(int(self._random.choice(self._lengths)) - 1):
            blocks.append(self._following(blocks[-1]))
        for _ in range(_TRIES):
            if self._follow[blocks[-1].tail][blocks[0].head]:
                return blocks
            blocks.append(self._following(blocks[-1]))
        raise IndexError("no way back to the first block")

    def _following(self, block: Block) -> Block:
        return self._blocks[self._next[block.tail].draw(self._random)].draw(self._random)

    def joined(self, blocks: Sequence[Block]) -> str:
        """The SMILES of a unit of some blocks of known ones."""
        unit = Chem.RWMol(self._molecules[blocks[0].smiles])
        for block in blocks[1:]:
            first_new = unit.GetNumAtoms()
            unit.InsertMol(self._molecules[block.smiles])
            marks = {
                (atom.GetAtomMapNum(), atom.GetIdx() >= first_new): atom.GetIdx()
                for atom in atoms_of(unit)
                if atom.GetAtomMapNum()
            }
            tail, head = marks[_TAIL, False], marks[_HEAD, True]
            unit.AddBond(beside_end(unit, tail), beside_end(unit, head), Chem.BondType.SINGLE)
            for end in sorted((tail, head), reverse=True):
                unit.RemoveAtom(end)
        Chem.SanitizeMol(unit)
        return Chem.MolToSmiles(unit)

    def _can_be_read(self, block: Block) -> bool:
        if block.smiles not in self._molecules:
            mol = Chem.MolFromSmiles(block.smiles)
            if mol is None:
                return False
            self._molecules[block.smiles] = mol
        return True


def blocks_of(smiles: str) -> Iterator[Block]:
    """The blocks of a unit's backbone, in the order of the chain."""
    unit = parse(smiles)
    if not repeats(unit):
        return
    path = path_of(unit)
    cut = Chem.RWMol(unit)
    for first, second in [*pairwise(path[:2]), *cuts_of(unit), *pairwise(path[-2:])]:
        cut.RemoveBond(first, second)
    pieces = [(_on(path, atoms), set(atoms)) for atoms in Chem.GetMolFrags(cut)]
    # The first and the last are the unit's ends.
    for inner, atoms in sorted(pieces, key=lambda piece: path.index(piece[0][0]))[1:-1]:
        yield _block(unit, atoms, inner[0], inner[-1])


def _on(path: list[int], atoms: Sequence[int]) -> list[int]:
    """Those of some atoms that lie on the backbone, in its order."""
    return [atom for atom in path if atom in atoms]


def _block(unit: Chem.Mol, atoms: set[int], head: int, tail: int) -> Block:
    """The block of some atoms of a unit."""
    part = Chem.RWMol(unit)
    for bond in bonds_of(unit):
        first, second = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        if (first in atoms) != (second in atoms):
            part.RemoveBond(first, second)
    for number, atom in ((_HEAD, head), (_TAIL, tail)):
        mark = Chem.Atom(0)
        mark.SetAtomMapNum(number)
        part.AddBond(part.AddAtom(mark), atom, Chem.BondType.SINGLE)
    for atom in sorted({*range(unit.GetNumAtoms())} - atoms, reverse=True):
        part.RemoveAtom(atom)
    kinds = [_kind(unit.GetAtomWithIdx(atom)) for atom in (head, tail)]
    return Block(Chem.MolToSmiles(part), *kinds)


def _turned(block: Block) -> Block:
    """The block as it is read from the other end."""
    marks = {f":{_HEAD}]": f":{_TAIL}]", f":{_TAIL}]": f":{_HEAD}]"}
    parts = block.smiles.split("[*")
    turned = [marks[part[:3]] + part[3:] for part in parts[1:]]
    return Block("[*".join([parts[0], *turned]), block.tail, block.head)


def _kind(atom: Chem.Atom) -> _Kind:
    """What an atom must have in common with those that have stood in its place."""
    to_hetero = any(
        bond.GetBondType() == Chem.BondType.DOUBLE
        and bond.GetOtherAtom(atom).GetAtomicNum() in (7, 8, 16)
        for bond in atom.GetBonds()
    )
    return (
        atom.GetAtomicNum(),
        atom.GetIsAromatic(),
        atom.IsInRing(),
        atom.GetDegree(),
        atom.GetTotalNumHs(),
        to_hetero,
        atom.GetFormalCharge(),
    )
