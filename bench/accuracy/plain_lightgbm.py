"""LightGBM as most notebooks use it: `python -m bench.accuracy.plain_lightgbm`.

All RDKit descriptors and 1,024 Morgan counts of radius 2, LightGBM's own defaults, one model for
each property.
"""

import time
import warnings
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from lightgbm import LGBMRegressor
from rdkit.Chem import Descriptors, MolFromSmiles, rdFingerprintGenerator

from bench.accuracy.results import save
from bench.out_of_fold import FOLDS, TABLE, load_competition, long_form
from bench.speed.machine import machine_record
from engine.base.hardware import usable_cores
from engine.table import Table, load_table

BITS = 1024


def features(smiles: str) -> np.ndarray:
    """The descriptors and counts of one repeat unit, its `*` left as they are."""
    molecule = MolFromSmiles(smiles)
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=BITS)
    counts = generator.GetCountFingerprintAsNumPy(molecule)
    values = np.array(list(Descriptors.CalcMolDescriptors(molecule).values()), dtype=float)
    # Some exceed what a 32-bit float can hold.
    return np.concatenate([np.where(np.abs(values) < 1e30, values, np.nan), counts])


def predict_held_out(table: Table, folds: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Each fold, predicted by a model of the others for each property.

    Args:
        table: N rows with K properties.
        folds: shape `(N,)`.
        matrix: the `features` of the rows, shape `(N, F)`.

    Returns:
        Shape `(N, K)`, in the properties' units.
    """
    predicted = np.full(table.labels.shape, np.nan)
    for fold in np.unique(folds):
        for k in range(len(table.properties)):
            rows = np.isfinite(table.labels[:, k]) & (folds != fold)
            model = LGBMRegressor(random_state=0, n_jobs=usable_cores(), verbose=-1)
            model.fit(matrix[rows], table.labels[rows, k])
            predicted[folds == fold, k] = model.predict(matrix[folds == fold])
    return predicted


def main() -> None:
    """Fit on both sets of folds."""
    table = load_table(TABLE)
    started = time.perf_counter()
    with ProcessPoolExecutor(usable_cores()) as pool:
        matrix = np.array(list(pool.map(features, table.canonical, chunksize=64)))
    feature_seconds = time.perf_counter() - started
    warnings.filterwarnings("ignore", message="X does not have valid feature names")
    for folds_name in FOLDS:
        _, folds = load_competition(folds_name)
        started = time.perf_counter()
        predicted = predict_held_out(table, folds, matrix)
        about = {
            "command": "python -m bench.accuracy.plain_lightgbm",
            "seconds": feature_seconds + time.perf_counter() - started,
            "machine": machine_record(),
        }
        print(save("plain LightGBM", folds_name, about, long_form(table, folds, predicted)))


if __name__ == "__main__":
    main()
