"""The errors of a model on a labelled table."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..base.errors import UserError
from ..settings.conditions import Condition, GivenConditions
from ..settings.metrics import figures
from ..settings.properties import Property, scaled_columns
from ..settings.units import conversion
from ..table import Table
from ..table.conditions import conditions_for
from ..table.folds import raw_positions
from .predict import Predictor, Progress


def score(
    predictor: Predictor,
    table: Table,
    progress: Progress | None = None,
    source: str | None = None,
) -> dict:
    """The figures of a model on a labelled table, with the ranges of its training table.

    Args:
        predictor: the model.
        table: with labels of some of its properties.
        progress: told how far the features are.
        source: whose labels these are, where the model has learned from several; by default of the
            sources that it answers like.

    Returns:
        See `engine.settings.metrics.figures`; properties that the table does not label have n = 0.
        Errors are in the properties' units, or in decades of one that was learned on a log10 scale.
        Beside them: `bias`, the mean signed error (predicted minus label) by property; `seen`, the
        number of labels of repeat units that the model was trained on; and `unseen`, the figures
        and the bias of the others, None where there are none or the model does not know.

    Raises:
        UserError: when the table labels none of the model's properties, or one in a unit that
            cannot be converted.
    """
    info, names = predictor.info, predictor.info.names
    columns = info.columns_like(source) if source else {name: name for name in names}
    labels = np.full((len(table.smiles), len(names)), np.nan)
    predicted_in = {known.name: known.unit for known in info.properties}
    for k, known in enumerate(table.properties):
        if name := columns.get(known.name):
            values = _in_unit(table.labels[:, k], known, predicted_in[name], table.name)
            labels[:, names.index(name)] = values
    if not np.isfinite(labels).any():
        raise UserError(
            f"{table.name} labels none of the properties that the model predicts "
            f"({', '.join(columns)}); name a column after one of them."
        )
    given = conditions_of(table, info.conditions) if info.conditions else None
    predicted = predictor.predict(table.smiles, progress, given).blend.to_numpy()
    result = _scored(labels, predicted, predictor)
    seen = predictor.seen(table.canonical)
    if seen is None:
        return {**result, "seen": None, "unseen": None}
    known_labels = np.isfinite(labels) & seen
    result["seen"] = dict(zip(names, known_labels.sum(axis=0).tolist(), strict=True))
    new = np.where(seen, np.nan, labels)
    result["unseen"] = _scored(new, predicted, predictor) if np.isfinite(new).any() else None
    return result


def conditions_of(table: Table, conditions: Sequence[Condition]) -> GivenConditions:
    """The conditions of each usable row of a table, as a model needs them.

    Raises:
        UserError: when the table has no column of one.
    """
    raw, positions = table.raw, raw_positions(table)
    own = replace(raw, frame=raw.frame.iloc[positions], rows=raw.rows[positions])
    return conditions_for(own, conditions)


def _scored(labels: np.ndarray, predicted: np.ndarray, predictor: Predictor) -> dict:
    info, names = predictor.info, predictor.info.names
    labels, predicted = (scaled_columns(info.properties, each) for each in (labels, predicted))
    ends = np.array([info.ranges[name] for name in names]).T  # 2 × K
    ranges = dict(zip(names, scaled_columns(info.properties, ends).T, strict=True))
    errors = predicted - labels
    bias = {
        name: float(np.nanmean(errors[:, k])) if np.isfinite(errors[:, k]).any() else None
        for k, name in enumerate(names)
    }
    return {**figures(labels, predicted, names, ranges), "bias": bias}


def _in_unit(values: np.ndarray, known: Property, unit: str, table: str) -> np.ndarray:
    """Labels in the model's unit; those of registered properties are in the registry's by now."""
    if not known.unit or not unit or known.unit == unit:
        return values
    turned = conversion(known.unit, unit)
    if turned is None:
        raise UserError(
            f"{table} gives {known.name} in {known.unit}, the model predicts it in {unit}: convert "
            f"the column first, then say --unit {known.name}={unit}."
        )
    return values * turned[0] + turned[1]
