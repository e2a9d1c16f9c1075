"""Worker processes: a pool for what keeps a core busy, and a crew of processes that tell."""

import gc
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from multiprocessing import parent_process
from multiprocessing.connection import wait
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from typing import TYPE_CHECKING, Any, NamedTuple

from .errors import UserError

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

_NICENESS = 5
_hiding = threading.Lock()


class _SpawnProcess(SpawnProcess):
    """A process that does not carry out what this one was started with once more.

    A script that trains without `if __name__ == "__main__"` would start processes without end, and
    what a module of `python -m` imports takes up to a second in each process.
    """

    @staticmethod
    def _Popen(process_obj: BaseProcess) -> Any:
        main = sys.modules["__main__"].__dict__
        with _hiding:
            hidden: dict[str, Any] = {
                name: main[name] for name in ("__file__", "__spec__") if name in main
            }
            try:
                main.pop("__file__", None)
                main["__spec__"] = None
                return SpawnProcess._Popen(process_obj)
            finally:
                main.update(hidden)


class _SpawnContext(SpawnContext):
    Process = _SpawnProcess


SPAWN = _SpawnContext()
"""How processes begin. Not forked: a fork of a process that holds torch's threads can hang."""


@contextmanager
def worker_pool(processes: int, give_way: bool = False) -> Iterator[ProcessPoolExecutor]:
    """A pool of worker processes; work that is not begun when the block ends is dropped.

    Args:
        processes: the number of processes; each starts when there is work for it.
        give_way: whether other processes go first where cores are few: for work that would only
            pile up before a busy process that takes it.

    Raises:
        UserError: when a worker was ended from outside.
    """
    pool = ProcessPoolExecutor(
        processes, mp_context=SPAWN, initializer=_begin, initargs=(give_way,)
    )
    try:
        yield pool
    except BrokenProcessPool as error:
        raise UserError(
            "A worker process was ended from outside, most likely because memory ran out; close "
            "other programs and start again."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def obey_parent() -> None:
    """Make this process ignore Ctrl-C, and end as soon as its parent ends in any way."""
    # The parent gets Ctrl-C too and ends its workers; each of them need not complain.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _begin(give_way: bool) -> None:
    """Prepare a worker of a pool, which uses one thread."""
    obey_parent()
    if give_way and hasattr(os, "nice"):
        os.nice(_NICENESS)
    # Imported here: threadpoolctl comes with scikit-learn; a machine that only trains lacks both.
    import numpy  # noqa: F401  its threads can be limited only once it is loaded
    from threadpoolctl import threadpool_limits

    # Every core has a worker already: threads of a numerical library would only spin.
    threadpool_limits(1)
    # Chemistry makes many small objects and no cycles; looking for cycles took 4 % of the time.
    gc.set_threshold(100_000)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let numpy's linear algebra use one thread in the block, in the whole process.

    On a busy machine several threads wait for each other (docs/experiments.md, "One thread for
    numpy in predictions").
    """
    _limited.begin()
    try:
        yield
    finally:
        _limited.end()


class _Limited:
    """How many blocks with one thread there are, and what ends the limit after the last of them."""

    def __init__(self) -> None:
        self._lock, self._blocks = threading.Lock(), 0

    def begin(self) -> None:
        with self._lock:
            if not self._blocks:
                self._limit = _numerical_libraries().limit(limits=1)
            self._blocks += 1

    def end(self) -> None:
        with self._lock:
            self._blocks -= 1
            if not self._blocks:
                self._limit.restore_original_limits()


_limited = _Limited()


@cache
def _numerical_libraries() -> "ThreadpoolController":
    # Looked for once, which takes 5 ms: numpy is loaded, and torch's threads are not meant.
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


def _end_with_parent() -> None:
    if parent := parent_process():
        wait([parent.sentinel])
        os._exit(1)


class Crew:
    """Processes that each carry out one function and tell this one what happens."""

    def __init__(self, workers: Sequence[SpawnProcess], told: Queue, name: str) -> None:
        self._workers, self._told, self._name = workers, told, name

    def hear(self, seconds: float = 0.5) -> Any:
        """The next thing that a process tells; None when none does for so many seconds.

        Raises:
            Exception: what a process raised, where it is of a kind that `crew` was told.
            RuntimeError: when a process failed otherwise, or ended without a word.
        """
        try:
            message = self._told.get(timeout=seconds)
        except queue.Empty:
            self._demand_alive()
            return None
        if isinstance(message, _Failed):
            if message.kind is not None:
                raise message.kind(message.text)
            raise RuntimeError(f"{self._name} failed:\n{message.text}")
        return message

    def _demand_alive(self) -> None:
        for worker in self._workers:
            if worker.exitcode not in (None, 0):
                raise RuntimeError(
                    f"{self._name} ended without a word (exit code {worker.exitcode}); if the "
                    "system killed it, memory ran out: choose `parallel: none`"
                )


class _Failed(NamedTuple):
    """What ended a process: an error of a kind that is passed on, or the trace of any other."""

    kind: type[Exception] | None
    text: str


@contextmanager
def crew(
    work: Callable[..., None],
    arguments: Sequence[tuple],
    name: str,
    passed_on: tuple[type[Exception], ...] = (),
) -> Iterator[Crew]:
    """Start a process for each set of arguments; all are ended with the block.

    Args:
        work: what each process does, found by its name: called with a function that tells this
            process something, and then with its arguments.
        arguments: of each process; plain data, and what `SPAWN` makes.
        name: of such a process, for sentences: `a training process`.
        passed_on: kinds of errors that `Crew.hear` raises as they are; they hold one text.
    """
    told = SPAWN.Queue()
    workers = [
        SPAWN.Process(target=_carry_out, args=(work, own, told, passed_on), daemon=True)
        for own in arguments
    ]
    try:
        for worker in workers:
            worker.start()
        yield Crew(workers, told, name)
    finally:
        for worker in workers:
            if worker.pid is not None:
                worker.terminate()
        for worker in workers:
            if worker.pid is not None:
                worker.join()


def _carry_out(
    work: Callable[..., None],
    arguments: tuple,
    told: Queue,
    passed_on: tuple[type[Exception], ...],
) -> None:
    """The life of one process of a crew."""
    obey_parent()
    try:
        work(told.put, *arguments)
        return
    except passed_on as error:
        kind = next(kind for kind in passed_on if isinstance(error, kind))
        told.put(_Failed(kind, str(error)))
    except Exception:
        told.put(_Failed(None, traceback.format_exc()))
    # At once, but not before it is told: others may wait for this process in a sum for ever.
    told.close()
    told.join_thread()
    os._exit(1)
