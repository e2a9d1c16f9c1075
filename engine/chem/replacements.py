"""A repeat unit with one of its groups replaced by hydrogen, a methylene or a methyl group."""

from collections.abc import Collection, Sequence
from functools import lru_cache
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
        group: its name, such as `nitrile`, or `siloxane` for the oxygen between two silicon atoms.
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
PATTERNS = [(name, Chem.MolFromSmarts(smarts), chain) for name, smarts, chain in _GROUPS]
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
    for name, pattern, chain in PATTERNS:
        for match in unit.GetSubstructMatches(pattern, maxMatches=_MOST):
            if taken.intersection(match) or len(found) == _MOST:
                continue
            if changed := _replaced(unit, match, chain):
                group = _named(unit, name, match)
                found.append(Replacement(group, _by(chain), match, changed))
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
    for name, pattern, _ in PATTERNS:
        for match in unit.GetSubstructMatches(pattern, maxMatches=_MOST):
            if not taken.intersection(match):
                taken.update(match)
                group = _named(unit, name, match)
                counts[group] = counts.get(group, 0) + 1
    return counts


def _named(unit: Chem.Mol, name: str, match: tuple[int, ...]) -> str:
    """The name of a group; of an oxygen or sulfur, by what it links, where that is not carbon."""
    if name not in ("ether", "sulfide"):
        return name
    linked = _linked(unit, match[0])
    elements = {atom.GetAtomicNum() for atom in linked}
    if name == "sulfide":
        return "disulfide" if 16 in elements else name
    if elements == {14}:
        return "siloxane"
    for atom in linked:
        match atom.GetAtomicNum():
            case 14:
                return "silyl ether"
            case 15:
                return _of_phosphorus(atom)
            case 16:
                return "sulfonate"
            case 6:
                continue
            case _:
                return f"{atom.GetSymbol()}–O bond"
    return name


def _of_phosphorus(atom: Chem.Atom) -> str:
    """The name of an oxygen between phosphorus and something else."""
    elements = {
        other.GetAtomicNum()
        for bond in atom.GetBonds()
        if bond.GetBondType() == Chem.BondType.DOUBLE
        for other in [bond.GetOtherAtom(atom)]
    }
    # In the chain of a phosphazene, the nitrogen may be the one after the `*`.
    if 7 in elements or 0 in elements:
        return "phosphazene"
    if 8 not in elements:
        return "phosphite"
    beside = {each.GetAtomicNum() for each in atom.GetNeighbors()}
    return "phosphonate" if 6 in beside else "phosphate"


def _linked(unit: Chem.Mol, atom: int) -> list[Chem.Atom]:
    """What an atom is bonded to in the chain, where each `*` is the atom that follows."""
    linked = list(unit.GetAtomWithIdx(atom).GetNeighbors())
    if not repeats(unit):
        return linked
    one, other = ends_of(unit)
    follows = {one: beside_end(unit, other), other: beside_end(unit, one)}
    return [unit.GetAtomWithIdx(follows.get(each.GetIdx(), each.GetIdx())) for each in linked]


def _by(chain: int | None) -> str:
    if chain is None:
        return "a single bond"
    return "CH2" * chain or "H"


def _replaced(unit: Chem.Mol, match: tuple[int, ...], chain: int | None) -> str | None:
    """The unit without a group, or None where that is no repeat unit."""
    if chain is None:
        return _made_single(unit, match)
    beside = beside_group(unit, match)
    if len(beside) != (2 if chain else 1):
        return None
    piece = parse_piece("*" + "C" * chain + "*" if chain else "*[H]")
    return swapped(unit, [Site(match, beside)], piece)


def _made_single(unit: Chem.Mol, match: tuple[int, ...]) -> str | None:
    """The unit with a double bond made single."""
    changed = _without_centres(unit)
    changed.GetBondBetweenAtoms(match[0], match[1]).SetBondType(Chem.BondType.SINGLE)
    for atom in match:
        changed.GetAtomWithIdx(atom).SetNoImplicit(False)
    return _written(changed, unit)


class Site(NamedTuple):
    """Where something of a unit is replaced.

    Attributes:
        atoms: that go, by their numbers in the unit; none where a hydrogen goes.
        beside: the atoms that what comes instead is bonded to: those beside the group, or the one
            that loses a hydrogen.
    """

    atoms: tuple[int, ...]
    beside: tuple[int, ...]


def beside_group(unit: Chem.Mol, group: Collection[int]) -> tuple[int, ...]:
    """The atoms bonded to a group of atoms; one that is so twice stands twice."""
    return tuple(
        bond.GetOtherAtomIdx(atom)
        for atom in group
        for bond in unit.GetAtomWithIdx(atom).GetBonds()
        if bond.GetOtherAtomIdx(atom) not in group
    )


@lru_cache(maxsize=256)
def parse_piece(smiles: str) -> Chem.Mol:
    """What comes in place of a group, from a SMILES with a `*` for each bond of the group."""
    return Chem.MolFromSmiles(smiles)


def swapped(unit: Chem.Mol, sites: Sequence[Site], piece: Chem.Mol) -> str | None:
    """A unit with the same piece in place of one group or several, by single bonds.

    Args:
        unit: parsed; it is not changed.
        sites: of one kind, that do not touch each other.
        piece: as `parse_piece` gives it; its `*` follow the order of `Site.beside`.

    Returns:
        The canonical SMILES; None where that is no repeat unit.
    """
    changed = _without_centres(unit)
    gone = [atom for site in sites for atom in site.atoms]
    for site in sites:
        first = changed.GetNumAtoms()
        changed.InsertMol(piece)
        inner = []
        for star, beside in zip(ends_of(piece), site.beside, strict=True):
            gone.append(first + star)
            inner.append((first + beside_end(piece, star), beside))
        # Of a piece that is a bond alone, each `*` is bonded to the other.
        pairs = [site.beside] if piece.GetNumAtoms() == 2 == len(inner) else inner
        for one, other in pairs:
            if changed.GetBondBetweenAtoms(one, other):
                return None
            changed.AddBond(one, other, Chem.BondType.SINGLE)
        if not site.atoms:
            _drop_hydrogen(changed.GetAtomWithIdx(site.beside[0]))
    remove_atoms(changed, gone)
    return _written(changed, unit)


def _drop_hydrogen(atom: Chem.Atom) -> None:
    """Take away a hydrogen that is told of an atom; of others RDKit counts it anew."""
    if told := atom.GetNumExplicitHs():
        atom.SetNumExplicitHs(told - 1)


def _without_centres(unit: Chem.Mol) -> Chem.RWMol:
    """A copy without marks of chirality: they have no meaning when a neighbour is another."""
    changed = Chem.RWMol(unit)
    for centre in changed.GetAtoms():
        centre.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
    return changed


def _written(changed: Chem.RWMol, unit: Chem.Mol) -> str | None:
    """The canonical SMILES of a changed unit; None where it is no repeat unit as it was before."""
    try:
        Chem.SanitizeMol(changed)
        written = canonical(Chem.MolToSmiles(changed))
    except (Chem.MolSanitizeException, BadSmilesError):
        return None
    if "." in written or attachment_points(parse(written)) != attachment_points(unit):
        return None
    return written


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
