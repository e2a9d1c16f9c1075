"""Reading a file's compositions as a model's training table was read, where its own columns agree.

A model remembers the columns that it learned from. What a file's own columns say goes before.
"""

from collections.abc import Collection, Sequence

from ..base.errors import UserError
from ..base.wording import listed
from ..settings.polymer_columns import NOTHING_SAID, PolymerColumns, SaidUnits
from .columns import Columns, guess_columns
from .fraction_columns import basis_column
from .reading import RawTable
from .share_names import basis_of
from .unit_columns import holds_compositions


def said_or_learned(
    raw: RawTable,
    smiles: str | None,
    said: SaidUnits,
    learned: PolymerColumns | None,
    conditions: Sequence[str] = (),
) -> tuple[str | None, SaidUnits]:
    """The user's word on the columns of polymers, and what a model remembers where that is silent.

    Where a table has all columns that the model learned from, these are read, unless the reader
    finds further units, fractions or an architecture in it by itself. What hangs on no column's
    name, an architecture of all rows and the basis of fractions in texts, is kept in any case.

    Args:
        raw: the table, or its beginning.
        smiles: the column of repeat units that the user names.
        said: what else the user says of compositions.
        learned: the columns of the table that a model learned from.
        conditions: columns of the table that are none of polymers.

    Raises:
        UserError: when the columns that are remembered and those that are found contradict each
            other, or when it is not clear what fractions are shares of.
    """
    if learned is None:
        return smiles, said
    if smiles is None and said == NOTHING_SAID and _has_all(raw, learned):
        smiles, said = _read_together(raw, learned, conditions)
    try:
        columns = columns_of_polymers(raw, conditions, smiles, said)
    except UserError:
        # Told when they are read for good, or there are names in place of repeat units.
        return smiles, said
    if not _are_of_compositions(raw, columns):
        return smiles, said
    basis, word = said.basis, said.one_architecture
    if basis is None and _keeps_basis(raw, columns, learned, conditions):
        basis = learned.others.basis
    if word is None:
        word = learned.others.one_architecture
    return smiles, said.model_copy(update={"basis": basis, "one_architecture": word})


def with_learned_whole(raw: RawTable, columns: Columns, learned: PolymerColumns | None) -> Columns:
    """Columns whose fractions add up to what they did in a model's table: few rows do not tell it.

    Args:
        raw: the table.
        columns: that are read.
        learned: the columns of the table that a model learned from.

    Raises:
        UserError: when they were percentages, and seem to be shares of 1 without the rest.
    """
    if learned is None or learned.whole in (None, "parts", columns.whole):
        return columns
    if not columns.fractions or {*columns.fractions} != {*(learned.others.fractions or ())}:
        return columns
    if columns.whole == "one" and len(columns.fractions) < len(columns.structures):
        named = listed([f"“{name}”" for name in columns.fractions])
        raise UserError(
            f"{raw.name}: the model learned {named} as percentages, and the numbers here are not "
            "above 1: it cannot be told which they are. Give percentages, or the fractions of all "
            "units."
        )
    return columns.model_copy(update={"whole": learned.whole})


def _has_all(raw: RawTable, learned: PolymerColumns) -> bool:
    """Whether a table has all columns that a model learned from, with compositions."""
    there = learned.names <= {*raw.column_names}
    return there and bool(learned.others.units or holds_compositions(raw, learned.smiles))


def _read_together(
    raw: RawTable, learned: PolymerColumns, conditions: Sequence[str]
) -> tuple[str | None, SaidUnits]:
    """The columns of units, fractions and the architecture of a table that has the learned ones."""
    others = learned.others
    units, fractions = others.units or (), others.fractions or ()
    said = SaidUnits(units=units, fractions=fractions)
    remembered = columns_of_polymers(raw, conditions, learned.smiles, said)
    try:
        own = columns_of_polymers(raw, conditions)
    except UserError:
        own = remembered
    if not _are_of_compositions(raw, own):
        own = remembered
    known, found = _of_units(remembered), _of_units(own)
    architecture = own.architecture or others.architecture or None
    if others.architecture not in ("", None, architecture):
        raise _contradiction(raw, [others.architecture or ""], [architecture or ""])
    alike = _pairs(own).items() >= _pairs(remembered).items()
    if own is not remembered and found >= known and alike:
        return None, SaidUnits(architecture=architecture)
    if found <= known:
        return learned.smiles, said.model_copy(update={"architecture": architecture or ""})
    raise _contradiction(raw, sorted(known), sorted(found))


def columns_of_polymers(
    raw: RawTable,
    conditions: Sequence[str],
    smiles: str | None = None,
    said: SaidUnits = NOTHING_SAID,
    id: str | None = "",
) -> Columns:
    """The columns of polymers and ids; of others, only conditions are told apart from them.

    Args:
        raw: the table, or its beginning.
        conditions: columns that say nothing of the polymer, unless the user names them as such.
        smiles, id: as for `guess_columns`; ids are not looked for by default.
        said: the user's word on compositions.

    Raises:
        UserError: when no column holds repeat units.
    """
    named = {smiles, id, *(said.units or ()), *(said.fractions or ()), said.architecture}
    apart = [name for name in conditions if name not in named]
    return guess_columns(
        raw, smiles=smiles, id=id, properties=(), conditions=apart, **said.model_dump()
    )


def _are_of_compositions(raw: RawTable, columns: Columns) -> bool:
    return bool(columns.units) or holds_compositions(raw, columns.smiles)


def _of_units(columns: Columns) -> set[str]:
    return {*columns.structures, *columns.fractions}


def _pairs(columns: Columns) -> dict[str, str]:
    """The column of fractions of each column of units that has one."""
    return dict(zip(columns.structures, columns.fractions, strict=False))


def _keeps_basis(
    raw: RawTable, columns: Columns, learned: PolymerColumns, conditions: Collection[str]
) -> bool:
    """Whether fractions are of what they were of in a model's table: the file says nothing else.

    Args:
        raw: the table.
        columns: that are read.
        learned: the model's.
        conditions: columns that say nothing of polymers.
    """
    of_texts = not columns.units and not learned.others.units
    if not of_texts and {*columns.fractions} != {*(learned.others.fractions or ())}:
        return False
    taken = {*columns.structures, *columns.fractions, *conditions}
    others = [name for name in raw.column_names if name not in taken]
    by_name = basis_of(columns.fractions) == "weight"
    return not by_name and basis_column(raw, others) is None


def _contradiction(raw: RawTable, learned: Sequence[str], found: Sequence[str]) -> UserError:
    known, own = (listed([f"“{name}”" for name in names]) for names in (learned, found))
    return UserError(
        f"{raw.name}: the model learned from {known}, and without it {own} would be read: it "
        "cannot be told which of them say what the polymers are. Leave out the columns that do "
        "not, or name those that do with `--unit-columns`, `--fraction-columns` and "
        "`--architecture-column`."
    )
