"""Out-of-fold predictions of the competition table, as files by id and beside its labels."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from engine.base.errors import UserError
from engine.table import Table, load_table
from engine.table.folds import given_folds

FOLDS = ("random", "similarity")
TABLE = Path("../shared/data/train.csv")
FOLDS_FILE = TABLE.with_name("folds.csv")
_KEYS = {"row", "id", "smiles", "fold", "property", "label", "blend"}


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

    def of(self, rows: np.ndarray) -> "OutOfFold":
        """Some of the rows; `rows` is of shape `(N,)`, bool."""
        return OutOfFold(
            [smiles for smiles, here in zip(self.smiles, rows, strict=True) if here],
            self.names,
            self.members,
            self.labels[rows],
            self.predicted[:, rows],
            self.blended[rows],
            self.folds[rows],
        )


def competition(folds_name: str) -> tuple[Table, np.ndarray]:
    """The competition table, and the fold of each of its rows.

    Args:
        folds_name: which of `FOLDS`.
    """
    table = load_table(TABLE)
    return table, given_folds(f"{FOLDS_FILE}:{folds_name}", table)


def read(path: Path, table: Table, only_fold: int | None = None) -> OutOfFold:
    """Read an out-of-fold file as a run writes it, or one by id without labels.

    Args:
        path: Parquet with the columns of `engine.runs.read_out_of_fold`; `row`, `smiles` and
            `label` may be missing.
        table: the training table, whose labels and repeat units are joined by id.
        only_fold: the one fold that was predicted; all are by default.

    Raises:
        UserError: when an id of the file is not in the table, or a label differs in being there.
    """
    frame = pd.read_parquet(path)
    place = pd.Series(range(len(table.ids)), index=table.ids)
    frame["place"] = place.reindex(frame["id"].astype(str)).to_numpy()
    if frame["place"].isna().any():
        lost = frame.loc[frame["place"].isna(), "id"].iloc[0]
        raise UserError(f"{path} predicts id {lost}, which {table.name} does not hold.")
    names = [known.name for known in table.properties]
    members = [column for column in frame if column not in _KEYS | {"place"}] or ["blend"]
    rows = frame["place"].to_numpy(dtype=int)
    columns = pd.Series(range(len(names)), index=names).loc[frame["property"]].to_numpy()
    filled = {}
    for column in {*members, "blend"}:
        filled[column] = np.full(table.labels.shape, np.nan)
        filled[column][rows, columns] = frame[column]
    folds = np.full(len(table.ids), -1)
    folds[rows] = frame["fold"]
    missing = np.isfinite(filled["blend"]) != np.isfinite(table.labels)
    if missing[slice(None) if only_fold is None else folds == only_fold].any():
        raise UserError(
            f"{path} does not predict just the labels of {table.name}; give its own table."
        )
    predicted = np.stack([filled[member] for member in members])
    return OutOfFold(
        table.canonical, names, members, table.labels, predicted, filled["blend"], folds
    )


def long_form(table: Table, folds: np.ndarray, predicted: np.ndarray) -> pd.DataFrame:
    """One row for each label, without labels.

    Args:
        table: of N rows with K properties.
        folds: shape `(N,)`.
        predicted: shape `(N, K)`, in the properties' units; rows without a number are left out.
    """
    parts = []
    for k, known in enumerate(table.properties):
        rows = np.flatnonzero(np.isfinite(table.labels[:, k]) & np.isfinite(predicted[:, k]))
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
