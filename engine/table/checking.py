"""Checking a table: which rows can be used, what their labels are, and what is odd about them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from ..base.errors import UserError
from ..chem.notations import stand_in_ends, with_stars
from ..chem.polymers import joining_problem
from ..chem.smiles import MAX_LENGTH, BadSmilesError, canonical
from ..settings.properties import Property
from ..settings.sources import Source
from .cells import is_missing
from .column_findings import column_findings
from .columns import Columns, check_columns, guess_columns, unused_roles
from .duplicates import find_duplicates
from .headers import read_headers
from .labels import Labels, read_labels, summarise
from .reading import RawTable, read_table
from .report import SEVERITIES, Finding, Report, counted, listed, rows_text
from .roles import SETTINGS, Role

Progress = Callable[[int, int], None]
"""Called with the rows done and the rows in all."""

_PROGRESS_ROWS = 200


@dataclass(frozen=True)
class Table:
    """The usable rows of a table; n rows with K properties.

    Attributes:
        name: the file's name.
        ids: (n,) the text of the id column, else the row number.
        smiles: (n,) as given, stripped.
        canonical: (n,) RDKit's canonical form.
        labels: (n, K) float64 in the properties' units, NaN where one is missing.
        properties: the K properties that have at least one label.
        rows: (n,) spreadsheet row numbers; the header is row 1.
        excluded: the other rows, with the columns `row`, `id`, `SMILES` and `reason`.
        report: the findings and a summary.
        raw: the table as it was read, with its other columns.
        sources: of the tables that were joined, in order; empty for a table on its own.
        parts: these tables.
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
    sources: tuple[Source, ...] = ()
    parts: tuple["Table", ...] = ()

    @property
    def title(self) -> str:
        """Its file's name without the ending; those of all parts where there are some."""
        return " + ".join(Path(part.name).stem for part in self.parts or (self,))


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
        UserError: for columns that do not exist and units that are not accepted.
    """
    columns = columns or guess_columns(raw)
    check_columns(raw, columns)
    units = _units_by_column(units or {}, columns)
    given_ids = _id_cells(raw, columns)
    forms, excluded, findings = _check_smiles(raw, columns.smiles, given_ids, progress)

    usable = np.array([i for i, form in enumerate(forms) if form is not None], dtype=np.int64)
    rows = raw.rows[usable]
    canonical_ = [form for form in forms if form is not None]
    given_ids = [given_ids[i] for i in usable]
    read, label_findings = _check_labels(raw, columns, units, usable)
    properties = tuple(each.property_ for each in read.values())
    matrix = [each.values for each in read.values()]
    labels = np.column_stack(matrix) if matrix else np.empty((len(usable), 0))
    learned = columns.model_copy(update={"properties": tuple(read)})
    findings += _stand_ins(raw, columns.smiles) or _attachment_points(canonical_, rows)
    findings += _unjoinable(canonical_, rows)
    roles = unused_roles(raw, columns)
    apart = _settings(raw, roles, usable)
    findings += find_duplicates(canonical_, given_ids, labels, properties, rows, apart)
    findings += label_findings
    findings += column_findings(raw, columns, roles)
    findings += _misfits(raw)
    report = Report(
        name=raw.name,
        rows=len(raw.frame) + len(raw.misfits),
        kept=len(usable),
        columns=learned,
        reading=raw.reading,
        properties=[summarise(p, labels[:, k]) for k, p in enumerate(properties)],
        findings=sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)),
    )
    texts = raw.frame[columns.smiles].tolist()
    return Table(
        name=raw.name,
        ids=[given or str(row) for given, row in zip(given_ids, rows, strict=True)],
        smiles=[texts[i] for i in usable],
        canonical=canonical_,
        labels=labels,
        properties=properties,
        rows=rows,
        excluded=pd.concat([excluded, _misfit_rows(raw)], ignore_index=True),
        report=report,
        raw=raw,
    )


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


def _units_by_column(units: dict[str, str], columns: Columns) -> dict[str, str]:
    """The units under the columns' own names; case is ignored where that leaves no doubt."""
    by_column = {}
    headers = read_headers(columns.properties)
    for name, unit in units.items():
        wanted = name.strip().casefold()
        matches = [c for c in columns.properties if c.casefold() == wanted] or [
            c for c, header in headers.items() if header.name.casefold() == wanted
        ]
        column = name if name in columns.properties else matches[0] if len(matches) == 1 else None
        if column is None:
            names = ", ".join(columns.properties[:20]) or "none"
            raise UserError(
                f"A unit is given for “{name}”, which is not a property column. The property "
                f"columns are: {names}."
            )
        if unit.strip():
            by_column[column] = unit.strip()
    return by_column


def _check_smiles(
    raw: RawTable, column: str, ids: Sequence[str | None], progress: Progress | None
) -> tuple[list[str | None], pd.DataFrame, list[Finding]]:
    """Each row's canonical SMILES, None for excluded rows; these rows; and the findings."""
    texts = raw.frame[column].tolist()
    forms: list[str | None] = []
    reasons: dict[int, tuple[str, str]] = {}
    for i, text in enumerate(texts):
        if progress and i % _PROGRESS_ROWS == 0:
            progress(i, len(texts))
        form = None
        if text is None or is_missing(text):
            reasons[i] = "empty_smiles", "the SMILES is empty"
        else:
            try:
                form = canonical(text)
            except BadSmilesError as error:
                too_long = len(text) > MAX_LENGTH
                reasons[i] = "long_smiles" if too_long else "unreadable_smiles", str(error)
        forms.append(form)
    if progress:
        progress(len(texts), len(texts))
    excluded = pd.DataFrame(
        {
            "row": raw.rows[list(reasons)],
            "id": [ids[i] or str(raw.rows[i]) for i in reasons],
            "SMILES": [texts[i] or "" for i in reasons],
            "reason": [reason for _, reason in reasons.values()],
        }
    )
    return forms, excluded, _excluded(raw.rows, column, reasons)


def _excluded(rows: np.ndarray, column: str, reasons: dict[int, tuple[str, str]]) -> list[Finding]:
    """One finding for each kind of SMILES that cannot be used."""
    words = {
        "empty_smiles": ("without a SMILES", "Fill in the repeat unit"),
        "unreadable_smiles": ("with a SMILES that cannot be read", "Correct the SMILES"),
        "long_smiles": (
            f"with a SMILES of more than {MAX_LENGTH:,} characters",
            "Give one repeat unit only",
        ),
    }
    findings = []
    for kind, (description, advice) in words.items():
        positions = [i for i, (reason_kind, _) in reasons.items() if reason_kind == kind]
        if not positions:
            continue
        numbers = [int(rows[i]) for i in positions]
        named = rows_text(numbers)
        if kind == "unreadable_smiles":
            named = listed([f"row {rows[i]} ({reasons[i][1]})" for i in positions])
        left = "is left out" if len(positions) == 1 else "are left out"
        findings.append(
            Finding(
                kind=kind,
                severity="excluded",
                column=column,
                count=len(positions),
                rows=numbers,
                message=f"{counted(len(positions), 'row')} {description} {left}: {named}. "
                f"{advice}.",
            )
        )
    return findings


def with_chain_ends(raw: RawTable, column: str, elements: Sequence[str]) -> RawTable:
    """The table in which some elements' atoms are `*`.

    Args:
        raw: the table.
        column: of the repeat units.
        elements: that stand for `*`, such as `Ce` and `Th`.
    """
    frame = raw.frame.copy()
    frame[column] = [text and with_stars(text, elements) for text in frame[column]]
    return replace(raw, frame=frame)


def _stand_ins(raw: RawTable, column: str) -> list[Finding]:
    """Whether atoms stand where `*` should."""
    texts = [text for text in raw.frame[column] if text]
    elements = stand_in_ends(texts)
    if not elements:
        return []
    atoms = " and ".join(f"[{element}]" for element in elements)
    option = ",".join(elements)
    return [
        Finding(
            kind="chain_ends",
            severity="error",
            column=column,
            count=len(texts),
            message=f"{atoms} seem to stand where the chain goes on: two in most repeat units, and "
            "no `*`. A model of them would be wrong for repeat units with `*`. If so, say "
            f"`--chain-ends {option}`, or replace them by `*` in the file.",
        )
    ]


def _attachment_points(canonical_: Sequence[str], rows: np.ndarray) -> list[Finding]:
    # In a SMILES `*` stands for nothing but an attachment point, so the text can be counted.
    wrong = [i for i, text in enumerate(canonical_) if text.count("*") != 2]
    if not wrong:
        return []
    named = [f"row {rows[i]} ({canonical_[i].count('*')})" for i in wrong]
    return [
        Finding(
            kind="attachment_points",
            severity="warning",
            count=len(wrong),
            rows=[int(rows[i]) for i in wrong],
            message=f"{counted(len(wrong), 'row')} without exactly two `*`: {listed(named)}. A "
            "repeat unit has two, one where each neighbour joins; the rows are kept.",
        )
    ]


def _unjoinable(canonical_: Sequence[str], rows: np.ndarray) -> list[Finding]:
    problems = {
        i: problem
        for i, text in enumerate(canonical_)
        if text.count("*") == 2 and (problem := joining_problem(text))
    }
    if not problems:
        return []
    named = [f"row {rows[i]} ({canonical_[i]}: {problem})" for i, problem in problems.items()]
    return [
        Finding(
            kind="unjoinable",
            severity="warning",
            count=len(problems),
            rows=[int(rows[i]) for i in problems],
            message=f"{counted(len(problems), 'repeat unit')} cannot be joined to a chain: "
            f"{listed(named)}. Draw both ends alike, most often as single bonds; "
            "the rows are kept.",
        )
    ]


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
            column, cells, raw.rows[usable], raw.reading.decimal, units.get(column), header
        )
        findings += column_labels.findings
        if np.isfinite(column_labels.values).any():
            read[column] = column_labels
        else:
            empty.append(column)
    if empty:
        message = f"No label in {listed(empty, 'columns')}; not learned."
        findings.append(
            Finding(kind="no_labels", severity="note", count=len(empty), message=message)
        )
    return read, findings


def settings_of(table: Table) -> list[str]:
    """What tells each row from others of its repeat unit: its conditions, its solvent."""
    roles = unused_roles(table.raw, table.report.columns)
    return _settings(table.raw, roles, np.flatnonzero(np.isin(table.raw.rows, table.rows)))


def _settings(raw: RawTable, roles: Mapping[str, Role], usable: np.ndarray) -> list[str]:
    """What tells each usable row from others of its repeat unit: its conditions, its solvent."""
    columns = [column for column, role in roles.items() if role in SETTINGS]
    frame = raw.frame[columns].iloc[usable].fillna("")
    return ["\x1f".join(cells) for cells in frame.itertuples(index=False)]
