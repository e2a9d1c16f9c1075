"""What is measured, in the order of importance, and how long each may take; loads no torch."""

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from bench.gpu_day.fitting import Given, Tell


class Measurement(NamedTuple):
    """One measurement.

    Attributes:
        title: for people.
        module: the file of this folder that has a function of the measurement's name.
        seconds: that it may take, with the start of its process.
        needs_cuda: whether there is nothing to measure without a CUDA device.
    """

    title: str
    module: str
    seconds: float
    needs_cuda: bool = False


MEASUREMENTS = {
    "sixty_epochs": Measurement("12 × 128 for 60 epochs", "speed", 80),
    "precisions": Measurement("fp32, TF32, bf16, fp16", "speed", 50),
    "captured_graphs": Measurement("CUDA graphs on and off", "speed", 35),
    "batches": Measurement("Batches of 48 to 4,096", "speed", 50),
    "data_parallel": Measurement("dp", "speed", 25, needs_cuda=True),
    "ddp_of_one": Measurement("ddp with one process", "speed", 40),
    "memory_estimate": Measurement("The memory that is estimated", "trust", 25),
    "memory_peak": Measurement("The memory that is held", "trust", 25),
    "out_of_memory": Measurement("Too little memory", "trust", 30, needs_cuda=True),
    "same_seed": Measurement("The same seed twice", "trust", 40),
    "resumed": Measurement("Cut off and resumed", "trust", 40),
    "bandwidth_floor": Measurement("Share of the bandwidth floor", "speed", 40, needs_cuda=True),
    "pretraining": Measurement("Pretraining", "throughput", 30),
    "screening": Measurement("Screening by one network", "throughput", 30),
    "profile": Measurement("Where an epoch's time goes", "speed", 40),
    "switches": Measurement("Switches of the devices", "speed", 40),
}
"""By name. Together they may take longer than the whole: most end long before their time."""


def carry_out(name: str, given: "Given", tell: "Tell") -> None:
    """Measure, in this process.

    Args:
        name: of the measurement.
        given: what it is measured on.
        tell: takes the parts of the result.
    """
    getattr(import_module(f"bench.gpu_day.{MEASUREMENTS[name].module}"), name)(given, tell)


def targets(measured: dict[str, dict]) -> dict[str, dict]:
    """The project's targets for one H100 or H200, and how near the results come; None if unknown.

    Args:
        measured: the results by the measurements' names, on a CUDA device and of full size.
    """
    whole = measured.get("sixty_epochs", {})
    seconds = whole.get("seconds") if whole.get("epochs") == 60 else None
    floors = measured.get("bandwidth_floor", {}).values()
    shares = [case["share"] for case in floors if isinstance(case, dict) and "share" in case]
    estimate = measured.get("memory_estimate", {}).get("peak_mb")
    peak = measured.get("memory_peak", {}).get("peak_mb")
    error = abs(estimate / peak - 1) if estimate and peak else None
    share = max(shares, default=None)
    return {
        "60 epochs in at most 10 s": _target(seconds, seconds is not None and seconds <= 10),
        "at least half of the bandwidth floor": _target(share, share is not None and share >= 0.5),
        "memory estimated within 15 %": _target(error, error is not None and error <= 0.15),
    }


def _target(measured: float | None, met: bool) -> dict:
    return {"measured": measured, "met": None if measured is None else met}
