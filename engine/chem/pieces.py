"""Molecules beside a repeat unit: counter-ions, solvents, salts.

They are bonded to no chain, so a model that takes them for a part of the unit answers nonsense.
"""

from collections.abc import Sequence

from rdkit import Chem

from .composition import is_composition, of_each_unit, read
from .smiles import BadSmilesError, parse

_NAMED = 3


def loose_pieces(smiles: str) -> list[str]:
    """The molecules beside a repeat unit: each as SMILES, in the order in which they are written.

    Args:
        smiles: of a unit that may have counter-ions or solvents beside it.

    Returns:
        Those without a `*`, where another piece has one; else nothing.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    pieces = _pieces(smiles)
    loose = [piece for piece in pieces if "*" not in piece]
    return loose if len(loose) < len(pieces) else []


def without_loose_pieces(smiles: str) -> str:
    """A repeat unit without the molecules beside it that hold no `*`; unchanged if there are none.

    So is each unit of a composition. What cannot be read is given back as it is.
    """
    try:
        if is_composition(smiles):
            return of_each_unit(without_loose_pieces)(smiles) if _has_pieces(smiles) else smiles
        if not loose_pieces(smiles):
            return smiles
        return ".".join(piece for piece in _pieces(smiles) if "*" in piece)
    except BadSmilesError:
        return smiles


def pieces_problem(smiles: str) -> str | None:
    """Why several molecules side by side are no repeat unit; None for one molecule.

    Args:
        smiles: that can be read; of a composition, each unit is looked at.
    """
    if is_composition(smiles):
        return next(filter(None, map(pieces_problem, read(smiles).units)), None)
    pieces = _pieces(smiles)
    if len(pieces) < 2:
        return None
    loose = loose_pieces(smiles)
    if not loose:
        return f"it is {len(pieces)} molecules side by side: give one repeat unit"
    are = "are" if len(loose) > 1 else "is"
    return (
        f"{_counted(loose)} {are} no part of the repeat unit: correct the SMILES, or choose to "
        "leave out such molecules"
    )


def _has_pieces(composition: str) -> bool:
    return any("." in unit for unit in read(composition).units)


def _counted(pieces: Sequence[str]) -> str:
    """The first few different pieces, each with how many there are."""
    different = dict.fromkeys(pieces)
    named = [
        f"{pieces.count(piece)} × {piece}" if pieces.count(piece) > 1 else piece
        for piece in list(different)[:_NAMED]
    ]
    if len(different) > _NAMED:
        named.append(f"{len(different) - _NAMED} more")
    *first, last = named
    return f"{', '.join(first)} and {last}" if first else last


def _pieces(smiles: str) -> tuple[str, ...]:
    if "." not in smiles:
        return (smiles,)
    mol = parse(smiles)
    return tuple(Chem.MolFragmentToSmiles(mol, list(atoms)) for atoms in Chem.GetMolFrags(mol))
