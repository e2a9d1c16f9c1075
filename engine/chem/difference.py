"""Where two repeat units differ: the atoms outside the largest part that they share."""

from collections.abc import Sequence

from rdkit import Chem
from rdkit.Chem import rdFMCS

from .smiles import parse, release_interrupts

_SECONDS = 1
"""After which the largest shared part so far is taken."""


def differing_atoms(one: str, other: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The atoms of each of two repeat units that the other one lacks, by their numbers.

    They are those outside the maximum common substructure, in which elements, orders of bonds and
    whole rings agree, and stereo marks do not count: Dalke and Hastings, J. Cheminform. 5 (2013)
    O6, doi:10.1186/1758-2946-5-S1-O6.

    Args:
        one, other: of repeat units; best canonical ones, which cut like chains alike.

    Raises:
        BadSmilesError: when one cannot be read.
    """
    mols = parse(one), parse(other)
    found = rdFMCS.FindMCS(
        [*mols],
        timeout=_SECONDS,
        atomCompare=rdFMCS.AtomCompare.CompareElements,
        bondCompare=rdFMCS.BondCompare.CompareOrderExact,
        ringMatchesRingOnly=True,
        completeRingsOnly=True,
    )
    release_interrupts()
    shared = Chem.MolFromSmarts(found.smartsString) if found.numAtoms else None
    return _outside(mols[0], shared), _outside(mols[1], shared)


def _outside(mol: Chem.Mol, shared: Chem.Mol | None) -> tuple[int, ...]:
    match: Sequence[int] = mol.GetSubstructMatch(shared) if shared else ()
    return tuple(sorted({*range(mol.GetNumAtoms())}.difference(match)))
