"""Molecules beside a repeat unit: counter-ions, solvents, salts.

They are bonded to no chain, so a model that takes them for a part of the unit answers nonsense.
"""

from collections.abc import Sequence

from rdkit import Chem

from .composition import is_composition, of_each_unit, units_in
from .smiles import BadSmilesError, parse

_NAMED = 3


def loose_pieces(smiles: str) -> list[str]:
    """The molecules beside a repeat unit: each as SMILES, in the order in which they are written.

    Args:
        smiles: of a unit that may have counter-ions or solvents beside it, or of several units.

    Returns:
        Those without a `*`, where another piece has one; else nothing.

    Raises:
        BadSmilesError: when it cannot be read.
    """
    loose = []
    for unit in _units(smiles):
        pieces = _pieces(unit)
        own = [piece for piece in pieces if "*" not in piece]
        loose += own if len(own) < len(pieces) else []
    return loose


def without_loose_pieces(smiles: str) -> str:
    """A repeat unit without the molecules beside it that hold no `*`; unchanged if there are none.

    What cannot be read is given back as it is.
    """
    try:
        return _without_loose_pieces(smiles) if loose_pieces(smiles) else smiles
    except BadSmilesError:
        return smiles


@of_each_unit
def _without_loose_pieces(unit: str) -> str:
    return ".".join(piece for piece in _pieces(unit) if "*" in piece)


def pieces_problem(smiles: str) -> str | None:
    """Why several molecules side by side are no repeat unit; None for one molecule.

    Args:
        smiles: that can be read; of several units, each is looked at.
    """
    most = max(map(_pieces, _units(smiles)), key=len)
    if len(most) < 2:
        return None
    loose = loose_pieces(smiles)
    if not loose:
        return f"it is {len(most)} molecules side by side: give one repeat unit"
    are = "are" if len(loose) > 1 else "is"
    return (
        f"{_counted(loose)} {are} no part of the repeat unit: correct the SMILES, or choose to "
        "leave out such molecules"
    )


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


def _units(smiles: str) -> tuple[str, ...]:
    return units_in(smiles) if is_composition(smiles) else (smiles,)


def _pieces(smiles: str) -> tuple[str, ...]:
    if "." not in smiles:
        return (smiles,)
    mol = parse(smiles)
    return tuple(Chem.MolFragmentToSmiles(mol, list(atoms)) for atoms in Chem.GetMolFrags(mol))
