"""Whether results and memory are what is promised: estimates, lack of memory, bits, resuming."""

from contextlib import suppress
from functools import partial

import numpy as np
import torch

from bench.gpu_day.fitting import (
    FOLDS,
    Collected,
    Fit,
    Given,
    Tell,
    fit,
    make_trainer,
    none_for_nan,
    try_case,
)
from engine.base.packed import take
from engine.settings.devices import DeviceSettings
from engine.settings.estimate import PROBED_ROWS
from engine.settings.presets import Preset
from engine.training.probe import most_held, probe
from engine.training.trainer import Trainer

_MB = 2**20
_SHARE_LEFT = 0.6
"""Of the memory that a step takes, what it is given where it is to run out."""


class _CutError(Exception):
    """Stands for whatever ends a run."""


def memory_estimate(given: Given, tell: Tell) -> None:
    """What the Train page shows before Train is pressed; needs a process of its own."""
    training = given.training(given.epochs(60))
    config = given.task(training).config
    preset = Preset(
        name="gpu-day",
        title="A day with a GPU",
        summary="One network.",
        canonical_units=True,
        members={"polygin": config.model_dump()},
    )
    rows = given.data.labelled
    chosen = np.random.default_rng(0).choice(rows, min(len(rows), PROBED_ROWS), replace=False)
    sample = take(given.data.graphs, np.sort(chosen))
    labels = np.random.default_rng(0).normal(size=(sample.size, given.data.labels.shape[1]))
    use = DeviceSettings(parallel="none")
    tell(probe(sample, labels, preset, use, len(rows), FOLDS).model_dump(mode="json"))


def memory_peak(given: Given, tell: Tell) -> None:
    """What training then holds at most; needs a process of its own."""
    fit(given, DeviceSettings(parallel="none"), given.training(given.epochs(3)), "peak")
    tell({"peak_mb": most_held(given.device)[0] / _MB})


def out_of_memory(given: Given, tell: Tell) -> None:
    """Epochs in less memory than a step takes: it has to go on in pieces, with much the same loss.

    PyTorch's allocator is given a limit, so the memory of the device itself is never full.
    """
    device, batch = given.device, 32 if given.small else 4096
    launched = DeviceSettings(parallel="none", cuda_graphs=False)
    torch.cuda.reset_peak_memory_stats()
    losses = _losses(make_trainer(given, launched, batch))
    most = torch.cuda.max_memory_reserved()
    tell({"with enough": {"losses": losses, "reserved_mb": most / _MB}})

    def measure(use: DeviceSettings) -> dict:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        total = torch.cuda.get_device_properties(device).total_memory
        torch.cuda.set_per_process_memory_fraction(_SHARE_LEFT * most / total, device)
        told = Collected()
        try:
            trainer = make_trainer(given, use, batch, told=told)
            losses = _losses(trainer)
        finally:
            torch.cuda.set_per_process_memory_fraction(1.0, device)
        pieces = trainer.state().values["pieces"]
        return {
            "losses": losses,
            "reserved_mb": torch.cuda.max_memory_reserved() / _MB,
            "pieces": pieces,
            "recovered": pieces > 1 and None not in losses,
            "remarks": told.lines,
        }

    try_case(tell, "too little, launched one by one", partial(measure, launched))
    captured = DeviceSettings(parallel="none")
    try_case(tell, "too little, captured", partial(measure, captured))


def _losses(trainer: Trainer) -> list[float | None]:
    return [none_for_nan(trainer.epoch()) for _ in range(2)]


def same_seed(given: Given, tell: Tell) -> None:
    """Whether two fits with one seed give the same bits, in each way of computing."""
    ways: dict[str, dict[str, object]] = {
        "as by default": {},
        "deterministic": {"deterministic": True},
        "launched one by one": {"cuda_graphs": False},
        "fp32": {"precision": "fp32"},
    }

    def measure(name: str, changes: dict) -> dict:
        use = DeviceSettings(**{"parallel": "none", **changes})
        training = given.training(given.epochs(5))
        one, other = (fit(given, use, training, f"{name}-{number}") for number in range(2))
        return _compared(one, other)

    for name, changes in ways.items():
        try_case(tell, name, partial(measure, name, changes))


def resumed(given: Given, tell: Tell) -> None:
    """Whether a fit that was cut off and resumed ends with the bits of one that was not."""
    training = given.training(given.epochs(8))
    cut = training.epochs // 2

    def end(rows: list[dict]) -> None:
        if len(rows) == cut:
            raise _CutError

    def measure(precision: str) -> dict:
        use = DeviceSettings(parallel="none", precision=precision)
        whole = fit(given, use, training, f"whole-{precision}")
        name = f"cut-{precision}"
        with suppress(_CutError):
            fit(given, use, training, name, Collected(end))
        again = fit(given, use, training, name)
        done = {"cut_after_epochs": cut, "epochs_after": len(again.told.rows)}
        return {**done, **_compared(whole, again)}

    for precision in ("auto", "fp32", "fp16"):
        try_case(tell, precision, partial(measure, precision))


def _compared(one: Fit, other: Fit) -> dict:
    """How far two fits agree, in predictions and in weights."""
    files = [sorted((each.folder / "bundle").glob("*.safetensors")) for each in (one, other)]
    weights = [[path.read_bytes() for path in each] for each in files]
    difference = np.nanmax(np.abs(one.predicted - other.predicted))
    return {
        "same_predictions": one.predicted.tobytes() == other.predicted.tobytes(),
        "same_weights": weights[0] == weights[1],
        "greatest_difference": float(difference),
    }
