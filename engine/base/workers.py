"""Worker processes for work that keeps a core busy."""

import gc
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait

from .errors import UserError


@contextmanager
def worker_pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of worker processes; work that is not begun when the block ends is dropped.

    Args:
        processes: the number of processes; each starts when there is work for it.

    Raises:
        UserError: when a worker was ended from outside.
    """
    # Spawned, not forked: a fork of a process that holds torch's threads can hang.
    pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_begin)
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


def _begin() -> None:
    """Prepare a worker of a pool, which uses one thread."""
    obey_parent()
    # Imported here: threadpoolctl comes with scikit-learn; a machine that only trains lacks both.
    import numpy  # noqa: F401  its threads can be limited only once it is loaded
    from threadpoolctl import threadpool_limits

    # Every core has a worker already: threads of a numerical library would only spin.
    threadpool_limits(1)
    # Chemistry makes many small objects and no cycles; looking for cycles took 4 % of the time.
    gc.set_threshold(100_000)


def _end_with_parent() -> None:
    if parent := parent_process():
        wait([parent.sentinel])
        os._exit(1)
