"""Each batch split over processes, on one or several machines.

`torchrun … -m engine.training.distributed FOLDER` on each of several machines, the folder being
shared and written by `write_task`.

Weights are equal everywhere, gradients and the averages of batch normalisation are summed over the
processes, so the loss is that of one process, within rounding.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
import torch.distributed as dist
from safetensors.numpy import load_file, save_file

from ..base.bounds import Bounds
from ..base.packed import PackedGraphs
from ..base.workers import crew
from ..models.member import NetworkMemberConfig
from ..settings.devices import DeviceSettings
from .checkpoints import Checkpoints
from .context import TrainContext
from .network_checkpoints import as_json
from .networks import EXPECTED_ERRORS, NetworkFitter, NetworkJob, NetworkTask
from .reporter import RemoteReporter, Tell, relay

_ARRAYS, _SETTINGS = "arrays.safetensors", "settings.json"


def fit_distributed(
    task: NetworkTask,
    jobs: list[NetworkJob],
    devices: list[str],
    threads: int,
    context: TrainContext,
    on_fitted: Callable[[NetworkJob, np.ndarray], None],
) -> None:
    """Fit networks one after the other, each on all devices of this machine.

    Args:
        task: what they share.
        jobs: which networks; one that is interrupted starts over.
        devices: one for each process.
        threads: CPU threads of each process.
        context: of the fit.
        on_fitted: given the held-out predictions of each network.

    Raises:
        DivergedError: when the loss of a network becomes NaN or infinite.
        MemoryError: when a process runs out of memory.
        UserError: when a process raises one.
        RuntimeError: when a process fails otherwise.
    """
    histories: dict[tuple[int, int], list[dict]] = {(job.fold, job.seed): [] for job in jobs}
    with TemporaryDirectory() as meeting:
        point = f"file://{meeting}/point"
        arguments = [
            (task, jobs, context.on(device).without_reporter(), threads, point, rank, len(devices))
            for rank, device in enumerate(devices)
        ]
        with crew(_fit_as_rank, arguments, "a training process", EXPECTED_ERRORS) as processes:
            left = len(jobs)
            while left:
                message = processes.hear()
                if message is None:
                    context.reporter.check()
                    continue
                kind, content = message
                if kind == "fitted":
                    job, predicted = content
                    if context.checkpoints:
                        history = histories[job.fold, job.seed]
                        Checkpoints(context.checkpoints).finish(
                            job.piece, predicted, history=history
                        )
                    on_fitted(job, predicted)
                    left -= 1
                    continue
                if kind == "measured" and "val_mae" in content:
                    row = as_json(content)
                    histories[row["fold"], row["seed"]].append({"time": time.time(), **row})
                relay(message, context.reporter)


def _fit_as_rank(
    tell: Tell,
    task: NetworkTask,
    jobs: list[NetworkJob],
    context: TrainContext,
    threads: int,
    meeting_point: str,
    rank: int,
    count: int,
) -> None:
    """The work of each process on this machine; the first one reports."""
    torch.set_num_threads(threads)
    backend = "nccl" if context.device.type == "cuda" else "gloo"
    dist.init_process_group(backend, meeting_point, rank=rank, world_size=count)
    if rank == 0:
        context = context.with_reporter(RemoteReporter(tell))
    for job, predicted in _fit_together(task, jobs, context, first=rank == 0):
        if rank == 0:
            tell(("fitted", (job, predicted)))
    _part()


def _fit_together(
    task: NetworkTask, jobs: Sequence[NetworkJob], context: TrainContext, first: bool
) -> Iterator[tuple[NetworkJob, np.ndarray]]:
    """Fit networks together with other processes; yields each with its predictions.

    Args:
        task: what they share.
        jobs: which ones.
        context: of the fit, on this process's device; a network that several processes train has
            no checkpoints.
        first: whether this process writes the networks.
    """
    if context.device.type == "cuda":
        torch.cuda.set_device(context.device)
    fitter = NetworkFitter(task, context.without_checkpoints())
    for job in jobs:
        predicted = fitter.fit(job, save=first)
        _demand_equal(predicted, context.device)
        yield job, predicted


def _part() -> None:
    """Leave the other processes, when all are done: one that goes first may end another's."""
    dist.barrier()
    dist.destroy_process_group()


def _demand_equal(predicted: np.ndarray, device: torch.device) -> None:
    """Raise where predictions differ, because the weights of the processes have drifted apart."""
    highest = torch.as_tensor(predicted, dtype=torch.float32, device=device)
    lowest = highest.clone()
    dist.all_reduce(highest, dist.ReduceOp.MAX)
    dist.all_reduce(lowest, dist.ReduceOp.MIN)
    if not torch.allclose(highest, lowest, rtol=1e-4, atol=1e-5):
        raise RuntimeError("the processes ended with different weights")


def write_task(
    folder: Path, task: NetworkTask, jobs: list[NetworkJob], use: DeviceSettings
) -> None:
    """Write a task so that processes on several machines can read it."""
    arrays = {**task.graphs.arrays(), "labels": task.labels, "folds": task.folds}
    if task.descriptors is not None:
        arrays["descriptors"] = task.descriptors
    if task.bounds is not None:
        arrays |= {"lower": task.bounds.lower, "upper": task.bounds.upper}
    save_file(
        {name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / _ARRAYS
    )
    settings = {
        "config": task.config.model_dump(),
        "use": use.model_dump(),
        "jobs": jobs,
        "sources": task.sources,
    }
    (folder / _SETTINGS).write_text(json.dumps(settings))


def read_task(folder: Path) -> tuple[NetworkTask, list[NetworkJob], DeviceSettings]:
    """Read what `write_task` wrote."""
    arrays = load_file(folder / _ARRAYS)
    settings = json.loads((folder / _SETTINGS).read_text())
    task = NetworkTask(
        PackedGraphs(**{name: arrays[name] for name in PackedGraphs._fields if name in arrays}),
        arrays["labels"],
        arrays["folds"],
        NetworkMemberConfig(**settings["config"]),
        arrays.get("descriptors"),
        settings["sources"] and tuple(settings["sources"]),
        Bounds(arrays["lower"], arrays["upper"]) if "lower" in arrays else None,
    )
    jobs = [NetworkJob(*job) for job in settings["jobs"]]
    return task, jobs, DeviceSettings(**settings["use"])


def main(folder: Path) -> None:
    """The work of each process of torchrun: fit the task of a folder, save the results there."""
    on_cuda = torch.cuda.is_available()
    dist.init_process_group("nccl" if on_cuda else "gloo")
    device = f"cuda:{dist.get_node_local_rank()}" if on_cuda else "cpu"
    task, jobs, use = read_task(folder)
    first = dist.get_rank() == 0
    context = TrainContext(folder, use=use).on(device)
    for job, predicted in _fit_together(task, jobs, context, first):
        if first:
            np.save(folder / f"{job.piece}-predicted.npy", predicted)
    _part()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
