"""Variants of a repeat unit: other groups in place of one that it has, or of a hydrogen."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from rdkit import Chem

from .repeat_unit import canonical_unit, path_of, remove_atoms, repeated, repeats
from .replacements import (
    PATTERNS,
    Site,
    beside_group,
    cut_between_carbons,
    parse_piece,
    swapped,
)
from .smiles import atoms_of, bonds_of, parse, without_stereo
from .unstable_groups import UNLIKELY

Kind = Literal["linker", "ring", "substituent", "hydrogen"]

SUBSTITUENTS = {
    "H": "*[H]",
    "methyl": "*C",
    "ethyl": "*CC",
    "n-butyl": "*CCCC",
    "n-hexyl": "*CCCCCC",
    "tert-butyl": "*C(C)(C)C",
    "cyclohexyl": "*C1CCCCC1",
    "phenyl": "*c1ccccc1",
    "trifluoromethyl": "*C(F)(F)F",
    "fluorine": "*F",
    "chlorine": "*Cl",
    "bromine": "*Br",
    "hydroxyl": "*O",
    "methoxy": "*OC",
    "amine": "*N",
    "nitrile": "*C#N",
    "nitro": "*[N+](=O)[O-]",
    "methyl ester": "*C(=O)OC",
    "acetoxy": "*OC(C)=O",
    "carboxylic acid": "*C(=O)O",
    "primary amide": "*C(N)=O",
    "trimethylsilyl": "*[Si](C)(C)C",
}
"""What may come in place of a hydrogen or of a group that hangs on one bond."""

LINKERS = {
    "direct bond": "**",
    "ether O": "*O*",
    "sulfide S": "*S*",
    "amine NH": "*N*",
    "CH2": "*C*",
    "CH2CH2": "*CC*",
    "C(CH3)2": "*C(*)(C)C",
    "C(CF3)2": "*C(*)(C(F)(F)F)C(F)(F)F",
    "Si(CH3)2": "*[Si](*)(C)C",
    "ketone C=O": "*C(*)=O",
    "sulfone SO2": "*S(*)(=O)=O",
    "ester C(=O)O": "*C(=O)O*",
    "ester OC(=O)": "*OC(*)=O",
    "amide C(=O)NH": "*C(=O)N*",
    "amide NHC(=O)": "*NC(*)=O",
    "carbonate OC(=O)O": "*OC(=O)O*",
    "urethane OC(=O)NH": "*OC(=O)N*",
    "urethane NHC(=O)O": "*NC(=O)O*",
    "urea NHC(=O)NH": "*NC(=O)N*",
    "vinylene CH=CH": "*/C=C/*",
}
"""What may come in place of a group between two others."""

RINGS = {
    "para-phenylene": "*c1ccc(*)cc1",
    "meta-phenylene": "*c1cccc(*)c1",
    "ortho-phenylene": "*c1ccccc1*",
    "biphenyl-4,4'-diyl": "*c1ccc(-c2ccc(*)cc2)cc1",
    "naphthalene-2,6-diyl": "*c1ccc2cc(*)ccc2c1",
    "thiophene-2,5-diyl": "*c1ccc(*)s1",
    "pyridine-2,5-diyl": "*c1ccc(*)cn1",
    "pyridine-2,5-diyl, turned": "*c1ccc(*)nc1",
    "cyclohexane-1,4-diyl": "*C1CCC(*)CC1",
    "CH2": "*C*",
    "CH2CH2": "*CC*",
    "(CH2)4": "*CCCC*",
}
"""What may come in place of an unsubstituted phenylene."""

_PIECES = {
    "substituent": SUBSTITUENTS,
    "hydrogen": SUBSTITUENTS,
    "linker": LINKERS,
    "ring": RINGS,
}
_ALKYLS = {
    "*CC": "ethyl",
    "*CCC": "n-propyl",
    "*CCCC": "n-butyl",
    "*CCCCC": "n-pentyl",
    "*CCCCCC": "n-hexyl",
    "*C(C)C": "isopropyl",
}
_HETEROATOMS = {7: "nitrogen", 8: "oxygen", 14: "silicon", 16: "sulfur"}
_LARGEST = 14
"""Heavy atoms of the largest side group that is offered whole."""
_MOST_PLACES = 40
"""More would not be found on a drawing."""

# Besides the groups that `replacements` knows.
_MORE_LINKERS = tuple(
    (name, Chem.MolFromSmarts(smarts))
    for name, smarts in (
        ("hexafluoroisopropylidene", "[CX4;!R](C(F)(F)F)C(F)(F)F"),
        ("isopropylidene", "[CX4;!R]([CH3])[CH3]"),
        ("methylene", "[CX4H2;!R;$([CH2](a)a)]"),
        ("amine", "[NX3H;!R;$(N([#6])[#6]);!$(N[#6]=O);!$(NS=O)]"),
        ("vinylene", "[CX3H;!R]=[CX3H;!R]"),
    )
)
_RING = "phenylene"
_ORTHO = Chem.MolFromSmarts("[c;$(c!@*)]1[c;$(c!@*)][cH][cH][cH][cH]1")


class Place(NamedTuple):
    """A place at which a repeat unit may be changed.

    Attributes:
        kind: a group between two others (`linker`), an unsubstituted phenylene (`ring`), a group
            on one bond (`substituent`) or a `hydrogen`.
        name: in words, such as `methyl` or `hydrogen on the ring, para`.
        atoms: of the group, by their numbers in the unit; of a hydrogen, the atom that has it.
        sites: this one, and those that give the same polymers.
    """

    kind: Kind
    name: str
    atoms: tuple[int, ...]
    sites: tuple[Site, ...]

    @property
    def alike(self) -> tuple[int, ...]:
        """The atoms of all such places."""
        return tuple(atom for site in self.sites for atom in site.atoms or site.beside)

    @property
    def apart(self) -> bool:
        """Whether none of such places touches another, so that all can be changed at once."""
        atoms = {atom for site in self.sites for atom in site.atoms}
        return not any(atoms.intersection(site.beside) for site in self.sites)


class Places(NamedTuple):
    """Where a repeat unit may be changed.

    Attributes:
        smiles: the unit, cut where no group is divided; its atoms have the places' numbers.
        places: linkers and rings first, then groups, then hydrogens.
    """

    smiles: str
    places: tuple[Place, ...]


class Variant(NamedTuple):
    """A repeat unit with another group at one place.

    Attributes:
        by: what stands there now, such as `nitrile`.
        smiles: of the unit, canonical.
    """

    by: str
    smiles: str


@lru_cache(maxsize=64)
def places_of(smiles: str) -> Places:
    """The places at which a repeat unit may be changed, those that give the same polymers as one.

    Args:
        smiles: of a repeat unit; one whose copies cannot be joined has no places.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    if not repeats(parse(smiles)):
        return Places(smiles, ())
    smiles = cut_between_carbons(smiles)
    unit = parse(smiles)
    found: dict[tuple[str, str], Place] = {}
    for kind, name, site in _sites_of(unit):
        # What takes the place of nothing else tells which places are alike.
        probe = "*[Po]*" if kind in ("linker", "ring") else "*[At]"
        changed = swapped(unit, [site], parse_piece(probe))
        if changed is None:
            continue
        key = kind, canonical_unit(changed)
        known = found.get(key)
        if known:
            found[key] = known._replace(sites=(*known.sites, site))
        elif len(found) < _MOST_PLACES:
            found[key] = Place(kind, name, site.atoms or site.beside, (site,))
    return Places(smiles, tuple(found.values()))


def variants_of(smiles: str, place: Place, everywhere: bool = False) -> list[Variant]:
    """A repeat unit with each group of a list at one of its places.

    What would not be stable, such as a peroxide, is left out.

    Args:
        smiles: as `places_of` gives it.
        place: one of its places.
        everywhere: whether all places like it are changed where they are `apart`, not this alone.

    Returns:
        Units with two `*`, other than the given one and than each other (`canonical_unit`).

    Raises:
        BadSmilesError: when the unit cannot be read.
    """
    unit = parse(smiles)
    sites = place.sites if everywhere and place.apart else place.sites[:1]
    before = _unlikely_in(unit)
    known = {canonical_unit(without_stereo(smiles))}
    found = []
    for name, piece in _PIECES[place.kind].items():
        changed = swapped(unit, sites, parse_piece(piece))
        if changed is None or not repeats(parse(changed)):
            continue
        polymer = canonical_unit(without_stereo(changed))
        more = zip(_unlikely_in(parse(changed)), before, strict=True)
        if polymer not in known and all(count <= earlier for count, earlier in more):
            known.add(polymer)
            found.append(Variant(name, changed))
    return found


def _unlikely_in(unit: Chem.Mol) -> list[int]:
    """How often each unlikely pattern occurs in two units of a chain, so also between them."""
    two = repeated(unit, 2)
    return [len(two.GetSubstructMatches(pattern)) for pattern in UNLIKELY]


def _sites_of(unit: Chem.Mol) -> Iterator[tuple[Kind, str, Site]]:
    """All places of a unit, alike or not."""
    # The first that fits has its atoms: a carbonate is no ester besides.
    taken: set[int] = set()
    linkers = [(name, pattern) for name, pattern, chain in PATTERNS if chain and name != _RING]
    for name, pattern in (*_MORE_LINKERS, *linkers):
        for match in unit.GetSubstructMatches(pattern):
            beside = beside_group(unit, match)
            if len(beside) == 2 and not taken.intersection(match):
                taken.update(match)
                yield "linker", name, Site(match, beside)
    for pattern in (_ORTHO, *(pattern for name, pattern, _ in PATTERNS if name == _RING)):
        for match in unit.GetSubstructMatches(pattern):
            beside = beside_group(unit, match)
            if len(beside) == 2:
                yield "ring", _RING, Site(match, beside)
    yield from _side_groups(unit)
    yield from _hydrogens(unit)


def _side_groups(unit: Chem.Mol) -> Iterator[tuple[Kind, str, Site]]:
    """Groups on one bond: those with a name, and whatever hangs on the backbone, a ring, N, O…"""
    named: dict[frozenset[int], str] = {}
    for name, pattern, chain in PATTERNS:
        if chain == 0:
            for match in unit.GetSubstructMatches(pattern):
                named.setdefault(frozenset(match), name)
    backbone = set(path_of(unit))
    for bond in bonds_of(unit):
        if bond.IsInRing() or bond.GetBondType() != Chem.BondType.SINGLE:
            continue
        for kept, root in (
            (bond.GetBeginAtom(), bond.GetEndAtom()),
            (bond.GetEndAtom(), bond.GetBeginAtom()),
        ):
            group = _behind(unit, kept.GetIdx(), root.GetIdx())
            if group is None or kept.GetAtomicNum() == 0:
                continue
            words = named.get(group)
            bears = kept.GetIdx() in backbone or kept.IsInRing() or kept.GetAtomicNum() != 6
            if words is None and not bears:
                continue
            words = words or _words_of(unit, group, kept.GetIdx())
            words += f" on {_where(unit, kept, backbone)}"
            yield "substituent", words, Site(tuple(sorted(group)), (kept.GetIdx(),))


def _behind(unit: Chem.Mol, kept: int, root: int) -> frozenset[int] | None:
    """The atoms that hang on a bond; None where they are too many, or the chain goes on there."""
    group, ahead = {root}, [root]
    while ahead:
        for bond in unit.GetAtomWithIdx(ahead.pop()).GetBonds():
            for atom in (bond.GetBeginAtom(), bond.GetEndAtom()):
                number = atom.GetIdx()
                if number == kept or number in group:
                    continue
                if atom.GetAtomicNum() == 0 or len(group) == _LARGEST:
                    return None
                group.add(number)
                ahead.append(number)
    return None if unit.GetAtomWithIdx(root).GetAtomicNum() == 0 else frozenset(group)


def _words_of(unit: Chem.Mol, group: frozenset[int], kept: int) -> str:
    """The name of a simple alkyl group, else `side group` with its SMILES."""
    alone = Chem.RWMol(unit)
    alone.ReplaceAtom(kept, Chem.Atom(0))
    remove_atoms(alone, {*range(unit.GetNumAtoms())}.difference(group, [kept]))
    smiles = Chem.MolToSmiles(alone, isomericSmiles=False)
    return _ALKYLS.get(smiles, f"side group {smiles.replace('*', '–', 1)}")


def _hydrogens(unit: Chem.Mol) -> Iterator[tuple[Kind, str, Site]]:
    """Atoms with a hydrogen that another group can stand for."""
    backbone = set(path_of(unit))
    for atom in atoms_of(unit):
        if atom.GetAtomicNum() not in (6, 7, 14) or not atom.GetTotalNumHs():
            continue
        if atom.GetFormalCharge() or atom.GetDegree() == 1:
            continue
        where = _where(unit, atom, backbone)
        if atom.GetHybridization() == Chem.HybridizationType.SP3 and atom.GetAtomicNum() == 6:
            count = atom.GetTotalNumHs()
            where = f"CH{count if count > 1 else ''} of {where}"
        yield "hydrogen", f"hydrogen on {where}", Site((), (atom.GetIdx(),))


def _where(unit: Chem.Mol, atom: Chem.Atom, backbone: set[int]) -> str:
    """In which part of a unit an atom is, in words."""
    if words := _HETEROATOMS.get(atom.GetAtomicNum()):
        return words
    if atom.IsInRing():
        return f"the ring{_position(unit, atom.GetIdx())}"
    if atom.GetHybridization() == Chem.HybridizationType.SP2:
        return "the double bond"
    return "the backbone" if atom.GetIdx() in backbone else "a side group"


def _position(unit: Chem.Mol, atom: int) -> str:
    """`, ortho`, `, meta` or `, para` to the one other substituent of a benzene ring; else nothing.

    Args:
        unit: it.
        atom: of the ring.
    """
    rings = [ring for ring in unit.GetRingInfo().AtomRings() if atom in ring]
    atoms = [unit.GetAtomWithIdx(each) for each in rings[0]]
    benzene = all(each.GetAtomicNum() == 6 and each.GetIsAromatic() for each in atoms)
    others = [each for each in atoms if each.GetDegree() > 2 and each.GetIdx() != atom]
    if len(rings) != 1 or len(atoms) != 6 or not benzene or len(others) != 1:
        return ""
    apart = abs(rings[0].index(atom) - rings[0].index(others[0].GetIdx()))
    return f", {('ortho', 'meta', 'para')[min(apart, 6 - apart) - 1]}"
