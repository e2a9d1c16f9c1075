"""Dividing rows into folds, so that like molecules stay together."""

from collections.abc import Sequence

import numpy as np

from engine.errors import UserError


def split_folds(labels: np.ndarray, groups: Sequence, count: int, seed: int) -> np.ndarray:
    """Divide rows into folds that keep groups whole and are balanced for each set of properties.

    Args:
        labels: shape `(N, K)`, NaN where missing.
        groups: the group of each of the N rows, such as its SMILES without stereo marks or its
            cluster.
        count: how many folds.
        seed: of the shuffling.

    Returns:
        Shape `(N,)`, int, 0 to `count` − 1.

    Raises:
        UserError: when there are fewer groups than folds.
    """
    # Loaded here: pages know this module, and need not wait for scikit-learn.
    from sklearn.model_selection import StratifiedGroupKFold

    different = len(set(groups))
    if different < count:
        raise UserError(
            f"{count} folds cannot be made of {different:,} groups: repeat units that belong "
            "together are never divided. Choose fewer folds, random ones, or a column that gives "
            "them."
        )
    # Rows that carry the same set of labels are one stratum: balancing strata balances labels.
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    folds = np.zeros(len(labels), dtype=int)
    strata = np.unique(np.isfinite(labels), axis=0, return_inverse=True)[1]
    # Where no set of labels is there once for each fold, there is nothing to balance.
    if np.bincount(strata).max() < count:
        strata = np.zeros_like(strata)
    for fold, (_, held_out) in enumerate(splitter.split(np.zeros(len(labels)), strata, groups)):
        folds[held_out] = fold
    return folds
