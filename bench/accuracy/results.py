"""The out-of-fold predictions that tables are made from, as files by id, without labels."""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bench.out_of_fold import TABLE, OutOfFold, load_out_of_fold
from bench.reporting import write_json
from engine.table import Table, load_table

FOLDER = Path("results/accuracy")


@dataclass(frozen=True)
class Result:
    """What one system achieved on one set of folds.

    Attributes:
        system: its name, as in the table.
        folds: the name of the set, one of `FOLDS`.
        only_fold: the only fold that was predicted; None when all were.
        about: how the predictions were made: `command`, `seconds` and more.
        out_of_fold: its predictions beside the labels.
    """

    system: str
    folds: str
    only_fold: int | None
    about: dict
    out_of_fold: OutOfFold


def save(system: str, folds: str, about: dict, predicted: pd.DataFrame) -> Path:
    """Save predictions and how they were made.

    Args:
        system: its name.
        folds: the name of the set, one of `FOLDS`.
        about: at least `command` and `seconds`; `only_fold` where one alone was predicted.
        predicted: columns `id`, `fold`, `property`, one for each member if there are several, and
            `blend`; values in the property's unit.

    Returns:
        The file of the predictions.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{system.lower().replace(' ', '-')}-{folds}.parquet"
    predicted.to_parquet(path, index=False)
    write_json(path.with_suffix(".json"), {"system": system, "folds": folds, **about})
    return path


def load_all(table: Table | None = None) -> list[Result]:
    """All saved predictions, beside the labels of the competition table or of another one."""
    table = table or load_table(TABLE)
    results = []
    for path in sorted(FOLDER.glob("*.parquet")):
        about = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        only_fold = about.get("only_fold")
        out_of_fold = load_out_of_fold(path, table, only_fold)
        results.append(Result(about["system"], about["folds"], only_fold, about, out_of_fold))
    return results
