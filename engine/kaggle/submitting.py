"""Submissions on Kaggle: medians, predictions of a model, and whether the file is whole."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..base.errors import UserError
from ..base.wording import counted, listed
from ..base.workspace import subfolder, write_atomic
from ..inference.predict import Predictor
from ..inference.submission import make_submission
from ..table import RawTable, read_table
from ..table.cells import plain_text
from ..table.decoding import TextFile
from ..table.delimited import guess_separator
from .inputs import Settings, Tables

_SHOWN_ROWS = 5
_RECORD = "made.json"


class Asked(NamedTuple):
    """What the competition asks for, as it stands in its files.

    Attributes:
        columns: the sample's, in its order.
        id_column: the one of ids: the first that the test table has too, else the sample's first.
        ids: those of the test table, else of the sample; each once, in their order.
    """

    columns: list[str]
    id_column: str
    ids: list[str]

    @classmethod
    def of(cls, tables: Tables) -> "Asked":
        """Read it.

        Raises:
            UserError: when a table cannot be read.
        """
        test, sample = _texts(tables.test), _texts(tables.sample)
        of_test = {str(name).strip(): name for name in test.columns}
        columns = [*map(str, sample.columns)]
        column = next((name for name in columns if name.strip() in of_test), columns[0])
        known = test.get(of_test.get(column.strip()), sample[column])
        return cls(columns, column, [*dict.fromkeys(known)])

    def written(self, made: pd.DataFrame) -> pd.DataFrame:
        """A submission with names and ids as they stand, in place of those that were read.

        Args:
            made: with the sample's columns, as `read_table` names them.
        """
        if len(made.columns) != len(self.columns):
            return made
        own = {plain_text(text): text for text in self.ids}
        made = made.set_axis(self.columns, axis=1)
        ids = [own.get(read or "", read) for read in made[self.id_column]]
        return made.assign(**{self.id_column: ids})

    def fault_of(self, made: pd.DataFrame) -> str:
        """What of a submission is not as it is asked for, in words; empty where all is.

        Args:
            made: as it is in the file.
        """
        if [*made.columns] != self.columns:
            return (
                f"has the columns {listed([*made.columns])}, and the sample asks for "
                f"{listed(self.columns)}."
            )
        if not self.ids:
            return "has no rows, since the test table has none."
        if sorted(made[self.id_column]) != sorted(self.ids):
            return "has other ids than the test table, or one of them twice."
        numbers = made.drop(columns=self.id_column).apply(pd.to_numeric, errors="coerce")
        empty = int((~np.isfinite(numbers.to_numpy(float))).sum())
        return f"has {counted(empty, 'cell')} without a number." if empty else ""


def write_medians(settings: Settings, tables: Tables) -> list[str]:
    """Write each property's median over the training table for every id.

    It needs neither a model nor torch. A property that the training table lacks gets 0.

    Returns:
        Sentences about what was done.

    Raises:
        UserError: when a table cannot be read.
    """
    asked = Asked.of(tables)
    train = _texts(tables.train) if tables.train else pd.DataFrame()
    made, unknown = pd.DataFrame({asked.id_column: asked.ids}), []
    for name in asked.columns:
        if name == asked.id_column:
            continue
        labels = train.get(_called(name.strip(), [*map(str, train.columns)]), pd.Series(dtype=str))
        median = pd.to_numeric(labels, errors="coerce").median()
        made[name] = 0.0 if np.isnan(median) else float(median)
        unknown += [name] if np.isnan(median) else []
    zeros = f" (0 for {listed(unknown)}, of which no label is known)" if unknown else ""
    by = f"each property's median{zeros}"
    _write(settings, made[asked.columns], by)
    return [f"{settings.submission}: {counted(len(made), 'row')} of {by}."]


def submit_with(settings: Settings, tables: Tables, model: Path, called: str) -> list[str]:
    """Write the submission that a model makes.

    Args:
        settings, tables: of the notebook.
        model: the folder of its bundle.
        called: the model, in words.

    Returns:
        Sentences about what was done.

    Raises:
        UserError: when the model does not predict what the sample asks for, a table cannot be
            read, or what is made is not what the competition asks for; the submission stays as it
            was.
    """
    began = time.monotonic()
    predictor = Predictor(model)
    told = [words] if (words := predictor.deviation()) else []
    test, sample = read_table(tables.test), read_table(tables.sample)
    asked, remark = sample_of(test, sample)
    names = [*asked.frame.columns]
    known = [*predictor.info.names, *predictor.info.submission_columns]
    frame = asked.frame.set_axis([names[0], *(_called(name, known) for name in names[1:])], axis=1)
    submission = make_submission(predictor, test, replace(asked, frame=frame))
    made = Asked.of(tables).written(submission.frame.set_axis(names, axis=1)[[*sample.frame]])
    if fault := Asked.of(tables).fault_of(made):
        raise UserError(f"What it makes {fault}")
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

    The column of ids comes first, and each id is there once. Where a sample has other ids than the
    test table, as one that was not swapped with it, the test table's are asked for.

    Returns:
        The sample, and a sentence about its ids, empty where they are the test table's.
    """
    id_column = _id_column(test.frame, sample.frame)
    names = [id_column, *(name for name in sample.frame.columns if name != id_column)]
    frame, remark = sample.frame[names].drop_duplicates(id_column), ""
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
    made = pd.read_csv(path, dtype=str, keep_default_na=False)
    if fault := Asked.of(tables).fault_of(made):
        raise UserError(f"{path} {fault}")
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


def _called(name: str, known: Sequence[str]) -> str:
    """The one of some names that is meant, where they differ in capitals alone; else the name."""
    alike = (each for each in known if each.strip().casefold() == name.casefold())
    return name if name in known else next(alike, name)


def _texts(path: Path) -> pd.DataFrame:
    """A table of which every cell is a text, as it stands there.

    Raises:
        UserError: when it cannot be read.
    """
    file = TextFile(path, path.name)
    how = {"encoding": file.encoding, "sep": guess_separator(file.head)}
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False, **how)
    except ValueError as error:
        raise UserError(f"{path.name} cannot be read: {error}.") from error


def _write(settings: Settings, made: pd.DataFrame, by: str) -> None:
    settings.working.mkdir(parents=True, exist_ok=True)
    write_atomic(settings.submission, made.to_csv(index=False))
    write_atomic(_record(_RECORD), json.dumps(by))


def _record(name: str) -> Path:
    return subfolder("kaggle") / name
