"""Worker processes for what keeps a core busy."""

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
    """A pool of worker processes; what is left of its work is dropped at the end of the block.

    Args:
        processes: how many; each starts when there is work for it.

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
    """Make this process deaf to Ctrl-C, and gone as soon as its parent is, however that ends."""
    # The parent hears Ctrl-C too and ends its workers; they need not complain one by one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _begin() -> None:
    """Prepare a worker of a pool, which uses one thread."""
    obey_parent()
    # Imported here: it is there wherever scikit-learn is, but training does without both.
    import numpy  # noqa: F401  its threads can be limited only once it is loaded
    from threadpoolctl import threadpool_limits

    # Every core has a worker already: threads of a numerical library would only spin.
    threadpool_limits(1)
    # Chemistry makes many small objects and no cycles: 4 % of the time went into looking for them.
    gc.set_threshold(100_000)


def _end_with_parent() -> None:
    wait([parent_process().sentinel])
    os._exit(1)
