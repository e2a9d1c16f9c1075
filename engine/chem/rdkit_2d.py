"""RDKit's 2D descriptors of a capped unit; those that share work are made together."""

from collections.abc import Callable, Sequence

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator, rdMolDescriptors

from . import contributions, fragments, topology
from .capped import FUNCTIONS, OUTER_ELECTRONS, Capped, rdkit_values

LEFT_OUT = ("qed", "SPS", "Ipc", "AvgIpc")
"""The first two take 4 ms a unit and combine others. Ipc overflows on large units, and its time, as
that of AvgIpc, grows with the fourth power of the atoms (docs/experiments.md, RDKit's AvgIpc)."""

Maker = Callable[[Capped], Sequence[float] | np.ndarray]
"""Makes some descriptors of a unit."""

_BINNED: dict[str, tuple[int, Maker]] = {
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
    """Different atom environments per heavy atom, up to 1, 2 and 3 bonds wide."""
    heavy = unit.mol.GetNumHeavyAtoms()
    prints = [generator.GetSparseCountFingerprint(unit.mol) for generator in _morgan]
    return [len(bits.GetNonzeroElements()) / heavy if heavy else 0 for bits in prints]


TOGETHER: tuple[tuple[tuple[str, ...], Maker], ...] = (
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
"""The names of descriptors, and the function that makes all of them."""

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
    alone = np.array([rdkit_values(ALONE, unit.mol) for unit in units])
    made = [
        np.array([values(make, len(names), unit) for unit in units]) for names, make in TOGETHER
    ]
    return np.concatenate([alone, *made], axis=1)[:, _ORDER]


def values(make: Maker, size: int, unit: Capped) -> Sequence[float] | np.ndarray:
    """The `size` descriptors that `make` makes of a unit, NaN where it fails."""
    try:
        return make(unit)
    except (ValueError, RuntimeError):
        return np.full(size, np.nan)
