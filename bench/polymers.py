"""Recognising a polymer, whichever part of its chain was drawn as the repeat unit.

`*CC*` and `*CCCC*` are the same polymer, and so are `*CC(*)C` and `*C(C)C*`. For checks of what is
new to a model; PolyGIN itself takes a repeat unit as it was drawn.
"""

from functools import cache
from math import ceil, gcd

from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator

from engine.chem.smiles import parse, without_stereo

_RADIUS = 8
_FEWEST_COPIES = 3
"""In a ring; with fewer, an atom could be its own neighbour."""
_GENERATOR = rdFingerprintGenerator.GetMorganGenerator(
    radius=_RADIUS, includeRedundantEnvironments=True
)


@cache
def polymer(smiles: str) -> frozenset:
    """A key that is the same for all drawings of a polymer, stereochemistry ignored.

    The chain is closed to a ring so wide that no atom's neighbourhood meets itself; the key is how
    often each neighbourhood (Morgan, radius 8) occurs in the shortest period.

    Args:
        smiles: of a repeat unit; without two ends of the chain, the key is its canonical SMILES.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    mol = parse(smiles)
    ends = [atom for atom in mol.GetAtoms() if atom.GetAtomicNum() == 0 and atom.GetDegree() == 1]
    if len(ends) != 2 or mol.GetNumAtoms() < 3:
        return frozenset({without_stereo(smiles)})
    period = len(Chem.GetShortestPath(mol, *(end.GetIdx() for end in ends))) - 2
    ring = _ring(mol, ends, max(ceil((2 * _RADIUS + 3) / period), _FEWEST_COPIES))
    try:
        Chem.SanitizeMol(ring)
    except Chem.MolSanitizeException:
        return frozenset({without_stereo(smiles)})
    counts = _GENERATOR.GetSparseCountFingerprint(ring).GetNonzeroElements()
    common = gcd(*counts.values())
    return frozenset((environment, count // common) for environment, count in counts.items())


def _ring(mol: Chem.Mol, ends: list[Chem.Atom], copies: int) -> Chem.RWMol:
    """A ring of copies, the tail of each bonded to the head of the next, without `*`."""
    head, tail = (end.GetNeighbors()[0].GetIdx() for end in ends)
    kind = ends[0].GetBonds()[0].GetBondType()
    size, ring = mol.GetNumAtoms(), Chem.RWMol()
    for _ in range(copies):
        ring.InsertMol(mol)
    for copy in range(copies):
        following = (copy + 1) % copies
        ring.AddBond(tail + copy * size, head + following * size, kind)
    all_ends = [end.GetIdx() + copy * size for end in ends for copy in range(copies)]
    for atom in sorted(all_ends, reverse=True):
        ring.RemoveAtom(atom)
    return ring
