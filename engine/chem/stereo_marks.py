"""Marks of stereo on a molecule: what is marked, and marking it so after its bonds have changed."""

from rdkit import Chem
from rdkit.Chem import rdqueries

from .smiles import bonds_of, is_flat, matching_atoms

_SIDE_OF = {
    Chem.BondStereo.STEREOZ: Chem.BondStereo.STEREOCIS,
    Chem.BondStereo.STEREOCIS: Chem.BondStereo.STEREOCIS,
    Chem.BondStereo.STEREOE: Chem.BondStereo.STEREOTRANS,
    Chem.BondStereo.STEREOTRANS: Chem.BondStereo.STEREOTRANS,
}
TETRAHEDRAL = (Chem.ChiralType.CHI_TETRAHEDRAL_CW, Chem.ChiralType.CHI_TETRAHEDRAL_CCW)

_IS_CENTRE = rdqueries.HasChiralTagQueryAtom()
_NO_DIRECTION, _NO_SIDE = Chem.BondDir.NONE, Chem.BondStereo.STEREONONE


def centres(mol: Chem.Mol) -> list[Chem.Atom]:
    """The atoms that have a mark of chirality, with a meaning or without."""
    return matching_atoms(mol, _IS_CENTRE)


def is_marked(mol: Chem.Mol) -> bool:
    """Whether any atom or bond has a mark of stereo, with a meaning or without."""
    if is_flat(mol):
        return False
    return bool(centres(mol)) or any(
        bond.GetBondDir() != _NO_DIRECTION or bond.GetStereo() != _NO_SIDE for bond in bonds_of(mol)
    )


def keep_stereo(mol: Chem.Mol, changed: Chem.RWMol, instead: dict[tuple[int, int], int]) -> None:
    """Mark stereo in a changed molecule as it was before.

    Args:
        mol: as it was before.
        changed: the molecule, with some bonds in place of others.
        instead: by an atom and a neighbour that it has lost, the neighbour in its place.
    """
    neighbours = {
        atom.GetIdx(): neighbours_of(atom)
        for atom in centres(mol)
        if atom.GetChiralTag() in TETRAHEDRAL
    }
    for number, before in neighbours.items():
        atom = changed.GetAtomWithIdx(number)
        expected = [instead.get((number, each), each) for each in before]
        if _is_odd([expected.index(each) for each in neighbours_of(atom)]):
            atom.InvertChirality()
    for (first, second), (side, *of_each) in sides_of(mol).items():
        beside = [instead.get((a, b), b) for a, b in zip((first, second), of_each, strict=True)]
        bond = changed.GetBondBetweenAtoms(first, second)
        bond.SetStereoAtoms(*beside)
        bond.SetStereo(side)
    # Marks of the text, at bonds that may be gone.
    for bond in bonds_of(changed):
        bond.SetBondDir(Chem.BondDir.NONE)


def neighbours_of(atom: Chem.Atom) -> list[int]:
    """The numbers of an atom's neighbours, in the order that its mark of chirality is read in."""
    return [bond.GetOtherAtomIdx(atom.GetIdx()) for bond in atom.GetBonds()]


def _is_odd(order: list[int]) -> bool:
    """Whether an order of numbers is an odd permutation."""
    later = (order[i] > order[j] for j in range(len(order)) for i in range(j))
    return sum(later) % 2 == 1


def sides_of(mol: Chem.Mol) -> dict[tuple[int, int], tuple[Chem.BondStereo, int, int]]:
    """The double bonds that are cis or trans: which, and the atoms of which that is said."""
    found = {}
    for bond in bonds_of(mol):
        side = _SIDE_OF.get(bond.GetStereo())
        if side is not None:
            of_first, of_second = bond.GetStereoAtoms()
            found[bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()] = side, of_first, of_second
    return found
