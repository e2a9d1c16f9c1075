"""Descriptors that sum or sort what single atoms contribute: charge, logP, area, EState.

Where a shortcut might not hold, RDKit's own functions are used.
"""

from contextlib import nullcontext

import numpy as np
from rdkit.Chem import rdMolDescriptors
from rdkit.Chem.EState import EState_VSA

from ..base.workers import one_thread
from .capped import Capped, rdkit_values
from .skeleton import AROMATIC, DOUBLE, SINGLE, TRIPLE

CHARGE_NAMES = (
    "MaxPartialCharge",
    "MinPartialCharge",
    "MaxAbsPartialCharge",
    "MinAbsPartialCharge",
)
CRIPPEN_NAMES = ("MolLogP", "MolMR")
ESTATE_NAMES = ("MaxAbsEStateIndex", "MaxEStateIndex", "MinAbsEStateIndex", "MinEStateIndex")

# Crippen's (logP, molar refractivity) of a hydrogen on carbon and on aliphatic nitrogen.
_H_ON_CARBON = np.array([0.123, 1.057])
_H_ON_NITROGEN = np.array([0.2142, 0.9627])

# What a bond writes into the Burden matrix, by RDKit's bond type: 1 / sqrt(order).
_BURDEN = np.zeros(AROMATIC + 1)
_BURDEN[[SINGLE, DOUBLE, TRIPLE, AROMATIC]] = 1 / np.sqrt([1, 2, 3, 1.5])
_BURDEN_ELSEWHERE = 0.001
_UNTHREADED = 60
"""Atoms up to which OpenBLAS finds a matrix too small to share out."""


def charge_extremes(unit: Capped) -> np.ndarray:
    """The extremes of Gasteiger's charges, in the order of `CHARGE_NAMES`."""
    if not unit.plain or not np.isfinite(unit.charges).all():
        return rdkit_values(CHARGE_NAMES, unit.mol)
    least, most = unit.charges.min(), unit.charges.max()
    # RDKit's definition: the larger and the smaller size of the two extremes, not of all charges.
    return np.array([most, least, max(abs(least), abs(most)), min(abs(least), abs(most))])


def crippen(unit: Capped) -> np.ndarray:
    """Crippen's logP and molar refractivity without adding hydrogens as atoms first."""
    numbers, hydrogens = unit.atoms.numbers, unit.atoms.hydrogens
    on_carbon = hydrogens[numbers == 6].sum()
    on_nitrogen = hydrogens[(numbers == 7) & ~unit.atoms.aromatic].sum()
    if not unit.plain or on_carbon + on_nitrogen < hydrogens.sum():
        return np.array(rdMolDescriptors.CalcCrippenDescriptors(unit.mol))
    return unit.crippen.sum(axis=0) + on_carbon * _H_ON_CARBON + on_nitrogen * _H_ON_NITROGEN


def burden(unit: Capped) -> np.ndarray:
    """The extreme eigenvalues of four Burden matrices (BCUT2D; Pearlman and Smith, 1999).

    Of each matrix first the largest, then the smallest; the diagonals are mass, Gasteiger charge,
    Crippen's logP and molar refractivity.
    """
    count = len(unit.atoms.numbers)
    if not unit.plain or len(unit.atoms.ends) == 0 or not np.isfinite(unit.charges).all():
        return np.array(rdMolDescriptors.BCUT2D(unit.mol))
    matrix = np.full((count, count), _BURDEN_ELSEWHERE)
    first, second = unit.atoms.ends.T
    matrix[first, second] = matrix[second, first] = _BURDEN[unit.atoms.kinds]
    matrices = np.repeat(matrix[None], 4, axis=0)
    diagonal = np.arange(count)
    matrices[:, diagonal, diagonal] = [unit.atoms.masses, unit.charges, *unit.crippen.T]
    with one_thread() if count > _UNTHREADED else nullcontext():
        return np.linalg.eigvalsh(matrices)[:, [-1, 0]].ravel()


def estate_extremes(unit: Capped) -> np.ndarray:
    """The extremes of the EState indices, in the order of `ESTATE_NAMES`."""
    size = np.abs(unit.estate)
    return np.array([size.max(), unit.estate.max(), size.min(), unit.estate.min()])


def area_by_estate(unit: Capped) -> np.ndarray:
    """The surface area of the atoms in each of 11 ranges of EState (EState_VSA)."""
    bins = np.searchsorted(EState_VSA.estateBins, unit.estate, side="right")
    return np.bincount(bins, weights=unit.areas, minlength=len(EState_VSA.estateBins) + 1)


def estate_by_area(unit: Capped) -> np.ndarray:
    """The EState of the atoms in each of 10 ranges of surface area (VSA_EState)."""
    bins = np.searchsorted(EState_VSA.vsaBins, unit.areas, side="right")
    return np.bincount(bins, weights=unit.estate, minlength=len(EState_VSA.vsaBins) + 1)
