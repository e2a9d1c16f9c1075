"""Predicting any number of repeat units in constant memory."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from engine.features import chunk_features
from engine.hardware import usable_cores
from engine.predict import Predictions, Predictor
from engine.workers import worker_pool

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
