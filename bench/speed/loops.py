"""Seconds per training epoch: this engine's loop and PyTorch Geometric's, in turns."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from statistics import median

import numpy as np
import torch
from torch import nn

from bench.speed.data import BenchData, typical_rows
from bench.speed.parallel import parallel_epoch
from bench.speed.timing import Show, ratio, time_interleaved
from bench.speed.workload import PARALLEL, SIDES, Workload, workloads
from engine.base.hardware import usable_cores
from engine.models.batching import DeviceGraphs
from engine.models.gin import GIN
from engine.settings.devices import DeviceSettings
from engine.settings.training import TrainingConfig
from engine.training.context import TrainContext
from engine.training.trainer import Trainer

# Many short blocks: a burst of other work then spoils few of them.
_CPU_STEPS, _CPU_BLOCKS = 12, 15
_CUDA_BLOCKS = 5
_QUICK_STEPS, _QUICK_BLOCKS = 4, 2


def measure_loops(data: BenchData, device: torch.device, quick: bool, show: Show) -> list[dict]:
    """Time an epoch of each side for each workload.

    Args:
        data: what is learned.
        device: where.
        quick: only a few steps, to see that it works.
        show: called as the work proceeds.

    Returns:
        For each workload the seconds per epoch of each side, and how they were measured.
    """
    return [
        measure_loop(data, workload, _sides(data, workload, device, quick), device, quick, show)
        for workload in workloads(device)
    ]


def _sides(data: BenchData, workload: Workload, device: torch.device, quick: bool) -> list[str]:
    """All sides; the parallel ones only where a block's batches can be shared out evenly."""
    batches = len(block_rows(data, workload, device, quick)) // workload.batch
    cores = usable_cores()
    shared = device.type == "cpu" and cores > 1 and batches and batches % cores == 0
    return [side for side in SIDES if shared or side not in PARALLEL]


def measure_loop(
    data: BenchData,
    workload: Workload,
    sides: Sequence[str],
    device: torch.device,
    quick: bool,
    show: Show,
) -> dict:
    """Time an epoch of some sides for one workload; see `measure_loops`."""
    rows = block_rows(data, workload, device, quick)
    blocks = _QUICK_BLOCKS if quick else _CUDA_BLOCKS if device.type == "cuda" else _CPU_BLOCKS
    batch = min(workload.batch, len(rows))
    network = GIN(workload.network, data.labels.shape[1])
    steps, epoch_steps = len(rows) // batch, len(data.labelled) / batch
    with ExitStack() as stack:
        epochs: dict[str, Callable[[], object]] = {}
        for side in sides:
            if side in PARALLEL:
                epochs[side] = stack.enter_context(
                    parallel_epoch(make_epoch, PARALLEL[side], data, workload, rows, usable_cores())
                )
            else:
                epochs[side] = make_epoch(side, data, workload, rows, device)
        seconds = time_interleaved(epochs, blocks, f"Epochs, {workload.sentence()}", show)
    return {
        **asdict(workload),
        "batch": batch,
        "device": device.type,
        "parameters": sum(weight.numel() for weight in network.parameters()),
        "steps_per_block": steps,
        "blocks": blocks,
        "steps_per_epoch": round(epoch_steps, 2),
        "epoch_seconds": {
            side: median(of_blocks) / steps * epoch_steps for side, of_blocks in seconds.items()
        },
        "block_seconds": seconds,
        "speedup": {
            side: ratio(of_blocks, seconds["ours"])
            for side, of_blocks in seconds.items()
            if side not in ("ours", *PARALLEL)
        },
        "speedup_at_once": {
            side: ratio(seconds[side], seconds["ours_at_once"])
            for side in ("pyg", "pyg_at_once")
            if "ours_at_once" in seconds
        },
    }


def block_rows(
    data: BenchData, workload: Workload, device: torch.device, quick: bool
) -> np.ndarray:
    """The rows of one timed block, in whole batches: on CUDA all of them, since that is quick."""
    labelled = len(data.labelled)
    batch = min(workload.batch, labelled)
    steps = labelled // batch
    if device.type == "cuda":
        return typical_rows(data, (min(steps, _QUICK_STEPS) if quick else steps) * batch)
    steps = min(steps, _QUICK_STEPS if quick else _CPU_STEPS)
    # The same number for each core, where there are enough.
    steps -= steps % usable_cores() if steps > usable_cores() else 0
    return typical_rows(data, steps * batch)


def make_epoch(
    side: str, data: BenchData, workload: Workload, rows: np.ndarray, device: torch.device
) -> Callable[[], float]:
    """A function that trains one pass over the rows.

    Args:
        side: one of `SIDES` that trains a single network.
        data, rows: what is learned.
        workload: the network and how it is trained.
        device: where.
    """
    torch.manual_seed(0)
    torch.set_float32_matmul_precision("high")
    batch = min(workload.batch, len(rows))
    properties = data.labels.shape[1]
    if side == "ours":
        config = TrainingConfig(epochs=1000, batch=batch, learning_rate=1e-3)
        use = DeviceSettings(precision=workload.precision)
        graphs = DeviceGraphs(data.graphs, device)
        network = GIN(workload.network, properties)
        context = TrainContext(Path(), use=use, device=device)
        return Trainer(network, graphs, data.labels, rows, config, 0, context).epoch
    from bench.speed.plain_loop import PlainLoop, pyg_dataset
    from bench.speed.pyg_network import PygNetwork

    dataset, weights = pyg_dataset(data.graphs, data.labels, rows)
    kind: type[nn.Module] = PygNetwork if side == "pyg" else GIN
    plain = kind(workload.network, properties)
    return PlainLoop(plain, dataset, weights, batch, device, workload.precision).epoch
