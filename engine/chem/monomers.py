"""The repeat units that monomers make, by the rules of chain growth and step growth.

Rules are patterns of functional groups and what becomes of their bonds; they say which unit would
be made, not whether the reaction runs. Odian, Principles of Polymerization, 4th ed., Wiley 2004,
doi:10.1002/047147875X.
"""

from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import NamedTuple

from rdkit import Chem

from .repeat_unit import canonical_unit, ends_of, remove_atoms, repeats
from .smiles import BadSmilesError, attachment_points, parse, without_stereo

_SINGLE, _DOUBLE = Chem.BondType.SINGLE, Chem.BondType.DOUBLE
_BOTH = {0: _SINGLE, 1: _SINGLE}


class MadeUnit(NamedTuple):
    """A repeat unit that monomers make.

    Attributes:
        smiles: the unit, canonical.
        reaction: what makes it, such as `ring-opening of a lactone`.
    """

    smiles: str
    reaction: str


class _Growth(NamedTuple):
    """How one molecule joins a chain: a pattern, and what becomes of its atoms 0, 1, ….

    Attributes:
        reaction: in words, such as “addition to a C=C bond”.
        pattern: of the molecule, SMARTS.
        bonds: by two atoms of the pattern, the bond that they get; None where it is broken.
        ends: the atoms that get a `*`, by the bond that it hangs on.
        gone: atoms that leave.
    """

    reaction: str
    pattern: str
    bonds: dict[tuple[int, int], Chem.BondType | None]
    ends: dict[int, Chem.BondType]
    gone: tuple[int, ...] = ()


def _opened(reaction: str, pattern: str) -> _Growth:
    """A ring whose bond between the first two atoms of a pattern is broken."""
    return _Growth(reaction, pattern, {(0, 1): None}, _BOTH)


_MOST_MATCHES = 16
_FALSE_AROMATIC = Chem.MolFromSmarts("[cR1]1[cR1][o,s,n;R1][$(c=[O,S])][o,s,n;R1]1")
_DIENE = "[C;!R]=[C;!R]-[C;!R]=[C;!R]"
_OLEFIN = "[C;!$(C=C-C=C);!$(C=C=*)]=[C;!$(C=C-C=C);!$(C=C=*)]"
_CHAIN_GROWTH = (
    _Growth(
        "1,4-addition of a diene",
        _DIENE,
        {(0, 1): _SINGLE, (1, 2): _DOUBLE, (2, 3): _SINGLE},
        {0: _SINGLE, 3: _SINGLE},
    ),
    _Growth("1,2-addition of a diene", _DIENE, {(0, 1): _SINGLE}, _BOTH),
    _Growth(
        "addition to a C=C bond",
        _OLEFIN.replace("[C;", "[C;!R;", 1),
        {(0, 1): _SINGLE},
        _BOTH,
    ),
    _Growth(
        "addition to a C=C bond of a ring",
        "[C;R;!r6;!$(C=C-C=C)]=[C;R;!r6;!$(C=C-C=C)]",
        {(0, 1): _SINGLE},
        _BOTH,
    ),
    _Growth(
        "ring-opening metathesis (ROMP)",
        "[CH;R;!r6;!$(C[N,O]);!$(C-C=O);!$(C1=CC=CC1)]"
        "=[CH;R;!r6;!$(C[N,O]);!$(C-C=O);!$(C1=CC=CC1)]",
        {(0, 1): None},
        {0: _DOUBLE, 1: _DOUBLE},
    ),
    _Growth(
        "addition to an acetylene",
        "[C]#[C]",
        {(0, 1): _DOUBLE},
        _BOTH,
    ),
    _opened(
        "ring-opening of a cyclic ether", "[CX4;R;!r6]@[O;R;!$(OC=[O,N]);!$(Oc);!$(O[!#6]);!$(OCO)]"
    ),
    _opened("ring-opening of a cyclic acetal", "[CX4;R;$(C(O)O)]@[O;R;$(OCO);!$(OC=O)]"),
    _opened("ring-opening of a cyclic sulfide", "[CX4;R]@[SX2;R]"),
    _opened("ring-opening of a cyclic imine", "[CX4;R;r3,r4]@[NX3;R;!$(NC=O)]"),
    _opened("ring-opening of a lactone", "[CX3;R;!$(C(O)O);!$(C(=O)OC=O)](@[O;R])=O"),
    _opened("ring-opening of a cyclic carbonate", "[CX3;R;$(C(O)(O)=O)]@[O;R;!$(OC=C)]"),
    _opened("ring-opening of a lactam", "[CX3;R;!$(C(N)N);!$(C(O)N)](@[NX3;H1;R;!$(N(C=O)C=O)])=O"),
    _opened("ring-opening of a cyclosiloxane", "[Si;R]@[O;R]"),
    _Growth(
        "ring-opening of an N-carboxyanhydride, without CO2",
        "[NX3;R]1[CX3](=O)O[CX3](=O)[CX4]1",
        {},
        {0: _SINGLE, 4: _SINGLE},
        gone=(1, 2, 3),
    ),
    _Growth(
        "ring-opening of a 2-oxazoline",
        "[OX2;R]1[CX3]=[NX2][CX4][CX4]1",
        {(0, 4): None, (0, 1): _DOUBLE, (1, 2): _SINGLE},
        {2: _SINGLE, 4: _SINGLE},
    ),
    _Growth("addition to an aldehyde", "[CX3;H2,$([CX3;H1][CX4])]=[OX1]", {(0, 1): _SINGLE}, _BOTH),
)


def units_of_monomer(smiles: str) -> list[MadeUnit]:
    """The repeat units that one monomer makes, without stereo marks; none of what is no monomer.

    Args:
        smiles: of a molecule without `*`.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    mol = _without_false_aromatics(parse(without_stereo(smiles)))
    if attachment_points(mol) or "." in smiles:
        return []
    made = [
        MadeUnit(unit, growth.reaction)
        for growth in _CHAIN_GROWTH
        for match in mol.GetSubstructMatches(
            Chem.MolFromSmarts(growth.pattern), uniquify=False, maxMatches=_MOST_MATCHES
        )
        for unit in _valid(_grown(mol, growth, match))
    ]
    made += [MadeUnit(unit, "oxidative coupling") for unit in _coupled(mol)]
    made += _self_condensed(mol)
    return list({each.smiles: each for each in reversed(made)}.values())[::-1]


def units_of_monomers(one: str, other: str) -> list[MadeUnit]:
    """The repeat units of the alternating chain that two monomers make by step growth.

    They have no stereo marks.

    Args:
        one, other: SMILES of molecules without `*`, in any order.

    Raises:
        BadSmilesError: when one cannot be read.
    """
    mols = parse(without_stereo(one)), parse(without_stereo(other))
    made: dict[str, MadeUnit] = {}
    for first, second in permutations(mols):
        if Chem.MolToSmiles(first) in _CARBONYLS:
            continue
        if Chem.MolToSmiles(second) in _CARBONYLS:
            for reaction, groups in _WITH_CARBONYL:
                for residue in _residues(first, groups):
                    for unit in _valid(_joined(residue, parse("*C(*)=O"))):
                        made.setdefault(unit, MadeUnit(unit, reaction))
            continue
        for step in _STEPS:
            for a in _residues(first, step.first):
                for b in _residues(second, step.second):
                    for unit in _valid(_joined(a, b)):
                        made.setdefault(unit, MadeUnit(unit, step.reaction))
    return list(made.values())


def _without_false_aromatics(mol: Chem.Mol) -> Chem.Mol:
    """A molecule whose vinylene carbonates and their like have a double bond, as they react.

    RDKit takes such a ring for aromatic: O=c1occo1.
    """
    rings = mol.GetSubstructMatches(_FALSE_AROMATIC)
    if not rings:
        return mol
    kekulised, changed = Chem.RWMol(mol), Chem.RWMol(mol)
    Chem.Kekulize(kekulised)
    for ring in rings:
        for first, second in zip(ring, (*ring[1:], ring[0]), strict=True):
            kind = kekulised.GetBondBetweenAtoms(first, second).GetBondType()
            bond = changed.GetBondBetweenAtoms(first, second)
            bond.SetBondType(kind)
            bond.SetIsAromatic(False)
            changed.GetAtomWithIdx(first).SetIsAromatic(False)
    return changed


class _Group(NamedTuple):
    """A functional group: its pattern, and what becomes of it, as for `_Growth`.

    Attributes:
        pattern: SMARTS.
        end: the atom of the pattern that gets a `*`.
        gone: atoms that leave.
        bonds: by two atoms of the pattern, the kind that their bond becomes.
        replaced: an atom that becomes another element.
    """

    pattern: str
    end: int
    gone: tuple[int, ...] = ()
    bonds: tuple[tuple[int, int, Chem.BondType], ...] = ()
    replaced: tuple[int, int] | None = None


_ACID = (
    _Group("[CX3;!$(C(O)(O)=O)](=O)[OX2H]", 0, gone=(2,)),
    _Group("[CX3;!$(C(O)=O);!$(C(N)=O)](=O)[Cl,Br]", 0, gone=(2,)),
    _Group("[CX3;!$(C(O)(O)=O)](=O)[OX2;!R][CH3]", 0, gone=(2, 3)),
)
_HYDROXYL = (_Group("[OX2H][#6;!$(C=O)]", 0),)
_PHENOL = (_Group("[OX2H]c", 0),)
_AMINE = (_Group("[NX3;H2,H1;!$(NC=[O,N,S]);!$(N[!#6;!#1])]", 0),)
_AMINE_CARBON = (_Group("[NX3;H2;!$(NC=O)][#6]", 1, gone=(0,)),)
_ISOCYANATE = (_Group("[NX2]=[CX2]=O", 1, bonds=((0, 1, _SINGLE),)),)
_ANHYDRIDE = (_Group("[O,o;R](~[#6]=O)~[#6]=O", 0, replaced=(0, 7)),)
_ARYL_HALIDE = (_Group("c[F,Cl]", 0, gone=(1,)),)


class _Step(NamedTuple):
    """A reaction of two monomers with two groups each."""

    reaction: str
    first: tuple[_Group, ...]
    second: tuple[_Group, ...]


_STEPS = (
    _Step("polycondensation of a diacid and a diol: a polyester", _ACID, _HYDROXYL),
    _Step("polycondensation of a diacid and a diamine: a polyamide", _ACID, _AMINE),
    _Step("polyaddition of a diisocyanate and a diol: a polyurethane", _ISOCYANATE, _HYDROXYL),
    _Step("polyaddition of a diisocyanate and a diamine: a polyurea", _ISOCYANATE, _AMINE),
    _Step(
        "polycondensation of a dianhydride and a diamine: a polyimide", _ANHYDRIDE, _AMINE_CARBON
    ),
    _Step("polycondensation of a dihalide and a bisphenol: a polyether", _ARYL_HALIDE, _PHENOL),
)
_CARBONYLS = {"O=C(Cl)Cl", "O=C(Oc1ccccc1)Oc1ccccc1", "COC(=O)OC", "CCOC(=O)OCC"}
"""What joins two ends by a carbonyl group: phosgene, and esters of carbonic acid."""
_WITH_CARBONYL = (
    ("polycondensation with phosgene or its ester: a polycarbonate", _HYDROXYL),
    ("polycondensation with phosgene or its ester: a polyurea", _AMINE),
)


def _valid(mol: Chem.Mol | None) -> Iterator[str]:
    """The canonical repeat unit of a molecule, if it is one."""
    if mol is None:
        return
    try:
        unit = parse(Chem.MolToSmiles(mol))
        if repeats(unit):
            yield canonical_unit(Chem.MolToSmiles(unit))
    except BadSmilesError:
        return


def _grown(mol: Chem.Mol, growth: _Growth, match: Sequence[int]) -> Chem.Mol | None:
    changed = Chem.RWMol(mol)
    for (a, b), kind in growth.bonds.items():
        first, second = match[a], match[b]
        changed.RemoveBond(first, second)
        if kind is not None:
            changed.AddBond(first, second, kind)
    return _finished(
        changed, [(match[atom], kind) for atom, kind in growth.ends.items()], match, growth.gone
    )


def _finished(
    changed: Chem.RWMol,
    ends: Sequence[tuple[int, Chem.BondType]],
    match: Sequence[int],
    gone: Sequence[int],
) -> Chem.Mol | None:
    """The molecule with `*` at its ends and without some atoms; None where it cannot be."""
    for atom, kind in ends:
        changed.GetAtomWithIdx(atom).SetNoImplicit(False)
        changed.GetAtomWithIdx(atom).SetNumExplicitHs(0)
        star = changed.AddAtom(Chem.Atom(0))
        changed.AddBond(atom, star, kind)
    return _without(changed, [match[atom] for atom in gone])


def _without(changed: Chem.RWMol, atoms: Sequence[int]) -> Chem.Mol | None:
    """A molecule that has lost some atoms; None where no molecule is left."""
    remove_atoms(changed, atoms)
    try:
        Chem.SanitizeMol(changed)
    except Chem.MolSanitizeException:
        return None
    return changed


def _coupled(mol: Chem.Mol) -> Iterator[str]:
    """Units of five-membered rings that couple beside their heteroatom."""
    ring = Chem.MolFromSmarts("[cH;r5]1[s,o,$([nX3]),$([se])][cH;r5]cc1")
    for match in mol.GetSubstructMatches(ring, maxMatches=2):
        ends = [(match[0], _SINGLE), (match[2], _SINGLE)]
        yield from _valid(_finished(Chem.RWMol(mol), ends, match, ()))


def _self_condensed(mol: Chem.Mol) -> Iterator[MadeUnit]:
    """Units of molecules with an acid and what it reacts with."""
    for reaction, partner in (
        ("polycondensation of a hydroxy acid: a polyester", _HYDROXYL),
        ("polycondensation of an amino acid: a polyamide", _AMINE),
    ):
        acids, partners = _matches(mol, _ACID), _matches(mol, partner)
        if len(acids) == len(partners) == 1:
            for unit in _valid(_reacted(mol, [*acids, *partners])):
                yield MadeUnit(unit, reaction)


def _matches(mol: Chem.Mol, groups: Sequence[_Group]) -> list[tuple[_Group, tuple[int, ...]]]:
    return [
        (group, match)
        for group in groups
        for match in mol.GetSubstructMatches(Chem.MolFromSmarts(group.pattern), maxMatches=8)
    ]


def _residues(mol: Chem.Mol, groups: Sequence[_Group]) -> Iterator[Chem.Mol]:
    """What is left of a molecule that reacts with two groups; nothing where it has more or less."""
    found = _matches(mol, groups)
    if len(found) == 2 and (residue := _reacted(mol, found)) is not None:
        yield residue


def _reacted(mol: Chem.Mol, found: Sequence[tuple[_Group, tuple[int, ...]]]) -> Chem.Mol | None:
    """A molecule whose groups have become `*`, with the bonds that they have in the chain."""
    changed = Chem.RWMol(mol)
    gone, ends = [], []
    for group, match in found:
        for a, b, kind in group.bonds:
            changed.GetBondBetweenAtoms(match[a], match[b]).SetBondType(kind)
        if group.replaced:
            place, element = group.replaced
            changed.GetAtomWithIdx(match[place]).SetAtomicNum(element)
        gone += [match[atom] for atom in group.gone]
        ends.append((match[group.end], _SINGLE))
    return _finished(changed, ends, range(mol.GetNumAtoms()), gone)


def _joined(one: Chem.Mol, other: Chem.Mol) -> Chem.Mol | None:
    """Two residues, the second end of the first bonded to the first end of the second."""
    changed = Chem.RWMol(Chem.CombineMols(one, other))
    size = one.GetNumAtoms()
    tail, head = ends_of(one)[1], ends_of(other)[0] + size
    last, first = (changed.GetAtomWithIdx(end).GetNeighbors()[0].GetIdx() for end in (tail, head))
    changed.AddBond(last, first, _SINGLE)
    return _without(changed, (tail, head))
