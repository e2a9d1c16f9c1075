"""Where out-of-fold predictions that tables are made from are kept: by id, without labels."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bench.coverage import OutOfFold, read
from engine.table import Table, load_table

FOLDER = Path("results/accuracy")
FOLDS = ("random", "similarity")
TABLE = Path("../shared/data/train.csv")
FOLDS_FILE = TABLE.with_name("folds.csv")


@dataclass(frozen=True)
class Result:
    """What one system reached on one set of folds.

    Attributes:
        system: its name, as a row of the table.
        folds: which of `FOLDS`.
        about: what is known of the run: `command`, `seconds` and more.
        out_of_fold: its predictions beside the labels.
    """

    system: str
    folds: str
    about: dict
    out_of_fold: OutOfFold


def save(system: str, folds: str, about: dict, predicted: pd.DataFrame) -> Path:
    """Keep predictions and what is known of how they came about.

    Args:
        system: its name.
        folds: which of `FOLDS`.
        about: at least `command` and `seconds`.
        predicted: columns `id`, `fold`, `property`, one for each member if there are several, and
            `blend`; values in the property's unit.

    Returns:
        The file of the predictions.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{system.lower().replace(' ', '-')}-{folds}.parquet"
    predicted.to_parquet(path, index=False)
    text = json.dumps({"system": system, "folds": folds, **about}, indent=1)
    path.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
    return path


def load_all(table: Table | None = None) -> list[Result]:
    """All that is kept, beside the labels of the training table, or of another one."""
    known, found = table or load_table(TABLE), []
    for path in sorted(FOLDER.glob("*.parquet")):
        about = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        found.append(Result(about["system"], about["folds"], about, read(path, known)))
    return found


def long_form(table: Table, folds: np.ndarray, predicted: np.ndarray) -> pd.DataFrame:
    """One row for each label, as `save` wants it.

    Args:
        table: of N rows with K properties.
        folds: shape `(N,)`.
        predicted: shape `(N, K)`, in the properties' units.
    """
    parts = []
    for k, known in enumerate(table.properties):
        rows = np.flatnonzero(np.isfinite(table.labels[:, k]))
        parts.append(
            pd.DataFrame(
                {
                    "id": [table.ids[row] for row in rows],
                    "fold": folds[rows],
                    "property": known.name,
                    "blend": predicted[rows, k],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
