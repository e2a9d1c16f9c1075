"""A run's metrics in other programs' formats: CSV, TensorBoard's event files, MLflow."""

import io
import math
import re
import tempfile
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

from ..base.errors import UserError
from ..base.workspace import synchronise, writing_to
from .feed import read_metrics
from .folder import read_config
from .records import Run

_TAGS = {
    "train_loss": "loss/training",
    "val_loss": "loss/validation",
    "learning_rate": "learning rate",
    "gradient_norm": "gradient norm",
    "graphs_per_second": "machine/graphs per second",
    "train_seconds": "machine/seconds of training in an epoch",
    "validation_seconds": "machine/seconds of validation in an epoch",
    "ram_mb": "machine/RAM of the run (MB)",
    "vram_mb": "machine/GPU memory of the run (MB)",
}
_ERROR = "val_mae_"


def metrics_csv(run: Run) -> bytes:
    """A run's metrics as CSV: a row for each epoch, with the columns of `read_metrics`."""
    return read_metrics(run).to_csv(index=False).encode()


def write_csv(run: Run, path: Path) -> None:
    """Write a run's metrics as CSV.

    Raises:
        UserError: when it has none yet, or the file cannot be written.
    """
    demand_metrics(run)
    try:
        with writing_to(path) as temporary:
            temporary.write_bytes(metrics_csv(run))
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}.") from error


def write_tensorboard(run: Run, folder: Path) -> None:
    """Write a run's metrics as TensorBoard event files.

    Each network has a folder of its own, such as `fold-2-seed-1`, so that TensorBoard shows one
    curve for each; the steps are epochs.

    Args:
        run: which one.
        folder: made when it is missing; nothing in it is deleted.

    Raises:
        UserError: when the run has no metrics yet, or the folder cannot be written.
    """
    metrics = demand_metrics(run)
    try:
        for (fold, seed), rows in metrics.groupby(["fold", "seed"], sort=False):
            place = folder / f"fold-{fold + 1}-seed-{seed}"
            place.mkdir(parents=True, exist_ok=True)
            _write_events(place / "events", rows, tags_of(run, metrics))
            synchronise(place)
    except OSError as error:
        raise UserError(f"{folder} cannot be written: {error.strerror or error}.") from error


def tensorboard_zip(run: Run) -> bytes:
    """The folder that `write_tensorboard` makes, as a ZIP file."""
    packed = io.BytesIO()
    with tempfile.TemporaryDirectory() as place:
        write_tensorboard(run, Path(place))
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(Path(place).rglob("*")):
                if path.is_file():
                    archive.write(path, Path(run.id) / path.relative_to(place))
    return packed.getvalue()


def demand_metrics(run: Run) -> pd.DataFrame:
    """A run's metrics.

    Raises:
        UserError: when it has none yet.
    """
    metrics = read_metrics(run)
    if metrics.empty:
        raise UserError(
            f"Run {run.name!r} has no metrics: they begin with the first epoch of PolyGIN."
        )
    return metrics


def tags_of(run: Run, metrics: pd.DataFrame) -> dict[str, str]:
    """The name at TensorBoard or MLflow of each column that can be a curve, with the unit."""
    try:
        units = {one["name"]: one["unit"] for one in read_config(run)["properties"]}
    except (UserError, KeyError, TypeError):
        units = {}
    errors = [name.removeprefix(_ERROR) for name in metrics if name.startswith(_ERROR)]
    labels = {name: f"{name} ({units[name]})" if units.get(name) else name for name in errors}
    known = {name: tag for name, tag in _TAGS.items() if name in metrics}
    return known | {_ERROR + name: f"validation error/{label}" for name, label in labels.items()}


def _write_events(prefix: Path, rows: pd.DataFrame, tags: dict[str, str]) -> None:
    # Loaded here: only an export needs it.
    from tensorboardX.event_file_writer import EventsWriter

    writer = EventsWriter(str(prefix))
    try:
        for event in _events(rows, tags):
            writer.write_event(event)
    finally:
        writer.close()


def _events(rows: pd.DataFrame, tags: dict[str, str]) -> Iterator:
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.proto.summary_pb2 import Summary

    columns = {tag: rows[name].astype(float).to_numpy() for name, tag in tags.items()}
    for number, (when, epoch) in enumerate(zip(rows["time"], rows["epoch"], strict=True)):
        values = [
            Summary.Value(tag=tag, simple_value=float(column[number]))
            for tag, column in columns.items()
            if math.isfinite(column[number])
        ]
        yield Event(wall_time=float(when), step=int(epoch), summary=Summary(value=values))


EXPERIMENT = "PolyGIN Studio"
_BATCH = 1000
"""Most metrics that MLflow's servers take at once."""
_REFUSED = re.compile(r"[^\w\-. :/]")
"""What MLflow does not take in a metric's name, such as the brackets around a unit."""


def log_to_mlflow(run: Run, tracking_uri: str) -> str:
    """Write a run to an MLflow tracking server or folder, all at once.

    Each network's curves have its name in theirs, such as `loss/training/fold-2-seed-1`; the steps
    are epochs. Out-of-fold figures of a finished run are metrics too.

    Args:
        run: which one.
        tracking_uri: such as `http://localhost:5000` or `sqlite:///mlflow.db`.

    Returns:
        The id of the run at MLflow.

    Raises:
        UserError: when MLflow is not installed or does not answer, or the run has no metrics.
    """
    if find_spec("mlflow") is None:
        raise UserError("MLflow is not installed here: `pip install mlflow`, then try again.")
    metrics = demand_metrics(run)
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param, RunTag
    from mlflow.exceptions import MlflowException

    values = [
        Metric(_named(f"{tag}/{_network(row)}"), value, int(row.time * 1000), row.epoch)
        for column, tag in tags_of(run, metrics).items()
        for row, value in zip(metrics.itertuples(), metrics[column].astype(float), strict=True)
        if value == value
    ]
    values += [
        Metric(_named(f"out-of-fold/{name}"), value, int((run.finished or 0) * 1000), 0)
        for name, value in _figures(run).items()
    ]
    try:
        client = MlflowClient(tracking_uri)
        experiment = client.get_experiment_by_name(EXPERIMENT)
        experiment_id = (
            experiment.experiment_id if experiment else client.create_experiment(EXPERIMENT)
        )
        there = client.create_run(experiment_id, run_name=run.name).info.run_id
        params = [Param(name, str(value)[:500]) for name, value in read_config(run).items()]
        client.log_batch(there, params=params, tags=[RunTag("polygin.run", run.id)])
        for start in range(0, len(values), _BATCH):
            client.log_batch(there, metrics=values[start : start + _BATCH])
        client.set_terminated(there, "FINISHED" if run.state == "done" else "KILLED")
    except MlflowException as error:
        raise UserError(f"MLflow at {tracking_uri} says: {error.message}") from error
    return there


def _network(row: Any) -> str:
    return f"fold-{row.fold + 1}-seed-{row.seed}"


def _named(words: str) -> str:
    return _REFUSED.sub("", words)


def _figures(run: Run) -> dict[str, float]:
    blend = (run.figures or {}).get("blend") or {}
    found = {name: blend.get(name) for name in ("wmae", "wmae_row")}
    found |= {f"MAE {name}": value for name, value in (blend.get("mae") or {}).items()}
    return {name: value for name, value in found.items() if value is not None}
