"""Worker processes."""

import os
import signal
from concurrent.futures import Future

import pytest
from threadpoolctl import ThreadpoolController

from engine.base.errors import UserError
from engine.base.workers import one_thread, worker_pool


def _lose_a_worker() -> None:
    with worker_pool(1) as pool:
        os.kill(pool.submit(os.getpid).result(), signal.SIGKILL)
        pool.submit(os.getpid).result()


def _fail_over_much_work(waiting: list[Future]) -> None:
    with worker_pool(1) as pool:
        waiting += [pool.submit(os.getpid) for _ in range(500)]
        raise KeyboardInterrupt


def test_a_worker_that_is_ended_from_outside_is_a_sentence() -> None:
    with pytest.raises(UserError, match="ended from outside"):
        _lose_a_worker()


def test_work_that_was_not_begun_is_dropped_after_an_error() -> None:
    waiting: list[Future] = []
    with pytest.raises(KeyboardInterrupt):
        _fail_over_much_work(waiting)
    assert all(future.done() for future in waiting)
    assert any(future.cancelled() for future in waiting)


def test_one_thread_lasts_until_the_last_block_ends() -> None:
    blas = ThreadpoolController().select(user_api="blas")

    def threads() -> set[int]:
        return {each["num_threads"] for each in blas.info()}

    with blas.limit(limits=2):
        first, second = one_thread(), one_thread()
        for block in (first, second):
            block.__enter__()
        assert threads() == {1}
        first.__exit__(None, None, None)
        assert threads() == {1}
        second.__exit__(None, None, None)
        assert threads() == {2}
