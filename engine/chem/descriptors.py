"""The descriptor vector of a repeat unit: RDKit 2D, backbone, composition and Morgan counts."""

from collections.abc import Callable
from functools import cache

import numpy as np
from rdkit import Chem
from rdkit.Chem import Descriptors, rdFingerprintGenerator, rdMolDescriptors
from rdkit.Chem.EState import EState_VSA, EStateIndices

from engine.chem import backbone
from engine.chem.smiles import atoms_of, bonds_of, parse

VERSION = 2
"""Raise it whenever a value of any descriptor changes: cached vectors are then made anew."""

MORGAN_SIZE = 1024
ELEMENTS = ("C", "N", "O", "F", "Si", "P", "S", "Cl", "Br", "B")

# Left out: qed and SPS cost 4 ms a molecule and combine others; Ipc overflows on large units, and
# both it and AvgIpc take time with the fourth power of the atoms.
_LEFT_OUT = ("qed", "SPS", "Ipc", "AvgIpc")
# Computed together below, because RDKit's one-by-one functions repeat the shared work.
_IN_BLOCKS = ("EState_VSA", "VSA_EState", "SlogP_VSA", "SMR_VSA", "PEOE_VSA", "BCUT2D")
_ESTATE = ("MaxAbsEStateIndex", "MaxEStateIndex", "MinAbsEStateIndex", "MinEStateIndex")

_morgan = rdFingerprintGenerator.GetMorganGenerator(
    radius=2, fpSize=MORGAN_SIZE, countSimulation=False
)


@cache
def _single_functions() -> dict[str, Callable[[Chem.Mol], float]]:
    return {
        name: function
        for name, function in Descriptors.descList
        if name not in _LEFT_OUT + _ESTATE and not name.startswith(_IN_BLOCKS)
    }


_BLOCKS: dict[str, tuple[int, Callable[[Chem.Mol], object]]] = {
    "SlogP_VSA": (12, rdMolDescriptors.SlogP_VSA_),
    "SMR_VSA": (10, rdMolDescriptors.SMR_VSA_),
    "PEOE_VSA": (14, rdMolDescriptors.PEOE_VSA_),
    "BCUT2D": (8, rdMolDescriptors.BCUT2D),
    "EState_VSA": (11, lambda mol: EState_VSA.EState_VSA_(mol, force=0)),
    "VSA_EState": (10, lambda mol: EState_VSA.VSA_EState_(mol, force=0)),
}


@cache
def names() -> tuple[str, ...]:
    """The descriptors' names, in the vector's order."""
    return (
        *_single_functions(),
        *_ESTATE,
        *(f"{block}_{i + 1}" for block, (size, _) in _BLOCKS.items() for i in range(size)),
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
    mol = parse(smiles)
    capped = _capped(mol)
    vector = np.concatenate(
        [
            [_value(function, capped) for function in _single_functions().values()],
            _estate(capped),
            *(_block(function, size, capped) for size, function in _BLOCKS.values()),
            backbone.backbone_descriptors(mol),
            _composition(mol),
            _morgan.GetCountFingerprintAsNumPy(mol),
        ]
    )
    vector[~np.isfinite(vector)] = np.nan
    return np.clip(vector, -1e30, 1e30).astype(np.float32)


def _capped(mol: Chem.Mol) -> Chem.Mol:
    """The unit with a carbon for each `*`, since RDKit's charges and fragments know no `*`."""
    editable = Chem.RWMol(mol)
    for atom in editable.GetAtoms():
        if atom.GetAtomicNum() == 0:
            atom.SetAtomicNum(6)
            atom.SetNoImplicit(False)
    capped = editable.GetMol()
    try:
        Chem.SanitizeMol(capped)
    except Chem.MolSanitizeException:
        return mol  # an unusual attachment (`*` with many bonds): better some values than none
    return capped


def _value(function: Callable[[Chem.Mol], float], mol: Chem.Mol) -> float:
    try:
        return float(function(mol))
    except (ValueError, RuntimeError, ZeroDivisionError, OverflowError):
        return np.nan


def _block(function: Callable[[Chem.Mol], object], size: int, mol: Chem.Mol) -> np.ndarray:
    try:
        return np.asarray(function(mol), dtype=np.float64)
    except (ValueError, RuntimeError):
        return np.full(size, np.nan)


def _estate(mol: Chem.Mol) -> np.ndarray:
    values = EStateIndices(mol)
    size = np.abs(values)
    return np.array([size.max(), values.max(), size.min(), values.min()])


def _composition(mol: Chem.Mol) -> np.ndarray:
    """Shares of each element among the heavy atoms, and of some kinds among the bonds."""
    symbols = [atom.GetSymbol() for atom in atoms_of(mol) if atom.GetAtomicNum() > 0]
    bonds = bonds_of(mol)
    shares = [symbols.count(element) / len(symbols) for element in ELEMENTS]
    for test in (
        lambda bond: bond.GetIsAromatic(),
        lambda bond: bond.GetBondType() == Chem.BondType.DOUBLE,
        lambda bond: bond.IsInRing(),
    ):
        shares.append(sum(test(bond) for bond in bonds) / max(len(bonds), 1))
    return np.array(shares)
