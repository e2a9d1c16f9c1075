"""Dividing rows into folds, so that like molecules stay together."""

from collections.abc import Sequence

import numpy as np


def split_folds(labels: np.ndarray, groups: Sequence, count: int, seed: int) -> np.ndarray:
    """Divide rows into folds that keep groups whole and are balanced for each property.

    Args:
        labels: shape `(N, K)`, NaN where missing.
        groups: the group of each of the N rows, such as its SMILES without stereo marks or its
            cluster.
        count: how many folds.
        seed: of the shuffling.

    Returns:
        Shape `(N,)`, int, 0 to `count` − 1.
    """
    # Loaded here: pages know this module, and need not wait for scikit-learn.
    from sklearn.model_selection import StratifiedGroupKFold

    # Rows that carry the same set of labels are one stratum: balancing strata balances labels.
    patterns = np.isfinite(labels) @ (2 ** np.arange(labels.shape[1], dtype=float))
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    folds = np.zeros(len(labels), dtype=int)
    strata = np.unique(patterns, return_inverse=True)[1]
    for fold, (_, held_out) in enumerate(splitter.split(np.zeros(len(labels)), strata, groups)):
        folds[held_out] = fold
    return folds
