"""Reading and checking a user's table: a SMILES column and any number of properties."""

from engine.table.checking import Table, check_table, load_table
from engine.table.columns import Columns, guess_columns
from engine.table.reading import MAX_BYTES, MAX_ROWS, RawTable, Reading, read_table
from engine.table.report import Finding, PropertySummary, Report
from engine.table.streaming import TableStream, stream_table
from engine.table.units import accepted_units

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
