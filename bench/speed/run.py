"""One run of the benchmark: the parts that were asked for, one after another."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import torch

from bench.speed.data import Subject
from bench.speed.machine import machine, threads
from bench.speed.timing import Show
from engine.base.errors import UserError

PARTS = ("loop", "features", "prediction", "memory", "device")
_NEED_SMILES = {"features", "prediction"}


@dataclass(frozen=True)
class Options:
    """What to measure, and how.

    Attributes:
        command: as it was typed, for the results.
        parts: some of `PARTS`.
        quick: a handful of steps only, to see that everything works.
        peer: whether to time Chemprop too.
        chemprop: its command or the Python of its environment; None to look on the path.
    """

    command: str
    parts: tuple[str, ...] = PARTS
    quick: bool = False
    peer: bool = False
    chemprop: str | None = None


def parts_of(words: str | None) -> tuple[str, ...]:
    """The parts that a comma-separated list names; all without one.

    Raises:
        UserError: when one is unknown.
    """
    if words is None:
        return PARTS
    chosen = {word.strip() for word in words.split(",")}
    if unknown := sorted(chosen - set(PARTS)):
        raise UserError(f"There is no part {unknown[0]!r}; choose from {', '.join(PARTS)}.")
    return tuple(part for part in PARTS if part in chosen)


def run_bench(subject: Subject, options: Options, show: Show) -> dict:
    """Measure; returns what the results file holds: figures alone, no labels and no SMILES.

    Args:
        subject: what is learned and predicted.
        options: what to measure.
        show: told how far it is.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    result = {
        "command": options.command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": options.quick,
        "machine": machine(),
        "table": subject.summary(),
    }
    for part in options.parts:
        if part != "device" and (subject.smiles or part not in _NEED_SMILES):
            result[part] = _measure(part, subject, device, options.quick, show)
    if "device" in options.parts:
        result["device"] = _device(result, subject, device, options.quick, show)
    if options.peer:
        result["chemprop"] = _peer(subject, options, device, show)
    return result


def _measure(
    part: str, subject: Subject, device: torch.device, quick: bool, show: Show
) -> dict | list:
    # Each time, because prediction changes it for the whole process.
    torch.set_num_threads(threads())
    if part == "features":
        from bench.speed.features import measure_features

        return measure_features(subject, quick, show)
    if part == "prediction":
        from bench.speed.prediction import measure_prediction

        return measure_prediction(subject, quick, show)
    if part == "memory":
        from bench.speed.memory import measure_memory

        return measure_memory(subject, device, quick, show)
    from bench.speed.loops import measure_loops

    return measure_loops(subject, device, quick, show)


def _device(
    result: dict, subject: Subject, device: torch.device, quick: bool, show: Show
) -> dict | None:
    from bench.speed.device import measure_device
    from bench.speed.loops import cases, measure_loop

    if device.type != "cuda":
        return None
    torch.set_num_threads(threads())
    loops = result.get("loop") or [
        measure_loop(subject, case, ["ours"], device, quick, show) for case in cases(device)
    ]
    return measure_device(subject, loops, device, quick, show)


def _peer(subject: Subject, options: Options, device: torch.device, show: Show) -> dict:
    from bench.speed.chemprop import MISSING, find_chemprop, measure_chemprop

    command = find_chemprop(options.chemprop)
    if command is None:
        return {"missing": MISSING}
    if subject.smiles is None:
        return {"missing": "Chemprop reads SMILES: give a TABLE in place of --features."}
    torch.set_num_threads(threads())
    return measure_chemprop(subject, command, device, options.quick, show)


def written_to(words: str | None) -> Path | None:
    """The results file that `--json` names, if it names one.

    Raises:
        UserError: when it is no `.json`, such as a table that would be overwritten.
    """
    if not words:
        return None
    path = Path(words)
    if path.suffix != ".json":
        raise UserError(f"--json writes to a file that ends in .json, not to {words}.")
    return path
