"""Mending what leaves no doubt in a table, and the table that is mended so."""

import csv
import io
import shlex
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..base.bounds import no_bounds
from ..base.wording import counted, listed, rows_text
from ..chem.composition import is_composition
from ..chem.notations import NotationError, as_smiles
from ..settings.properties import Property
from .cells import is_missing, to_number
from .checking import Table, settings_of
from .columns import Columns, free_name, guess_columns
from .headers import Header, read_header, read_headers
from .mending import MAX_CHANGES, CellChange, DroppedRow, Mending, rows_to_drop
from .reading import RawTable, Reading
from .report import Finding

ROW_NUMBERS = "row"
"""The column of row numbers in a mended table whose file has no ids."""

_LEFT_OUT = {
    "empty_smiles": "without a SMILES",
    "unreadable_smiles": "with a SMILES that cannot be read",
    "long_smiles": "with a SMILES that is too long",
    "monomers": "with monomers in place of repeat units",
    "composition": "whose composition cannot be used",
    "misfit_rows": "with too many or too few cells",
}
_READ = {
    "cell_range": "with a range: its middle is written",
    "cell_approximate": "with an approximate number: the number is written",
    "cell_spread": "with a spread (±): the number is written",
    "non_numeric": "with something that is no number: left empty",
    "foreign_unit": "in a unit that cannot be converted: left empty",
    "void_bound": "with a bound far from what can be: left empty",
    "infinite": "with an infinite number: left empty",
    "vast": "with a number too large to be computed with: left empty",
}

_BOUNDS = {"cell_above": "with a lower bound (>)", "cell_below": "with an upper bound (<)"}


def certain_mends(table: Table, cells: RawTable, mending: Mending) -> Mending:
    """The mending with what else leaves no doubt.

    Labels that no polymer can have are emptied, and of rows that say the same of one repeat unit
    all but the first are dropped.

    Args:
        table: as the mending makes it.
        cells: of the file, before any step of it.
        mending: of the file.
    """
    changed = _without_impossible(table, cells, mending)
    dropped = _without_repeated(table, cells, mending) if mending.replicates == "keep" else []
    wider = mending.with_changes(changed, dropped)
    # So many cannot be listed: the findings remain, and people decide.
    return mending if max(len(wider.changed), len(wider.dropped)) > MAX_CHANGES else wider


def _without_impossible(table: Table, cells: RawTable, mending: Mending) -> list[CellChange]:
    columns = _columns_of(table)
    places = {int(row): place for place, row in enumerate(cells.rows)}
    changes = []
    for finding in table.report.findings:
        if finding.kind == "impossible" and finding.column:
            column = columns[finding.column]
            own = mending.own_names.get(column, column)
            texts = cells.frame[own]
            changes += [
                CellChange(row=row, column=own, old=texts.iloc[places[row]]) for row in finding.rows
            ]
    return changes


def _without_repeated(table: Table, cells: RawTable, mending: Mending) -> list[DroppedRow]:
    groups: dict[tuple[str, str, bytes], list[int]] = defaultdict(list)
    labels = np.column_stack([table.labels, *(table.bounds or ())])
    for i, key in enumerate(zip(table.canonical, settings_of(table), strict=True)):
        groups[(*key, labels[i].tobytes())].append(i)
    again = sorted(int(table.rows[i]) for group in groups.values() for i in group[1:])
    columns = table.report.columns
    known_by = [name for name in (columns.id, *columns.polymer) if name]
    return rows_to_drop(cells, again, [mending.own_names.get(name, name) for name in known_by])


def _columns_of(table: Table) -> dict[str, str]:
    """The column of each property, by the property's name."""
    names = [property_.name for property_ in table.properties]
    return dict(zip(names, table.report.columns.properties, strict=True))


def consequences(table: Table, mending: Mending) -> list[str]:
    """What becomes of a table when it is written mended, besides the mending itself.

    Args:
        table: as the mending makes it.
        mending: of the file.
    """
    report, sentences = table.report, []
    for property_, column in zip(table.properties, report.columns.properties, strict=True):
        said = mending.units.get(column) or mending.units.get(property_.name)
        said = said or read_header(column).unit
        if said and said != property_.unit:
            unit = property_.unit or "no unit"
            sentences.append(f"{property_.name}: given in {said}, written in {unit}.")
    sentences += [_sentence(finding, mending.bounds == "learn") for finding in report.findings]
    return [sentence for sentence in sentences if sentence]


def _sentence(finding: Finding, bounds: bool) -> str:
    if words := _LEFT_OUT.get(finding.kind):
        left = "is left out" if finding.count == 1 else "are left out"
        return f"{counted(finding.count, 'row')} {words} {left}: {rows_text(finding.rows)}."
    words = _READ.get(finding.kind)
    if finding.kind in _BOUNDS:
        words = f"{_BOUNDS[finding.kind]}: {'kept as one' if bounds else 'left empty'}"
    if words:
        what, consequence = words.split(": ")
        cells = counted(finding.count, "cell")
        rows = rows_text(finding.rows)
        return f"{finding.column}: {cells} {what} ({rows}): {consequence}."
    return finding.message if finding.kind == "replicates" else ""


def mended_frame(table: Table) -> tuple[pd.DataFrame, list[str]]:
    """A checked table as a plain one: every label a number in its property's unit.

    Returns:
        The table, whose columns are found again by their names alone: the ids, the repeat units,
        the properties with their units, and other columns. Then the names of columns that are left
        out, since they would be taken for something else than they are.
    """
    columns = table.report.columns
    rows = {int(row): place for place, row in enumerate(table.raw.rows)}
    others = table.raw.frame.iloc[[rows[int(row)] for row in table.rows]].reset_index(drop=True)
    others = others.drop(columns=[*columns.structures, *columns.properties])
    if table.raw.reading.decimal == ",":
        others = others.map(_with_point)
    for column, condition in zip(columns.conditions, table.conditions, strict=True):
        if condition.kind == "number":
            unit = "" if read_header(column).unit else f" {condition.unit}".rstrip()
            values = table.condition_values[condition.name]
            others[column] = [None if pd.isna(v) else f"{float(v)!r}{unit}" for v in values]
    # Every name is made here, so that no other column has it.
    id_ = columns.id or free_name(ROW_NUMBERS, others)
    heads = _heads(table)
    frame = pd.DataFrame({id_: table.ids, **_units(table)})
    bounds = table.bounds or no_bounds(table.labels.shape)
    for k, property_ in enumerate(table.properties):
        frame[heads[property_.name]] = label_cells(
            table.labels[:, k], bounds.lower[:, k], bounds.upper[:, k]
        )
    others = others.drop(columns=[name for name in others if name in frame])
    wanted = Columns(
        smiles=columns.smiles,
        id=id_,
        properties=tuple(heads.values()),
        conditions=columns.conditions,
        units=columns.units,
        fractions=columns.fractions,
        architecture=columns.architecture,
        one_architecture=columns.one_architecture,
    )
    whole = pd.concat([frame, others], axis=1).astype(object)
    whole = whole.where(whole.notna(), None)
    misleading = _misleading(whole, wanted)
    return whole.drop(columns=misleading), misleading


def _misleading(frame: pd.DataFrame, wanted: Columns) -> list[str]:
    """Columns that a reader of the table would take for a property, the ids or the repeat units."""
    left_out: list[str] = []
    own = {*wanted.used}
    while True:
        rest = frame.drop(columns=left_out)
        raw = RawTable("", rest, np.arange(2, len(rest) + 2), Reading(format="csv"))
        found = guess_columns(raw, conditions=wanted.conditions)
        taken = [name for name in found.used if name not in found.conditions]
        odd = [name for name in taken if name not in own]
        if not odd:
            return left_out
        left_out += odd


def _heads(table: Table) -> dict[str, str]:
    """The column of each property: with its unit, where all of them are then read as meant."""
    heads = {p.name: _head(p) for p in table.properties}
    read = read_headers([*heads.values()])
    as_meant = all(read[head].name == name for name, head in heads.items())
    return heads if as_meant else {name: name for name in heads}


def _head(property_: Property) -> str:
    """A property's column with its unit, where that is read as it is meant; else its name."""
    with_unit = f"{property_.name} ({property_.unit})"
    understood = read_header(with_unit) == Header(property_.name, property_.unit)
    return with_unit if property_.unit and understood else property_.name


def _units(table: Table) -> dict[str, list[str | None]]:
    """The columns of repeat units, each as SMILES."""
    columns = table.report.columns
    if not columns.says_more:
        return {columns.smiles: [_starred(text) for text in table.smiles]}
    places = {int(row): place for place, row in enumerate(table.raw.rows)}
    frame = table.raw.frame.iloc[[places[int(row)] for row in table.rows]]
    return {
        name: [None if is_missing(text) else _starred(text) for text in frame[name]]
        for name in columns.structures
    }


def _starred(text: str) -> str:
    """A repeat unit as SMILES, or a composition as it is written.

    The table has read it, so it is one; but for a unit of which there is none.
    """
    try:
        return text if is_composition(text) else as_smiles(text)
    except NotationError:
        return text


def label_cells(labels: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> list[str | None]:
    """The texts of a property's cells, from which its labels and bounds are read again.

    Args:
        labels: (n,) in the property's unit, NaN where missing.
        lower, upper: (n,) the bounds of labels that are known by a bound alone, NaN for others.
    """
    return [_cell(*row) for row in zip(labels, lower, upper, strict=True)]


def _cell(label: float, lower: float, upper: float) -> str | None:
    if np.isfinite(label):
        return repr(float(label))
    if np.isfinite(lower):
        return f"> {float(lower)!r}"
    return f"< {float(upper)!r}" if np.isfinite(upper) else None


def _with_point(text: str | None) -> str | None:
    """A cell of a table with decimal commas, as one with decimal points."""
    number = None if text is None or is_missing(text) else to_number(text, ",")
    return text if number is None or not np.isfinite(number) else repr(number).removesuffix(".0")


def left_to_people(written: Table, table: Table) -> list[str]:
    """What a mended table still has that only people can decide, and what it cannot say.

    Args:
        written: the mended table as it is read.
        table: of which it was written.
    """
    odd = [each for each in written.report.findings if each.severity in ("error", "warning")]
    scales = {property_.name: property_.scale for property_ in written.properties}
    unsaid = [p for p in table.properties if scales.get(p.name, p.scale) != p.scale]
    words = [f"--condition-column {shlex.quote(name)}" for name in table.report.columns.conditions]
    columns = table.report.columns
    read = written.report.columns
    as_read = (read.polymer, read.basis, read.one_architecture)
    alike = as_read == (columns.polymer, columns.basis, columns.one_architecture)
    units = [] if alike else unit_words(columns)
    return [
        *(finding.message for finding in odd),
        *([f"To read its compositions, say `{' '.join(units)}`."] if units else []),
        *([f"To train on it with its conditions, say `{' '.join(words)}`."] if words else []),
        *(f"The table cannot say that {p.name} is learned on a {p.scale} scale." for p in unsaid),
    ]


def unit_words(columns: Columns) -> list[str]:
    """The words of a command that name a table's columns of compositions; none without such."""
    if not columns.says_more and columns.architecture is None:
        return []
    of_all = [f"--architecture {columns.one_architecture}"] if columns.one_architecture else []
    names = {"--unit-columns": columns.structures, "--fraction-columns": columns.fractions}
    if not columns.units:
        names = {"--smiles-column": columns.structures}
    words = [f"{option} {shlex.quote(written_names(each))}" for option, each in names.items()]
    if columns.architecture or not of_all:
        words.append(f"--architecture-column {shlex.quote(columns.architecture or '')}")
    return [*words, *of_all, f"--fractions {columns.basis}"]


def written_names(names: Sequence[str]) -> str:
    """Names with commas between, and quotation marks where a name has a comma of its own.

    >>> written_names(("A", "B, in %"))
    'A,"B, in %"'
    """
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(names)
    return line.getvalue()


def left_out_words(names: Sequence[str]) -> str:
    """That columns are not written; empty where all are."""
    if not names:
        return ""
    return (
        f"Not written, since they would be taken for properties or ids: {listed(names, 'columns')}."
    )
