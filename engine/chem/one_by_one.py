"""RDKit's own descriptor functions, asked one by one."""

from collections.abc import Callable, Iterable

import numpy as np
from rdkit import Chem
from rdkit.Chem import Descriptors

FUNCTIONS: dict[str, Callable[[Chem.Mol], float]] = dict(Descriptors.descList)


def one_by_one(names: Iterable[str], mol: Chem.Mol) -> np.ndarray:
    """The named descriptors of a molecule, NaN where RDKit has no value."""
    return np.array([_value(FUNCTIONS[name], mol) for name in names])


def _value(function: Callable[[Chem.Mol], float], mol: Chem.Mol) -> float:
    try:
        return float(function(mol))
    except (ValueError, RuntimeError, ZeroDivisionError, OverflowError):
        return np.nan
