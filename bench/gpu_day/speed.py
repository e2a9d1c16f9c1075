"""How fast a network trains: precisions, captured graphs, batches, ways to use devices."""

import time
from functools import partial

import numpy as np
import torch
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity
from torch.profiler import profile as torch_profile

from bench.gpu_day.fitting import (
    Collected,
    Fit,
    Given,
    Tell,
    epochs_of,
    fit,
    make_trainer,
    record_of,
    time_epochs,
    try_case,
)
from bench.speed.device import COPY_BYTES, copy_bandwidth, epoch_traffic
from bench.speed.timing import timed
from engine.settings.devices import DeviceSettings
from engine.training.context import TrainContext
from engine.training.distributed import fit_distributed
from engine.training.networks import network_jobs

PRECISIONS = ("fp32", "tf32", "bf16", "fp16")
_LONGEST, _LETTERS = 15, 80
_BATCHES, _SMALL_BATCHES = (48, 96, 192, 384, 768, 1536, 3072, 4096), (8, 16, 48)


def sixty_epochs(given: Given, tell: Tell) -> None:
    """One network of one fold for 60 epochs, with validation, checkpoints and all else of a run."""
    started = time.perf_counter()

    def so_far(rows: list[dict]) -> None:
        tell({**epochs_of(rows), "seconds": time.perf_counter() - started})

    training = given.training(given.epochs(60))
    use = DeviceSettings(parallel="none")
    tell(record_of(fit(given, use, training, "sixty", Collected(so_far)), given.data.names))


def precisions(given: Given, tell: Tell) -> None:
    """The same for some epochs in each precision: time, memory, and whether the loss is as good."""

    def measure(precision: str) -> dict:
        use = DeviceSettings(parallel="none", precision=precision)
        fitted = fit(given, use, given.training(given.epochs(10)), precision)
        return record_of(fitted, given.data.names)

    for precision in PRECISIONS:
        try_case(tell, precision, partial(measure, precision))


def captured_graphs(given: Given, tell: Tell) -> None:
    """Steps as one captured CUDA graph, and launched kernel by kernel."""
    for precision in ("auto", "fp32"):
        for captured in (True, False):
            use = DeviceSettings(parallel="none", precision=precision, cuda_graphs=captured)
            name = f"{precision}, {'captured' if captured else 'launched one by one'}"
            if captured and given.device.type != "cuda":
                tell({name: {"skipped": "a CPU has no CUDA graphs"}})
                continue
            try_case(tell, name, partial(time_epochs, given, use, given.batch))


def batches(given: Given, tell: Tell) -> None:
    """The same rows in small and in large batches."""
    for batch in _SMALL_BATCHES if given.small else _BATCHES:
        use = DeviceSettings(parallel="none")
        try_case(tell, str(batch), partial(time_epochs, given, use, batch))


def data_parallel(given: Given, tell: Tell) -> None:
    """`dp` on the devices that there are; of one, it shows what PyG's batches cost."""
    use = DeviceSettings(parallel="dp")
    tell({"devices": torch.cuda.device_count()})
    tell(time_epochs(given, use, given.batch, passes=1))


def ddp_of_one(given: Given, tell: Tell) -> None:
    """`ddp` with one process: what a process group costs, and whether the bits stay as they are."""
    training = given.training(given.epochs(5))
    alone = fit(given, DeviceSettings(parallel="none"), training, "alone")
    tell({"alone": record_of(alone, given.data.names)})
    task, folder, told = given.task(training), given.folder / "ddp", Collected()
    folder.mkdir(parents=True, exist_ok=True)
    context = TrainContext(folder, told, DeviceSettings(parallel="ddp"))
    held_out: list[np.ndarray] = []
    started = time.perf_counter()
    fit_distributed(
        task,
        network_jobs("polygin", [0], task.config, seed=0),
        [str(given.device)],
        torch.get_num_threads(),
        context,
        lambda job, predicted: held_out.append(predicted),
    )
    seconds = time.perf_counter() - started
    ours = alone.predicted[task.folds == 0]
    tell(
        {
            "ddp": record_of(Fit(held_out[0], told, seconds, folder), given.data.names),
            "same_bits": ours.tobytes() == held_out[0].tobytes(),
            "greatest_difference": float(np.abs(ours - held_out[0]).max()),
        }
    )


def bandwidth_floor(given: Given, tell: Tell) -> None:
    """How near an epoch comes to the time that its traffic takes at the bandwidth of copies.

    The traffic is that of `bench.speed.device.epoch_traffic`, of operations that are not fused.
    """
    size = COPY_BYTES // 256 if given.small else COPY_BYTES
    bandwidth = copy_bandwidth(given.device, size, lambda *_: None)
    tell({"bandwidth": bandwidth})

    def measure(precision: str, batch: int) -> dict:
        use = DeviceSettings(parallel="none", precision=precision)
        record = time_epochs(given, use, batch)
        about = {
            "layers": given.network.layers,
            "width": given.network.width,
            "precision": "fp32" if precision == "tf32" else precision,
            "steps_per_epoch": record["steps"],
        }
        traffic = epoch_traffic(given.data, {**about, "parameters": record["parameters"]})
        floor = sum(traffic.values()) / bandwidth
        share = floor / record["epoch_seconds"]
        return {**record, "traffic_bytes": traffic, "floor_seconds": floor, "share": share}

    for batch in (given.batch, 16 * given.batch):
        for precision in ("bf16", "tf32", "fp32"):
            try_case(tell, f"{precision}, batch {batch}", partial(measure, precision, batch))


def profile(given: Given, tell: Tell) -> None:
    """The operations that take longest in an epoch, and for how much of it the device is busy."""
    on_cuda = given.device.type == "cuda"
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_cuda else [])]

    def measure(captured: bool) -> dict:
        use = DeviceSettings(parallel="none", cuda_graphs=captured)
        trainer = make_trainer(given, use, given.batch)
        trainer.epoch()
        with torch_profile(activities=activities) as profiled:
            seconds = timed(trainer.epoch)
        # What the device did; what the host called it for would count that again.
        own = [
            each
            for each in profiled.key_averages()
            if (each.device_type != DeviceType.CPU) == on_cuda and not each.is_user_annotation
        ]
        # The profiler counts microseconds.
        spent = [
            (each, (each.self_device_time_total if on_cuda else each.self_cpu_time_total) / 1e6)
            for each in own
        ]
        spent.sort(key=lambda pair: -pair[1])
        return {
            "epoch_seconds": seconds,
            "operations": sum(each.count for each in own),
            "busy_share": sum(time for _, time in spent) / seconds,
            "longest": [
                {"operation": each.key[:_LETTERS], "count": each.count, "seconds": time}
                for each, time in spent[:_LONGEST]
            ],
        }

    try_case(tell, "launched one by one", partial(measure, False))
    if on_cuda:
        try_case(tell, "captured", partial(measure, True))


def switches(given: Given, tell: Tell) -> None:
    """What each switch of the devices costs or saves, against none of them."""
    cases: dict[str, dict[str, bool]] = {
        "none": {},
        "--deterministic": {"deterministic": True},
        "--no-pinned-memory": {"pinned_memory": False},
        "--empty-cache": {"empty_cache": True},
        "--no-cuda-graphs": {"cuda_graphs": False},
        "--step-in-backward": {"step_in_backward": True},
    }
    for name, changes in cases.items():
        use = DeviceSettings(parallel="none", **changes)
        try_case(tell, name, partial(time_epochs, given, use, given.batch, passes=2))
