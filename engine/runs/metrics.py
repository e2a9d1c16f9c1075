"""Brings a run's metrics in line with its checkpoints before it goes on."""

import json

from engine.runs import folder as files
from engine.runs.lines import json_rows
from engine.runs.records import Run
from engine.workspace import write_atomic


def mend_metrics(run: Run, names: list[str], histories: list[list[dict]]) -> None:
    """Leave one row for each epoch that is kept: no half line, none twice, none missing.

    Args:
        run: about to go on.
        names: the K properties.
        histories: of each network, finished or not, what was measured at each epoch.
    """
    path = run.folder / files.METRICS
    if not path.exists() and not histories:
        return
    lines = json_rows(path.read_bytes()) if path.exists() else []
    written = {_key(row): row for row in lines if row.keys() >= {"fold", "seed", "epoch"}}
    rows = [
        written.get(_key(row), _as_written(row, names)) for history in histories for row in history
    ]
    rows.sort(key=lambda row: row["time"])
    write_atomic(path, "".join(json.dumps(row) + "\n" for row in rows))


def _key(row: dict) -> tuple:
    return row["fold"], row["seed"], row["epoch"]


def _as_written(row: dict, names: list[str]) -> dict:
    """A row of a history as `RunReporter.epoch` would have written it."""
    errors = {
        name: value if value == value else None  # NaN is no JSON
        for name, value in zip(names, row["val_mae"], strict=True)
    }
    return {"vram_mb": None, **row, "val_mae": errors, "ram_mb": None}
