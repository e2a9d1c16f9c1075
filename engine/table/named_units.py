"""Columns of polymers' names in place of repeat units."""

from collections.abc import Callable, Sequence

from ..base.errors import UserError
from ..base.wording import listed
from ..chem.listed_units import with_polymers_drawn
from ..chem.monomer_names import monomer_named
from ..settings.polymer_columns import NOTHING_SAID, PolymerColumns, SaidUnits
from .cells import is_missing
from .columns import Columns, guess_columns
from .id_columns import columns_called_ids
from .reading import RawTable
from .unit_columns import holds_compositions, units_not_seen

_SAMPLE = 200
_ENOUGH_CAN_BE_READ = 0.3
"""Of the cells of a column of names: people have names that are in no list, and notes."""


def columns_of_units_or_names(
    raw: RawTable,
    smiles: str | None = None,
    id: str | None = None,
    said: SaidUnits = NOTHING_SAID,
    learned: PolymerColumns | None = None,
) -> tuple[Columns, bool]:
    """The columns of repeat units and ids; the units may be given by name, and whether some are.

    Args:
        raw: the table, or its beginning.
        smiles, id: the user's choice in place of a guess, as for `guess_columns`.
        said: the user's word on compositions.
        learned: the columns of the table that a model learned from, which the user's word goes
            before; they count where the table has them all.

    Raises:
        UserError: when there are neither repeat units nor names, or units that would not be seen.
    """
    smiles, said = said_or_learned(raw, smiles, said, learned)
    try:
        columns = guess_columns(raw, smiles=smiles, id=id, properties=(), **said.model_dump())
    except UserError:
        named = None if smiles else _column_of_names(raw, id)
        if named is None:
            raise
        return guess_columns(raw, smiles=named, id=id, properties=()), True
    if smiles is None and not columns.units:
        _demand_all_units(raw, columns.smiles)
    # One name is enough: a cell without `*` that names a polymer is hardly meant as its atoms.
    return columns, any(_share_of_names(raw, name) > 0 for name in columns.structures)


def said_or_learned(
    raw: RawTable, smiles: str | None, said: SaidUnits, learned: PolymerColumns | None
) -> tuple[str | None, SaidUnits]:
    """The user's word on the columns of polymers, or else those that a model learned from.

    Args:
        raw: the table, or its beginning.
        smiles, said, learned: as for `columns_of_units_or_names`.
    """
    something_said = smiles is not None or said != NOTHING_SAID
    if something_said or not learned or not learned.names <= {*raw.column_names}:
        return smiles, said
    if not (learned.others.units or holds_compositions(raw, learned.smiles)):
        return smiles, said
    return learned.smiles, learned.others


def _demand_all_units(raw: RawTable, smiles: str) -> None:
    """Refuse a table of several units in each row whose other units would not be seen.

    Raises:
        UserError: when other columns of texts are called like that of the repeat units.
    """
    if others := units_not_seen(raw, smiles, ()):
        named = listed([f"“{name}”" for name in others], "columns")
        raise UserError(
            f"{raw.name}: {named} would not be seen beside “{smiles}”, since no column is known to "
            "hold the fractions of the units, or one holds no repeat units. Name the columns with "
            f"`--unit-columns` and `--fraction-columns`, or say `--smiles-column {smiles}` where "
            "that is all of the polymer."
        )


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
