"""How atoms, bonds and descriptors are coded as numbers; needs neither RDKit nor torch."""

from typing import Literal

Basis = Literal["mole", "weight"]
"""What the fractions of a composition are shares of."""

ATOM_FIELDS = {
    "element": 119,  # atomic number; 0 is the attachment point `*`
    "degree": 9,
    "charge": 7,  # formal charge -3…3, shifted by 3
    "hybridisation": 8,
    "hydrogens": 5,
    "chirality": 3,
    "aromatic": 2,
    "in_ring": 2,
}
"""Each atom field with its number of codes; larger values take the last code."""

BOND_FIELDS = {"kind": 5, "conjugated": 2, "in_ring": 2, "stereo": 4}
"""Each bond field with its number of codes; larger values take the last code."""

DESCRIPTOR_GROUPS = {"rdkit_2d": 213, "backbone": 24, "elements": 13, "morgan": 1024}
"""How many numbers of the descriptor vector belong to each group, in the vector's order."""

COMPOSITION_COLUMNS = (
    *("random", "alternating", "block", "graft"),
    *("mixing_entropy", "other_units"),
    *(
        f"{kind}_{level}"
        for kind in ("mean", "least", "greatest", "joined")
        for level in ("filled", "empty", "gap")
    ),
)
"""What a mean over the units of a composition loses, in the order of these numbers; they stand
before the Morgan counts of a model that learned compositions (`features/compositions.py`)."""

FULL_AT = 0.1
"""Fraction of the other units from which a composition is told as one in full; below, what tells it
from a homopolymer fades away, so that a curve over composition ends at the homopolymer's value."""

MASKED_ATOM = (118, 0, 0, 0, 0, 0, 0, 0)
"""The codes of an atom that is hidden from a network: no polymer holds oganesson."""

MASKED_BOND = (4, 0, 0, 3)
"""The codes of a bond that is hidden; no bond that RDKit reads has this kind and this stereo."""
