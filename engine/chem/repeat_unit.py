"""The canonical repeat unit of a polymer, whichever part of its chain was drawn.

A chain has many repeat units: `*CC(*)C` and `*C(C)C*` are cut elsewhere, `*CC*` and `*CCCC*` hold
another number of periods. What depends on the polymer alone is computed from one of them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from math import gcd

from rdkit import Chem

from .composition import is_composition, read
from .smiles import (
    BadSmilesError,
    atoms_of,
    canonical,
    is_flat,
    parse,
    stars_of,
    update_beside_single_bonds,
)
from .stereo_marks import TETRAHEDRAL, centres, is_marked, keep_stereo, neighbours_of, sides_of

_FEWEST_COPIES = 3
"""In a ring; with fewer, an atom could be its own neighbour."""
JOINING = {Chem.BondType.SINGLE, Chem.BondType.DOUBLE, Chem.BondType.TRIPLE}
"""Bonds by which copies can be joined."""

_Bond = tuple[int, int, Chem.BondType]


def canonical_unit(smiles: str) -> str:
    """The canonical repeat unit of a polymer, or the composition of several units' canonical ones.

    A unit that holds two periods of its chain is two moles of the canonical unit.

    Args:
        smiles: of a repeat unit, or the text of a composition.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    if not is_composition(smiles):
        return _canonical_unit(smiles)
    # By way of the canonical text, or rounding would make another form of the text as it was given.
    text = canonical(smiles)
    if not is_composition(text):
        return _canonical_unit(text)
    return read(text).with_units(_remembered, _periods).text


def _canonical_unit(smiles: str) -> str:
    """The canonical SMILES of the repeat unit that stands for all drawings of a polymer.

    It is the smallest unit that repeats, cut at a single bond outside rings on the way between the
    attachment points: where the atoms on both sides are the rarest along the chain, and of several
    such places, where the SMILES of the unit is the first. The two `*` of a unit are alike, so the
    chain has no direction. Stereo marks are kept, but for those at an atom of the backbone from
    which the chain is the same both ways.

    What is only written in canonical form, and keeps a form for each drawing: a unit with more or
    fewer than two ends of the chain, or whose copies cannot be joined; one whose ends hang on
    double or triple bonds and that has no single bond to cut, such as `*=C=*`; and one that RDKit
    does not take when it is cut elsewhere.

    Args:
        smiles: of a repeat unit.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    unit = parse(smiles)
    if not repeats(unit):
        return canonical(smiles)
    try:
        unit = _without_meaningless_stereo(unit)
        if not hangs_on_singles(unit):
            cuts = list(cuts_of(unit))
            if not cuts:
                return _plain(unit)
            # Read again: of a unit that was cut anew, RDKit writes no cis and trans of its parts.
            unit = parse(_plain(cut_at(unit, *cuts[0])))
        return min(_drawings(smallest(unit)))
    except (BadSmilesError, Chem.MolSanitizeException):
        # Elsewhere in the chain it has a form that RDKit does not take.
        return canonical(smiles)


_remembered = lru_cache(maxsize=20_000)(_canonical_unit)
"""Of a table's compositions, whose units are few."""


def _periods(unit: str, canonical_: str) -> float:
    """How many times a unit holds its canonical one."""
    inner, own = (parse(text).GetNumHeavyAtoms() for text in (unit, canonical_))
    # Hydrogen alone has no other unit.
    return inner / own if own else 1.0


def repeats(unit: Chem.Mol) -> bool:
    """Whether copies of a unit can be joined to a chain."""
    ends = ends_of(unit)
    return (
        len(ends) == 2
        and unit.GetNumAtoms() > 2
        and all(unit.GetAtomWithIdx(end).GetDegree() == 1 for end in ends)
        and len(kinds := {bond_of_end(unit, end).GetBondType() for end in ends}) == 1
        and kinds <= JOINING
        and len(Chem.GetMolFrags(unit)) == 1
        # What such an atom's neighbours are in another order, only RDKit knows.
        and all(atom.GetChiralTag() in TETRAHEDRAL for atom in centres(unit))
    )


def ends_of(unit: Chem.Mol) -> list[int]:
    """The `*` of a unit."""
    return [star.GetIdx() for star in stars_of(unit)]


def bond_of_end(unit: Chem.Mol, end: int) -> Chem.Bond:
    """The bond that an end hangs on."""
    return unit.GetAtomWithIdx(end).GetBonds()[0]


def beside_end(unit: Chem.Mol, end: int) -> int:
    """The atom that an end hangs on."""
    return bond_of_end(unit, end).GetOtherAtomIdx(end)


def hangs_on_singles(unit: Chem.Mol) -> bool:
    """Whether the ends of a unit hang on single bonds."""
    return bond_of_end(unit, ends_of(unit)[0]).GetBondType() == Chem.BondType.SINGLE


def path_of(unit: Chem.Mol) -> list[int]:
    """The atoms on the shortest way between the ends, and these."""
    return list(Chem.GetShortestPath(unit, *ends_of(unit)))


def cuts_of(unit: Chem.Mol) -> Iterator[tuple[int, int]]:
    """The bonds within a unit at which the chain may be cut too, along the backbone."""
    inner = path_of(unit)[1:-1]
    for first, second in pairwise(inner):
        bond = unit.GetBondBetweenAtoms(first, second)
        if bond.GetBondType() == Chem.BondType.SINGLE and not bond.IsInRing():
            yield first, second


def _plain(unit: Chem.Mol) -> str:
    return canonical(Chem.MolToSmiles(unit))


def _drawings(unit: Chem.Mol) -> Iterator[str]:
    """Units of one chain, cut where the atoms on both sides are the rarest."""
    one, other = ends_of(unit)
    junction = beside_end(unit, other), beside_end(unit, one)
    atom_kinds = [_atom_kind(atom) for atom in atoms_of(unit)]
    # A `*` is the atom that follows in the chain.
    atom_kinds[one], atom_kinds[other] = (atom_kinds[atom] for atom in junction)
    # Bonds outside rings that every way along the chain takes; what is told of them must not
    # depend on the way, of which there may be several through a ring.
    kinds = {
        cut: tuple(sorted(_around(unit, atom, atom_kinds) for atom in cut))
        for cut in [junction, *cuts_of(unit)]
    }
    counts = Counter(kinds.values())
    _, rarest = min((count, kind) for kind, count in counts.items())
    for cut, kind in kinds.items():
        if kind == rarest:
            yield _plain(unit if cut == junction else cut_at(unit, *cut))


def _around(unit: Chem.Mol, atom: int, kinds: list[tuple]) -> tuple:
    """The kind of an atom and those of its neighbours."""
    return kinds[atom], tuple(
        sorted(kinds[each] for each in neighbours_of(unit.GetAtomWithIdx(atom)))
    )


def _atom_kind(atom: Chem.Atom) -> tuple:
    return (
        atom.GetAtomicNum(),
        -atom.GetDegree(),
        atom.GetTotalNumHs(),
        atom.GetIsAromatic(),
        atom.IsInRing(),
        atom.GetFormalCharge(),
    )


def cut_at(unit: Chem.Mol, first: int, second: int) -> Chem.Mol:
    """The unit of the same chain that ends between two bonded atoms of its backbone."""
    one, other = ends_of(unit)
    head, tail = beside_end(unit, one), beside_end(unit, other)
    kind = bond_of_end(unit, one).GetBondType()
    single = Chem.BondType.SINGLE
    return _rebonded(
        unit,
        gone=[(head, one), (tail, other), (first, second)],
        new=[(head, tail, kind), (first, one, single), (second, other, single)],
        instead={
            **{(head, one): tail, (tail, other): head},
            **{(first, second): one, (second, first): other},
        },
        marked=is_marked(unit),
    )


def smallest(unit: Chem.Mol) -> Chem.Mol:
    """The smallest unit that, repeated, is this one; its ends hang on single bonds."""
    cuts = list(cuts_of(unit))
    common = gcd(len(cuts) + 1, unit.GetNumAtoms() - 2)
    if common > 1:
        counts = Counter(_atom_kind(atom) for atom in atoms_of(unit) if atom.GetAtomicNum())
        common = gcd(common, *counts.values())
    if common == 1:
        return unit
    written = _plain(unit)
    for copies in range(common, 1, -1):
        if common % copies:
            continue
        part = _first_part(unit, *cuts[(len(cuts) + 1) // copies - 1])
        if (part.GetNumAtoms() - 2) * copies != unit.GetNumAtoms() - 2 or not repeats(part):
            continue
        if _plain(repeated(part, copies)) == written:
            return part
    return unit


def _first_part(unit: Chem.Mol, last: int, following: int) -> Chem.Mol:
    """The unit from its first end to an atom of its backbone; the atom that follows becomes `*`."""
    part = Chem.RWMol(unit)
    part.RemoveBond(last, following)
    start = ends_of(unit)[0]
    kept = next(atoms for atoms in Chem.GetMolFrags(part) if start in atoms)
    part = Chem.RWMol(unit)
    star = Chem.Atom(0)
    star.SetNoImplicit(True)
    part.ReplaceAtom(following, star)
    remove_atoms(part, {*range(unit.GetNumAtoms())}.difference(kept, [following]))
    return parse(Chem.MolToSmiles(part))


def repeated(unit: Chem.Mol, copies: int) -> Chem.Mol:
    """A unit of so many copies; each keeps the order of its atoms, all but lost `*`."""
    one, other = ends_of(unit)
    head, tail = beside_end(unit, one), beside_end(unit, other)
    kind = bond_of_end(unit, one).GetBondType()
    size = unit.GetNumAtoms()
    pairs = list(pairwise(size * copy for copy in range(copies)))
    instead = {}
    for this, following in pairs:
        instead[tail + this, other + this] = head + following
        instead[head + following, one + following] = tail + this
    return _rebonded(
        _side_by_side(unit, copies),
        gone=list(instead),
        new=[(tail + this, head + following, kind) for this, following in pairs],
        instead=instead,
        marked=is_marked(unit),
        dropped=[end for _, end in instead],
    )


def closed(unit: Chem.Mol, copies: int) -> Chem.RWMol:
    """A unit of so many copies, closed to a ring without `*`; nothing is computed of it.

    Each copy keeps the order of its atoms and bonds. After them stand the bonds that join the
    copies, first that from the first to the second.
    """
    one, other = ends_of(unit)
    head, tail = beside_end(unit, one), beside_end(unit, other)
    kind = bond_of_end(unit, one).GetBondType()
    size = unit.GetNumAtoms()
    ring = _side_by_side(unit, copies)
    for copy in range(copies):
        ring.AddBond(tail + size * copy, head + size * ((copy + 1) % copies), kind)
    remove_atoms(ring, [end + size * copy for copy in range(copies) for end in (one, other)])
    return ring


def _side_by_side(unit: Chem.Mol, copies: int) -> Chem.RWMol:
    """Copies of a unit in one molecule, with no bonds between them."""
    many = Chem.RWMol(unit)
    for _ in range(copies - 1):
        many.InsertMol(unit)
    return many


def _rebonded(
    mol: Chem.Mol,
    gone: Sequence[tuple[int, int]],
    new: Sequence[_Bond],
    instead: dict[tuple[int, int], int],
    marked: bool,
    dropped: Sequence[int] = (),
) -> Chem.Mol:
    """A molecule with some bonds in place of others, all its stereo centres as they were.

    Args:
        mol: is not changed.
        gone: the bonds that are removed.
        new: those that are added.
        instead: by an atom and a neighbour that it loses, the neighbour that it gets in its place.
        marked: whether it `is_marked`.
        dropped: atoms that have lost all bonds, and are removed.
    """
    changed = Chem.RWMol(mol)
    for first, second in gone:
        changed.RemoveBond(first, second)
    for first, second, kind in new:
        changed.AddBond(first, second, kind)
    if marked:
        keep_stereo(mol, changed, instead)
    remove_atoms(changed, dropped)
    if marked or any(kind != Chem.BondType.SINGLE for _, _, kind in new):
        Chem.SanitizeMol(changed)
    else:
        update_beside_single_bonds(changed)
        Chem.GetSymmSSSR(changed)
    if marked:
        # Without this, cis and trans are not written.
        Chem.AssignStereochemistry(changed, force=True)
    return changed


def remove_atoms(mol: Chem.RWMol, atoms: Iterable[int]) -> None:
    """Remove some atoms, by their numbers before any of them is gone, with their bonds."""
    mol.BeginBatchEdit()
    for atom in atoms:
        mol.RemoveAtom(atom)
    mol.CommitBatchEdit()


def _without_meaningless_stereo(unit: Chem.Mol) -> Chem.Mol:
    """A unit without marks at atoms of the backbone from which the chain is the same both ways.

    Where the chain is cut beside such an atom, RDKit takes it for a stereo centre, and not where it
    is cut elsewhere.
    """
    if is_flat(unit):
        return unit
    marked = [atom.GetIdx() for atom in centres(unit) if atom.GetChiralTag() in TETRAHEDRAL]
    sides = sides_of(unit)
    if not marked and not sides:
        return unit
    path = path_of(unit)
    alike = _seen_alike(unit, path)
    plain = Chem.RWMol(unit)
    for atom in alike.intersection(marked):
        plain.GetAtomWithIdx(atom).SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
    for ends in sides:
        if alike.intersection(ends):
            plain.GetBondBetweenAtoms(*ends).SetStereo(Chem.BondStereo.STEREONONE)
    return plain


def _seen_alike(unit: Chem.Mol, path: list[int]) -> set[int]:
    """The atoms of the backbone outside rings whose two neighbours along it are alike."""
    one, other = path[0], path[-1]
    ring = closed(unit, _FEWEST_COPIES)
    # Not sanitised: the wide ring joins all others to one system, which takes RDKit very long.
    ring.UpdatePropertyCache(strict=False)
    Chem.FastFindRings(ring)
    ranks = list(Chem.CanonicalRankAtoms(ring, breakTies=False, includeChirality=False))
    # The two ends of the first copy are gone, and later atoms have moved up.
    inner = path[1:-1]
    rank = [ranks[atom - (atom > one) - (atom > other)] for atom in inner]
    bonds = [unit.GetBondBetweenAtoms(*ends).GetBondType() for ends in pairwise(path)]
    return {
        atom
        for place, atom in enumerate(inner)
        if (rank[place - 1], bonds[place]) == (rank[(place + 1) % len(inner)], bonds[place + 1])
        and not unit.GetAtomWithIdx(atom).IsInRing()
    }
