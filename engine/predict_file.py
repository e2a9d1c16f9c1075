"""Predicting a file of any length."""

from collections import deque
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import pandas as pd

from engine.predict import Predictor, Progress
from engine.stream import CHUNK_ROWS, predict_stream
from engine.submission import plain_submission, smiles_of
from engine.table import guess_columns, stream_table

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
                frame = pd.concat([frame, predictor.certainty(predicted).columns()], axis=1)
            out.write(frame.to_csv(index=False, header=done == 0))
            filled.add(made.filled)
            done += len(made.frame)
            if progress:
                progress("molecules", done, table.count)
    return filled
