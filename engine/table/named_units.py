"""Columns of polymers' names in place of repeat units."""

from collections.abc import Callable, Sequence

from ..base.errors import UserError
from ..chem.listed_units import with_polymers_drawn
from ..chem.monomer_names import monomer_named
from ..settings.polymer_columns import NOTHING_SAID, PolymerColumns, SaidUnits
from .cells import is_missing
from .columns import Columns
from .id_columns import columns_called_ids
from .learned_columns import columns_of_polymers, said_or_learned, with_learned_whole
from .reading import RawTable
from .unseen_units import demand_all_units

_SAMPLE = 200
_ENOUGH_CAN_BE_READ = 0.3
"""Of the cells of a column of names: people have names that are in no list, and notes."""


def columns_of_units_or_names(
    raw: RawTable,
    smiles: str | None = None,
    id: str | None = None,
    said: SaidUnits = NOTHING_SAID,
    learned: PolymerColumns | None = None,
    conditions: Sequence[str] = (),
) -> tuple[Columns, bool]:
    """The columns of repeat units and ids; the units may be given by name, and whether some are.

    Args:
        raw: the table, or its beginning.
        smiles, id: the user's choice in place of a guess, as for `guess_columns`.
        said: the user's word on compositions.
        learned: the columns of the table that a model learned from; the user's word, and what the
            table's own columns say, go before.
        conditions: columns of the table that say nothing of the polymer.

    Raises:
        UserError: when there are neither repeat units nor names, or units that would not be seen.
    """
    given = smiles
    smiles, said = said_or_learned(raw, given, said, learned, conditions)
    # Columns of a homopolymer and of its conditions are not mistaken for each other.
    apart = tuple(conditions) if learned else ()
    try:
        columns = columns_of_polymers(raw, apart, smiles, said, id)
    except UserError:
        named = None if smiles else _column_of_names(raw, id)
        if named is None:
            raise
        _, said = said_or_learned(raw, named, NOTHING_SAID, learned, conditions)
        columns = columns_of_polymers(raw, apart, named, said, id)
    columns = with_learned_whole(raw, columns, learned)
    if given is None:
        demand_all_units(raw, columns, conditions)
    # One name is enough: a cell without `*` that names a polymer is hardly meant as its atoms.
    return columns, any(_share_of_names(raw, name) > 0 for name in columns.structures)


def _column_of_names(raw: RawTable, id: str | None) -> str | None:
    """The first column that has the most names, and is none of ids; None where none has enough.

    Repeat units and monomers' names may stand among them.
    """
    ids = {id, *columns_called_ids(raw.column_names)}
    shares = {
        name: _share(raw, name, _can_be_read)
        for name in raw.column_names
        if name not in ids and _share_of_names(raw, name)
    }
    best = max(shares, key=lambda name: shares[name], default=None)
    return best if best is not None and shares[best] >= _ENOUGH_CAN_BE_READ else None


def _can_be_read(cell: str) -> bool:
    """Whether a cell is a polymer's or a monomer's name, or seems to be a repeat unit."""
    return _holds_name(cell) or monomer_named(cell) is not None or "*" in cell


def units_of_names(texts: Sequence[str]) -> list[str]:
    """The repeat unit of each polymer that is named, in compositions too; others stay."""
    return [with_polymers_drawn(text) for text in texts]


def _share_of_names(raw: RawTable, name: str) -> float:
    return _share(raw, name, _holds_name)


def _holds_name(cell: str) -> bool:
    """Whether a cell is a polymer's name, or a composition with one."""
    return with_polymers_drawn(cell) != cell


def _share(raw: RawTable, name: str, holds: Callable[[str], bool]) -> float:
    """The share of a column's first cells that something holds of, empty ones left out."""
    cells = [cell for cell in raw.frame[name][:_SAMPLE] if not is_missing(cell)]
    return sum(holds(cell) for cell in cells) / max(len(cells), 1)
