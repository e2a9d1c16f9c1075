"""Seconds per training epoch: this engine's loop and PyTorch Geometric's, in turns."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from statistics import median

import numpy as np
import torch

from bench.speed.at_once import at_once
from bench.speed.data import Subject, typical_rows
from bench.speed.machine import threads
from bench.speed.timing import Show, alternate, ratio
from bench.speed.workload import AT_ONCE, SIDES, Case
from engine.models.batching import DeviceGraphs
from engine.models.polygin import PolyGIN
from engine.settings.devices import DeviceSettings
from engine.settings.training import TrainingConfig
from engine.training.trainer import Trainer

# Short blocks, many of them: a burst of other work then spoils few.
_CPU_STEPS, _CPU_BLOCKS = 12, 15
_CUDA_BLOCKS = 5
_QUICK_STEPS, _QUICK_BLOCKS = 4, 2


def cases(device: torch.device) -> list[Case]:
    """What is measured on a device: fp32, and on CUDA its mixed precision too."""
    if device.type != "cuda":
        return [Case(8, 96, 48, "fp32")]
    mixed = "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    sizes = ((8, 96, 48), (12, 128, 96))
    return [Case(*size, precision) for size in sizes for precision in ("fp32", mixed)]


def measure_loops(subject: Subject, device: torch.device, quick: bool, show: Show) -> list[dict]:
    """Time an epoch of each side in each case.

    Args:
        subject: what is learned.
        device: where.
        quick: a handful of steps only, to see that it works.
        show: told how far it is.

    Returns:
        For each case the seconds per epoch of each side, and how they were taken.
    """
    return [
        measure_loop(subject, case, _sides(subject, case, device, quick), device, quick, show)
        for case in cases(device)
    ]


def _sides(subject: Subject, case: Case, device: torch.device, quick: bool) -> list[str]:
    """All sides; those that share a block among the cores only where it can be dealt out."""
    batches = len(block_rows(subject, case, device, quick)) // case.batch
    shared = device.type == "cpu" and threads() > 1 and batches and batches % threads() == 0
    return [side for side in SIDES if shared or side not in AT_ONCE]


def measure_loop(
    subject: Subject,
    case: Case,
    sides: Sequence[str],
    device: torch.device,
    quick: bool,
    show: Show,
) -> dict:
    """Time an epoch of some sides in one case; see `measure_loops`."""
    rows = block_rows(subject, case, device, quick)
    blocks = _QUICK_BLOCKS if quick else _CUDA_BLOCKS if device.type == "cuda" else _CPU_BLOCKS
    batch = min(case.batch, len(rows))
    network = PolyGIN(case.shape, subject.labels.shape[1])
    steps, epoch_steps = len(rows) // batch, len(subject.labelled) / batch
    with ExitStack() as stack:
        work = {
            side: stack.enter_context(
                at_once(make_epoch, AT_ONCE[side], subject, case, rows, threads())
            )
            if side in AT_ONCE
            else make_epoch(side, subject, case, rows, device)
            for side in sides
        }
        seconds = alternate(work, blocks, f"Epochs, {case.sentence()}", show)
    return {
        **asdict(case),
        "batch": batch,
        "device": device.type,
        "parameters": sum(weight.numel() for weight in network.parameters()),
        "steps_per_block": steps,
        "blocks": blocks,
        "steps_per_epoch": round(epoch_steps, 2),
        "epoch_seconds": {
            side: median(spent) / steps * epoch_steps for side, spent in seconds.items()
        },
        "block_seconds": seconds,
        "speedup": {
            side: ratio(spent, seconds["ours"])
            for side, spent in seconds.items()
            if side not in ("ours", *AT_ONCE)
        },
        "speedup_at_once": {
            side: ratio(seconds[side], seconds["ours_at_once"])
            for side in ("pyg", "pyg_at_once")
            if "ours_at_once" in seconds
        },
    }


def block_rows(subject: Subject, case: Case, device: torch.device, quick: bool) -> np.ndarray:
    """The rows of one timed block, in whole batches: all of them on CUDA, where it is quick."""
    labelled = len(subject.labelled)
    batch = min(case.batch, labelled)
    steps = labelled // batch
    if device.type == "cuda":
        return typical_rows(subject, (min(steps, _QUICK_STEPS) if quick else steps) * batch)
    steps = min(steps, _QUICK_STEPS if quick else _CPU_STEPS)
    # As many for each core, where there are enough.
    steps -= steps % threads() if steps > threads() else 0
    return typical_rows(subject, steps * batch)


def make_epoch(
    side: str, subject: Subject, case: Case, rows: np.ndarray, device: torch.device
) -> Callable[[], float]:
    """A function that trains one pass over the rows.

    Args:
        side: one of `SIDES`.
        subject, rows: what is learned.
        case: the network and how it is trained.
        device: where.
    """
    torch.manual_seed(0)
    torch.set_float32_matmul_precision("high")
    batch = min(case.batch, len(rows))
    properties = subject.labels.shape[1]
    if side == "ours":
        settings = TrainingConfig(epochs=1000, batch=batch, learning_rate=1e-3)
        use = DeviceSettings(precision=case.precision)
        graphs = DeviceGraphs(subject.graphs, device)
        network = PolyGIN(case.shape, properties)
        return Trainer(network, graphs, subject.labels, rows, settings, device, 0, use).epoch
    from bench.speed.plain_loop import PlainLoop, pyg_dataset
    from bench.speed.pyg_network import PygNetwork

    kind = PygNetwork if side == "pyg" else PolyGIN
    dataset, weights = pyg_dataset(subject.graphs, subject.labels, rows)
    network = kind(case.shape, properties)
    return PlainLoop(network, dataset, weights, batch, device, case.precision).epoch
