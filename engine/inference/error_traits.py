"""What repeat units are like, beside which their errors are looked at."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from ..chem.classes import chemical_classes, heavy_atoms
from ..chem.composition import is_composition, read
from .domain import Domain

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many repeat units are done, and how many there are."""

_TOLD_EVERY = 50


def with_traits(rows: pd.DataFrame, progress: Progress | None = None) -> pd.DataFrame:
    """The rows of one property, with what is told of each repeat unit.

    Args:
        rows: with the columns `smiles` and `fold`, for all labels of the property, also those that
            are in training always.
        progress: told how far it is.

    Returns:
        The same with the columns `size` (heavy atoms), `classes` (a tuple, see
        `engine.chem.classes`) and `similarity`, unless it is there: to the most similar unit with a
        label of the property in the other folds (Tanimoto similarity of counts, 0 to 1), which is
        what a row's models were trained on. It is NaN where there is one fold alone. Where there
        are compositions among them, also `units` (how many repeat units), `rarest` (the least mole
        fraction, 0 to 1) and `architecture` (`not known` where it is not; missing of homopolymers).
    """
    units = list(dict.fromkeys(rows["smiles"]))
    size = {unit: heavy_atoms(unit) for unit in units}
    classes = {}
    for number, unit in enumerate(units, 1):
        classes[unit] = chemical_classes(unit)
        if progress and (number % _TOLD_EVERY == 0 or number == len(units)):
            progress("chemical classes", number, len(units))
    told = rows.assign(size=rows["smiles"].map(size), classes=rows["smiles"].map(classes))
    if any(map(is_composition, units)):
        told = told.assign(**_of_compositions(rows["smiles"]))
    if "similarity" not in rows:
        folds = rows["fold"].to_numpy(dtype=int)
        told["similarity"] = similarity_to_other_folds(rows["smiles"].tolist(), folds, progress)
    return told


def _of_compositions(texts: pd.Series) -> dict[str, pd.Series]:
    """What tells compositions from each other, by the columns that it is kept in."""
    known = {text: read(text) if is_composition(text) else None for text in dict.fromkeys(texts)}
    units = {text: len(row.units) if row else 1 for text, row in known.items()}
    rarest = {text: min(row.fractions) if row else 1.0 for text, row in known.items()}
    words = {
        text: (row.architecture or "not known") if row else None for text, row in known.items()
    }
    return {
        "units": texts.map(units),
        "rarest": texts.map(rarest),
        "architecture": texts.map(words),
    }


def similarity_to_other_folds(
    smiles: Sequence[str], folds: np.ndarray, progress: Progress | None = None
) -> np.ndarray:
    """How similar each row's repeat unit is to the most similar one of the other folds.

    A few units at a time are compared with all others, so memory grows with N, not with N².

    Args:
        smiles: of N rows, parsable.
        folds: shape `(N,)`.
        progress: told how many repeat units are compared.

    Returns:
        Shape `(N,)`, Tanimoto similarity of counts, 0 to 1; NaN where there is no other fold.
    """
    if not len(smiles):
        return np.zeros(0)
    numbers, fold_of_row = np.unique(folds, return_inverse=True)
    # In the domain's words: each fold is a property, for which the units of all others have labels.
    elsewhere = np.where(fold_of_row[:, None] == np.arange(len(numbers)), np.nan, 1.0)
    units, place = np.unique(np.asarray(smiles, dtype=object), return_inverse=True)

    def told(done: int, total: int) -> None:
        if progress:
            progress("similarity to training", done, total)

    similar = Domain.of(smiles, elsewhere).similarities(units.tolist(), told)
    return similar[place, fold_of_row]
