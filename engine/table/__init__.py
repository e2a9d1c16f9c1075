"""Reading and checking a user's table: a SMILES column and any number of properties."""

from ..settings.properties import accepted_units
from .checking import Table, check_table, load_table
from .columns import Columns, guess_columns
from .reading import MAX_BYTES, MAX_ROWS, RawTable, Reading, read_table
from .report import Finding, PropertySummary, Report
from .streaming import TableStream, stream_table

__all__ = [
    "MAX_BYTES",
    "MAX_ROWS",
    "Columns",
    "Finding",
    "PropertySummary",
    "RawTable",
    "Reading",
    "Report",
    "Table",
    "TableStream",
    "accepted_units",
    "check_table",
    "guess_columns",
    "load_table",
    "read_table",
    "stream_table",
]
