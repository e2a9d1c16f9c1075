"""Submissions on Kaggle: medians, predictions of a model, and whether the file is whole."""

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ..base.errors import UserError
from ..base.wording import counted, listed
from ..base.workspace import subfolder, write_atomic
from ..inference.predict import Predictor
from ..inference.submission import make_submission
from ..table import RawTable, read_table
from .inputs import Settings, Tables

_SHOWN_ROWS = 5
_RECORD = "made.json"


def write_medians(settings: Settings, tables: Tables) -> list[str]:
    """Write each property's median over the training table for every id.

    It needs neither a model nor torch. A property that the training table lacks gets 0.

    Returns:
        Sentences about what was done.
    """
    test, sample = _texts(tables.test), _texts(tables.sample)
    train = pd.read_csv(tables.train) if tables.train else pd.DataFrame()
    id_column = _id_column(test, sample)
    made = pd.DataFrame({id_column: test[id_column] if id_column in test else sample[id_column]})
    for name in sample.columns:
        if name != id_column:
            known = pd.to_numeric(train[name], errors="coerce") if name in train else pd.Series()
            made[name] = float(known.median()) if known.notna().any() else 0.0
    _write(settings, made[[*sample.columns]], "each property's median")
    return [f"{settings.submission}: {counted(len(made), 'row')} of each property's median."]


def submit_with(settings: Settings, tables: Tables, model: Path, called: str) -> list[str]:
    """Write the submission that a model makes.

    Args:
        settings, tables: of the notebook.
        model: the folder of its bundle.
        called: the model, in words.

    Returns:
        Sentences about what was done.

    Raises:
        UserError: when the model does not predict what the sample asks for, or a table cannot be
            read; the submission stays as it was.
    """
    began = time.monotonic()
    predictor = Predictor(model)
    told = [words] if (words := predictor.deviation()) else []
    test, sample = read_table(tables.test), read_table(tables.sample)
    asked, remark = sample_of(test, sample)
    submission = make_submission(predictor, test, asked)
    made = submission.frame[[*sample.frame.columns]]
    _write(settings, made, called)
    write_atomic(_record("seconds.json"), json.dumps(time.monotonic() - began))
    told += [remark] if remark else []
    told.append(
        f"{settings.submission}: {counted(len(made), 'row')} by {called}, in "
        f"{time.monotonic() - began:.0f} s."
    )
    if count := len(submission.filled):
        rows = submission.filled.head(_SHOWN_ROWS).itertuples(index=False)
        reasons = "; ".join(f"id {row.id}: {row.reason}" for row in rows)
        more = f"; and {count - _SHOWN_ROWS:,} more" if count > _SHOWN_ROWS else ""
        told.append(
            f"{counted(count, 'row')} could not be predicted and hold the training medians: "
            f"{reasons}{more}."
        )
    if count := len(submission.warned):
        told.append(f"{counted(count, 'row')} have what no training unit has.")
    return told


def sample_of(test: RawTable, sample: RawTable) -> tuple[RawTable, str]:
    """The sample submission in the form that `make_submission` takes.

    The column of ids comes first. Where a sample has other ids than the test table, as one that
    was not swapped with it, the test table's are asked for.

    Returns:
        The sample, and a sentence about its ids, empty where they are the test table's.
    """
    id_column = _id_column(test.frame, sample.frame)
    names = [id_column, *(name for name in sample.frame.columns if name != id_column)]
    frame, remark = sample.frame[names], ""
    if id_column in test.frame and set(test.frame[id_column]) != set(frame[id_column]):
        ids = test.frame[id_column].drop_duplicates()
        frame = pd.DataFrame({id_column: ids, **dict.fromkeys(names[1:], "0")})
        remark = (
            f"{sample.name} has other ids than {test.name}: the {counted(len(ids), 'id')} of "
            f"{test.name} are submitted."
        )
    rows = np.arange(2, len(frame) + 2)
    return replace(sample, frame=frame.reset_index(drop=True), rows=rows), remark


def check_submission(settings: Settings, tables: Tables) -> list[str]:
    """Look whether the submission is what the competition asks for.

    Returns:
        Sentences about what it holds.

    Raises:
        UserError: when it is not there, or ids, columns or numbers are not those asked for.
    """
    path = settings.submission
    if not path.is_file():
        raise UserError(f"{path} is not there.")
    made, test, sample = _texts(path), _texts(tables.test), _texts(tables.sample)
    id_column = _id_column(test, sample)
    if [*made.columns] != [*sample.columns]:
        raise UserError(
            f"{path} has the columns {listed([*made.columns])}, and {tables.sample.name} asks for "
            f"{listed([*sample.columns])}."
        )
    ids = test[id_column] if id_column in test else sample[id_column]
    if sorted(made[id_column].str.strip()) != sorted({*ids.str.strip()}):
        raise UserError(f"{path} has other ids than {tables.test.name}.")
    numbers = made.drop(columns=id_column).apply(pd.to_numeric, errors="coerce")
    empty = int((~np.isfinite(numbers.to_numpy(float))).sum())
    if empty:
        raise UserError(f"{path} has {counted(empty, 'cell')} without a number.")
    by = json.loads(_record(_RECORD).read_text()) if _record(_RECORD).is_file() else "somebody else"
    return [
        f"{path} is whole: {counted(len(made), 'row')} by {by}, columns "
        f"{', '.join(made.columns)}, a number in every cell.",
        made.head(_SHOWN_ROWS).to_string(index=False),
    ]


def seconds_to_submit() -> float:
    """How long the last submission of a model took; a guess before the first."""
    try:
        return float(json.loads(_record("seconds.json").read_text()))
    except (OSError, ValueError, TypeError):
        return 120.0


def _id_column(test: pd.DataFrame, sample: pd.DataFrame) -> str:
    """The sample's column of ids: the one that the test table has too, else the first."""
    shared = [str(name) for name in sample.columns if name in test.columns]
    return shared[0] if shared else str(sample.columns[0])


def _texts(path: Path) -> pd.DataFrame:
    """A table of which every cell is a text, as it stands there."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def _write(settings: Settings, made: pd.DataFrame, by: str) -> None:
    settings.working.mkdir(parents=True, exist_ok=True)
    write_atomic(settings.submission, made.to_csv(index=False))
    write_atomic(_record(_RECORD), json.dumps(by))


def _record(name: str) -> Path:
    return subfolder("kaggle") / name
