"""RDKit's 2D descriptors of a capped unit, those that share work made together."""

from collections.abc import Callable, Sequence

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator, rdMolDescriptors

from . import contributions, fragments, topology
from .capped import FUNCTIONS, OUTER_ELECTRONS, Capped, one_by_one

# Left out: qed and SPS cost 4 ms a molecule and combine others; Ipc overflows on large units, and
# both it and AvgIpc take time with the fourth power of the atoms.
LEFT_OUT = ("qed", "SPS", "Ipc", "AvgIpc")

_BINNED: dict[str, tuple[int, Callable[[Capped], Sequence[float]]]] = {
    "SlogP_VSA": (12, lambda unit: rdMolDescriptors.SlogP_VSA_(unit.mol)),
    "SMR_VSA": (10, lambda unit: rdMolDescriptors.SMR_VSA_(unit.mol)),
    "PEOE_VSA": (14, lambda unit: rdMolDescriptors.PEOE_VSA_(unit.mol)),
    "BCUT2D": (8, contributions.burden),
    "EState_VSA": (11, contributions.area_by_estate),
    "VSA_EState": (10, contributions.estate_by_area),
}
_morgan = [rdFingerprintGenerator.GetMorganGenerator(radius) for radius in (1, 2, 3)]


def _electrons(unit: Capped) -> list[float]:
    outer = OUTER_ELECTRONS[unit.atoms.numbers].sum() + unit.atoms.hydrogens.sum()
    radicals = sum(atom.GetNumRadicalElectrons() for atom in unit.handles)
    return [outer - Chem.GetFormalCharge(unit.mol), radicals]


def _fingerprint_densities(unit: Capped) -> list[float]:
    """Different atom environments for each heavy atom."""
    heavy = unit.mol.GetNumHeavyAtoms()
    prints = [generator.GetSparseCountFingerprint(unit.mol) for generator in _morgan]
    return [len(bits.GetNonzeroElements()) / heavy if heavy else 0 for bits in prints]


TOGETHER: tuple[tuple[tuple[str, ...], Callable[[Capped], Sequence[float]]], ...] = (
    (("NumValenceElectrons", "NumRadicalElectrons"), _electrons),
    (("FpDensityMorgan1", "FpDensityMorgan2", "FpDensityMorgan3"), _fingerprint_densities),
    (topology.NAMES, topology.topology),
    (fragments.NAMES, lambda unit: fragments.fragments(unit.mol, unit.atoms)),
    (contributions.CHARGE_NAMES, contributions.charge_extremes),
    (contributions.CRIPPEN_NAMES, contributions.crippen),
    (contributions.ESTATE_NAMES, contributions.estate_extremes),
    *(
        (tuple(f"{block}_{i + 1}" for i in range(size)), make)
        for block, (size, make) in _BINNED.items()
    ),
)
"""Names, and the function that makes them all of one unit."""

_MADE = tuple(name for names, _ in TOGETHER for name in names)
_LISTED = tuple(
    name for name in FUNCTIONS if name not in LEFT_OUT and not name.startswith(tuple(_BINNED))
)
ALONE = tuple(name for name in _LISTED if name not in _MADE)
"""The descriptors that RDKit's own functions make one by one."""

NAMES = (
    *(name for name in _LISTED if name not in contributions.ESTATE_NAMES),
    *_MADE[_MADE.index(contributions.ESTATE_NAMES[0]) :],
)
_ORDER = np.array([(*ALONE, *_MADE).index(name) for name in NAMES])


def rdkit_2d(units: Sequence[Capped]) -> np.ndarray:
    """RDKit's descriptors of N capped units.

    Returns:
        Shape `(N, len(NAMES))`, float64, NaN where RDKit has no value.
    """
    alone = np.array([one_by_one(ALONE, unit.mol) for unit in units])
    made = [
        np.array([values(make, len(names), unit) for unit in units]) for names, make in TOGETHER
    ]
    return np.concatenate([alone, *made], axis=1)[:, _ORDER]


def values(
    make: Callable[[Capped], Sequence[float]], size: int, unit: Capped
) -> Sequence[float] | np.ndarray:
    """What `make` gives for a unit; so many NaN where it has no values."""
    try:
        return make(unit)
    except (ValueError, RuntimeError):
        return np.full(size, np.nan)
