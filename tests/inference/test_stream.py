"""Predicting chunk after chunk."""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest

from engine.inference import streaming as stream
from engine.inference.predict import Predictor
from engine.inference.streaming import predict_stream

CHUNKS = [
    ["*CC*", "*CC(*)C", "C(C"],
    ["C([*])C[*]", "*CC(*)c1ccccc1"],
    ["no", ""],
    ["*CCO*"],
    *([f"*{'C' * n}O*"] for n in range(1, 10)),
]


class DirectPool:
    """Does the work of a pool at once, in this process, and notes how much of it was asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def submit(self, function, *arguments) -> Future:
        self.asked += 1
        future = Future()
        future.set_result(function(*arguments))
        return future


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> DirectPool:
    """Stands in for the worker processes."""
    direct = DirectPool()

    @contextmanager
    def pooled(processes: int) -> Iterator[DirectPool]:
        yield direct

    monkeypatch.setattr(stream, "worker_pool", pooled)
    monkeypatch.setattr(stream, "usable_cores", lambda: 2)
    return direct


def test_a_stream_predicts_as_one_call_does(predictor: Predictor) -> None:
    parts = list(predict_stream(predictor, CHUNKS))
    assert [part.smiles for part in parts] == CHUNKS
    whole = predictor.predict([text for chunk in CHUNKS for text in chunk])
    streamed = pd.concat([part.blend for part in parts])
    np.testing.assert_allclose(streamed, whole.blend, rtol=1e-4)
    for member, frame in whole.members.items():
        np.testing.assert_allclose(
            pd.concat([part.members[member] for part in parts]), frame, rtol=1e-4
        )
    starts = np.cumsum([0] + [len(chunk) for chunk in CHUNKS])
    problems = {
        start + i: reason
        for start, part in zip(starts, parts, strict=False)
        for i, reason in part.problems.items()
    }
    assert problems == whole.problems


def test_only_a_few_chunks_are_held(predictor: Predictor, pool: DirectPool) -> None:
    taken = []
    endless = (taken.append(n) or [f"*{'C' * (n % 9 + 1)}*"] for n in range(10**9))
    parts = predict_stream(predictor, endless)
    for number in range(8):
        next(parts)
        assert pool.asked == len(taken) <= number + 5
    parts.close()
    assert len(taken) == pool.asked


@pytest.mark.parametrize("chunks", [[], [["*CC*", "C(C"]]])
def test_one_chunk_needs_no_workers(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch, chunks: list[list[str]]
) -> None:
    monkeypatch.setattr(stream, "worker_pool", None)
    assert [part.smiles for part in predict_stream(predictor, chunks)] == chunks


@pytest.mark.parametrize("cores", [1, 2, 3, 4, 8, 64])
def test_workers_and_threads_share_the_cores(cores: int) -> None:
    workers, threads = stream._shares(cores)
    assert workers >= 1
    assert threads >= 1
    assert cores <= workers + threads <= max(cores, 3)
