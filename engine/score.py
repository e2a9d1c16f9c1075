"""Scoring a model on labelled repeat units."""

import numpy as np

from engine.errors import UserError
from engine.metrics import figures
from engine.predict import Predictor, Progress
from engine.table import Table


def score(predictor: Predictor, table: Table, progress: Progress | None = None) -> dict:
    """The figures of a model on a labelled table, with the ranges of its training table.

    Returns:
        See `engine.metrics.figures`; properties that the table does not label have n = 0.

    Raises:
        UserError: when the table labels none of the model's properties.
    """
    names = predictor.info.names
    labels = np.full((len(table.smiles), len(names)), np.nan)
    for k, known in enumerate(table.properties):
        if known.name in names:
            labels[:, names.index(known.name)] = table.labels[:, k]
    if not np.isfinite(labels).any():
        raise UserError(
            f"{table.name} labels none of the properties that the model predicts "
            f"({', '.join(names)}); name a column after one of them."
        )
    predicted = predictor.predict(table.smiles, progress).blend.to_numpy()
    return figures(labels, predicted, names, predictor.info.ranges)
