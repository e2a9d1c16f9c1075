"""Training several networks in parallel, each in a process of its own with one thread."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection

import numpy as np
import torch

from bench.speed.data import BenchData
from bench.speed.workload import Workload
from engine.base.workers import obey_parent

MakeEpoch = Callable[[str, BenchData, Workload, np.ndarray, torch.device], Callable[[], object]]
"""Makes the function that trains over some rows; see `bench.speed.loops.make_epoch`."""


@contextmanager
def parallel_epoch(
    make: MakeEpoch,
    side: str,
    data: BenchData,
    workload: Workload,
    rows: np.ndarray,
    networks: int,
) -> Iterator[Callable[[], None]]:
    """A function that trains some networks in parallel on the CPU, each on its share of the rows.

    Args:
        make: see `MakeEpoch`; the processes import it by its name.
        side, data, workload: for `make`.
        rows: shared out among the networks in whole batches.
        networks: how many, and so how many processes.
    """
    context = get_context("spawn")
    share = len(rows) // networks // workload.batch * workload.batch
    connections: list[Connection] = []
    workers = []
    for number in range(networks):
        ours, theirs = context.Pipe()
        own = rows[number * share : (number + 1) * share]
        worker = context.Process(
            target=_serve, args=(theirs, make, side, data, workload, own), daemon=True
        )
        worker.start()
        theirs.close()
        connections.append(ours)
        workers.append(worker)

    def train() -> None:
        for connection in connections:
            connection.send("train")
        for connection in connections:
            connection.recv()

    try:
        yield train
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()


def _serve(
    connection: Connection,
    make: MakeEpoch,
    side: str,
    data: BenchData,
    workload: Workload,
    rows: np.ndarray,
) -> None:
    obey_parent()
    torch.set_num_threads(1)
    train = make(side, data, workload, rows, torch.device("cpu"))
    while connection.recv():
        train()
        connection.send("done")
