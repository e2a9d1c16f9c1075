"""A repeat unit with one of its groups replaced by hydrogen, a methylene or a methyl group."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from rdkit import Chem

from .repeat_unit import (
    beside_end,
    cut_at,
    cuts_of,
    ends_of,
    hangs_on_singles,
    remove_atoms,
    repeats,
)
from .smiles import BadSmilesError, attachment_points, canonical, parse


class Replacement(NamedTuple):
    """A repeat unit with one group replaced.

    Attributes:
        group: its name, such as `nitrile`.
        by: what stands in its place: `H`, `CH2`, `CH2CH2` or `a single bond`.
        atoms: those of the group, by their numbers in the unit.
        smiles: of the changed unit, canonical.
    """

    group: str
    by: str
    atoms: tuple[int, ...]
    smiles: str


# The first that fits an atom has it, so that larger groups come before their parts.
_GROUPS = (
    ("urethane", "[OX2;!R]C(=O)[NX3;!R]", 2),
    ("urea", "[NX3;!R]C(=O)[NX3;!R]", 2),
    ("carbonate", "[OX2;!R]C(=O)[OX2;!R]", 2),
    ("methyl ester", "C(=O)[OX2][CH3]", 0),
    ("acetoxy", "[OX2]C(=O)[CH3]", 0),
    ("carboxylic acid", "C(=O)[OX2H]", 0),
    ("primary amide", "C(=O)[NX3H2]", 0),
    ("ester", "C(=O)[OX2;!R;!$(O(C=O)C=O)]", 2),
    ("amide", "C(=O)[NX3;!R]", 2),
    ("sulfonic acid", "S(=O)(=O)[OX2H]", 0),
    ("sulfone", "[SX4;!R](=O)(=O)", 1),
    ("nitro", "[NX3+](=O)[O-]", 0),
    ("nitrile", "C#N", 0),
    ("trifluoromethyl", "C(F)(F)F", 0),
    ("trimethylsilyl", "[Si]([CH3])([CH3])[CH3]", 0),
    ("dimethylsilylene", "[SiX4;!R]([CH3])[CH3]", 1),
    ("tert-butyl", "C([CH3])([CH3])[CH3]", 0),
    ("aldehyde", "[CX3H;$(C[#6])]=O", 0),
    ("ketone", "[CX3;!R;$(C([#6,#0])[#6,#0])]=O", 1),
    ("phenyl", "c1[cH][cH][cH][cH][cH]1", 0),
    ("phenylene", "c1[cH]c[cH][cH][cH]1", 1),
    ("phenylene", "c1[cH][cH]c[cH][cH]1", 1),
    ("pyridyl", "c1[cH][cH]n[cH][cH]1", 0),
    ("cyclohexyl", "[CH]1[CH2][CH2][CH2][CH2][CH2]1", 0),
    ("hydroxyl", "[OX2H]", 0),
    ("methoxy", "[OX2][CH3]", 0),
    ("amine", "[NX3H2;!$(NC=O)]", 0),
    ("fluorine", "F", 0),
    ("chlorine", "Cl", 0),
    ("bromine", "Br", 0),
    ("ether", "[OX2;!R;!$(OC=O)]", 1),
    ("sulfide", "[SX2;!R]", 1),
    ("vinyl", "[CX3H]=[CH2]", 0),
    ("double bond", "[CX3;!R]=[CX3;!R]", None),
    ("methyl", "[CH3;$([CH3][#6,#14])]", 0),
)
"""Name, SMARTS, and how many CH2 take its place; 0 for H, None for a double bond made single."""
_PATTERNS = [(name, Chem.MolFromSmarts(smarts), chain) for name, smarts, chain in _GROUPS]
_MOST = 24


def replacements_of(smiles: str) -> list[Replacement]:
    """Each group of a repeat unit that is on a list of common ones, replaced alone.

    Groups do not overlap. One at which the chain or a ring cannot be closed again, or whose
    replacement leaves no repeat unit, is left out.

    Args:
        smiles: of a repeat unit.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    unit = parse(smiles)
    taken: set[int] = set()
    found: list[Replacement] = []
    for name, pattern, chain in _PATTERNS:
        for match in unit.GetSubstructMatches(pattern, maxMatches=_MOST):
            if taken.intersection(match) or len(found) == _MOST:
                continue
            for changed in _replaced(unit, match, chain):
                found.append(Replacement(name, _by(chain), match, changed))
                taken.update(match)
    return found


def count_groups(smiles: str) -> dict[str, int]:
    """How often a molecule has each group of that list; groups do not overlap.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    unit = parse(smiles)
    taken: set[int] = set()
    counts: dict[str, int] = {}
    for name, pattern, _ in _PATTERNS:
        for match in unit.GetSubstructMatches(pattern, maxMatches=_MOST):
            if not taken.intersection(match):
                taken.update(match)
                counts[name] = counts.get(name, 0) + 1
    return counts


def _by(chain: int | None) -> str:
    if chain is None:
        return "a single bond"
    return "CH2" * chain or "H"


def _replaced(unit: Chem.Mol, match: tuple[int, ...], chain: int | None) -> Iterator[str]:
    """The unit without a group, or nothing where that is no repeat unit."""
    changed = Chem.RWMol(unit)
    # Which way round the neighbours of a centre lie has no meaning when one is another.
    for centre in changed.GetAtoms():
        centre.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
    if chain is None:
        changed.GetBondBetweenAtoms(match[0], match[1]).SetBondType(Chem.BondType.SINGLE)
        for atom in match:
            changed.GetAtomWithIdx(atom).SetNoImplicit(False)
    else:
        beside = [
            bond.GetOtherAtomIdx(atom)
            for atom in match
            for bond in unit.GetAtomWithIdx(atom).GetBonds()
            if bond.GetOtherAtomIdx(atom) not in match
        ]
        if len(beside) != (2 if chain else 1):
            return
        neighbour = changed.GetAtomWithIdx(beside[0])
        if not chain and neighbour.GetNoImplicit():
            neighbour.SetNumExplicitHs(neighbour.GetNumExplicitHs() + 1)
        links = [changed.AddAtom(Chem.Atom(6)) for _ in range(chain)]
        path = [beside[0], *links, *beside[1:]]
        for first, second in pairwise(path):
            changed.AddBond(first, second, Chem.BondType.SINGLE)
        remove_atoms(changed, match)
    try:
        Chem.SanitizeMol(changed)
        written = canonical(Chem.MolToSmiles(changed))
    except (Chem.MolSanitizeException, BadSmilesError):
        return
    if "." not in written and attachment_points(parse(written)) == attachment_points(unit):
        yield written


def cut_between_carbons(smiles: str) -> str:
    """A unit of the same chain that ends in saturated carbons, where its backbone has such a bond.

    So no group of several atoms, such as an ester, is divided.

    Args:
        smiles: of a repeat unit.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    unit = parse(smiles)
    if not repeats(unit) or not hangs_on_singles(unit):
        return canonical(smiles)
    one, other = ends_of(unit)
    junction = beside_end(unit, other), beside_end(unit, one)
    best = max([junction, *cuts_of(unit)], key=lambda cut: sum(_wholeness(unit, a) for a in cut))
    return (
        canonical(smiles) if best == junction else canonical(Chem.MolToSmiles(cut_at(unit, *best)))
    )


def _wholeness(unit: Chem.Mol, atom: int) -> int:
    """How sure it is that no group goes on from an atom: a saturated carbon, and others."""
    here = unit.GetAtomWithIdx(atom)
    if here.GetAtomicNum() != 6:
        return 0
    return 2 if here.GetHybridization() == Chem.HybridizationType.SP3 else int(here.GetIsAromatic())
