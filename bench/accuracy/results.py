"""Where out-of-fold predictions that tables are made from are kept: by id, without labels."""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bench.out_of_fold import TABLE, OutOfFold, read
from engine.table import Table, load_table

FOLDER = Path("results/accuracy")


@dataclass(frozen=True)
class Result:
    """What one system reached on one set of folds.

    Attributes:
        system: its name, as a row of the table.
        folds: which of `FOLDS`.
        only_fold: the one of them that was predicted; None when all were.
        about: what is known of the run: `command`, `seconds` and more.
        out_of_fold: its predictions beside the labels.
    """

    system: str
    folds: str
    only_fold: int | None
    about: dict
    out_of_fold: OutOfFold


def save(system: str, folds: str, about: dict, predicted: pd.DataFrame) -> Path:
    """Keep predictions and what is known of how they came about.

    Args:
        system: its name.
        folds: which of `FOLDS`.
        about: at least `command` and `seconds`; `only_fold` where one alone was predicted.
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
        only = about.get("only_fold")
        found.append(Result(about["system"], about["folds"], only, about, read(path, known, only)))
    return found
