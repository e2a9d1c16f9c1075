"""Several networks trained at once, each in a process of its own with one thread."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection

import numpy as np
import torch

from bench.speed.data import Subject
from bench.speed.workload import Case
from engine.base.workers import obey_parent

Make = Callable[[str, Subject, Case, np.ndarray, torch.device], Callable[[], object]]
"""Makes the function that trains over some rows; see `bench.speed.loops.make_epoch`."""


@contextmanager
def at_once(
    make: Make, side: str, subject: Subject, case: Case, rows: np.ndarray, networks: int
) -> Iterator[Callable[[], None]]:
    """A function that trains some networks at once on the CPU, each over its share of the rows.

    Args:
        make: see `Make`; found by its name in the processes.
        side, subject, case: for `make`.
        rows: dealt out to the networks, in whole batches.
        networks: how many, and so how many processes.
    """
    context = get_context("spawn")
    share = len(rows) // networks // case.batch * case.batch
    ends: list[Connection] = []
    workers = []
    for number in range(networks):
        ours, theirs = context.Pipe()
        own = rows[number * share : (number + 1) * share]
        worker = context.Process(
            target=_serve, args=(theirs, make, side, subject, case, own), daemon=True
        )
        worker.start()
        theirs.close()
        ends.append(ours)
        workers.append(worker)

    def train() -> None:
        for end in ends:
            end.send("train")
        for end in ends:
            end.recv()

    try:
        yield train
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()


def _serve(
    end: Connection, make: Make, side: str, subject: Subject, case: Case, rows: np.ndarray
) -> None:
    obey_parent()
    torch.set_num_threads(1)
    train = make(side, subject, case, rows, torch.device("cpu"))
    while end.recv():
        train()
        end.send("done")
