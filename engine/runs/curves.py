"""What a run's metrics say beyond what is written in them."""

import numpy as np
import pandas as pd

from engine.runs import folder as files
from engine.runs.records import Run


def label_weights(run: Run) -> pd.DataFrame:
    """What the weighted error of a run is made with.

    Returns:
        A row for each property of the run's table: `share`, √(1/n) of its n labels, and `range`,
        its greatest label less its least, in its unit. No row for a property whose labels are all
        equal, and none at all when the table cannot be read.
    """
    path = run.folder / files.TABLE
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError):
        return pd.DataFrame(columns=["share", "range"], dtype=float)
    labels = table[[name for name in table if name.startswith(files.LABEL_PREFIX)]]
    labels = labels.rename(columns=lambda name: name.removeprefix(files.LABEL_PREFIX))
    spans = labels.max() - labels.min()
    return pd.DataFrame({"share": labels.count() ** -0.5, "range": spans})[spans > 0]


def validation_wmae(metrics: pd.DataFrame, weights: pd.DataFrame) -> pd.Series:
    """The weighted mean absolute error on the held-out fold, epoch by epoch; no unit.

    The leaderboard's form, see `engine.metrics.figures`, with the label counts of the whole table
    in place of the fold's: folds hold about equal parts of each property's labels.

    Args:
        metrics: as `engine.runs.read_metrics` gives them.
        weights: as `label_weights` gives them.

    Returns:
        One value for each row; NaN where no property has an error.
    """
    names = [name for name in weights.index if f"val_mae_{name}" in metrics]
    if not names:
        return pd.Series(np.nan, index=metrics.index)
    errors = metrics[[f"val_mae_{name}" for name in names]].to_numpy(dtype=float)
    share, span = weights.loc[names, "share"].to_numpy(), weights.loc[names, "range"].to_numpy()
    there = np.isfinite(errors)
    total = np.where(there, errors * share / span, 0.0).sum(axis=1)
    norm = (there * share).sum(axis=1)
    return pd.Series(total / np.where(norm > 0, norm, np.nan), index=metrics.index)


def mean_curves(metrics: pd.DataFrame) -> pd.DataFrame:
    """The mean over a run's networks at each epoch.

    Args:
        metrics: as `engine.runs.read_metrics` gives them.

    Returns:
        Columns `epoch`, `train_loss`, `val_loss`, and `networks`: of how many the mean is.
    """
    if metrics.empty:
        return pd.DataFrame(columns=["epoch", "train_loss", "val_loss", "networks"], dtype=float)
    by_epoch = metrics.groupby("epoch")
    means = by_epoch[["train_loss", "val_loss"]].mean()
    return means.assign(networks=by_epoch.size()).reset_index()
