"""Predicting any number of repeat units in constant memory."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from itertools import chain, islice

from ..base.hardware import usable_cores
from ..base.packed import Features
from ..base.workers import worker_pool
from ..features.compute import UniqueUnits, chunk_features
from ..settings.conditions import GivenConditions
from .learned_architecture import with_learned_architecture
from .predict import Predictor
from .predictions import Predictions

Beside = Callable[[Sequence[str]], list]
"""Computes something of each of N units: a function of a module, which workers find by its name."""

CHUNK_ROWS = 192
"""Rows that are predicted together: enough for the networks to be quick, few enough for the
processor's cache, and for all cores to end at about the same time."""

MOST_STORED = 20_000
"""Units of a file or a list up to which their features are worth the disk: about 200 MB."""

_CHUNKS_AHEAD = 4
"""Of each worker: it goes on while this process loads the model, or writes; 2 MB each."""


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
    info = predictor.info
    canonical, compositions = info.canonical_units, info.learned_compositions
    waiting: deque[tuple[Sequence[str], Future]] = deque()

    def predict_next() -> Predictions:
        smiles, future = waiting.popleft()
        units, features, made = future.result()
        given = next_given() if next_given else None
        predicted = predictor.predict_features(smiles, units, features, threads, given)
        return _with_beside(predicted, made)

    with worker_pool(workers, give_way=True) as pool:
        for chunk in chain(first, chunks):
            asked = with_learned_architecture(info, chunk)
            waiting.append(
                (chunk, pool.submit(_prepare, asked, store, canonical, compositions, beside))
            )
            if len(waiting) == workers:
                predictor.load()  # seconds, in which the workers have enough to do
            if len(waiting) > _CHUNKS_AHEAD * workers:
                yield predict_next()
        while waiting:
            yield predict_next()


def _prepare(
    smiles: Sequence[str],
    store: bool,
    canonical_units: bool,
    compositions: bool,
    beside: Beside | None,
) -> tuple[UniqueUnits, Features | None, list | None]:
    """What a worker does with a chunk."""
    units, features = chunk_features(smiles, store, canonical_units, compositions)
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
