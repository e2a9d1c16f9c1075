"""The files of a run folder, for everybody who only reads."""

import json

import pandas as pd
import yaml

from engine.runs.lines import parse_hardware, parse_metrics
from engine.runs.records import Progress, Run

METRICS, PROGRESS, LOG, OUT_OF_FOLD = "metrics.jsonl", "progress.json", "run.log", "oof.parquet"
TABLE, EXCLUDED, CONFIG, REPORT, STOP = (
    "table.parquet",
    "excluded.csv",
    "config.yaml",
    "report.json",
    "stop-requested",
)
CHECKPOINTS, HARDWARE, HEARTBEAT, LOCK, LAST_WORDS = (
    "checkpoints",
    "hardware.jsonl",
    "heartbeat",
    "worker.lock",
    "last-words",
)
LABEL_PREFIX = "label:"
"""Before each property's name in `table.parquet`, so that no property hides `id` or `fold`."""


def read_metrics(run: Run) -> pd.DataFrame:
    """One row for each epoch so far, with a column `val_mae_<property>` for each property.

    A last line that is only half written is left for the next reading.
    """
    return parse_metrics(_content(run, METRICS))


def read_hardware(run: Run) -> pd.DataFrame:
    """What the machine did while the run worked, a row every other second; see `Sampler`."""
    return parse_hardware(_content(run, HARDWARE))


def read_progress(run: Run) -> Progress:
    """How far a run is."""
    path = run.folder / PROGRESS
    return Progress.model_validate_json(path.read_text()) if path.exists() else Progress()


def read_log(run: Run, lines: int = 200) -> str:
    """The last lines of a run's log."""
    path = run.folder / LOG
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


def read_out_of_fold(run: Run) -> pd.DataFrame:
    """One row for each label of a finished run.

    Returns:
        Columns `row`, `id`, `smiles`, `fold`, `property`, `label`, one for each member, and
        `blend`; values in the property's unit.
    """
    return pd.read_parquet(run.folder / OUT_OF_FOLD)


def read_config(run: Run) -> dict:
    """What a run was asked to do: the fields of `RunConfig`, and `table` and `properties`."""
    return yaml.safe_load((run.folder / CONFIG).read_text())


def read_report(run: Run) -> dict:
    """The figures, the preset and the machine of a finished run."""
    return json.loads((run.folder / REPORT).read_text())


def _content(run: Run, name: str) -> bytes:
    path = run.folder / name
    return path.read_bytes() if path.exists() else b""
