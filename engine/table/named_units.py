"""Columns of polymers' names in place of repeat units."""

from collections.abc import Sequence

from ..base.errors import UserError
from ..chem.names import polymer_named
from .cells import is_missing
from .columns import Columns, guess_columns
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
    if smiles is None:
        try:
            columns = guess_columns(raw, id=id)
        except UserError:
            # The first of the most fitting ones, but that which has the ids.
            choices = [name for name in raw.column_names if name not in (id, _looks_like_id(raw))]
            smiles = max(choices, key=lambda name: _share_of_names(raw, name), default=None)
            if smiles is None or _share_of_names(raw, smiles) < _MOST_ARE_NAMES:
                raise
            columns = guess_columns(raw, smiles=smiles, id=id)
    else:
        columns = guess_columns(raw, smiles=smiles, id=id)
    return columns, _share_of_names(raw, columns.smiles) >= _MOST_ARE_NAMES


def _looks_like_id(raw: RawTable) -> str | None:
    """The first column whose name says that it has ids."""
    words = ((name, name.strip().casefold()) for name in raw.column_names)
    return next((name for name, word in words if word == "id" or word.endswith("_id")), None)


def units_of_names(texts: Sequence[str]) -> list[str]:
    """The repeat unit of each polymer that is named; other texts stay as they are."""
    found = (polymer_named(text) for text in texts)
    return [polymer.smiles if polymer else text for polymer, text in zip(found, texts, strict=True)]


def _share_of_names(raw: RawTable, name: str) -> float:
    cells = [cell for cell in raw.frame[name][:_SAMPLE] if not is_missing(cell)]
    return sum(polymer_named(cell) is not None for cell in cells) / max(len(cells), 1)
