"""Repeat units of a drawing that has not two attachment points, where chemistry gives some."""

from collections.abc import Iterator
from itertools import combinations

from rdkit import Chem

from .monomers import MadeUnit
from .repeat_unit import canonical_unit, repeats
from .smiles import BadSmilesError, atoms_of, parse, stars_of

_MOST_STARS, _MOST_OFFERED = 5, 6


def units_with_two_ends(smiles: str) -> list[MadeUnit]:
    """What a drawing with one attachment point, or with more than two, may have been meant as.

    One point: another one takes the place of a hydrogen where chains usually go on, on the atom
    after the first, as in vinyl polymers, or at the far end. More than two: all but two become
    hydrogen, in each way.

    Args:
        smiles: with `*`.

    Returns:
        Canonical units, the likeliest first, with what was done in place of a reaction; none where
        nothing is natural, or for two points.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    mol = parse(smiles)
    stars = [star.GetIdx() for star in stars_of(mol)]
    if len(stars) == 1:
        made = _completed(mol, stars[0])
    elif 2 < len(stars) <= _MOST_STARS:
        made = _capped(mol, stars)
    else:
        return []
    found: dict[str, str] = {}
    for unit, done in made:
        found.setdefault(unit, done)
    return [MadeUnit(unit, done) for unit, done in [*found.items()][:_MOST_OFFERED]]


def _completed(mol: Chem.Mol, star: int) -> Iterator[tuple[str, str]]:
    """The unit with a second point after the first atom, and with one at the far end."""
    distances = Chem.GetDistanceMatrix(mol)[star]
    places = [atom.GetIdx() for atom in atoms_of(mol) if atom.GetTotalNumHs()]
    ring = mol.GetRingInfo()
    beside = mol.GetAtomWithIdx(star).GetNeighbors()
    chain = [
        place
        for place in places
        if distances[place] == 2
        and mol.GetAtomWithIdx(place).GetAtomicNum() == 6
        and not ring.NumAtomRings(place)
        and not any(atom.IsInRing() for atom in beside)
    ]
    for place in chain:
        yield from _valid(_with_star(mol, place), "a second * on the atom after the first")
    farthest = max((distances[place] for place in places), default=0)
    for place in places:
        if distances[place] == farthest:
            yield from _valid(_with_star(mol, place), "a second * at the far end")


def _capped(mol: Chem.Mol, stars: list[int]) -> Iterator[tuple[str, str]]:
    """The unit with hydrogen in place of all but two points."""
    for kept in combinations(stars, 2):
        changed = Chem.RWMol(mol)
        for star in {*stars}.difference(kept):
            changed.GetAtomWithIdx(star).SetAtomicNum(1)
        yield from _valid(changed, "hydrogen in place of the other *")


def _with_star(mol: Chem.Mol, place: int) -> Chem.RWMol:
    """A molecule with a `*` in place of a hydrogen."""
    changed = Chem.RWMol(mol)
    atom = changed.GetAtomWithIdx(place)
    if atom.GetNumExplicitHs():
        atom.SetNumExplicitHs(atom.GetNumExplicitHs() - 1)
    changed.AddBond(place, changed.AddAtom(Chem.Atom(0)), Chem.BondType.SINGLE)
    return changed


def _valid(mol: Chem.RWMol, done: str) -> Iterator[tuple[str, str]]:
    try:
        Chem.SanitizeMol(mol)
        unit = parse(Chem.MolToSmiles(Chem.RemoveHs(mol)))
        if repeats(unit):
            yield canonical_unit(Chem.MolToSmiles(unit)), done
    except (Chem.MolSanitizeException, BadSmilesError):
        return
