"""Checking a table: which rows can be used, what their labels are, and what is odd about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from ..base.bounds import Bounds, or_none
from ..base.budget import allow_for, cpu_budget
from ..base.wording import counted, listed
from ..settings.conditions import Condition
from ..settings.properties import Property, Scale
from ..settings.sources import Source
from .column_findings import column_findings
from .columns import Columns, check_columns, guess_columns, unused_roles
from .conditions import read_conditions
from .duplicates import find_duplicates
from .headers import columns_by_name, read_headers
from .labels import BOUNDS_LEARNED, Labels, read_labels, summarise
from .mending import Mending
from .reading import RawTable, read_table
from .repeat_units import Progress, attachment_points, read_units, stand_ins, unjoinable
from .report import SEVERITIES, Finding, Report
from .roles import SETTINGS, Role


@dataclass(frozen=True, repr=False)
class Table:
    """The usable rows of a table; n rows with K properties.

    Attributes:
        name: the file's name.
        ids: (n,) the text of the id column, else the row number.
        smiles: (n,) as given, stripped; of a row of several repeat units, its composition.
        canonical: (n,) RDKit's canonical form, or a composition's.
        labels: (n, K) float64 in the properties' units, NaN where one is missing.
        properties: the K properties that have at least one label.
        rows: (n,) spreadsheet row numbers; the header is row 1.
        excluded: the other rows, with the columns `row`, `id`, `SMILES` and `reason`.
        report: the findings and a summary.
        conditions: under which the labels were measured, C of them.
        bounds: of labels that are known by a bound alone; None where there are none.
        condition_values: n rows with a column for each condition, as
            `engine.table.conditions.ConditionValues` has them.
        raw: the table as it was read, with its other columns.
        sources: of the tables that were joined, in order; empty for a table on its own.
        parts: these tables.
        mendings: what was done to the file it is from; of several files, in their order.
    """

    name: str
    ids: list[str]
    smiles: list[str]
    canonical: list[str]
    labels: np.ndarray
    properties: tuple[Property, ...]
    rows: np.ndarray
    excluded: pd.DataFrame
    report: Report
    raw: RawTable
    bounds: Bounds | None = None
    conditions: tuple[Condition, ...] = ()
    condition_values: pd.DataFrame = field(default_factory=pd.DataFrame)
    sources: tuple[Source, ...] = ()
    parts: tuple["Table", ...] = ()
    mendings: tuple[Mending, ...] = ()

    def __repr__(self) -> str:
        """What it holds, in a line."""
        names = listed([property_.name for property_ in self.properties] or ["no property"])
        return f"Table({self.name!r}: {counted(len(self.smiles), 'row')}, {names})"

    @property
    def title(self) -> str:
        """Its file's name without the ending; those of all parts where there are some."""
        return " + ".join(Path(part.name).stem for part in self.parts or (self,))

    @property
    def has_labels(self) -> np.ndarray:
        """Whether each row has a label or a bound of one; `(n,)`, bool."""
        labelled = np.isfinite(self.labels)
        return (labelled if self.bounds is None else labelled | self.bounds.known).any(axis=1)

    def of_rows(self, rows: np.ndarray) -> "Table":
        """Some of the rows; the report and the parts are still those of all.

        Args:
            rows: their places, shape `(m,)`, int.
        """
        return replace(
            self,
            ids=[self.ids[i] for i in rows],
            smiles=[self.smiles[i] for i in rows],
            canonical=[self.canonical[i] for i in rows],
            labels=self.labels[rows],
            bounds=self.bounds and or_none(self.bounds.of(rows, range(len(self.properties)))),
            rows=self.rows[rows],
            condition_values=self.condition_values.iloc[rows].reset_index(drop=True),
        )


def load_table(
    source: Path | str | bytes,
    name: str | None = None,
    *,
    columns: Columns | None = None,
    units: dict[str, str] | None = None,
    progress: Progress | None = None,
    separator: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    sheet: str | None = None,
) -> Table:
    """Read and check a table; the arguments are those of `read_table` and `check_table`.

    Raises:
        UserError: when there is no usable table.
    """
    raw = read_table(
        source,
        name,
        separator=separator,
        encoding=encoding,
        decimal=decimal,
        sheet=sheet,
        lenient=True,
    )
    return check_table(raw, columns, units, progress)


def check_table(
    raw: RawTable,
    columns: Columns | None = None,
    units: dict[str, str] | None = None,
    progress: Progress | None = None,
) -> Table:
    """Check a table's rows, labels and columns.

    Args:
        raw: the table as read.
        columns: which columns to use; guessed when not given.
        units: the unit of a property column by its name. A registered property is converted to its
            own unit (`{"Tg": "K"}`); for any other it is the unit that is shown.
        progress: called every 200 rows and at the end.

    Raises:
        UserError: for columns that do not exist and units that are not accepted, and when it takes
            longer than the workspace allows.
    """
    with cpu_budget(raw.name):
        allow_for(*raw.frame.shape)
        return _checked(raw, columns, units, progress)


def _checked(
    raw: RawTable,
    columns: Columns | None,
    units: dict[str, str] | None,
    progress: Progress | None,
) -> Table:
    """See `check_table`."""
    columns = columns or guess_columns(raw)
    check_columns(raw, columns)
    said = {name: unit.strip() for name, unit in (units or {}).items()}
    by_column = columns_by_name(said, columns.properties, "A unit")
    units = {column: unit for column, unit in by_column.items() if unit}
    given_ids = _id_cells(raw, columns)
    texts, forms, excluded, findings = read_units(raw, columns, given_ids, progress)
    usable = np.array([i for i, form in enumerate(forms) if form is not None], dtype=np.int64)
    rows = raw.rows[usable]
    ids = [given_ids[i] for i in usable]
    read, label_findings = _check_labels(raw, columns, units, usable)
    matrix = [each.values for each in read.values()]
    conditions = read_conditions(raw, columns, usable)
    table = Table(
        name=raw.name,
        ids=[given or str(row) for given, row in zip(ids, rows, strict=True)],
        smiles=[text for text, form in zip(texts, forms, strict=True) if text and form],
        canonical=[form for form in forms if form is not None],
        labels=np.column_stack(matrix) if matrix else np.empty((len(usable), 0)),
        properties=tuple(each.property_ for each in read.values()),
        rows=rows,
        excluded=pd.concat([excluded, _misfit_rows(raw)], ignore_index=True),
        report=_empty_report(raw, columns, read),
        raw=raw,
        bounds=_bounds(list(read.values())),
        conditions=conditions.conditions,
        condition_values=conditions.values,
    )
    roles = unused_roles(raw, columns)
    findings += _row_findings(table, columns, ids, _settings(raw, roles, conditions.values, usable))
    findings += label_findings + conditions.findings
    findings += column_findings(raw, columns, roles) + _misfits(raw)
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    summaries = [summarise(p, table.labels[:, k]) for k, p in enumerate(table.properties)]
    told = {"kept": len(usable), "properties": summaries, "findings": findings}
    return replace(table, report=table.report.model_copy(update=told))


def _empty_report(raw: RawTable, columns: Columns, read: Mapping[str, Labels]) -> Report:
    """The report before anything is found, with the columns as they are used."""
    learned = {"properties": tuple(read), "scales": _scales(columns, read)}
    return Report(
        name=raw.name,
        rows=len(raw.frame) + len(raw.misfits),
        kept=0,
        columns=columns.model_copy(update=learned),
        reading=raw.reading,
        properties=[],
        findings=[],
    )


def _row_findings(
    table: Table, columns: Columns, ids: Sequence[str | None], apart: Sequence[str]
) -> list[Finding]:
    """What is odd about the repeat units and how rows share them.

    Args:
        table: its rows.
        columns: that are used.
        ids: of the rows, as they are given.
        apart: what tells each row from others of its repeat unit.
    """
    raw, canonical, rows = table.raw, table.canonical, table.rows
    findings = stand_ins(raw, columns.structures) or attachment_points(canonical, rows)
    return [
        *findings,
        *unjoinable(canonical, rows),
        *find_duplicates(canonical, ids, table.labels, table.properties, rows, apart),
    ]


def _bounds(read: Sequence[Labels]) -> Bounds | None:
    if not read:
        return None
    lower, upper = ([getattr(each, side) for each in read] for side in ("lower", "upper"))
    return or_none(Bounds(np.column_stack(lower), np.column_stack(upper)))


def _misfits(raw: RawTable) -> list[Finding]:
    """A finding on rows with too many or too few cells."""
    if not raw.misfits:
        return []
    named = [f"row {row} {problem}" for row, problem in raw.misfits]
    left = "is left out" if len(named) == 1 else "are left out"
    return [
        Finding(
            kind="misfit_rows",
            severity="excluded",
            count=len(named),
            rows=[row for row, _ in raw.misfits],
            message=f"{counted(len(named), 'row')} {left}: {listed(named)}. A cell that holds the "
            'sign between cells needs quotation marks around it ("…").',
        )
    ]


def _misfit_rows(raw: RawTable) -> pd.DataFrame:
    return pd.DataFrame(
        [(row, str(row), "", f"the row {problem}") for row, problem in raw.misfits],
        columns=["row", "id", "SMILES", "reason"],
    )


def _id_cells(raw: RawTable, columns: Columns) -> list[str | None]:
    return raw.frame[columns.id].tolist() if columns.id else [None] * len(raw.frame)


def _scales(columns: Columns, read: Mapping[str, Labels]) -> dict[str, Scale]:
    """The scales that the user or the labels chose; a linear one that nobody named is not said."""
    return {
        column: each.property_.scale
        for column, each in read.items()
        if column in columns.scales or each.property_.scale != "linear"
    }


def _check_labels(
    raw: RawTable, columns: Columns, units: dict[str, str], usable: np.ndarray
) -> tuple[dict[str, Labels], list[Finding]]:
    """The labels of the usable rows, by column, for those that have any; and the findings."""
    read: dict[str, Labels] = {}
    findings: list[Finding] = []
    empty: list[str] = []
    for column, header in read_headers(columns.properties).items():
        cells = raw.frame[column].to_numpy()[usable]
        column_labels = read_labels(
            column,
            cells,
            raw.rows[usable],
            raw.reading.decimal,
            units.get(column),
            header,
            columns.scales.get(column),
        )
        labelled = np.isfinite(column_labels.values).any()
        # Of bounds alone nothing is learned.
        findings += [
            each
            for each in column_labels.findings
            if labelled or each.kind not in ("cell_above", "cell_below")
        ]
        if labelled:
            read[column] = column_labels
        else:
            empty.append(column)
    if empty:
        message = f"No label in {listed(empty, 'columns')}; not learned."
        findings.append(
            Finding(kind="no_labels", severity="note", count=len(empty), message=message)
        )
    return read, findings


def leave_bounds_out(table: Table) -> Table:
    """The table without the labels that are known by a bound alone."""
    if table.bounds is None:
        return table
    findings = [
        finding.model_copy(
            update={
                "severity": "warning",
                "message": finding.message.replace(BOUNDS_LEARNED, "They are left out, as chosen."),
            }
        )
        if finding.kind in ("cell_above", "cell_below")
        else finding
        for finding in table.report.findings
    ]
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return replace(
        table, bounds=None, report=table.report.model_copy(update={"findings": findings})
    )


def settings_of(table: Table) -> list[str]:
    """What tells each row from others of its repeat unit: its conditions, its solvent."""
    roles = unused_roles(table.raw, table.report.columns)
    usable = np.flatnonzero(np.isin(table.raw.rows, table.rows))
    return _settings(table.raw, roles, table.condition_values, usable)


def _settings(
    raw: RawTable, roles: Mapping[str, Role], conditions: pd.DataFrame, usable: np.ndarray
) -> list[str]:
    """What tells each usable row from others of its repeat unit: its conditions, its solvent.

    Conditions are compared as they are understood, other columns by the text of their cells.
    """
    names = [name for name, role in roles.items() if role in SETTINGS]
    others = raw.frame[names].iloc[usable].fillna("").reset_index(drop=True)
    read = conditions.astype(object).map(lambda value: "" if pd.isna(value) else repr(value))
    frame = pd.concat([read.reset_index(drop=True), others], axis=1)
    if frame.empty:
        return [""] * len(usable)
    return ["\x1f".join(cells) for cells in frame.itertuples(index=False)]
