"""The descriptor vector of a unit: RDKit 2D, backbone, shares of elements, Morgan counts."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator

from ..base.vocabulary import DESCRIPTOR_GROUPS
from . import backbone, rdkit_2d
from .backbone import backbone_descriptors
from .capped import Capped
from .skeleton import AROMATIC, DOUBLE, Skeleton, skeleton
from .smiles import parse

MORGAN_SIZE = DESCRIPTOR_GROUPS["morgan"]
MORGAN = rdFingerprintGenerator.GetMorganGenerator(
    radius=2, fpSize=MORGAN_SIZE, countSimulation=False
)
ELEMENTS = ("C", "N", "O", "F", "Si", "P", "S", "Cl", "Br", "B")

_NUMBERS = np.array([Chem.GetPeriodicTable().GetAtomicNumber(element) for element in ELEMENTS])


@cache
def names() -> tuple[str, ...]:
    """The descriptors' names, in the vector's order."""
    return (
        *rdkit_2d.NAMES,
        *backbone.NAMES,
        *(f"fraction_{element}" for element in ELEMENTS),
        "fraction_aromatic_bonds",
        "fraction_double_bonds",
        "fraction_ring_bonds",
        *(f"morgan_{i}" for i in range(MORGAN_SIZE)),
    )


def descriptors(smiles: str) -> np.ndarray:
    """The descriptor vector of one repeat unit.

    Args:
        smiles: a repeat unit, best canonical: Gasteiger charges depend a little on atom order.

    Returns:
        Shape `(len(names()),)`, float32, NaN where RDKit has no value.

    Raises:
        BadSmilesError: when it cannot be parsed.
    """
    return descriptor_matrix([parse(smiles)])[0]


def descriptor_matrix(mols: Sequence[Chem.Mol]) -> np.ndarray:
    """The descriptor vectors of N repeat units, each the same as `descriptors` gives.

    Each kind of descriptor is made for all units before the next kind, which is a fifth faster than
    unit after unit, best with 20 to 100 units at a time (docs/experiments.md, shared work of the
    descriptors).

    Args:
        mols: the units as `parse` gives them.

    Returns:
        Shape `(N, len(names()))`, float32, NaN where RDKit has no value.
    """
    atoms = [skeleton(mol) for mol in mols]
    capped = [Capped(*unit) for unit in zip(mols, atoms, strict=True)]
    distances = [unit.distances for unit in capped]
    matrix = np.concatenate(
        [
            rdkit_2d.rdkit_2d(capped),
            [backbone_descriptors(*unit) for unit in zip(mols, atoms, distances, strict=True)],
            [shares_of_elements(skeleton) for skeleton in atoms],
            [MORGAN.GetCountFingerprintAsNumPy(mol) for mol in mols],
        ],
        axis=1,
    )
    matrix[~np.isfinite(matrix)] = np.nan
    return np.clip(matrix, -1e30, 1e30).astype(np.float32)


def shares_of_elements(atoms: Skeleton) -> np.ndarray:
    """Shares of each element among the heavy atoms, and of some kinds among the bonds."""
    elements = (atoms.numbers[:, None] == _NUMBERS).sum(axis=0) / (atoms.numbers > 0).sum()
    bonds = np.stack([atoms.kinds == AROMATIC, atoms.kinds == DOUBLE, atoms.ringed])
    return np.concatenate([elements, bonds.sum(axis=1) / max(len(atoms.kinds), 1)])
