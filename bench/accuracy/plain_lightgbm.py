"""LightGBM as most notebooks have it: `python -m bench.accuracy.plain_lightgbm`.

All RDKit descriptors and Morgan counts (radius 2, 1,024 of them), LightGBM's own defaults, a model
for each property.
"""

import time
import warnings
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from lightgbm import LGBMRegressor
from rdkit.Chem import Descriptors, MolFromSmiles, rdFingerprintGenerator

from bench.accuracy.results import save
from bench.out_of_fold import FOLDS, TABLE, competition, long_form
from bench.speed.machine import machine_record
from engine.base.hardware import usable_cores
from engine.table import load_table

BITS = 1024


def features(smiles: str) -> np.ndarray:
    """The descriptors and counts of one repeat unit, its `*` left as they are."""
    molecule = MolFromSmiles(smiles)
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=BITS)
    counts = generator.GetCountFingerprintAsNumPy(molecule)
    values = np.array(list(Descriptors.CalcMolDescriptors(molecule).values()), dtype=float)
    # Some of them are far outside of what a float of 32 bits holds.
    return np.concatenate([np.where(np.abs(values) < 1e30, values, np.nan), counts])


def main() -> None:
    """Fit on both sets of folds."""
    table = load_table(TABLE)
    began = time.perf_counter()
    with ProcessPoolExecutor(usable_cores()) as pool:
        matrix = np.array(list(pool.map(features, table.canonical, chunksize=64)))
    spent = time.perf_counter() - began
    warnings.filterwarnings("ignore", message="X does not have valid feature names")
    for which in FOLDS:
        _, folds = competition(which)
        predicted = np.full(table.labels.shape, np.nan)
        began = time.perf_counter()
        for fold in np.unique(folds):
            for k in range(len(table.properties)):
                known = np.isfinite(table.labels[:, k]) & (folds != fold)
                model = LGBMRegressor(random_state=0, n_jobs=usable_cores(), verbose=-1)
                model.fit(matrix[known], table.labels[known, k])
                predicted[folds == fold, k] = model.predict(matrix[folds == fold])
        about = {
            "command": "python -m bench.accuracy.plain_lightgbm",
            "seconds": spent + time.perf_counter() - began,
            "machine": machine_record(),
        }
        found = long_form(table, folds, predicted)
        print(save("plain LightGBM", which, about, found))


if __name__ == "__main__":
    main()
