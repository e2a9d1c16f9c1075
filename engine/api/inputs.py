"""What people give from Python, read and checked: repeat units, labels and folds."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ..base.bounds import Bounds
from ..base.errors import UserError
from ..base.wording import clipped
from ..chem.comonomers import explained
from ..chem.smiles import BadSmilesError, canonical
from ..inference.bundle import BundleInfo
from ..runs import MIN_LABELS, unlearned_words
from ..runs.start import learnable_or_refuse
from ..settings.conditions import Condition, GivenConditions
from ..settings.polymer_columns import PolymerColumns
from ..settings.properties import Property, property_for
from ..table import RawTable, Table
from ..table.conditions import conditions_for
from ..table.reading import Reading
from .frames import is_read_by_columns, polymer_columns_of, texts_of_frame

_GREATEST = 1e30
"""Of a label: members compute in float32, whose squares end at 1e38."""


class Rows(NamedTuple):
    """N rows to learn from, with K properties."""

    units: list[str]  # canonical SMILES
    labels: np.ndarray  # N × K, NaN where missing
    properties: list[Property]
    bounds: Bounds | None = None
    conditions: Sequence[Condition] = ()
    condition_values: Mapping[str, np.ndarray] = MappingProxyType({})
    polymer_columns: PolymerColumns | None = None  # of compositions


def read_rows(X: Any, y: Any) -> Rows:
    """Rows to learn from.

    Properties of a table that have too few labels are left out with a warning, as a run does.

    Args:
        X: N SMILES, or a table, which brings its labels.
        y: shape `(N,)` or `(N, K)`; None for a table.

    Raises:
        UserError: when a row cannot be read, or a column has too few labels to be learned.
    """
    if isinstance(X, Table):
        if y is not None:
            raise UserError("A table brings its own labels: leave y out.")
        for words in unlearned_words(X):
            warnings.warn(words, stacklevel=3)
        learned = learnable_or_refuse(X)
        rows = Rows(
            list(X.canonical),
            X.labels[:, learned],
            [X.properties[k] for k in learned],
            X.bounds and X.bounds.of(np.arange(len(X.rows)), learned),
            X.conditions,
            {each.name: X.condition_values[each.name].to_numpy() for each in X.conditions},
            X.report.columns.of_polymer,
        )
    else:
        if y is None:
            raise UserError("y is missing: a PolymerRegressor learns from labels.")
        units = [_canonical(row, text) for row, text in enumerate(smiles_list(X))]
        several = isinstance(X, pd.DataFrame) and X.shape[1] > 1
        rows = Rows(
            units,
            label_matrix(y),
            [property_for(name) for name in _names(y)],
            polymer_columns=polymer_columns_of(X) if several else None,
        )
    if len(rows.units) != len(rows.labels):
        raise UserError(
            f"There are {len(rows.units)} repeat units and {len(rows.labels)} rows of labels."
        )
    _check_labels(rows)
    return rows


def smiles_list(
    smiles: Any, missing: bool = False, info: BundleInfo | None = None
) -> list[str | None]:
    """N SMILES of a list, an array `(N,)` or `(N, 1)`, a series, or a frame of one column.

    A frame of several columns is one of compositions, for each of which its text stands.

    Args:
        smiles: what was given.
        missing: whether a cell may be empty, which gives None.
        info: of the model that is to predict them.

    Raises:
        UserError: when it is something else; it names the row.
    """
    if isinstance(smiles, Table):
        return list(smiles.smiles)
    if isinstance(smiles, str | bytes) or not isinstance(smiles, Iterable):
        raise UserError(
            f"Repeat units are given as a list of SMILES, not as {clipped(repr(smiles))}."
        )
    if isinstance(smiles, pd.DataFrame) and is_read_by_columns(smiles, info):
        return texts_of_frame(smiles, missing, info)
    # Not as an array: numpy would take texts of equal length apart.
    cells = smiles.to_numpy().tolist() if isinstance(smiles, pd.DataFrame) else list(smiles)
    if cells and all(isinstance(cell, list | tuple | np.ndarray) for cell in cells):
        if any(len(cell) != 1 for cell in cells):
            raise UserError("Repeat units are one column of SMILES: more than one was given.")
        cells = [cell[0] for cell in cells]
    return [_text(row, cell, missing) for row, cell in enumerate(cells)]


def _text(row: int, cell: Any, missing: bool) -> str | None:
    if isinstance(cell, str):
        return cell.encode(errors="replace").decode()  # no half characters, which no file can hold
    if missing and (cell is None or cell is pd.NA or cell != cell):
        return None
    raise UserError(f"Row {row}: {clipped(repr(cell))} is no SMILES, which would be a text.")


def _canonical(row: int, text: str | None) -> str:
    try:
        return canonical(text or "")
    except BadSmilesError as error:
        reason = explained(error)
        raise UserError(f"Row {row}: {clipped(repr(text))} cannot be read: {reason}.") from error


def read_conditions(
    conditions: Sequence[Condition], given: Mapping[str, Any], count: int
) -> GivenConditions:
    """The conditions of N repeat units.

    Args:
        conditions: that the model predicts at.
        given: by name one value for all, or N values.
        count: N.

    Raises:
        UserError: when one is missing, unknown, or has values that cannot be used.
    """
    names = [condition.name for condition in conditions]
    unknown = [name for name in given if name not in names]
    missing = [name for name in names if name not in given]
    if unknown:
        there = f"those are {', '.join(names)}" if names else "there is none"
        raise UserError(f"{unknown[0]!r} is no condition of the model; {there}.")
    if missing:
        raise UserError(
            f"The model predicts at given conditions: say conditions={{{missing[0]!r}: …}}."
        )
    frame = pd.DataFrame(index=range(count))
    for condition in conditions:
        values = given[condition.name]
        if isinstance(values, Mapping):
            raise UserError(
                f"{condition.name} is given as {clipped(repr(values))}: give one value, or a list."
            )
        single = isinstance(values, str) or np.ndim(values) == 0
        cells = [values] * count if single else list(values)
        if len(cells) != count:
            raise UserError(
                f"There are {count} repeat units and {len(cells)} values of {condition.name}."
            )
        texts = [None if pd.isna(cell) else str(cell) for cell in cells]
        frame[condition.label] = pd.Series(texts, dtype=object)
    reading = Reading(format="csv")
    raw = RawTable("conditions", frame, np.arange(count), reading)
    return conditions_for(raw, conditions)


def label_matrix(y: Any) -> np.ndarray:
    """Labels as float64 of shape `(N, K)`.

    Raises:
        UserError: when they are no numbers, infinite, or of another shape.
    """
    try:
        values = np.asarray(y, dtype=float)
    except (TypeError, ValueError) as error:
        raise UserError(f"y has a value that is no number: {error}.") from error
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2 or values.shape[1] == 0:
        raise UserError(f"y has the shape {values.shape}: give one or more columns of labels.")
    if np.isinf(values).any():
        row, column = np.argwhere(np.isinf(values))[0]
        raise UserError(f"Row {row}, column {column} of y is infinite: give NaN for no label.")
    return values


def _check_labels(rows: Rows) -> None:
    """Refuse columns that cannot be learned."""
    names = [property_.name for property_ in rows.properties]
    if not names:
        raise UserError("There is no property to learn: no column has labels.")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UserError(f"Two columns of labels are called {twice!r}: give each its own name.")
    for column, name in enumerate(names):
        values = rows.labels[:, column]
        count = int(np.isfinite(values).sum())
        if count < MIN_LABELS:
            raise UserError(
                f"{name} has {count} labels, and at least {MIN_LABELS} are needed: "
                "leave the column out, or add rows."
            )
        if np.nanmax(np.abs(values)) > _GREATEST:
            row = int(np.nanargmax(np.abs(values)))
            raise UserError(f"Row {row} of {name} is {values[row]:g}: give labels in another unit.")


def _names(y: Any) -> list[str]:
    """What the properties are called."""
    if isinstance(y, pd.DataFrame):
        return [str(name) for name in y.columns]
    if isinstance(y, pd.Series) and y.name is not None:
        return [str(y.name)]
    count = label_matrix(y).shape[1]
    return ["y"] if count == 1 else [f"y{column}" for column in range(count)]


def given_folds(folds: Sequence[int], rows: int) -> np.ndarray:
    """The fold of each row.

    Raises:
        UserError: when they are not one whole number for each row, or of fewer than two kinds.
    """
    try:
        values = np.asarray(folds)
    except ValueError:
        values = np.empty(0)
    if values.shape != (rows,) or not np.issubdtype(values.dtype, np.integer):
        raise UserError(f"Folds are given as a whole number for each of the {rows} rows.")
    if values.min() < 0 or values.max() > rows or len(np.unique(values)) < 2:
        raise UserError("Folds are numbered from 0, and there are two of them or more.")
    return values.astype(int)
