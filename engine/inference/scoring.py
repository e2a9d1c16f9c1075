"""The errors of a model on a labelled table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from ..base.errors import UserError
from ..base.wording import counted
from ..settings.conditions import CONDITION_PREFIX, Condition, GivenConditions
from ..settings.metrics import figures
from ..settings.properties import Property, scaled_columns
from ..settings.units import conversion
from ..table import Table
from ..table.conditions import conditions_for
from ..table.folds import raw_positions
from .predict import Predictor, Progress
from .predictions import Predictions


@dataclass(frozen=True)
class Scored:
    """A model's predictions beside the labels of a table; N rows, K properties of the model.

    Attributes:
        table: the table.
        predictor: the model.
        labels: shape `(N, K)`, in the units of the model's properties, NaN where missing.
        predicted: of the N rows.
        seen: shape `(N, K)`, bool: whether the model was trained on a label of the row's repeat
            unit; None for a model that does not know.
        conditions: at which they were predicted, by name, shape `(N,)` each.
    """

    table: Table
    predictor: Predictor
    labels: np.ndarray
    predicted: Predictions
    seen: np.ndarray | None
    conditions: dict[str, np.ndarray]

    @property
    def unpredicted_words(self) -> str:
        """How many rows could not be predicted, and why the first could not; may be empty."""
        if not (problems := self.predicted.problems):
            return ""
        rows = f"{len(problems):,} of {counted(len(self.table.smiles), 'row')}"
        row, reason = next(iter(problems.items()))
        return (
            f"{rows} could not be predicted, and are not compared: row {self.table.rows[row]}: "
            f"{reason}."
        )

    def figures(self) -> dict:
        """The figures of error, see `score`."""
        names, predicted = self.predictor.info.names, self.predicted.blend.to_numpy()
        result = _scored(self.labels, predicted, self.predictor)
        if words := self.unpredicted_words:
            result["unpredicted"] = words
        if self.seen is None:
            return {**result, "seen": None, "unseen": None}
        known_labels = np.isfinite(self.labels) & self.seen
        result["seen"] = dict(zip(names, known_labels.sum(axis=0).tolist(), strict=True))
        new = np.where(self.seen, np.nan, self.labels)
        new[[*self.predicted.problems]] = np.nan
        unseen = _scored(new, predicted, self.predictor) if np.isfinite(new).any() else None
        return {**result, "unseen": unseen}

    def rows(self, progress: Progress | None = None) -> pd.DataFrame:
        """One row for each label, as out-of-fold predictions of a run have them.

        Args:
            progress: told how far the comparison with the training units is.

        Returns:
            The columns of `engine.inference.error_analysis.with_intervals`, with `fold` missing in
            all rows; and `seen` and `similarity`, to the most similar training unit, both missing
            where the model does not know.
        """
        predictor, table = self.predictor, self.table
        readable = [row for row in range(len(table.smiles)) if row not in self.predicted.problems]
        similar, ends = np.full(self.labels.shape, np.nan), None
        if readable:
            told = progress and partial(progress, "similarity to training")
            found = predictor.similarities([table.smiles[row] for row in readable], told)
            if found is not None:
                similar[readable] = found
        if predictor.has_intervals:
            ends = predictor.uncertainty(self.predicted)
        parts = []
        for k, name in enumerate(predictor.info.names):
            labelled = np.flatnonzero(np.isfinite(self.labels[:, k]))
            part = {
                "row": table.rows[labelled],
                "id": [table.ids[row] for row in labelled],
                "smiles": [table.smiles[row] for row in labelled],
                "fold": pd.array([pd.NA] * len(labelled), dtype="Int64"),
                "property": name,
                "label": self.labels[labelled, k],
                **{
                    m: each[name].to_numpy()[labelled] for m, each in self.predicted.members.items()
                },
                "blend": self.predicted.blend[name].to_numpy()[labelled],
                "low": ends.low[name].to_numpy()[labelled] if ends else np.nan,
                "high": ends.high[name].to_numpy()[labelled] if ends else np.nan,
                "seen": pd.array(
                    [pd.NA] * len(labelled) if self.seen is None else self.seen[labelled, k],
                    dtype="boolean",
                ),
                "similarity": similar[labelled, k],
                **{
                    CONDITION_PREFIX + name: each[labelled]
                    for name, each in self.conditions.items()
                },
            }
            parts.append(pd.DataFrame(part))
        return pd.concat(parts, ignore_index=True)


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
        and the bias of the others, None where there are none or the model does not know. Where rows
        could not be predicted, also `unpredicted`, a sentence.

    Raises:
        UserError: when the table labels none of the model's properties, or one in a unit that
            cannot be converted; or when no row can be predicted.
    """
    return score_rows(predictor, table, progress, source).figures()


def score_rows(
    predictor: Predictor,
    table: Table,
    progress: Progress | None = None,
    source: str | None = None,
) -> Scored:
    """A model's predictions of a labelled table beside its labels; arguments as of `score`.

    Raises:
        UserError: as `score`.
    """
    labels = _labels_of(predictor, table, source)
    conditions = predictor.info.conditions
    given = conditions_of(table, conditions) if conditions else None
    predicted = predictor.predict(table.smiles, progress, given)
    if len(predicted.problems) == len(table.smiles):
        reason = next(iter(predicted.problems.values()))
        raise UserError(f"No row of {table.name} can be predicted: {reason}.")
    seen = predictor.seen(table.canonical)
    return Scored(table, predictor, labels, predicted, seen, given.values if given else {})


def _labels_of(predictor: Predictor, table: Table, source: str | None) -> np.ndarray:
    """The labels of the model's properties; shape `(N, K)`, in their units."""
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
    return labels


def conditions_of(table: Table, conditions: Sequence[Condition]) -> GivenConditions:
    """The conditions of each usable row of a table, as a model needs them.

    Raises:
        UserError: when the table has no column of one.
    """
    if table.parts:
        given = [conditions_of(part, conditions) for part in table.parts]
        starts = np.cumsum([0, *(len(part.rows) for part in table.parts)])
        return GivenConditions(
            {
                each.name: np.concatenate([one.values[each.name] for one in given])
                for each in conditions
            },
            {
                int(start) + row: problem
                for start, one in zip(starts, given, strict=False)
                for row, problem in one.problems.items()
            },
        )
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
