"""Predicting any number of repeat units, also those of a file of any length, in constant memory."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

import pandas as pd

from ..base.hardware import usable_cores
from ..base.packed import Features
from ..base.wording import clipped
from ..base.workers import worker_pool
from ..features.compute import UniqueUnits, chunk_features
from ..settings.conditions import GivenConditions
from ..table import RawTable, stream_table
from ..table.columns import free_name
from ..table.conditions import conditions_for
from ..table.mending import FragmentsUse
from ..table.named_units import columns_of_units_or_names, units_of_names
from ..table.streaming import TableStream
from ..table.written import csv_text
from .domain_words import outside_words
from .predict import Predictions, Predictor, Progress, whole_units
from .specification import Requirement, probability_columns
from .submission import prediction_table, smiles_of, unpredicted

Beside = Callable[[Sequence[str]], list]
"""Computes something of each of N units: a function of a module, which workers find by its name."""

CHUNK_ROWS = 192
"""Rows that are predicted together: enough for the networks to be quick, few enough for the
processor's cache, and for all cores to end at about the same time."""

_CHUNKS_AHEAD = 4
"""Of each worker: it goes on while this process loads the model, or writes; 2 MB each."""

_MOST_STORED_ROWS = 20_000
"""The features of longer files, which take more than about 200 MB, are not worth the disk."""

_LISTED = 10

PROBLEM = "problem"
"""The column that says why a row could not be predicted."""

DOMAIN = "domain"
"""The column that says for which properties a row's unit is outside the domain, and why."""

WARNING = "warning"
"""The column that says what no training unit has as the row's unit has it."""


@dataclass
class Unpredicted:
    """Rows that could not be predicted, and those predicted with a warning.

    Attributes:
        count: how many.
        first: the first ten of them: `id`, `SMILES`, `reason`.
        warned: how many rows have a warning.
        of: how many rows there were, predicted or not.
    """

    count: int = 0
    first: pd.DataFrame = field(default_factory=pd.DataFrame)
    warned: int = 0
    of: int = 0

    def add(self, rows: pd.DataFrame) -> None:
        """Count some more rows."""
        self.count += len(rows)
        if len(self.first) < _LISTED and len(rows):
            self.first = pd.concat([self.first, rows]).head(_LISTED)


def _tell_names(predicted: Predictions) -> None:
    """Say of texts in a column of names that they are none, and not what no SMILES they are."""
    for row in predicted.problems:
        if "*" not in (text := predicted.smiles[row]) and text:
            predicted.problems[row] = f"“{clipped(text)}” is not the name of one polymer"


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
) -> Unpredicted:
    """Predict a table of any length in constant memory.

    A row has its id or number, its repeat unit as the table writes it, and its predictions.
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

    Returns:
        The rows that could not be predicted.

    Raises:
        UserError: when the table cannot be read or holds no SMILES, or when intervals or
            probabilities are asked for and the model has no intervals.
    """
    if intervals or requirements:
        predictor.demand_intervals()
    table = stream_table(source) if isinstance(source, Path) else source
    names = predictor.info.answer_columns if names is None else names
    predictor = predictor.only({*names.values(), *(each.name for each in requirements)})
    columns, by_name = columns_of_units_or_names(table.head, smiles, id)
    missing = Unpredicted()
    parts: deque[RawTable] = deque()
    given: deque[GivenConditions] = deque()
    # Refused before anything is written.
    conditions_for(table.head, predictor.info.conditions, conditions)

    def chunks() -> Iterator[list[str]]:
        for part in table.chunks(CHUNK_ROWS):
            parts.append(part)
            given.append(conditions_for(part, predictor.info.conditions, conditions))
            texts = smiles_of(part, columns)
            yield [*whole_units(units_of_names(texts) if by_name else texts, fragments)]

    # Closed at once when, say, the disk is full: the workers end before the error is shown.
    store = table.count <= _MOST_STORED_ROWS
    stream = predict_stream(predictor, chunks(), store, given.popleft)
    with closing(stream):
        for predicted in stream:
            part = parts.popleft()
            if by_name:
                _tell_names(predicted)
            frame = prediction_table(part, columns, predicted, names)
            frame.insert(1, free_name(columns.smiles, frame), part.frame[columns.smiles].tolist())
            sure = predictor.uncertainty(predicted) if intervals or requirements else None
            if sure and requirements:
                likely = probability_columns(
                    requirements, predictor.info, predicted.blend, sure.half_widths
                )
                frame = pd.concat([frame, likely], axis=1)
            if sure and intervals:
                frame = pd.concat([frame, sure.columns(names)], axis=1)
                outside = outside_words(
                    predictor.info, sure, predicted.unseen, list(names.values())
                )
                frame[free_name(DOMAIN, frame)] = pd.Series(outside, dtype=object)
            warned = predicted.warnings(list(names.values()))
            frame[free_name(WARNING, frame)] = pd.Series(warned, dtype=object)
            frame[free_name(PROBLEM, frame)] = pd.Series(predicted.problems, dtype=object)
            out.write(csv_text(frame, header=missing.of == 0))
            missing.add(unpredicted(part, columns, predicted))
            missing.warned += len(warned)
            missing.of += len(frame)
            if progress:
                progress("molecules", missing.of, table.count)
    return missing


def predict_stream(
    predictor: Predictor,
    smiles_chunks: Iterable[Sequence[str]],
    store: bool = False,
    next_given: Callable[[], GivenConditions] | None = None,
    beside: Beside | None = None,
) -> Generator[Predictions, None, None]:
    """Predict chunk after chunk, in the order given.

    Worker processes read and featurise the next chunks while this process predicts; only a few
    chunks are held at a time.

    Args:
        predictor: the model.
        smiles_chunks: some repeat units at a time, best `CHUNK_ROWS`; a unit that a chunk holds
            several times is computed once.
        store: whether new features go into the store on disk, which is searched in any case.
            Not for long files: a million units would take 10 GB.
        next_given: gives the conditions of each chunk in turn, for a model that predicts at such.
        beside: what else is computed of each chunk's units, by the workers, which have just read
            them; found in `Predictions.beside`.

    Yields:
        The predictions of each chunk.
    """
    chunks = iter(smiles_chunks)
    first = list(islice(chunks, 2))
    if len(first) < 2:  # not worth starting a worker
        for smiles in first:
            given = next_given() if next_given else None
            yield _with_beside(predictor.predict(smiles, given=given), beside and beside(smiles))
        return
    workers, threads = _workers_and_threads(usable_cores())
    canonical = predictor.info.canonical_units
    waiting: deque[tuple[Sequence[str], Future]] = deque()

    def predict_next() -> Predictions:
        smiles, future = waiting.popleft()
        units, features, made = future.result()
        given = next_given() if next_given else None
        predicted = predictor.predict_features(smiles, units, features, threads, given)
        return _with_beside(predicted, made)

    with worker_pool(workers, give_way=True) as pool:
        for chunk in chain(first, chunks):
            waiting.append((chunk, pool.submit(_prepare, chunk, store, canonical, beside)))
            if len(waiting) == workers:
                predictor.load()  # seconds, in which the workers have enough to do
            if len(waiting) > _CHUNKS_AHEAD * workers:
                yield predict_next()
        while waiting:
            yield predict_next()


def _prepare(
    smiles: Sequence[str], store: bool, canonical_units: bool, beside: Beside | None
) -> tuple[UniqueUnits, Features | None, list | None]:
    """What a worker does with a chunk."""
    units, features = chunk_features(smiles, store, canonical_units)
    return units, features, beside and beside(smiles)


def _with_beside(predicted: Predictions, made: list | None) -> Predictions:
    return predicted if made is None else replace(predicted, beside=made)


def _workers_and_threads(cores: int) -> tuple[int, int]:
    """How many workers featurise, and how many threads the networks use meanwhile.

    A unit's features take about twice as long as its prediction. Workers and threads together
    should not exceed the cores, or threads that wait for each other would spin; on two cores, one
    thread shares with two workers, so that no core is idle when either side has to wait.
    """
    threads = max(1, cores // 3)
    return max(cores - threads, min(cores, 2)), threads
