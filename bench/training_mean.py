"""The error of guessing the mean: `python -m bench.training_mean TABLE FILE:COLUMN`.

Each label is guessed by the mean of the labels in the other folds. Any model has to beat that.
Writes `results/training-mean.json`.
"""

import json
import sys
from pathlib import Path

import numpy as np

from engine.metrics import figures, label_ranges
from engine.runs.foldspec import given_folds
from engine.table import load_table

RESULT = Path("results/training-mean.json")


def main(table_path: str, folds_spec: str) -> None:
    """Compute, print and write."""
    table = load_table(Path(table_path))
    folds = given_folds(folds_spec, table)
    names = [one.name for one in table.properties]
    guessed = np.full(table.labels.shape, np.nan)
    for fold in np.unique(folds):
        guessed[folds == fold] = np.nanmean(table.labels[folds != fold], axis=0)
    found = figures(table.labels, guessed, names, label_ranges(table.labels, names))
    RESULT.write_text(json.dumps({"folds": folds_spec, **found}, indent=1) + "\n")
    print(f"wMAE {found['wmae']:.4f}, by row {found['wmae_row']:.4f}; MAE {found['mae']}")


if __name__ == "__main__":
    main(*sys.argv[1:])
