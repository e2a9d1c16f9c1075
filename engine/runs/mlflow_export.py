"""A run's settings, figures and metrics for MLflow, when that package is installed."""

import re
from importlib.util import find_spec

from engine.errors import UserError
from engine.runs.exports import demand_metrics, tags_of
from engine.runs.folder import read_config
from engine.runs.records import Run

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


def _network(row) -> str:
    return f"fold-{row.fold + 1}-seed-{row.seed}"


def _named(words: str) -> str:
    return _REFUSED.sub("", words)


def _figures(run: Run) -> dict[str, float]:
    blend = (run.figures or {}).get("blend") or {}
    found = {name: blend.get(name) for name in ("wmae", "wmae_row")}
    found |= {f"MAE {name}": value for name, value in (blend.get("mae") or {}).items()}
    return {name: value for name, value in found.items() if value is not None}
