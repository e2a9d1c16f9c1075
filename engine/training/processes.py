"""Different networks in different processes at once; they share nothing but a queue of jobs."""

from collections.abc import Callable
from multiprocessing.queues import Queue

import numpy as np
import torch

from ..base.workers import SPAWN, crew
from .context import TrainContext
from .networks import EXPECTED_ERRORS, NetworkFitter, NetworkJob, NetworkTask
from .reporter import RemoteReporter, Tell, relay


def fit_in_processes(
    task: NetworkTask,
    jobs: list[NetworkJob],
    devices: list[str],
    threads: int,
    context: TrainContext,
    on_fitted: Callable[[NetworkJob, np.ndarray], None],
) -> None:
    """Fit networks, as many at once as there are devices.

    Args:
        task: what they share.
        jobs: which networks; each process takes the next one when it is done with its last.
        devices: PyTorch's names, one for each process.
        threads: CPU threads of each process.
        context: of the fit.
        on_fitted: given the held-out predictions of each network.

    Raises:
        DivergedError: when the loss of a network becomes NaN or infinite.
        MemoryError: when a process runs out of memory.
        UserError: when a process raises one.
        RuntimeError: when a process fails otherwise, or ends unexpectedly.
    """
    waiting = SPAWN.Queue()
    for job in [*jobs, *[None] * len(devices)]:
        waiting.put(job)
    arguments = [
        (task, context.on(device).without_reporter(), threads, waiting) for device in devices
    ]
    with crew(_fit_waiting, arguments, "a training process", EXPECTED_ERRORS) as processes:
        left = len(jobs)
        while left:
            message = processes.hear()
            if message is None:
                context.reporter.check()
            elif message[0] == "fitted":
                on_fitted(*message[1])
                left -= 1
            else:
                relay(message, context.reporter)


def _fit_waiting(
    tell: Tell, task: NetworkTask, context: TrainContext, threads: int, waiting: Queue
) -> None:
    """The work of each process: fit waiting networks one after the other."""
    torch.set_num_threads(threads)
    fitter = NetworkFitter(task, context.with_reporter(RemoteReporter(tell)))
    while (job := waiting.get()) is not None:
        tell(("fitted", (job, fitter.fit(job))))
