"""Fitting the networks of a member on one device."""

from typing import NamedTuple

import numpy as np
import torch

from ..base.bounds import Bounds
from ..base.errors import UserError
from ..base.packed import PackedGraphs
from ..models.batching import DeviceGraphs
from ..models.device import Precision, out_of_memory
from ..models.member import NetworkMemberConfig
from ..models.members import network_member
from ..models.network_prediction import predict_network
from ..models.store import save_network
from .context import TrainContext
from .loop import DivergedError, NetworkRows, train_network
from .network_checkpoints import NetworkCheckpointer
from .pieces import network_piece

EXPECTED_ERRORS = (DivergedError, MemoryError, UserError)
"""Errors whose text tells a user what to do; processes pass them on as they are."""


class NetworkJob(NamedTuple):
    """One network to fit: it learns from all folds but one."""

    member: str
    number: int
    fold: int
    seed: int

    @property
    def piece(self) -> str:
        """The name of its checkpoints."""
        return network_piece(self.member, self.number)

    @property
    def about(self) -> dict:
        """What is added to the measurements of each of its epochs."""
        return {"member": self.member, "fold": self.fold, "seed": self.seed}


class NetworkTask(NamedTuple):
    """What all networks of a member share; plain data, so that it can be sent to processes."""

    graphs: PackedGraphs
    labels: np.ndarray  # N × K, on the scales, NaN where missing
    folds: np.ndarray  # N
    config: NetworkMemberConfig
    descriptors: np.ndarray | None = None  # N × D, where the network joins some
    sources: tuple[str, ...] | None = None  # of the K properties; by default all have the same
    bounds: Bounds | None = None  # on the scales


def network_jobs(
    member: str, folds: list[int], config: NetworkMemberConfig, seed: int
) -> list[NetworkJob]:
    """One job for each fold and each seed, seeds of a fold together."""
    pairs = [(fold, repeat) for fold in folds for repeat in range(config.training.seeds)]
    first = seed + network_member(member).first_seed
    return [
        NetworkJob(member, number, fold, first + 1000 * repeat + fold)
        for number, (fold, repeat) in enumerate(pairs)
    ]


class NetworkFitter:
    """Fits the networks of a task on one device; holds the graphs there between jobs."""

    def __init__(self, task: NetworkTask, context: TrainContext) -> None:
        """Move the task's graphs to the context's device, the current one of this process."""
        device = context.device
        if device.type == "cuda" and device.index is not None:
            # Streams and captured graphs are made on the current device, by default the first one.
            torch.cuda.set_device(device)
        self._task, self._context = task, context
        self._graphs = DeviceGraphs(task.graphs, device, task.descriptors)

    def fit(self, job: NetworkJob, save: bool = True) -> np.ndarray:
        """Fit one network, from its last checkpoint if any, and write it to the context's folder.

        Args:
            job: which one.
            save: whether to write the network; of several processes that fit it, one does.

        Raises:
            DivergedError: when its loss becomes NaN or infinite.
            MemoryError: when the device has too little memory, however small the pieces.

        Returns:
            Its predictions of the held-out fold, shape `(rows of the fold, K)`, on the scales.
        """
        try:
            return self._fit(job, save)
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
            raise MemoryError(str(error)) from error

    def _fit(self, job: NetworkJob, save: bool) -> np.ndarray:
        task, context = self._task, self._context
        held_out = np.flatnonzero(task.folds == job.fold)
        rows = np.flatnonzero(task.folds != job.fold)
        checkpointer = NetworkCheckpointer(context, job.piece, job.about)
        network, scale = train_network(
            NetworkRows(self._graphs, task.labels, rows, held_out, task.sources, task.bounds),
            network_member(job.member),
            task.config,
            job.seed,
            context,
            checkpointer,
        )
        if save:
            save_network(context.folder, job.member, job.number, network, scale)
        precision = Precision.of(context.device, context.use.precision)
        predicted = predict_network(
            network, scale, self._graphs, held_out, context.device, precision
        )
        checkpointer.finish(predicted)
        return predicted
