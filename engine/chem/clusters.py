"""Clusters of like repeat units, for folds that keep them together."""

from collections.abc import Sequence

import numpy as np
from rdkit import DataStructs
from rdkit.Chem import rdFingerprintGenerator
from rdkit.ML.Cluster import Butina

from .smiles import parse

DISTANCE = 0.4
"""Tanimoto distance within which a unit joins a cluster's centre."""


def similarity_clusters(smiles: Sequence[str]) -> np.ndarray:
    """Butina clusters on Morgan fingerprints of radius 2 and 2048 bits.

    Butina, J. Chem. Inf. Comput. Sci. 39 (1999) 747, doi:10.1021/ci9803381.

    Args:
        smiles: N parsable SMILES; equal ones are always in one cluster.

    Returns:
        Shape `(N,)`, int: the cluster of each.
    """
    unique, position = np.unique(np.asarray(smiles, dtype=object), return_inverse=True)
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    prints = [generator.GetFingerprint(parse(text)) for text in unique]
    # One byte a pair: whether they are too far apart is all that Butina asks of a distance.
    apart = np.zeros((len(prints), len(prints)), dtype=bool)
    for i in range(1, len(prints)):
        alike = np.array(DataStructs.BulkTanimotoSimilarity(prints[i], prints[:i]))
        apart[i, :i] = apart[:i, i] = 1 - alike > DISTANCE
    found = Butina.ClusterData(apart, len(prints), 0, isDistData=True, reordering=True)
    cluster = np.zeros(len(unique), dtype=int)
    for number, members in enumerate(found):
        cluster[list(members)] = number
    return cluster[position]
