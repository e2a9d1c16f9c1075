"""Synthetic repeat units, put together from common parts of polymers."""

import numpy as np

_PARTS = (
    "CC",
    "CCCC",
    "C(C)C",
    "CC(C)(C)",
    "C(F)(F)C",
    "CO",
    "OCCO",
    "C(=O)O",
    "C(=O)N",
    "NC(=O)",
    "OC(=O)O",
    "NC(=O)O",
    "S",
    "S(=O)(=O)",
    "[Si](C)(C)O",
    "c1ccc(cc1)",
    "c1cccc(c1)",
    "c1cc(C)c(cc1C)",
    "c1cc(F)c(cc1)",
    "c1ccc(s1)",
    "c1cnc(nc1)",
    "C(c1ccccc1)C",
    "C(C(=O)OC)C",
    "C(C#N)C",
    "C1CCC(CC1)",
    "N1C(=O)c2ccc(cc2C1=O)",
    "c1nc2cc(ccc2o1)",
    "C(C(F)(F)F)(C(F)(F)F)",
)
_FEWEST_PARTS, _MOST_PARTS = 4, 7


def synthetic_units(count: int, excluded: set[str]) -> list[str]:
    """Different repeat units, the same on every call.

    Args:
        count: how many.
        excluded: canonical SMILES that must not be among them.
    """
    from engine.chem.smiles import canonical

    random = np.random.default_rng(2025)
    units: dict[str, None] = {}
    while len(units) < count:
        parts = random.choice(len(_PARTS), random.integers(_FEWEST_PARTS, _MOST_PARTS + 1))
        unit = canonical(f"*{''.join(_PARTS[i] for i in parts)}*")
        if unit not in excluded:
            units[unit] = None
    return list(units)
