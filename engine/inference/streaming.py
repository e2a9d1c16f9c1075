"""Predicting any number of repeat units, also a file of any length, in constant memory."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

import pandas as pd

from ..base.hardware import usable_cores
from ..base.workers import worker_pool
from ..features.compute import chunk_features
from ..table import guess_columns, stream_table
from .predict import Predictions, Predictor, Progress
from .submission import plain_submission, smiles_of

CHUNK_ROWS = 256
"""Rows that are predicted together: enough for the networks to be quick, little to hold."""


def predict_stream(
    predictor: Predictor, smiles_chunks: Iterable[Sequence[str]], keep: bool = False
) -> Iterator[Predictions]:
    """Predict chunk after chunk, in the order given.

    Worker processes read and featurise the chunks ahead while this process predicts; only a few
    chunks are held at a time.

    Args:
        predictor: the model.
        smiles_chunks: some repeat units at a time, best `CHUNK_ROWS`; what repeats in a chunk is
            computed once.
        keep: whether new features go into the store on disk, where known ones are looked up in
            any case. Not for long files: a million units would take 10 GB.

    Yields:
        The predictions of each chunk.
    """
    chunks = iter(smiles_chunks)
    ahead = list(islice(chunks, 2))
    if len(ahead) < 2:  # not worth the start of a worker
        yield from map(predictor.predict, ahead)
        return
    workers, threads = _shares(usable_cores())
    waiting = deque()
    with worker_pool(workers) as pool:
        for chunk in chain(ahead, chunks):
            waiting.append((chunk, pool.submit(chunk_features, chunk, keep)))
            # Two for each worker: one in work, and one that lies ready when it is done.
            if len(waiting) > 2 * workers:
                smiles, features = waiting.popleft()
                yield predictor.predict_features(smiles, *features.result(), threads)
        for smiles, features in waiting:
            yield predictor.predict_features(smiles, *features.result(), threads)


def _shares(cores: int) -> tuple[int, int]:
    """How many workers featurise, and how many threads the networks use meanwhile.

    A unit's features take about twice the time of its prediction. Together no more than the cores,
    or threads that wait for each other would spin; on two cores, one thread shares with two
    workers, so that no core is idle when either side has to wait.
    """
    threads = max(1, cores // 3)
    return max(cores - threads, min(cores, 2)), threads


# About 200 MB of features. Beyond it, what a file leaves on the disk is more than it is worth.
_WORTH_KEEPING = 20_000
_SHOWN = 10


@dataclass
class Filled:
    """Rows that could not be predicted and hold training medians.

    Attributes:
        count: how many.
        first: the first ten of them: `id`, `SMILES`, `reason`.
    """

    count: int = 0
    first: pd.DataFrame = field(default_factory=pd.DataFrame)

    def add(self, rows: pd.DataFrame) -> None:
        """Count some more rows."""
        self.count += len(rows)
        if len(self.first) < _SHOWN and len(rows):
            self.first = pd.concat([self.first, rows]).head(_SHOWN)


def predict_file(
    predictor: Predictor,
    source: Path,
    out: TextIO,
    progress: Progress | None = None,
    intervals: bool = False,
) -> Filled:
    """Predict a table of any length in constant memory, as `make_submission` does without a sample.

    Args:
        predictor: the model.
        source: a table with a SMILES column; only an XLSX file is read as a whole.
        out: where the CSV goes, some rows at a time.
        progress: told how many rows are done.
        intervals: whether columns tell each interval's ends and whether the unit lies in the
            domain; empty where a row could not be read.

    Returns:
        The rows that hold training medians.

    Raises:
        UserError: when the table cannot be read or holds no SMILES, or when the model has no
            intervals and they are asked for.
    """
    if intervals:
        predictor.demand_intervals()
    table = stream_table(source)
    columns = guess_columns(table.head)
    filled, done = Filled(), 0
    parts = deque()

    def chunks() -> Iterator[list[str]]:
        for part in table.chunks(CHUNK_ROWS):
            parts.append(part)
            yield smiles_of(part, columns)

    # Closed at once when the disk is full, say: the workers end before the sentence about it.
    stream = predict_stream(predictor, chunks(), keep=table.count <= _WORTH_KEEPING)
    with closing(stream):
        for predicted in stream:
            made = plain_submission(parts.popleft(), columns, predicted, predictor.info)
            frame = made.frame
            if intervals:
                frame = pd.concat([frame, predictor.uncertainty(predicted).columns()], axis=1)
            out.write(frame.to_csv(index=False, header=done == 0))
            filled.add(made.filled)
            done += len(made.frame)
            if progress:
                progress("molecules", done, table.count)
    return filled
