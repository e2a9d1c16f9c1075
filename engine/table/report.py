"""The report on a table: findings and summaries."""

from typing import Literal, get_args

from pydantic import BaseModel

from ..settings.properties import Scale
from .columns import Columns
from .reading import Reading

Severity = Literal["error", "excluded", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""Of findings, in the order in which they are told."""


class Finding(BaseModel):
    """One observation on a table.

    Attributes:
        kind: a fixed word for it, such as `conflict`; see the functions that make them.
        severity: `error` means that a model would learn something else than is meant, `excluded`
            that rows are left out, `warning` that something should be looked at, `note` that
            something is worth knowing.
        column: the column it is about; None for the whole row or table.
        count: of the rows, cells, groups or columns concerned; the message says which.
        rows: all the spreadsheet rows concerned (the header is row 1).
        message: a full sentence that names the first rows and says what to do.
    """

    kind: str
    severity: Severity
    column: str | None = None
    count: int
    rows: list[int] = []
    message: str


class PropertySummary(BaseModel):
    """A property's labels in one table, in `unit`, and the scale on which it is learned."""

    name: str
    unit: str
    labels: int
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    median: float | None = None
    std: float | None = None
    scale: Scale = "linear"


class Report(BaseModel):
    """The outcome of a check; `model_dump()` is its JSON.

    Attributes:
        name: the file's name.
        rows, kept: data rows read, and those with a usable SMILES.
        columns: the columns used; its properties are those with at least one label.
        reading: how the file was read.
        properties: a summary of each property in `columns`.
        findings: in the order of their severities.
    """

    name: str
    rows: int
    kept: int
    columns: Columns
    reading: Reading
    properties: list[PropertySummary]
    findings: list[Finding]

    @property
    def errors(self) -> list[Finding]:
        """What has to be mended, or accepted, before a model learns from the table."""
        return [finding for finding in self.findings if finding.severity == "error"]
