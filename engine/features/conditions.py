"""Conditions as numbers beside the descriptors of a repeat unit."""

from collections.abc import Mapping, Sequence

import numpy as np

from ..base.packed import Features
from ..settings.conditions import Condition


def encoded(conditions: Sequence[Condition], values: Mapping[str, np.ndarray]) -> np.ndarray:
    """The numbers that members see of the conditions of N rows.

    A number is taken on its scale, a word becomes a column of zeros and ones for each word of the
    training table, and a structure becomes its descriptors.

    Args:
        conditions: C of them.
        values: by name, shape `(N,)`: numbers in the condition's unit, words, or SMILES; NaN or
            None where unknown.

    Returns:
        Shape `(N, width)`, float32; NaN where a number or structure is unknown, zeros for a word.
    """
    columns = [_encoded(condition, values[condition.name]) for condition in conditions]
    return np.concatenate(columns, axis=1).astype(np.float32)


def with_conditions(features: Features, rows: np.ndarray, numbers: np.ndarray) -> Features:
    """The features of N rows: those of their repeat units, and the numbers of their conditions.

    Args:
        features: of U repeat units.
        rows: shape `(N,)`, int: the unit of each row.
        numbers: shape `(N, width)`, as `encoded` gives them.
    """
    return features.of_rows(rows).with_columns(numbers)


def _encoded(condition: Condition, values: np.ndarray) -> np.ndarray:
    """The columns of one condition, `(N, width)`."""
    if condition.kind == "number":
        return condition.as_property.scaled(np.asarray(values, dtype=float))[:, None]
    if condition.kind == "word":
        given = np.asarray(values, dtype=object)
        return np.stack([given == word for word in condition.choices], axis=1).astype(float)
    # Not above: training reads features on machines without RDKit.
    from ..chem.small_molecules import small_molecule_descriptors

    # A column of texts has NaN where there is none.
    return small_molecule_descriptors([each if isinstance(each, str) else None for each in values])
