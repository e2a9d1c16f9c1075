"""A short trial of a run's settings: how long an epoch takes, and how much memory.

It belongs into a process of its own, whose memory has not been higher before.
"""

import math
import queue
import time
import traceback
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import psutil
import torch
from torch import Tensor

from ..base.packed import PackedGraphs
from ..models.batching import DeviceGraphs
from ..models.build import build_network
from ..models.device import Precision, set_arithmetic
from ..models.network_prediction import predict_network
from ..settings.devices import DeviceSettings
from ..settings.estimate import Probe
from ..settings.members import PolyGINShape
from ..settings.presets import Preset, settle
from ..settings.training import LoopSettings
from .parallel import Plan, plan
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
    shape: PolyGINShape
    loop: LoopSettings
    use: DeviceSettings
    rows: int  # N
    learned: int  # rows that one network learns from
    device: str
    threads: int


class _Found(NamedTuple):
    """What one process found."""

    step_seconds: float
    row_seconds: float  # to predict one row
    peak: float  # bytes
    shared: float  # bytes of them that other processes use as well
    remarks: list[str]


def probe(
    graphs: PackedGraphs,
    labels: np.ndarray,
    preset: Preset,
    use: DeviceSettings,
    rows_in_all: int,
    folds: int,
) -> Probe:
    """Train a few steps on a sample of a table, as a run would, and reckon up the whole.

    Args:
        graphs: n graphs, a sample of the table's.
        labels: shape `(n, K)`; any numbers do.
        preset: of the run; K networks' outputs, its size and its loop matter.
        use: how to use the devices.
        rows_in_all: N, the labelled rows of the table.
        folds: into how many the table is divided.

    Raises:
        UserError: when the devices cannot be used so.
        RuntimeError: when memory does not do, or a process fails.
    """
    use, lacking = settle(preset, use, torch.cuda.device_count())
    loop, jobs = preset.loop, folds * preset.loop.seeds
    held_out = rows_in_all // folds
    learned = max(rows_in_all - held_out, 2)
    chosen = plan(use, jobs, jobs * learned * loop.all_epochs)
    Precision.of(torch.device(chosen.devices[0]), use.precision)
    steps = max(min(math.ceil(learned / loop.batch), learned // 2), 1)
    batch = math.ceil(learned / steps)
    if chosen.mode == "ddp":
        batch = max(batch // len(chosen.devices), 2)
    trial = _Trial(
        graphs,
        labels,
        preset.shape,
        loop.model_copy(update={"batch": batch}),
        use.model_copy(update={"parallel": "dp" if chosen.mode == "dp" else "none"}),
        rows_in_all,
        learned,
        chosen.devices[0],
        chosen.threads,
    )
    found = _carry_out(trial, chosen)
    epoch = max(one.step_seconds * steps + one.row_seconds * held_out for one in found)
    at_once = len(chosen.devices) if chosen.mode == "folds" else 1
    return Probe(
        device=_in_words(chosen),
        seconds_per_epoch=epoch,
        epochs=jobs * loop.all_epochs,
        processes=at_once,
        minutes=math.ceil(jobs / at_once) * loop.all_epochs * epoch / 60,
        peak_mb=_together(found) / _MB,
        memory_mb=_memory(chosen.devices[0]) / _MB,
        remarks=tuple(dict.fromkeys([*lacking, *(line for one in found for line in one.remarks)])),
    )


def _carry_out(trial: _Trial, chosen: Plan) -> list[_Found]:
    """Try it in as many processes as a run has on a CPU, since they slow each other down."""
    count = 1 if chosen.devices[0] != "cpu" else len(chosen.devices)
    return _side_by_side(trial, count) if count > 1 else [_try(trial)]


def _try(trial: _Trial, together: Callable[[], object] = lambda: None) -> _Found:
    """Train a few steps and predict some rows.

    Args:
        trial: what to try.
        together: waits until other processes are as far; called before time is taken.
    """
    torch.set_num_threads(trial.threads)
    set_arithmetic(trial.use.deterministic)
    device, remarks = torch.device(trial.device), []
    graphs = DeviceGraphs(trial.graphs, device, _some_descriptors(trial))
    sample = np.arange(trial.graphs.size)
    steps = _STEPS_ON_CUDA if device.type == "cuda" else _STEPS_ON_CPU
    rows = np.resize(sample, steps * trial.loop.batch)
    torch.manual_seed(0)
    network = build_network(trial.shape, trial.labels.shape[1])
    trainer = Trainer(
        network, graphs, trial.labels, rows, trial.loop, device, 0, trial.use, remarks.append
    )
    # Held while steps are taken, as an epoch holds it.
    arranged = graphs.arrange(
        np.resize(sample, min(trial.learned, ARRANGED_BATCHES * trial.loop.batch))
    )
    trainer.epoch()
    together()
    step = _timed(trainer.epoch, _PASSES) / steps
    watched = np.resize(sample, _WATCHED_ROWS)
    predicting = (network, trainer.scale, graphs, watched, device)
    row = _timed(lambda: predict_network(*predicting), 1) / _WATCHED_ROWS
    del arranged
    peak, shared = _peak(device)
    others = (trial.rows / len(sample) - 1) * _bytes_of(graphs, trial.graphs, device)
    return _Found(step, row, peak + max(others, 0.0), shared, remarks)


def _some_descriptors(trial: _Trial) -> np.ndarray | None:
    """Any numbers, for a network that joins descriptors."""
    if not trial.shape.descriptors:
        return None
    return np.zeros((trial.graphs.size, trial.shape.descriptors), dtype=np.float32)


def _timed(work: Callable[[], object], passes: int) -> float:
    """Seconds that some work takes, the median of some passes; ends early on a slow machine."""
    spent = []
    while len(spent) < passes and sum(spent) < _SECONDS:
        started = time.perf_counter()
        work()
        spent.append(time.perf_counter() - started)
    return median(spent)


def _peak(device: torch.device) -> tuple[float, float]:
    """Most bytes held so far, and how many of them several processes would share."""
    if device.type == "cuda":
        # With what the driver, the libraries and other programs hold: it is not free either.
        free, total = torch.cuda.mem_get_info(device)
        others = total - free - torch.cuda.memory_reserved(device)
        return float(torch.cuda.max_memory_reserved(device) + max(others, 0)), 0.0
    memory = psutil.Process().memory_full_info()
    return max(_resident_peak(), memory.rss), max(memory.rss - memory.uss, 0)


def _resident_peak() -> float:
    """In bytes; 0 where the system does not tell.

    The peak of `getrusage` would not do: a process inherits it from the one that started it.
    """
    status = Path("/proc/self/status")
    if not status.is_file():
        return 0.0
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return 1024.0 * int(lines["VmHWM"].split()[0])


def _bytes_of(graphs: DeviceGraphs, packed: PackedGraphs, device: torch.device) -> int:
    """What the graphs take, on their device and, for a CPU, as arrays besides."""
    tensors = sum(one.nbytes for one in vars(graphs).values() if isinstance(one, Tensor))
    return tensors if device.type == "cuda" else tensors + sum(array.nbytes for array in packed)


def _together(found: list[_Found]) -> float:
    """Bytes that processes hold together, with the one that waits for them."""
    shared = max(one.shared for one in found)
    waiting = psutil.Process().memory_full_info().uss if len(found) > 1 else 0
    return shared + sum(one.peak - one.shared for one in found) + waiting


def _memory(device: str) -> float:
    """Bytes of memory there are."""
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


def _side_by_side(trial: _Trial, count: int) -> list[_Found]:
    context = get_context("spawn")
    told, together = context.Queue(), context.Barrier(count)
    workers = [
        context.Process(target=_tell, args=(trial, told, together), daemon=True)
        for _ in range(count)
    ]
    try:
        for worker in workers:
            worker.start()
        return [_hear(told, workers) for _ in workers]
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.join()


def _hear(told, workers: list) -> _Found:
    while True:
        try:
            what = told.get(timeout=0.3)
        except queue.Empty:
            if any(worker.exitcode not in (None, 0) for worker in workers):
                raise RuntimeError("a process of the trial ended without a word") from None
            continue
        if isinstance(what, str):
            raise RuntimeError(f"a process of the trial failed:\n{what}")
        return what


def _tell(trial: _Trial, told, together) -> None:
    """What each of several processes does."""
    try:
        told.put(_try(trial, lambda: together.wait(_START_SECONDS)))
    except Exception:
        together.abort()
        told.put(traceback.format_exc())
