"""Different networks in different processes at once; they share nothing but a queue of jobs."""

import queue
import traceback
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.context import SpawnContext

import numpy as np

from ..base.errors import UserError
from ..base.workers import obey_parent
from .loop import DivergedError
from .networks import NetworkFitter, NetworkJob, NetworkTask
from .reporter import Reporter, pass_on

_POLL_SECONDS = 0.5


def fit_in_processes(
    task: NetworkTask,
    jobs: list[NetworkJob],
    devices: list[str],
    threads: int,
    reporter: Reporter,
    keep: Callable[[NetworkJob, np.ndarray], None],
) -> None:
    """Fit networks, as many at once as there are devices.

    Args:
        task: what they share.
        jobs: which networks; each process takes the next one when it is done with its last.
        devices: PyTorch's names, one for each process.
        threads: CPU threads of each process.
        reporter: told each epoch; may raise to end it all.
        keep: given the held-out predictions of each network.

    Raises:
        DivergedError: when the loss of a network is no number any more.
        MemoryError: when a process runs out of memory.
        UserError: when a process says what to mend.
        RuntimeError: when a process fails otherwise, or ends without a word.
    """
    context = get_context("spawn")
    todo, told = context.Queue(), context.Queue()
    for job in [*jobs, *[None] * len(devices)]:
        todo.put(job)
    workers = [
        _start(context, (task, device, threads, todo, told), number)
        for number, device in enumerate(devices)
    ]
    try:
        left = len(jobs)
        while left:
            try:
                kind, *what = told.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                reporter.check()
                _look_after(workers)
                continue
            left -= _hear(kind, what, reporter, keep)
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.join()


def _hear(kind: str, what: list, reporter: Reporter, keep: Callable) -> int:
    """Pass on one message; returns how many jobs it ends."""
    match kind:
        case "epoch":
            pass_on(*what, reporter)
        case "log":
            reporter.log(*what)
        case "done":
            keep(*what)
            return 1
        case "memory":
            raise MemoryError(*what)
        case "diverged":
            raise DivergedError(*what)
        case "mend":
            raise UserError(*what)
        case "failed":
            raise RuntimeError(f"a training process failed:\n{what[0]}")
    return 0


def _start(context: SpawnContext, arguments: tuple, number: int):
    worker = context.Process(target=_work, args=arguments, name=f"polygin-{number}", daemon=True)
    worker.start()
    return worker


def _look_after(workers: list) -> None:
    for worker in workers:
        if worker.exitcode not in (None, 0):
            raise RuntimeError(
                f"a training process ended without a word (exit code {worker.exitcode}); "
                "if the system killed it, memory ran out: choose `parallel: none`"
            )


def _work(task: NetworkTask, device: str, threads: int, todo, told) -> None:
    """The life of one process: fit what the queue holds."""
    obey_parent()
    try:
        import torch

        torch.set_num_threads(threads)
        fitter = NetworkFitter(task, torch.device(device))
        while (job := todo.get()) is not None:
            predicted = fitter.fit(
                job,
                lambda measured: told.put(("epoch", measured)),
                lambda line: told.put(("log", line)),
            )
            told.put(("done", job, predicted))
    except MemoryError as error:
        told.put(("memory", str(error)))
    except DivergedError as error:
        told.put(("diverged", str(error)))
    except UserError as error:
        told.put(("mend", str(error)))
    except Exception:
        told.put(("failed", traceback.format_exc()))
