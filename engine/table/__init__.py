"""Reading and checking a user's table: a SMILES column and any number of properties."""

from .checking import Table, check_table, load_table
from .columns import Columns, guess_columns
from .joining import join_tables, leave_out
from .reading import RawTable, read_table
from .replicates import average_replicates
from .report import Finding, PropertySummary, Report
from .splitting import split_by_column, split_columns
from .streaming import stream_table

__all__ = [
    "Columns",
    "Finding",
    "PropertySummary",
    "RawTable",
    "Report",
    "Table",
    "average_replicates",
    "check_table",
    "guess_columns",
    "join_tables",
    "leave_out",
    "load_table",
    "read_table",
    "split_by_column",
    "split_columns",
    "stream_table",
]
