"""A short trial of a run's settings: how long an epoch takes, and how much memory.

It needs a process of its own: it reads the peak of the process's memory.
"""

import math
import time
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import psutil
import torch
from torch import Tensor

from ..base.errors import UserError
from ..base.hardware import peak_memory
from ..base.packed import PackedGraphs
from ..base.workers import SPAWN, crew
from ..models.batching import DeviceGraphs
from ..models.device import Precision, set_arithmetic
from ..models.member import NetworkMemberConfig
from ..models.members import network_configs, network_member, title_of
from ..models.network_prediction import predict_network
from ..settings.devices import DeviceSettings
from ..settings.estimate import Probe
from ..settings.presets import Preset
from ..settings.training import steps_of_epoch
from .context import TrainContext
from .parallel import Plan, plan
from .reporter import Reporter, Tell
from .trainer import ARRANGED_BATCHES, Trainer

_MB = 2**20
_PASSES = 3
_STEPS_ON_CPU, _STEPS_ON_CUDA = 4, 32
_SECONDS = 6.0
_WATCHED_ROWS = 512
_START_SECONDS = 60.0


class _Trial(NamedTuple):
    """What one process tries out; plain data, so that it can be sent to others."""

    graphs: PackedGraphs  # n of the table's N
    labels: np.ndarray  # n × K
    member: str
    config: NetworkMemberConfig
    use: DeviceSettings
    rows: int  # N
    learned: int  # rows that one network learns from
    device: str
    threads: int


class _Measured(NamedTuple):
    """What one process measured."""

    step_seconds: float
    row_seconds: float  # to predict one row
    peak: float  # bytes
    shared: float  # bytes of the peak that other processes use as well
    remarks: list[str]


class _Remarks(Reporter):
    """Collects the lines of a log."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def log(self, line: str) -> None:
        self.lines.append(line)


def probe(
    graphs: PackedGraphs,
    labels: np.ndarray,
    preset: Preset,
    use: DeviceSettings,
    rows: int,
    folds: int,
) -> Probe:
    """Train a few steps on a sample of a table, as a run would, and estimate the whole from them.

    Args:
        graphs: n graphs, a sample of the table's.
        labels: shape `(n, K)`; any numbers will do.
        preset: of the run; its networks are tried one after the other.
        use: how to use the devices.
        rows: N, the labelled rows of the table.
        folds: number of folds.

    Raises:
        UserError: when the preset has no networks, or the devices cannot be used as asked.
        MemoryError, RuntimeError: when the memory is too small, or a process fails.
    """
    use, remarks = preset.devices_for(use, torch.cuda.device_count())
    probes = [
        _probe_member(graphs, labels, member, config, use, rows, folds)
        for member, config in network_configs(preset).items()
    ]
    if not probes:
        raise UserError(f"The preset “{preset.title}” has no networks, so nothing is measured.")
    epochs = sum(estimate.epochs for estimate in probes)
    return Probe(
        networks=" and ".join(estimate.networks for estimate in probes),
        device=probes[0].device,
        seconds_per_epoch=sum(estimate.epochs * estimate.seconds_per_epoch for estimate in probes)
        / epochs,
        epochs=epochs,
        processes=max(estimate.processes for estimate in probes),
        minutes=sum(estimate.minutes for estimate in probes),
        peak_mb=max(estimate.peak_mb for estimate in probes),
        memory_mb=probes[0].memory_mb,
        remarks=tuple(
            dict.fromkeys([*remarks, *(line for estimate in probes for line in estimate.remarks)])
        ),
    )


def _probe_member(
    graphs: PackedGraphs,
    labels: np.ndarray,
    member: str,
    config: NetworkMemberConfig,
    use: DeviceSettings,
    rows: int,
    folds: int,
) -> Probe:
    """The same for the networks of one member."""
    training = config.training
    jobs, held_out = folds * training.seeds, rows // folds
    learned = max(rows - held_out, 2)
    chosen = plan(use, jobs, jobs * learned * training.all_epochs)
    Precision.of(torch.device(chosen.devices[0]), use.precision)
    steps = steps_of_epoch(learned, training.batch)
    batch = math.ceil(learned / steps)
    if chosen.mode == "ddp":
        batch = max(batch // len(chosen.devices), 2)
    trial = _Trial(
        graphs,
        labels,
        member,
        config.model_copy(update={"training": training.model_copy(update={"batch": batch})}),
        use.model_copy(update={"parallel": "dp" if chosen.mode == "dp" else "none"}),
        rows,
        learned,
        chosen.devices[0],
        chosen.threads,
    )
    measured = _carry_out(trial, chosen)
    epoch = max(
        process.step_seconds * steps + process.row_seconds * held_out for process in measured
    )
    side_by_side = len(chosen.devices) if chosen.mode == "folds" else 1
    return Probe(
        networks=title_of(member),
        device=_in_words(chosen),
        seconds_per_epoch=epoch,
        epochs=jobs * training.all_epochs,
        processes=side_by_side,
        minutes=math.ceil(jobs / side_by_side) * training.all_epochs * epoch / 60,
        peak_mb=_together(measured) / _MB,
        memory_mb=_memory(chosen.devices[0]) / _MB,
        remarks=tuple(line for process in measured for line in process.remarks),
    )


def _carry_out(trial: _Trial, chosen: Plan) -> list[_Measured]:
    """Run the trial; on a CPU in all the processes of a run, since they slow each other down."""
    count = 1 if chosen.devices[0] != "cpu" else len(chosen.devices)
    if count == 1:
        return [_try(trial)]
    barrier = SPAWN.Barrier(count)
    measured: list[_Measured] = []
    with crew(_try_together, [(trial, barrier)] * count, "a process of the trial") as processes:
        while len(measured) < count:
            if (message := processes.hear()) is not None:
                measured.append(message)
    return measured


def _try_together(tell: Tell, trial: _Trial, barrier: Barrier) -> None:
    """The work of each of several processes; none waits for one that failed."""
    try:
        tell(_try(trial, lambda: barrier.wait(_START_SECONDS)))
    except Exception:
        barrier.abort()
        raise


def _try(trial: _Trial, wait_for_others: Callable[[], object] = lambda: None) -> _Measured:
    """Train a few steps and predict some rows.

    Args:
        trial: what to try.
        wait_for_others: called before the timing; returns when the other processes are ready.
    """
    torch.set_num_threads(trial.threads)
    set_arithmetic(trial.use)
    device, remarks = torch.device(trial.device), _Remarks()
    config, training = trial.config.network, trial.config.training
    graphs = DeviceGraphs(trial.graphs, device, _some_descriptors(trial))
    sample = np.arange(trial.graphs.size)
    steps = _STEPS_ON_CUDA if device.type == "cuda" else _STEPS_ON_CPU
    rows = np.resize(sample, steps * training.batch)
    torch.manual_seed(0)
    network = network_member(trial.member).build(config, trial.labels.shape[1])
    context = TrainContext(Path(), remarks, trial.use, device=device)
    trainer = Trainer(network, graphs, trial.labels, rows, training, 0, context)
    # In memory during the steps, as in an epoch.
    arranged = graphs.arrange(
        np.resize(sample, min(trial.learned, ARRANGED_BATCHES * training.batch))
    )
    trainer.epoch()
    wait_for_others()
    step = _timed(trainer.epoch, _PASSES) / steps
    watched = np.resize(sample, _WATCHED_ROWS)
    predicting = (network, trainer.scale, graphs, watched, device)
    row = _timed(lambda: predict_network(*predicting), 1) / _WATCHED_ROWS
    del arranged
    peak, shared = most_held(device)
    others = (trial.rows / len(sample) - 1) * _bytes_of(graphs, trial.graphs, device)
    return _Measured(step, row, peak + max(others, 0.0), shared, remarks.lines)


def _some_descriptors(trial: _Trial) -> np.ndarray | None:
    """Any numbers, for a network that joins descriptors."""
    if not trial.config.network.joined:
        return None
    return np.zeros((trial.graphs.size, trial.config.network.joined), dtype=np.float32)


def _timed(work: Callable[[], object], passes: int) -> float:
    """Seconds that some work takes, the median of some passes; ends early on a slow machine."""
    spent: list[float] = []
    while len(spent) < passes and sum(spent) < _SECONDS:
        started = time.perf_counter()
        work()
        spent.append(time.perf_counter() - started)
    return median(spent)


def most_held(device: torch.device) -> tuple[float, float]:
    """Most bytes held so far, and how many of them several processes would share.

    Args:
        device: whose memory is meant; for a CPU that of this process.
    """
    if device.type == "cuda":
        # With what the driver, the libraries and other programs hold, which is not free either.
        free, total = torch.cuda.mem_get_info(device)
        others = total - free - torch.cuda.memory_reserved(device)
        return float(torch.cuda.max_memory_reserved(device) + max(others, 0)), 0.0
    memory = psutil.Process().memory_full_info()
    return max(peak_memory(), memory.rss), max(memory.rss - memory.uss, 0)


def _bytes_of(graphs: DeviceGraphs, packed: PackedGraphs, device: torch.device) -> int:
    """Bytes of the graphs on their device; on a CPU with the arrays they were made from."""
    tensors = sum(value.nbytes for value in vars(graphs).values() if isinstance(value, Tensor))
    return (
        tensors
        if device.type == "cuda"
        else tensors + sum(array.nbytes for array in packed.arrays().values())
    )


def _together(measured: list[_Measured]) -> float:
    """Bytes that all processes hold together, with the one that waits for them."""
    shared = max(process.shared for process in measured)
    waiting = psutil.Process().memory_full_info().uss if len(measured) > 1 else 0
    return shared + sum(process.peak - process.shared for process in measured) + waiting


def _memory(device: str) -> float:
    """Bytes of memory in all."""
    if device == "cpu":
        return float(psutil.virtual_memory().total)
    return float(torch.cuda.get_device_properties(device).total_memory)


def _in_words(chosen: Plan) -> str:
    count = len(chosen.devices)
    if chosen.devices[0] != "cpu":
        name = torch.cuda.get_device_name(chosen.devices[0])
        return name if count == 1 else f"{count} × {name}"
    cores = count * chosen.threads
    return f"{cores} CPU core{'s' if cores > 1 else ''}"
