"""Chemical classes of polymers, by named patterns on the chain that a repeat unit makes.

A group counts where it stands: an ester in the main chain makes a polyester, one in a side chain an
acrylic polymer. Copies of the unit are joined first, since a unit may be cut within a group:
`*NCCCCCC(*)=O` is a polyamide.
"""

from collections.abc import Collection
from functools import cache
from typing import NamedTuple

from rdkit import Chem

from .composition import is_composition, read
from .polymers import joining_problem
from .smiles import atoms_of, attachment_points, parse, stars_of

OTHER = "other"
"""The class of a unit that belongs to none, or whose copies cannot be joined to one chain."""


class _Pattern(NamedTuple):
    """A group of atoms that makes a class.

    Attributes:
        name: of the class.
        smarts: atoms with a map number have to be in the main chain: those with 1 on its shortest
            path, those with 2 on the path or in a ring that it runs through; those with 3 must not
            be in it. All others may be anywhere.
        of_carbon: whether the path has to be of saturated carbon alone.
    """

    name: str
    smarts: str
    of_carbon: bool = False


_PATTERNS = (
    _Pattern("polyimide", "[#6X3:2](=[OX1])[#7X3R:1][#6X3:2]=[OX1]"),
    _Pattern(
        "polyamide",
        "[CX3;!$(C(=O)(N)N);!$(C(=O)(N)O):1](=[OX1])[NX3;!$([NR](C=O)C=O):1]",
    ),
    _Pattern("polyurethane", "[#7X3:1][CX3:1](=[OX1])[OX2:1]"),
    _Pattern("polyurea", "[#7X3:1][CX3;!$(C(=O)(N)NC=O):1](=[OX1,SX1])[#7X3:1]"),
    _Pattern("polycarbonate", "[#6][OX2:1][CX3:1](=[OX1])[OX2:1][#6]"),
    _Pattern("polyester", "[#6,#1][CX3:1](=[OX1])[OX2;!$(O(C=O)C=O):1][#6]"),
    _Pattern("polyanhydride", "[CX3:1](=[OX1])[OX2:1][CX3:1]=[OX1]"),
    _Pattern("polyether", "[#6;!$(C=[O,S,N]):1][OX2;!R:1][#6;!$(C=[O,S,N]):1]"),
    _Pattern("polythioether", "[#6,#16;!$(C=[O,S,N]):1][SX2;!R:1][#6,#16;!$(C=[O,S,N]):1]"),
    _Pattern("polysulfone", "[#6][#16X4:1](=[OX1])(=[OX1])[#6]"),
    _Pattern("polyketone", "[#6:1][#6X3:1](=[OX1])[#6:1]"),
    _Pattern("polyamine", "[#6;!$(C=[O,S,N]):1][NX3;!$(N[#6,#16]=[O,S]):1][#6;!$(C=[O,S,N]):1]"),
    _Pattern("polyimine", "[#6X3:1]=[NX2:1]"),
    _Pattern("polybenzazole", "[c:2]1[n:2][c:2]2[c:2][c:2][c:2][c:2][c:2]2[n,o,s:2]1"),
    _Pattern("polysiloxane", "[#14:1][OX2:1][#14:1]"),
    _Pattern("polyphosphazene", "[#15:1]=[#7:1]"),
    _Pattern("polysaccharide", "[OX2r6]1[#6r6:2][#6r6]([#8,#7])[#6r6]([#8,#7])[#6r6][#6r6]1"),
    _Pattern("polysaccharide", "[OX2r5]1[#6r5:2][#6r5]([#8,#7])[#6r5]([#8,#7])[#6r5]1"),
    _Pattern("polythiophene", "[s:2]1[c:2][c:2][c:2][c:2]1"),
    _Pattern("polydiene", "[#6X4:1][#6X3:1]=[#6X3:1][#6X4:1]"),
    _Pattern("polydiene", "[#6X4;!R:1][CX3;!R;$(C([#6,H])=[CH2]):3]=[CH2]", of_carbon=True),
    _Pattern("acrylic", "[CX4;!$([CH0][CH3]);!R:1][CX3:3](=[OX1])[#8]", of_carbon=True),
    _Pattern("methacrylic", "[CX4;H0;$(C[CH3]);!R:1][CX3:3](=[OX1])[#8]", of_carbon=True),
    _Pattern("acrylamide", "[CX4;!R:1][CX3:3](=[OX1])[#7]", of_carbon=True),
    _Pattern("styrenic", "[CX4;!R:1][c:3]1[c:3][c:3][c:3][c:3][c:3]1", of_carbon=True),
    _Pattern("fluoropolymer", "[#6X4:1]F"),
    _Pattern("fluorinated side group", "[#6;!$([#6](F)F);!$([#6](F)(F)F):3]F"),
    _Pattern("fluorinated side group", "[#6:3](F)F"),
    _Pattern("chlorinated", "[#6]Cl"),
)
_NOT_VINYL = {"polydiene", "acrylic", "methacrylic", "acrylamide", "styrenic", "fluoropolymer"}
_COMPOSED = ("polyolefin", "vinyl", "conjugated", "other silicon")
"""Classes that are told by all atoms, not by a pattern."""

CLASSES = (*dict.fromkeys([*(each.name for each in _PATTERNS), *_COMPOSED]), OTHER)
"""All classes that there are."""

_LONG_PATH = 3
"""Atoms between the attachment points from which on three copies show every group."""


class _Chain(NamedTuple):
    """Copies of a repeat unit, joined.

    Attributes:
        mol: the chain; its two ends are `*`.
        path: the atoms on the shortest way from end to end, without the first and the last: a group
            that is cut there is whole elsewhere.
        main: all atoms on that way, and those of each ring that it runs through.
    """

    mol: Chem.Mol
    path: frozenset[int]
    main: frozenset[int]

    @property
    def is_carbon(self) -> bool:
        """Whether the path is of saturated carbon alone."""
        atoms = [self.mol.GetAtomWithIdx(index) for index in self.path]
        return all(atom.GetAtomicNum() == 6 and atom.GetTotalDegree() == 4 for atom in atoms)


def chemical_classes(smiles: str) -> tuple[str, ...]:
    """The classes that a repeat unit's polymer belongs to, of `CLASSES`.

    Args:
        smiles: parsable; of a composition, the classes of all its units are told.

    Returns:
        One or more; `OTHER` alone where there is none, or where copies cannot be joined.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    if is_composition(smiles):
        of_units = {name for unit in read(smiles).units for name in chemical_classes(unit)}
        return tuple(name for name in CLASSES if name in of_units - {OTHER}) or (OTHER,)
    chain = _chain(parse(smiles))
    if chain is None:
        return (OTHER,)
    of_carbon = chain.is_carbon
    found = {
        pattern.name
        for pattern, query, places in _queries()
        if (of_carbon or not pattern.of_carbon) and _matches(chain, query, places)
    }
    found |= _composed(chain, of_carbon, found)
    return tuple(name for name in CLASSES if name in found) or (OTHER,)


def heavy_atoms(smiles: str) -> int:
    """How many atoms besides hydrogen a repeat unit has; its `*` do not count.

    Args:
        smiles: parsable; of a composition, those of all its units are counted.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    if is_composition(smiles):
        return sum(map(heavy_atoms, read(smiles).units))
    return parse(smiles).GetNumHeavyAtoms()


@cache
def _queries() -> list[tuple[_Pattern, Chem.Mol, list[int]]]:
    """The patterns, what RDKit searches by, and where each of its atoms has to be."""
    queries = [(pattern, Chem.MolFromSmarts(pattern.smarts)) for pattern in _PATTERNS]
    return [
        (pattern, query, [atom.GetAtomMapNum() for atom in atoms_of(query)])
        for pattern, query in queries
    ]


def _chain(mol: Chem.Mol) -> _Chain | None:
    """Copies of a unit that are joined; None where that cannot be done."""
    if attachment_points(mol) != 2 or joining_problem(Chem.MolToSmiles(mol)):
        return None
    ends = [star.GetIdx() for star in stars_of(mol)]
    between = len(Chem.GetShortestPath(mol, *ends)) - 2
    joined, last = _joined(mol, ends, 3 if between >= _LONG_PATH else 5)
    try:
        Chem.SanitizeMol(joined)
    except Chem.MolSanitizeException:
        return None
    path = Chem.GetShortestPath(joined, ends[0], last)[1:-1]
    on_path = frozenset(path)
    rings = [ring for ring in joined.GetRingInfo().AtomRings() if len(on_path & {*ring}) > 1]
    return _Chain(joined, frozenset(path[1:-1]), on_path.union(*rings))


def _joined(mol: Chem.Mol, ends: list[int], copies: int) -> tuple[Chem.RWMol, int]:
    """A row of copies, the tail of each bonded to the head of the next, and its last `*`."""
    (head, kind), (tail, _) = (_neighbour(mol, end) for end in ends)
    size, chain = mol.GetNumAtoms(), Chem.RWMol(mol)
    for _ in range(copies - 1):
        chain.InsertMol(mol)
    for copy in range(copies - 1):
        chain.AddBond(tail + copy * size, head + (copy + 1) * size, kind)
        # The freed `*` stay, bonded to nothing: to remove them would number the atoms anew.
        chain.RemoveBond(tail + copy * size, ends[1] + copy * size)
        chain.RemoveBond(head + (copy + 1) * size, ends[0] + (copy + 1) * size)
    return chain, ends[1] + (copies - 1) * size


def _neighbour(mol: Chem.Mol, end: int) -> tuple[int, Chem.BondType]:
    bond = mol.GetAtomWithIdx(end).GetBonds()[0]
    return bond.GetOtherAtomIdx(end), bond.GetBondType()


def _matches(chain: _Chain, query: Chem.Mol, places: list[int]) -> bool:
    """Whether a pattern is found with its numbered atoms where they have to be."""
    return any(
        all(_stands(chain, index, place) for index, place in zip(match, places, strict=True))
        for match in chain.mol.GetSubstructMatches(query, uniquify=False)
    )


def _stands(chain: _Chain, index: int, place: int) -> bool:
    if place == 1:
        return index in chain.path
    if place == 2:
        return index in chain.main
    return place == 0 or index not in chain.main


def _composed(chain: _Chain, of_carbon: bool, found: Collection[str]) -> set[str]:
    """The classes that all atoms decide."""
    atoms = [atom for atom in atoms_of(chain.mol) if atom.GetAtomicNum()]
    composed = set()
    if of_carbon and all(atom.GetAtomicNum() == 6 and atom.GetTotalDegree() == 4 for atom in atoms):
        composed.add("polyolefin")
    elif of_carbon and not _NOT_VINYL & {*found}:
        composed.add("vinyl")
    if all(_conjugates(chain.mol.GetAtomWithIdx(index)) for index in chain.path):
        composed.add("conjugated")
    if "polysiloxane" not in found and any(atom.GetAtomicNum() == 14 for atom in atoms):
        composed.add("other silicon")
    return composed


def _conjugates(atom: Chem.Atom) -> bool:
    """Whether an atom of the main chain carries on its double bonds: not one of a carbonyl."""
    if atom.GetIsAromatic():
        return True
    partners = [
        bond.GetOtherAtom(atom).GetAtomicNum()
        for bond in atom.GetBonds()
        if bond.GetBondType() in (Chem.BondType.DOUBLE, Chem.BondType.TRIPLE)
    ]
    return any(partner in (6, 7) for partner in partners)
