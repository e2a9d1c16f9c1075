"""Carrying out a mending: from a file to a checked table."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..base.budget import allow_for, cpu_budget
from ..base.errors import UserError
from ..chem.notations import NotationError, checked_elements
from ..settings.polymer_columns import PolymerColumns, SaidUnits
from .checking import Table, check_table, leave_bounds_out
from .columns import Columns, guess_columns
from .learned_columns import said_or_learned
from .long_format import pivoted, said_long_format
from .mending import Cells, Mending
from .reading import RawTable, read_table
from .repeat_units import Progress, with_chain_ends, without_fragments, without_monomers
from .replicates import average_replicates


def mended_table(
    source: Path | str | bytes,
    mending: Mending,
    name: str | None = None,
    progress: Progress | None = None,
) -> Table:
    """Read, mend and check a table.

    Args:
        source: a path, or the file's bytes.
        mending: what is done, and how it is read.
        name: shown to people; a path's own when it is not given.
        progress: called while rows are checked.

    Raises:
        UserError: when it cannot be used, or the mending does not fit it.
    """
    with cpu_budget(name or _shown_name(source)):
        return check_mended(read_cells(source, mending, name), mending, progress)


def _shown_name(source: Path | str | bytes) -> str:
    return "The table" if isinstance(source, bytes) else Path(source).name


def read_cells(source: Path | str | bytes, mending: Mending, name: str | None = None) -> RawTable:
    """The cells of a table as the mending's dropped rows and changed cells know them.

    Raises:
        UserError: when it cannot be read.
    """
    raw = read_table(source, name, **mending.reading, lenient=True)
    if not mending.long:
        return raw
    with cpu_budget(raw.name):
        allow_for(*raw.frame.shape)
        return _pivoted(raw, mending, mending.long)


def _pivoted(raw: RawTable, mending: Mending, long: str) -> RawTable:
    def own(name: str | None) -> str | None:
        return name and mending.own_names.get(name, name)

    said = mending.further_units, mending.fractions
    units, fractions = (names and [own(name) or "" for name in names] for names in said)
    columns = guess_columns(
        raw,
        smiles=own(mending.smiles),
        units=units,
        fractions=fractions,
        architecture=own(mending.architecture),
    )
    conditions = [own(name) or "" for name in mending.conditions]
    return pivoted(raw, said_long_format(long, raw), columns, conditions)


def of_several(mending: Mending, source: Path | str | bytes, name: str | None = None) -> Mending:
    """What is said of several tables, as it is about one of them.

    Args:
        mending: that may say columns of names and values, which not every table has.
        source, name: of the table, as `mended_table` takes them.

    Raises:
        UserError: when the table cannot be read.
    """
    if not mending.long:
        return mending
    raw = read_table(source, name, **mending.reading, lenient=True)
    columns = {word.strip() for word in mending.long.split("=")}
    return mending if columns <= {*raw.column_names} else mending.but(long=None)


def check_mended(raw: RawTable, mending: Mending, progress: Progress | None = None) -> Table:
    """The checked table of mended cells.

    Args:
        raw: from `read_cells`.
        mending: what is done.
        progress: called while rows are checked.

    Raises:
        UserError: when it cannot be used, or the mending does not fit it.
    """
    with cpu_budget(raw.name):
        allow_for(*raw.frame.shape)
        return _checked(raw, mending, progress)


def _checked(raw: RawTable, mending: Mending, progress: Progress | None) -> Table:
    """See `check_mended`."""
    raw = with_mends(raw, mending)
    columns = columns_of(raw, mending)
    if mending.chain_ends:
        raw = with_chain_ends(raw, columns.structures, _elements(mending.chain_ends))
    if mending.fragments == "leave-out":
        raw = without_fragments(raw, columns.structures)
    if mending.monomers == "make-units":
        raw = without_monomers(raw, columns.structures)
    table = check_table(raw, columns, dict(mending.units), progress)
    if mending.bounds == "leave-out":
        table = leave_bounds_out(table)
    table = average_replicates(table, mending.replicates)
    return replace(table, mendings=(_spelt_out(mending, table),))


def _spelt_out(mending: Mending, table: Table) -> Mending:
    """The mending with what was guessed, so that it is carried out alike when guesses change."""
    reading, columns = table.report.reading, table.report.columns
    return mending.but(
        separator=reading.separator,
        encoding=reading.encoding,
        decimal=reading.decimal,
        sheets=(reading.sheet, *reading.joined_sheets) if reading.sheet else (),
        smiles=columns.smiles,
        id=columns.id or "",
        properties=columns.properties,
        scales=columns.scales,
        conditions=columns.conditions,
        **composition_said(columns),
    )


def composition_said(columns: Columns) -> dict[str, object]:
    """The fields of a mending on compositions; where one column says all, they are left unsaid.

    Args:
        columns: that are used.
    """
    if not columns.says_more and columns.architecture is None:
        return {}
    of_all = {"one_architecture": columns.one_architecture} if columns.one_architecture else {}
    return {
        **of_all,
        "further_units": columns.units,
        "fractions": columns.fractions,
        "basis": columns.basis,
        "architecture": columns.architecture or "",
    }


def columns_of(raw: RawTable, mending: Mending) -> Columns:
    """The columns of a table that is read: those that are said, and guesses for the others.

    Raises:
        UserError: when they cannot be used.
    """
    return guess_columns(
        raw,
        smiles=mending.smiles,
        id=mending.id,
        properties=mending.properties,
        scales=mending.scales,
        conditions=mending.conditions,
        units=mending.further_units,
        fractions=mending.fractions,
        basis=mending.basis,
        architecture=mending.architecture,
        one_architecture=mending.one_architecture,
    )


def with_learned_columns(
    mending: Mending, raw: RawTable, learned: PolymerColumns | None
) -> Mending:
    """A mending that reads compositions as a model's training table was, see `said_or_learned`.

    Args:
        mending: whose word on the columns of polymers goes before.
        raw: the cells of the file.
        learned: the model's.

    Raises:
        UserError: when the mending does not fit the table, or it is not clear which columns say
            what the polymers are.
    """
    if learned is None:
        return mending
    said = SaidUnits(
        units=mending.further_units,
        fractions=mending.fractions,
        basis=mending.basis,
        architecture=mending.architecture,
        one_architecture=mending.one_architecture,
    )
    smiles, others = said_or_learned(
        with_mends(raw, mending), mending.smiles, said, learned, mending.conditions
    )
    return mending.but(
        smiles=smiles,
        further_units=others.units,
        fractions=others.fractions,
        basis=others.basis,
        architecture=others.architecture,
        one_architecture=others.one_architecture,
    )


def with_mends(raw: RawTable, mending: Mending) -> RawTable:
    """The table without dropped rows, with changed cells, and with new names of columns.

    Args:
        raw: the cells of the file.
        mending: of which only this is carried out.

    Raises:
        UserError: when a row, a cell or a column is not as the mending knows it.
    """
    if not mending.only_in_a_file:
        return raw
    cells = Cells(raw)
    frame = raw.frame.copy()
    for change in mending.changed:
        if problem := cells.problem_of_change(change):
            raise _changed_since(problem)
        place = cells.places[change.row], frame.columns.get_loc(change.column)
        frame.iat[place] = (change.new or "").strip() or None
    for row in mending.dropped:
        if problem := cells.problem_of_drop(row):
            raise _changed_since(problem)
    kept = ~np.isin(raw.rows, [each.row for each in mending.dropped])
    if not kept.any():
        raise UserError(f"All rows of {raw.name} are left out; keep those that can be learned.")
    frame = frame.iloc[np.flatnonzero(kept)].reset_index(drop=True)
    frame.columns = _new_names(raw, mending)
    return replace(raw, frame=frame, rows=raw.rows[kept])


def _new_names(raw: RawTable, mending: Mending) -> list[str]:
    for old in mending.renamed:
        if old not in raw.frame:
            raise _changed_since(f"{raw.name} has no column “{old}”, which is to be renamed")
    names = [mending.renamed.get(name, name).strip() for name in raw.column_names]
    counts = Counter(names)
    for name in names:
        if not name or counts[name] > 1:
            what = f"Two columns would be called “{name}”" if name else "A column has no name"
            raise UserError(f"{what}; give each column a name of its own.")
    return names


def _changed_since(problem: str) -> UserError:
    return UserError(
        f"The mending does not fit: {problem}. The file has changed since: mend it again, or take "
        "this row out of the mending."
    )


def _elements(chain_ends: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return checked_elements(",".join(chain_ends))
    except NotationError as error:
        raise UserError(f"Chain ends: {error}.") from error
