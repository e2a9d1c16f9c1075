"""Other drawings of a polymer, for tests that demand one answer for all of them."""

import random
from collections.abc import Iterator
from itertools import pairwise

from rdkit import Chem

from engine.chem.smiles import parse


def drawings_of(smiles: str, chance: random.Random) -> Iterator[str]:
    """A unit cut elsewhere, of two copies, and that cut elsewhere, its atoms in any order."""
    mol = parse(smiles)
    ends = [atom for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0]
    if len(ends) != 2 or {end.GetBonds()[0].GetBondTypeAsDouble() for end in ends} != {1.0}:
        return
    double = _joined(Chem.CombineMols(mol, mol), mol)
    for drawn in (mol, double):
        yield Chem.MolToSmiles(drawn, doRandom=True)
        path = Chem.GetShortestPath(
            drawn, *(atom.GetIdx() for atom in drawn.GetAtoms() if atom.GetAtomicNum() == 0)
        )[1:-1]
        bonds = [drawn.GetBondBetweenAtoms(*ends) for ends in pairwise(path)]
        cuts = [bond for bond in bonds if bond.GetBondTypeAsDouble() == 1 and not bond.IsInRing()]
        if cuts:
            yield Chem.MolToSmiles(_cut(drawn, chance.choice(cuts)), doRandom=True)


def _joined(two: Chem.Mol, one: Chem.Mol) -> Chem.Mol:
    """Two copies as one unit, the tail of the first bonded to the head of the second."""
    head, tail = (atom for atom in one.GetAtoms() if atom.GetAtomicNum() == 0)
    size, changed = one.GetNumAtoms(), Chem.RWMol(two)
    changed.AddBond(_beside(tail), size + _beside(head), Chem.BondType.SINGLE)
    for end in (size + head.GetIdx(), tail.GetIdx()):
        changed.RemoveAtom(end)
    return parse(Chem.MolToSmiles(changed))


def _cut(mol: Chem.Mol, bond: Chem.Bond) -> Chem.Mol:
    """The same chain with its ends at another bond."""
    changed = Chem.RWMol(mol)
    head, tail = (atom for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0)
    first, second = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
    changed.RemoveBond(first, second)
    for end in (head, tail):
        changed.RemoveBond(end.GetIdx(), _beside(end))
    changed.AddBond(_beside(head), _beside(tail), Chem.BondType.SINGLE)
    for atom, end in ((first, head), (second, tail)):
        changed.AddBond(atom, end.GetIdx(), Chem.BondType.SINGLE)
    Chem.SanitizeMol(changed)
    return changed


def _beside(end: Chem.Atom) -> int:
    return end.GetNeighbors()[0].GetIdx()
