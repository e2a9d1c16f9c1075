"""Predicting the rows of tables of any length, in constant memory."""

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TextIO

import pandas as pd

from ..chem.composition import is_composition
from ..settings.conditions import GivenConditions
from ..settings.polymer_columns import NOTHING_SAID, SaidUnits
from ..table import Columns, RawTable, stream_table
from ..table.columns import free_name
from ..table.compositions import TextsToPredict
from ..table.conditions import conditions_for
from ..table.mending import FragmentsUse
from ..table.streaming import TableStream
from ..table.written import csv_text
from .domain_words import outside_words
from .predict import Predictor, Progress, whole_units
from .predictions import Predictions
from .specification import Requirement, probability_columns
from .streaming import CHUNK_ROWS, MOST_STORED, predict_stream
from .submission import prediction_table, unpredicted
from .table_rows import columns_in, polymers_of, tell_names

_LISTED = 10

PROBLEM = "problem"
"""The column that says why a row could not be predicted."""

DOMAIN = "domain"
"""The column that says for which properties a row's unit is outside the domain, and why."""

WARNING = "warning"
"""The column that says what no training unit has as the row's unit has it."""


class TableRows(NamedTuple):
    """Some rows of a table that are to be predicted.

    Attributes:
        part: the rows.
        columns: of the table.
        by_name: whether some of its repeat units are given by polymers' names.
    """

    part: RawTable
    columns: Columns
    by_name: bool


def texts_of(rows: TableRows, fragments: FragmentsUse) -> TextsToPredict:
    """The repeat units of some rows, or compositions of such, which are read and predicted.

    Args:
        rows: of a table.
        fragments: what is done about molecules beside a repeat unit.
    """
    found = polymers_of(rows.part, rows.columns, fragments, rows.by_name)
    return found._replace(texts=[*whole_units(found.texts, fragments)])


class PredictedRows(NamedTuple):
    """Some rows of a table, and what is said of them.

    Attributes:
        rows: as they are in the table.
        predictions: of these rows.
        frame: a row for each: id or number, repeat unit as it is given, or composition,
            predictions, what else was asked for, `warning` and `problem`.
        warned: how many have a warning.
    """

    rows: TableRows
    predictions: Predictions
    frame: pd.DataFrame
    warned: int


@dataclass(frozen=True)
class RowPredictor:
    """Predicts rows of tables, and says what is asked for of each.

    Attributes:
        predictor: the model.
        names: of the properties, by the columns that they are written to.
        intervals: whether each interval's ends, the domain, and why a unit is outside are added.
        requirements: of a specification; the probabilities of meeting them are added.
        conditions: at which all rows are predicted, by name; the others are columns of the tables.
        fragments: what is done about molecules beside a repeat unit, such as counter-ions.
    """

    predictor: Predictor
    names: Mapping[str, str]
    intervals: bool = False
    requirements: Sequence[Requirement] = ()
    conditions: Mapping[str, float | str] | None = None
    fragments: FragmentsUse = "refuse"

    def __post_init__(self) -> None:
        if self.intervals or self.requirements:
            self.predictor.demand_intervals()

    def check(self, head: RawTable) -> None:
        """See that a table has the conditions that are not given.

        Raises:
            UserError: when it lacks one.
        """
        conditions_for(head, self.predictor.info.conditions, self.conditions)

    def predict(
        self, chunks: Iterable[TableRows], store: bool
    ) -> Generator[PredictedRows, None, None]:
        """Predict chunk after chunk, in the order given; see `predict_stream`.

        Args:
            chunks: some rows at a time, best `CHUNK_ROWS`.
            store: whether new features go into the store on disk.
        """
        wanted = {*self.names.values(), *(each.name for each in self.requirements)}
        predictor = self.predictor.only(wanted)
        waiting: deque[tuple[TableRows, TextsToPredict, GivenConditions]] = deque()
        given: deque[GivenConditions] = deque()

        def units() -> Iterator[list[str]]:
            for rows in chunks:
                read = texts_of(rows, self.fragments)
                at = conditions_for(rows.part, predictor.info.conditions, self.conditions)
                waiting.append((rows, read, at))
                given.append(at)
                yield read.texts

        # Closed at once when, say, the disk is full: the workers end before the error is shown.
        with closing(predict_stream(predictor, units(), store, given.popleft)) as stream:
            for predictions in stream:
                yield self._told(predictor, *waiting.popleft(), predictions)

    def _told(
        self,
        predictor: Predictor,
        rows: TableRows,
        read: TextsToPredict,
        at: GivenConditions,
        predictions: Predictions,
    ) -> PredictedRows:
        part, columns, _ = rows
        if rows.by_name:
            tell_names(predictions.problems, predictions.smiles)
        read.tell(predictions.problems, predictions.smiles)
        names = [*self.names.values()]
        frame = prediction_table(part, columns, predictions, self.names)
        frame.insert(1, free_name(columns.text_name, frame), read.shown)
        for place, condition in enumerate(predictor.info.conditions, start=2):
            values = at.values[condition.name]
            frame.insert(place, free_name(condition.label, frame), pd.Series(values, frame.index))
        if self.intervals or self.requirements:
            sure, info = predictor.uncertainty(predictions), predictor.info
            if self.requirements:
                likely = probability_columns(
                    self.requirements, info, predictions.blend, sure.half_widths
                )
                frame = pd.concat([frame, likely], axis=1)
            if self.intervals:
                frame = pd.concat([frame, sure.columns(self.names)], axis=1)
                outside = outside_words(info, sure, predictions.unseen, names)
                frame[free_name(DOMAIN, frame)] = pd.Series(outside, dtype=object)
        warnings = predictions.warnings(names)
        frame[free_name(WARNING, frame)] = pd.Series(warnings, dtype=object)
        frame[free_name(PROBLEM, frame)] = pd.Series(predictions.problems, dtype=object)
        return PredictedRows(rows, predictions, frame, len(warnings))


@dataclass
class Unpredicted:
    """Rows that could not be predicted, and those predicted with a warning.

    Attributes:
        count: how many.
        first: the first ten of them: `id`, `SMILES`, `reason`.
        warned: how many rows have a warning.
        of: how many rows there were, predicted or not.
        unread: a sentence about sheets that were not read; empty where all was.
    """

    count: int = 0
    first: pd.DataFrame = field(default_factory=pd.DataFrame)
    warned: int = 0
    of: int = 0
    unread: str = ""

    def add(self, rows: pd.DataFrame) -> None:
        """Count some more rows."""
        self.count += len(rows)
        if len(self.first) < _LISTED and len(rows):
            self.first = pd.concat([self.first, rows]).head(_LISTED)


def predict_file(
    predictor: Predictor,
    source: Path | TableStream,
    out: TextIO,
    progress: Progress | None = None,
    intervals: bool = False,
    names: Mapping[str, str] | None = None,
    smiles: str | None = None,
    id: str | None = None,
    conditions: Mapping[str, float | str] | None = None,
    fragments: FragmentsUse = "refuse",
    requirements: Sequence[Requirement] = (),
    units: SaidUnits = NOTHING_SAID,
) -> Unpredicted:
    """Predict a table of any length in constant memory.

    A row has its id or number, its repeat unit as the table writes it, its conditions, and its
    predictions; of a table of compositions, in columns or as texts, it keeps all columns.
    A row that cannot be predicted has empty cells, and the reason in the column `problem`; where a
    unit has what no training unit has, such as another element, the column `warning` says so.

    Args:
        predictor: the model.
        source: a table with a column of SMILES or of polymers' names, or its file; of files, only
            XLSX is read as a whole.
        out: where the CSV goes, some rows at a time.
        progress: called with how many rows are done.
        intervals: whether to add columns with each interval's ends and whether the unit lies in
            the domain, and the column `domain`, which says why it does not; empty where a row could
            not be read.
        names: of the properties, by the columns that they are written to; by default all, as the
            sources have them that answers are like.
        smiles, id: the columns of repeat units and ids in place of a guess; an empty `id` means
            that there is none.
        conditions: at which all rows are predicted, by name; the others are columns of the table.
        fragments: what is done about molecules beside a repeat unit, such as counter-ions.
        requirements: of a specification; the probabilities of meeting them get columns too.
        units: the user's word on the columns of compositions.

    Returns:
        The rows that could not be predicted.

    Raises:
        UserError: when the table cannot be read or holds no SMILES, or when intervals or
            probabilities are asked for and the model has no intervals.
    """
    table = stream_table(source) if isinstance(source, Path) else source
    names = predictor.info.answer_columns if names is None else names
    row_predictor = RowPredictor(predictor, names, intervals, requirements, conditions, fragments)
    columns, by_name = columns_in(table.head, predictor.info, smiles, id, units)
    missing = Unpredicted(unread=table.head.reading.unread_words)
    # Refused before anything is written.
    row_predictor.check(table.head)
    keeps_columns = _holds_compositions(table.head, columns)
    chunks = (TableRows(part, columns, by_name) for part in table.chunks(CHUNK_ROWS))
    with closing(row_predictor.predict(chunks, table.count <= MOST_STORED)) as stream:
        for predicted in stream:
            frame = predicted.frame
            if keeps_columns:
                made = 1 + len(predictor.info.conditions)
                frame = _with_own_columns(predicted, table.head.column_names, made)
            out.write(csv_text(frame, header=missing.of == 0))
            missing.add(unpredicted(predicted.rows.part, columns, predicted.predictions))
            missing.warned += predicted.warned
            missing.of += len(predicted.frame)
            if progress:
                progress("molecules", missing.of, table.count)
    return missing


def _holds_compositions(head: RawTable, columns: Columns) -> bool:
    """Whether a table is one of compositions, in columns of units or as texts in one."""
    texts = head.frame[columns.smiles].dropna()
    return bool(columns.units) or any(map(is_composition, texts))


def _with_own_columns(predicted: PredictedRows, names: Sequence[str], made: int) -> pd.DataFrame:
    """The rows with the columns of their table, in place of those of compositions and conditions.

    Args:
        predicted: the rows.
        names: of their table's columns.
        made: how many columns of theirs say what is predicted, and at which conditions.
    """
    frame, (part, columns, _) = predicted.frame, predicted.rows
    frame = frame.drop(columns=frame.columns[1 : 1 + made])
    own = [name for name in names if name != columns.id]
    for place, name in enumerate(own, start=1):
        frame.insert(place, free_name(name, frame), part.frame[name].tolist())
    return frame
