"""Columns of polymers' names in place of repeat units."""

from collections.abc import Sequence

from ..base.errors import UserError
from ..chem.names import polymer_named
from .cells import is_missing
from .columns import Columns, columns_called_ids, guess_columns
from .reading import RawTable

_SAMPLE = 200
_MOST_ARE_NAMES = 0.5


def columns_of_units_or_names(
    raw: RawTable, smiles: str | None = None, id: str | None = None
) -> tuple[Columns, bool]:
    """The columns of a table whose repeat units may be given by name, and whether they are.

    Args:
        raw: the table, or its beginning.
        smiles, id: the user's choice in place of a guess, as for `guess_columns`.

    Raises:
        UserError: when there are neither repeat units nor names.
    """
    try:
        columns = guess_columns(raw, smiles=smiles, id=id)
    except UserError:
        named = None if smiles else _column_of_names(raw, id)
        if named is None:
            raise
        columns = guess_columns(raw, smiles=named, id=id)
    return columns, _share_of_names(raw, columns.smiles) >= _MOST_ARE_NAMES


def _column_of_names(raw: RawTable, id: str | None) -> str | None:
    """The first column that has the most names, and is none of ids; None where none has enough."""
    ids = {id, *columns_called_ids(raw.column_names)}
    shares = {name: _share_of_names(raw, name) for name in raw.column_names if name not in ids}
    best = max(shares, key=lambda name: shares[name], default=None)
    return best if best is not None and shares[best] >= _MOST_ARE_NAMES else None


def units_of_names(texts: Sequence[str]) -> list[str]:
    """The repeat unit of each polymer that is named; other texts stay as they are."""
    found = (polymer_named(text) for text in texts)
    return [polymer.smiles if polymer else text for polymer, text in zip(found, texts, strict=True)]


def _share_of_names(raw: RawTable, name: str) -> float:
    cells = [cell for cell in raw.frame[name][:_SAMPLE] if not is_missing(cell)]
    return sum(polymer_named(cell) is not None for cell in cells) / max(len(cells), 1)
