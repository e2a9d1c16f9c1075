"""Scoring a model on labelled repeat units."""

import numpy as np

from engine.errors import UserError
from engine.metrics import figures
from engine.predict import Predictor, Progress
from engine.properties import Property
from engine.table import Table


def score(predictor: Predictor, table: Table, progress: Progress | None = None) -> dict:
    """The figures of a model on a labelled table, with the ranges of its training table.

    Returns:
        See `engine.metrics.figures`; properties that the table does not label have n = 0.

    Raises:
        UserError: when the table labels none of the model's properties, or one in another unit.
    """
    names = predictor.info.names
    _check_units(predictor.info.properties, table)
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


def _check_units(predicted: list[Property], table: Table) -> None:
    """Refuse labels in a unit that is not the model's.

    Labels of registered properties are in the registry's units by now; nobody knows how to convert
    the others.
    """
    units = {known.name: known.unit for known in predicted}
    for known in table.properties:
        unit = units.get(known.name)
        if known.unit and unit and known.unit != unit:
            raise UserError(
                f"{table.name} gives {known.name} in {known.unit}, the model predicts it in "
                f"{unit}: convert the column first, then say --unit {known.name}={unit}."
            )
