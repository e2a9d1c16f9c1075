"""Descriptors of a small molecule beside the repeat unit, such as a solvent."""

from collections.abc import Sequence

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

from .smiles import BadSmilesError, parse


def _share(numbers: Sequence[int], mol: Chem.Mol) -> float:
    atoms = [atom.GetAtomicNum() for atom in mol.GetAtoms()]
    return sum(number in numbers for number in atoms) / max(len(atoms), 1)


_DESCRIPTORS = (
    rdMolDescriptors._CalcMolWt,
    lambda mol: rdMolDescriptors.CalcCrippenDescriptors(mol)[0],  # log P
    lambda mol: rdMolDescriptors.CalcCrippenDescriptors(mol)[1],  # molar refractivity
    rdMolDescriptors.CalcTPSA,
    rdMolDescriptors.CalcNumHBD,
    rdMolDescriptors.CalcNumHBA,
    rdMolDescriptors.CalcNumRotatableBonds,
    rdMolDescriptors.CalcNumRings,
    rdMolDescriptors.CalcNumAromaticRings,
    rdMolDescriptors.CalcFractionCSP3,
    lambda mol: _share((8,), mol),
    lambda mol: _share((7,), mol),
    lambda mol: _share((9, 17, 35, 53), mol),
    Chem.GetFormalCharge,
)
"""Size, polarity, hydrogen bonds, flexibility and composition: what makes one solvent unlike
another, in few enough numbers for a handful of solvents."""

COUNT = len(_DESCRIPTORS)


def small_molecule_descriptors(smiles: Sequence[str | None]) -> np.ndarray:
    """The descriptors of N small molecules.

    Args:
        smiles: N SMILES; None where there is none.

    Returns:
        Shape `(N, COUNT)`, float64, NaN where there is no molecule or it cannot be read.
    """
    known = {text: _descriptors(text) for text in {*smiles} if text is not None}
    nothing = np.full(COUNT, np.nan)
    rows = [nothing if text is None else known[text] for text in smiles]
    return np.array(rows).reshape(len(rows), COUNT)


def _descriptors(smiles: str) -> np.ndarray:
    try:
        # A copy: RDKit keeps some of these numbers in the molecule, where the descriptors of a unit
        # of the same text would find them.
        mol = Chem.Mol(parse(smiles))
    except BadSmilesError:
        return np.full(COUNT, np.nan)
    return np.array([float(make(mol)) for make in _DESCRIPTORS])
