"""Worker processes."""

import os
import signal
import subprocess
import sys
from concurrent.futures import Future
from pathlib import Path

import pytest
from threadpoolctl import ThreadpoolController

from engine.base.errors import UserError
from engine.base.workers import one_thread, worker_pool

ROOT = Path(__file__).parents[2]


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


def _niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, 0)


@pytest.mark.skipif(not hasattr(os, "nice"), reason="this system knows no niceness")
@pytest.mark.parametrize("give_way", [False, True])
def test_workers_give_way_where_they_are_to(give_way: bool) -> None:
    with worker_pool(1, give_way) as pool:
        assert (pool.submit(_niceness).result() > _niceness()) == give_way


def test_what_a_process_was_started_with_is_not_carried_out_again(tmp_path: Path) -> None:
    """Neither a script nor what `python -m` names, which may import for a second."""
    (tmp_path / "begun.py").write_text(
        "print('begun', flush=True)\n"
        "from engine.base.workers import worker_pool\n"
        "import math\n"
        "with worker_pool(1) as pool:\n"
        "    print(pool.submit(math.sqrt, 49.0).result(), __spec__.name)\n"
    )
    paths = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-m", "begun"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["begun", "7.0", "begun"]


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
