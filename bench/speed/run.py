"""One run of the benchmark: what it can be asked for, and its parts one after another."""

import argparse
import shlex
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench.speed.data import BenchData
from bench.speed.machine import machine_record
from engine.base.errors import UserError
from engine.base.hardware import usable_cores

if TYPE_CHECKING:
    import torch

    from bench.speed.timing import Show

PARTS = ("loop", "features", "prediction", "memory", "device")
_NEED_SMILES = {"features", "prediction"}


@dataclass(frozen=True)
class Options:
    """What to measure, and how.

    Attributes:
        command: as it was typed, for the results.
        parts: some of `PARTS`.
        quick: only a few steps, to see that everything works.
        peer: whether to time Chemprop too.
        chemprop: its command or the Python of its environment; None to look on the path.
    """

    command: str
    parts: tuple[str, ...] = PARTS
    quick: bool = False
    peer: bool = False
    chemprop: str | None = None


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add what `python -m engine bench` and `python -m bench.speed` both take."""
    command.add_argument(
        "--features",
        metavar="FILE.safetensors",
        help="stored features with random labels, in place of TABLE",
    )
    command.add_argument(
        "--only", metavar="PARTS", help=f"some of {','.join(PARTS)}; all by default"
    )
    command.add_argument("--peer", choices=["chemprop"], help="time its epochs too")
    command.add_argument(
        "--chemprop", metavar="PATH", help="its command, or the Python of its environment"
    )
    command.add_argument("--quick", action="store_true", help="a few steps, to see that it works")
    command.add_argument(
        "--json",
        nargs="?",
        const="",
        metavar="FILE.json",
        help="write the results to a file; without FILE, print them",
    )


def options_of(arguments: argparse.Namespace) -> Options:
    """What the arguments ask for.

    Raises:
        UserError: when a part is unknown.
    """
    return Options(
        command=shlex.join(["python", *sys.orig_argv[1:]]),
        parts=parts_of(arguments.only),
        quick=arguments.quick,
        peer=arguments.peer == "chemprop",
        chemprop=arguments.chemprop,
    )


def parts_of(text: str | None) -> tuple[str, ...]:
    """The parts that a comma-separated list names; all when there is no list.

    Raises:
        UserError: when one is unknown.
    """
    if text is None:
        return PARTS
    chosen = {part.strip() for part in text.split(",")}
    if unknown := sorted(chosen - set(PARTS)):
        raise UserError(f"There is no part {unknown[0]!r}; choose from {', '.join(PARTS)}.")
    return tuple(part for part in PARTS if part in chosen)


def results_file(text: str | None) -> Path | None:
    """The results file that `--json` names, if it names one.

    Raises:
        UserError: when it is no `.json`, such as a table that would be overwritten.
    """
    if not text:
        return None
    path = Path(text)
    if path.suffix != ".json":
        raise UserError(f"--json writes to a file that ends in .json, not to {text}.")
    return path


def run_bench(data: BenchData, options: Options, show: "Show") -> dict:
    """Measure; returns what the results file holds: figures alone, no labels and no SMILES.

    Args:
        data: what is learned and predicted.
        options: what to measure.
        show: called as the work proceeds.
    """
    import torch

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    result = {
        "command": options.command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": options.quick,
        "machine": machine_record(),
        "table": data.summary(),
    }
    for part in options.parts:
        if part != "device" and (data.smiles or part not in _NEED_SMILES):
            result[part] = _measure(part, data, device, options.quick, show)
    if "device" in options.parts:
        result["device"] = _measure_device(result, data, device, options.quick, show)
    if options.peer:
        result["chemprop"] = _measure_chemprop(data, options, device, show)
    return result


def _use_all_cores() -> None:
    """Each time, because prediction changes the threads of the whole process."""
    import torch

    torch.set_num_threads(usable_cores())


def _measure(
    part: str, data: BenchData, device: "torch.device", quick: bool, show: "Show"
) -> dict | list:
    _use_all_cores()
    if part == "features" and data.smiles:
        from bench.speed.features import measure_features

        return measure_features(data.smiles, quick, show)
    if part == "prediction":
        from bench.speed.prediction import measure_prediction

        return measure_prediction(data, quick, show)
    if part == "memory":
        from bench.speed.memory import measure_memory

        return measure_memory(data, device, quick, show)
    from bench.speed.loops import measure_loops

    return measure_loops(data, device, quick, show)


def _measure_device(
    result: dict, data: BenchData, device: "torch.device", quick: bool, show: "Show"
) -> dict | None:
    from bench.speed.device import measure_device
    from bench.speed.loops import measure_loop
    from bench.speed.workload import workloads

    if device.type != "cuda":
        return None
    _use_all_cores()
    loops = result.get("loop") or [
        measure_loop(data, workload, ["ours"], device, quick, show)
        for workload in workloads(device)
    ]
    return measure_device(data, loops, device, quick, show)


def _measure_chemprop(
    data: BenchData, options: Options, device: "torch.device", show: "Show"
) -> dict:
    from bench.speed.chemprop import MISSING, find_chemprop, measure_chemprop

    command = find_chemprop(options.chemprop)
    if command is None:
        return {"missing": MISSING}
    if data.smiles is None:
        return {"missing": "Chemprop reads SMILES: give a TABLE in place of --features."}
    _use_all_cores()
    return measure_chemprop(data, data.smiles, command, device, options.quick, show)
