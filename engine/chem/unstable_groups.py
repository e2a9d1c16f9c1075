"""Groups that a polymer seldom has for long, or that are hardly made: of one table, two uses.

A unit that has one of `ALERTS` is warned of. A variant that has more of them than the unit it was
made from, or more of what is unlikely beside them, is not offered: where a program makes units,
nobody has said that they exist.
"""

from rdkit import Chem

_ALERTS = (
    ("peroxide", "[OX2][OX2]"),
    ("azide", "[$([NX1-]=[NX2+]=[NX2]),$([NX2]=[NX2+]=[NX1-])]"),
    ("diazo group", "[#6]=[N+]=[N-]"),
    ("acyl halide", "[CX3](=O)[F,Cl,Br,I]"),
    ("isocyanate", "[NX2]=C=O"),
    ("open anhydride", "[CX3](=O)[OX2;!R][CX3](=O)"),
    ("epoxide or aziridine", "[C]1[O,N]C1"),
    ("nitrogen or oxygen bound to halogen", "[N,O][F,Cl,Br,I]"),
    ("N–O single bond", "[NX3;!$([N+])][OX2]"),
    ("geminal diol or hemiacetal", "[CX4]([OX2H])[OX2]"),
    ("enol", "[CX3;!$(C=O);!a]([OX2H])=[CX3;!a]"),
    ("thiol", "[SX2H]"),
    ("cumulated double bonds", "[CX3]=[CX2]=[CX3]"),
    ("three heteroatoms in a row", "[N,O,S;X2,X3;!R][N,O,S;X2,X3;!R][N,O,S;X2,X3;!R]"),
    ("radical or open valence", "[#6;v1,v2,v3;+0]"),
)
_UNLIKELY_BESIDE = (
    # Other bonds between heteroatoms, such as a hydrazine's or a disulfide's.
    "[#7+0,#8+0,#16X2,F,Cl,Br]-!@[#7+0,#8+0,#16X2,F,Cl,Br]",
    # Aminals, and what loses HF; enamines, and enols of imines.
    "[OX2H,NX3H2][CX4][#7,#8,F,Cl,Br]",
    "[OX2H,NX3H2][CX3]=[#6,#7]",
    # Acyl cyanides, carbamic acids, cyanates.
    "[CX3](=O)C#N",
    "[OX2H]C(=O)[#7,#8]",
    "[#7,#8,#16]C#N",
    # Silicon with what water takes off, and bonds of silicon that are hardly known.
    "[Si][OX2H,NX3H2,F,Cl,Br,$(C=O),$(C#N),$(S=O),$([NX3+])]",
    "[#7,#8,#16]-[NX3+](=O)[O-]",
)

ALERTS = tuple((name, Chem.MolFromSmarts(smarts)) for name, smarts in _ALERTS)
"""By name, the groups that seldom outlive a polymerisation, or make a polymer dangerous."""

UNLIKELY = (
    *(pattern for _, pattern in ALERTS),
    *(Chem.MolFromSmarts(smarts) for smarts in _UNLIKELY_BESIDE),
)
"""These, and what else is not stable or not made."""
