"""Out-of-fold predictions: of the competition table as files by id, and of what is trained here."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bench.reporting import stamp, write_json
from bench.speed.data import temporary_workspace
from engine.base.errors import UserError
from engine.runs.making import BundleRequest, make_bundle
from engine.table import Table, load_table
from engine.table.folds import given_folds
from engine.training.context import TrainContext

FOLDS = ("random", "similarity")
"""The names of the two frozen sets of folds."""

TABLE = Path("../shared/data/train.csv")
FOLDS_FILE = TABLE.with_name("folds.csv")
_NO_MEMBERS = {"row", "id", "smiles", "fold", "property", "label", "blend", "place"}


@dataclass(frozen=True)
class OutOfFold:
    """Out-of-fold predictions beside the labels; N rows, K properties, M members.

    Attributes:
        smiles: the N repeat units.
        names: of the properties.
        members: names of the members.
        labels: shape `(N, K)`, in the properties' units, NaN where missing.
        predicted: shape `(M, N, K)`, in the same units, NaN where there is no label.
        blended: shape `(N, K)`, the same of the blend.
        folds: shape `(N,)`; −1 in rows that are not predicted.
    """

    smiles: list[str]
    names: list[str]
    members: list[str]
    labels: np.ndarray
    predicted: np.ndarray
    blended: np.ndarray
    folds: np.ndarray

    @property
    def errors(self) -> np.ndarray:
        """Absolute errors of the blend, shape `(N, K)`, in the properties' units."""
        return np.abs(self.labels - self.blended)

    def take(self, rows: np.ndarray) -> "OutOfFold":
        """Some of the rows; `rows` is of shape `(N,)`, bool."""
        return OutOfFold(
            [self.smiles[row] for row in np.flatnonzero(rows)],
            self.names,
            self.members,
            self.labels[rows],
            self.predicted[:, rows],
            self.blended[rows],
            self.folds[rows],
        )


def load_competition(folds_name: str) -> tuple[Table, np.ndarray]:
    """The competition table, and the fold of each of its rows.

    Args:
        folds_name: one of `FOLDS`.
    """
    table = load_table(TABLE)
    folds = given_folds(f"{FOLDS_FILE}:{folds_name}", table)
    assert folds is not None, "a file's column gives them"
    return table, folds


def load_out_of_fold(path: Path, table: Table, only_fold: int | None = None) -> OutOfFold:
    """Read an out-of-fold file as a run writes it, or one by id without labels.

    Args:
        path: Parquet with the columns of `engine.runs.read_out_of_fold`; `row`, `smiles` and
            `label` may be missing.
        table: the training table, whose labels and repeat units are joined by id.
        only_fold: the only fold that was predicted; None when all were.

    Raises:
        UserError: when the table does not hold an id of the file, or the file does not predict
            exactly the labels of the table.
    """
    frame = pd.read_parquet(path)
    places = pd.Series(range(len(table.ids)), index=table.ids)
    frame["place"] = places.reindex(frame["id"].astype(str)).to_numpy()
    if frame["place"].isna().any():
        unknown = frame.loc[frame["place"].isna(), "id"].iloc[0]
        raise UserError(f"{path} predicts id {unknown}, which {table.name} does not hold.")
    names = [property_.name for property_ in table.properties]
    members = [column for column in frame if column not in _NO_MEMBERS] or ["blend"]
    rows = frame["place"].to_numpy(dtype=int)
    columns = pd.Series(range(len(names)), index=names).loc[frame["property"]].to_numpy()
    values = {}
    for source in {*members, "blend"}:
        values[source] = np.full(table.labels.shape, np.nan)
        values[source][rows, columns] = frame[source]
    folds = np.full(len(table.ids), -1)
    folds[rows] = frame["fold"]
    differs = np.isfinite(values["blend"]) != np.isfinite(table.labels)
    if differs[slice(None) if only_fold is None else folds == only_fold].any():
        raise UserError(
            f"{path} does not predict exactly the labels of {table.name}; give its own table."
        )
    predicted = np.stack([values[member] for member in members])
    return OutOfFold(
        table.canonical, names, members, table.labels, predicted, values["blend"], folds
    )


def long_form(table: Table, folds: np.ndarray, predicted: np.ndarray) -> pd.DataFrame:
    """One row for each label, without the labels themselves.

    Args:
        table: of N rows with K properties.
        folds: shape `(N,)`.
        predicted: shape `(N, K)`, in the properties' units; cells without a number are left out.

    Returns:
        Columns `id`, `fold`, `property` and `blend`.
    """
    parts = []
    for k, property_ in enumerate(table.properties):
        rows = np.flatnonzero(np.isfinite(table.labels[:, k]) & np.isfinite(predicted[:, k]))
        parts.append(
            pd.DataFrame(
                {
                    "id": [table.ids[row] for row in rows],
                    "fold": folds[rows],
                    "property": property_.name,
                    "blend": predicted[rows, k],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def predict_folds(request: BundleRequest) -> dict[str, np.ndarray]:
    """Train in a workspace of its own, and keep the predictions of the folds alone.

    Returns:
        Of the `blend` and of each member, by name, shape `(N, K)`, in the properties' units.
    """
    with temporary_workspace() as folder:
        made = make_bundle(request, TrainContext(folder / "bundle"))
    members = dict(zip(made.info.members, made.ensemble.out_of_fold, strict=True))
    return {"blend": made.ensemble.blended, **members}


def measure_file(
    bench: str,
    description: str | None,
    results: Path,
    measure: Callable[[OutOfFold], dict[str, dict]],
    markdown: Callable[[dict[str, dict]], str],
) -> None:
    """The command of a bench that measures a file of out-of-fold predictions.

    Args:
        bench: its module.
        description: what it says of itself.
        results: where its figures are written, unless it is told otherwise.
        measure: figures by property.
        markdown: the tables of a document from them.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {bench}", description=description)
    parser.add_argument("oof", type=Path, metavar="OOF.parquet")
    parser.add_argument("--table", type=Path, default=TABLE, help="the training table")
    parser.add_argument("--json", type=Path, default=results)
    arguments = parser.parse_args()
    measured = measure(load_out_of_fold(arguments.oof, load_table(arguments.table)))
    where = f"--table {arguments.table} --json {arguments.json}"
    command = f"python -m {bench} {arguments.oof} {where}"
    write_json(arguments.json, {**stamp(command), "properties": measured})
    print(markdown(measured))
