"""One measurement after the other, each in a process of its own and within its time."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.gpu_day.measurements import MEASUREMENTS, targets
from bench.reporting import stamp
from engine.base.workspace import write_atomic

PROJECT = Path(__file__).resolve().parents[2]
_POLL_SECONDS, _GRACE_SECONDS = 0.2, 5.0
_LEAST_SECONDS = 10.0
"""Less is not worth a process: it starts for about as long."""
_LINES_OF_LOG = 12

Start = Callable[[str, Path, Path], subprocess.Popen]
"""Starts the process of a measurement, given its name, the file for its answers, and its log."""


class Day:
    """The results, written anew after each of them."""

    def __init__(
        self, path: Path, command: str, minutes: float, small: bool, table: dict | None = None
    ) -> None:
        """Write to a path the results of a command.

        Args:
            path: of the file.
            command: for the record.
            minutes: that it may take.
            small: whether it is a rehearsal.
            table: what it is measured on.
        """
        self._path = path
        self.result: dict = {
            **stamp(command),
            "small": small,
            "minutes": minutes,
            "table": table,
            "machine": None,
            "targets": targets({}),
            "measured": {},
        }

    def take(self, name: str, part: dict) -> None:
        """Merge a part of a measurement's result into the rest, and write all."""
        own = self.result["measured"].setdefault(name, {"title": MEASUREMENTS[name].title})
        if machine := part.pop("machine", None):
            self.result["machine"] = machine
        own.update(part)
        machine = self.result["machine"] or {}
        if machine.get("gpus") and not self.result["small"]:
            self.result["targets"] = targets(self.result["measured"])
        text = json.dumps(self.result, indent=1, ensure_ascii=False)
        write_atomic(self._path, text + "\n")


def measure_all(
    day: Day,
    names: Sequence[str],
    minutes: float,
    start: Start,
    show: Callable[[str], None],
) -> None:
    """Carry out measurements; what is over its time is ended, and what it has told is kept.

    Args:
        day: takes the results.
        names: of the measurements, in order.
        minutes: for all together; what no time is left for is skipped.
        start: starts a process.
        show: told a line as the work proceeds.
    """
    end = time.monotonic() + 60 * minutes - _GRACE_SECONDS
    for number, name in enumerate(names, start=1):
        title = MEASUREMENTS[name].title
        allowed = min(MEASUREMENTS[name].seconds, end - time.monotonic())
        if allowed < _LEAST_SECONDS:
            day.take(name, {"state": "skipped", "reason": f"the {minutes:g} minutes were over"})
            continue
        show(f"{number}/{len(names)} {title}: at most {allowed:.0f} s")
        day.take(name, {"state": "running", "allowed_seconds": allowed})
        started = time.monotonic()
        outcome = _measure(day, name, allowed, start)
        seconds = time.monotonic() - started
        day.take(name, {**outcome, "seconds_with_start": seconds})
        reason = f": {outcome['reason'].splitlines()[-1]}" if outcome.get("reason") else ""
        show(f"    {outcome['state']} after {seconds:.0f} s{reason}")


def _measure(day: Day, name: str, allowed: float, start: Start) -> dict:
    """One measurement; returns its `state`, and its `reason` where it is not done."""
    with tempfile.TemporaryDirectory(prefix="polygin-gpu-day-") as folder:
        answers, log = Path(folder) / "answers.jsonl", Path(folder) / "log"
        answers.touch()
        end = time.monotonic() + allowed
        process = start(name, answers, log)
        try:
            with answers.open(encoding="utf-8") as lines:
                _hear(day, name, process, lines, end)
            cut = process.poll() is None
        finally:
            _end(process)
        if cut:
            return {"state": "cut", "reason": f"it was not done after {allowed:.0f} s"}
        if process.returncode:
            said = log.read_text(encoding="utf-8", errors="replace").splitlines()
            return {"state": "failed", "reason": "\n".join(said[-_LINES_OF_LOG:])}
    skipped = day.result["measured"][name].pop("skipped", None)
    return {"state": "skipped", "reason": skipped} if skipped else {"state": "done"}


def _hear(day: Day, name: str, process: subprocess.Popen, lines, end: float) -> None:
    """Take what a process tells until it ends, or until its time is over."""
    begun = ""
    while True:
        ended = process.poll() is not None
        while line := lines.readline():
            begun += line
            if begun.endswith("\n"):
                day.take(name, json.loads(begun))
                begun = ""
        if ended or time.monotonic() >= end:
            return
        time.sleep(_POLL_SECONDS)


def _end(process: subprocess.Popen) -> None:
    """End a process that is still at work; its own processes end with it."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def start_child(file: Path, small: bool) -> Start:
    """What starts the process of a measurement on a file of tensors."""

    def start(name: str, answers: Path, log: Path) -> subprocess.Popen:
        words = [str(file.resolve()), name, str(answers), *(["--small"] if small else [])]
        with log.open("wb") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "bench.gpu_day.child", *words],
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    return start
