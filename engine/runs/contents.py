"""What a run learns from, so that it is known again under another name and in another file."""

from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet

from engine.runs import folder as files
from engine.runs.records import Run

_KEPT = 64
"""Runs whose digests are remembered: to make those of a million rows takes seconds."""

_ODD = np.uint64(0x9E3779B97F4A7C15)
"""So that the hash of a unit and that of its label count differently in their sum, modulo 2⁶⁴."""


class Contents(NamedTuple):
    """Digests of a run's rows, which do not depend on their order.

    Attributes:
        units: of the canonical repeat units.
        labels: of the repeat units with their labels, for each property that is learned.
        folds: of the division into folds, whatever their numbers; None where a splitter makes it.
    """

    units: str
    labels: dict[str, str]
    folds: str | None


def contents_of(run: Run) -> Contents | None:
    """The contents of a run's table; None when its file is gone or cannot be read."""
    path = run.folder / files.TABLE
    try:
        state = path.stat()
        return _contents(path, state.st_mtime_ns, state.st_size)
    except (OSError, pyarrow.ArrowException, KeyError):
        return None


# The file's time and size are only there to tell a file from one that took its place.
@lru_cache(_KEPT)
def _contents(path: Path, changed: int, size: int) -> Contents:
    file = pyarrow.parquet.ParquetFile(path)
    properties = [name for name in file.schema_arrow.names if name.startswith(files.LABEL_PREFIX)]
    names = [*properties, *({"canonical", "fold"} & {*file.schema_arrow.names})]
    # Some rows at a time: their texts take much more memory than their hashes.
    hashes = pd.concat(
        [batch.to_pandas().apply(_hashes) for batch in file.iter_batches(columns=names)]
    )
    units = hashes["canonical"].to_numpy()
    labels = {
        name.removeprefix(files.LABEL_PREFIX): _digest(units * _ODD + hashes[name].to_numpy())
        for name in properties
    }
    folds = None
    if "fold" in hashes:
        each = hashes["fold"].to_numpy()
        folds = " ".join(sorted(_digest(units[each == fold]) for fold in np.unique(each)))
    return Contents(_digest(units), labels, folds)


def _hashes(column: pd.Series) -> np.ndarray:
    """Shape `(N,)`, uint64."""
    if not pd.api.types.is_float_dtype(column.dtype):
        return pd.util.hash_array(column.to_numpy(object))
    values = column.to_numpy()
    # One NaN and one zero: there are several of each, which mean the same.
    return pd.util.hash_array(np.where(np.isnan(values), np.nan, values + 0.0))


def _digest(hashes: np.ndarray) -> str:
    return sha256(np.sort(hashes).tobytes()).hexdigest()
