"""The lines of JSON that a run adds to its files, as rows and as tables."""

import json

import pandas as pd
import pyarrow
import pyarrow.json

_ERRORS, _ERROR = "val_mae", "val_mae_"
_LARGE = 50_000


def parse_metrics(block: bytes) -> pd.DataFrame:
    """Lines of `metrics.jsonl` as a table."""
    table = _large_table(block) if len(block) > _LARGE else None
    if table is None:
        table = pd.DataFrame([_flat_metrics(row) for row in json_rows(block)])
    return _numbers(table)


def _large_table(block: bytes) -> pd.DataFrame | None:
    """Several times as fast as line by line; None where it meets a damaged line or a NaN."""
    try:
        table = pyarrow.json.read_json(pyarrow.BufferReader(block))
    except pyarrow.ArrowInvalid:
        return None
    if _ERRORS in table.column_names and pyarrow.types.is_null(table.field(_ERRORS).type):
        table = table.drop_columns(_ERRORS)
    frame = table.flatten().to_pandas()
    return frame.rename(columns=lambda name: name.replace(f"{_ERRORS}.", _ERROR, 1))


def parse_hardware(block: bytes) -> pd.DataFrame:
    """Lines of `hardware.jsonl` as a table."""
    return _numbers(pd.DataFrame([_flat_hardware(row) for row in json_rows(block)]))


def json_rows(block: bytes) -> list[dict]:
    """The objects that lines of JSON hold; a line that is cut off or damaged is passed over."""
    rows = [_row(line) for line in block.splitlines()]
    return [row for row in rows if isinstance(row, dict)]


def _row(line: bytes) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _numbers(table: pd.DataFrame) -> pd.DataFrame:
    """The same; a column that is empty so far is one of numbers."""
    empty = [name for name in table if table[name].isna().all()]
    return table.astype(dict.fromkeys(empty, float))


def _flat_metrics(row: dict) -> dict:
    errors = row.pop(_ERRORS, None) or {}
    row.update({f"{_ERROR}{name}": value for name, value in errors.items()})
    return row


def _flat_hardware(row: dict) -> dict:
    for number, load in enumerate(row.pop("gpus", None) or []):
        row.update({f"gpu{number}_{name}": value for name, value in load.items()})
    return row
