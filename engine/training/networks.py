"""Fitting all networks of the PolyGIN member, one after the other or on several devices at once."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from ..base.packed import PackedGraphs
from ..models.batching import DeviceGraphs
from ..models.device import Precision, out_of_memory
from ..models.network_prediction import predict_network
from ..models.store import save_network
from ..settings.devices import DeviceSettings
from ..settings.members import PolyGINShape
from ..settings.training import LoopSettings
from .checkpoints import Checkpoints
from .loop import train_network
from .network_checkpoints import Keeper


class NetworkJob(NamedTuple):
    """One network to fit: it learns from all folds but one."""

    number: int
    fold: int
    seed: int

    @property
    def piece(self) -> str:
        """What its checkpoints are called."""
        return f"polygin-{self.number:03d}"


class NetworkTask(NamedTuple):
    """What all networks of a run share; plain data, so that it can be sent to other processes."""

    graphs: PackedGraphs
    labels: np.ndarray  # N × K, in units, NaN where missing
    folds: np.ndarray  # N
    shape: PolyGINShape
    loop: LoopSettings
    use: DeviceSettings
    folder: Path
    checkpoints: Path | None = None
    descriptors: np.ndarray | None = None  # N × D, where the shape joins some


def network_jobs(folds: list[int], loop: LoopSettings, seed: int) -> list[NetworkJob]:
    """One job for each fold and each seed, seeds of a fold together."""
    pairs = [(fold, repeat) for fold in folds for repeat in range(loop.seeds)]
    return [
        NetworkJob(number, fold, seed + 1000 * repeat + fold)
        for number, (fold, repeat) in enumerate(pairs)
    ]


class NetworkFitter:
    """Fits the networks of a task on one device; holds the graphs there between jobs."""

    def __init__(self, task: NetworkTask, device: torch.device) -> None:
        """Move the task's graphs to the device, which becomes this process's own."""
        if device.type == "cuda" and device.index is not None:
            # Streams and captured graphs are made on the current device, which is the first one.
            torch.cuda.set_device(device)
        self._task, self._device = task, device
        self._graphs = DeviceGraphs(task.graphs, device, task.descriptors)
        self._checkpoints = Checkpoints(task.checkpoints) if task.checkpoints else None

    def fit(
        self,
        job: NetworkJob,
        report: Callable[[dict], None],
        log: Callable[[str], None],
        save: bool = True,
    ) -> np.ndarray:
        """Fit one network and write it to the task's folder; from its last checkpoint, if any.

        Args:
            job: which one.
            report: told each epoch, see `train_network`, with `member`, `fold` and `seed`.
            log: told what is worth a line.
            save: whether to write the network; of several processes that fit it, one does.

        Raises:
            DivergedError: when its loss is no number any more.
            MemoryError: when the device's memory does not do, however small the pieces.

        Returns:
            Its predictions of the held-out fold, shape `(rows of the fold, K)`, in units.
        """
        try:
            return self._fit(job, report, log, save)
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
            raise MemoryError(str(error)) from error

    def _fit(
        self,
        job: NetworkJob,
        report: Callable[[dict], None],
        log: Callable[[str], None],
        save: bool,
    ) -> np.ndarray:
        task = self._task
        held_out = np.flatnonzero(task.folds == job.fold)
        known = {"member": "polygin", "fold": job.fold, "seed": job.seed}
        keeper = Keeper(self._checkpoints, job.piece, known, log) if self._checkpoints else None
        network, scale = train_network(
            self._graphs,
            task.labels,
            np.flatnonzero(task.folds != job.fold),
            held_out,
            task.shape,
            task.loop,
            job.seed,
            self._device,
            lambda measured: report({**known, **measured}),
            task.use,
            log,
            keeper,
        )
        if save:
            save_network(task.folder, job.number, network, scale)
        precision = Precision.of(self._device, task.use.precision)
        predicted = predict_network(network, scale, self._graphs, held_out, self._device, precision)
        if keeper:
            keeper.finish(predicted)
        return predicted
