"""Measures what the machine does while runs work, into their folders."""

import json
import time

import psutil

from ..base.hardware import GpuLoad, gpu_loads
from . import folder as files
from .records import Run

_SECONDS_BETWEEN = 2.0


class Sampler:
    """Takes a sample every other second."""

    def __init__(self) -> None:
        self._last = 0.0
        self._known: dict[int, psutil.Process] = {}

    def sample(self, working: list[tuple[Run, psutil.Process]]) -> None:
        """Add a line to `hardware.jsonl` of each working run when it is time for one.

        A line holds `time`, the run's own `cpu_percent` (100 is one core) and `ram_mb` with all
        its processes, the machine's `ram_used_mb` and `ram_total_mb`, and for each GPU what
        `GpuLoad` has.

        Args:
            working: runs, each with its worker.
        """
        if time.monotonic() - self._last < _SECONDS_BETWEEN:
            return
        self._last = time.monotonic()
        if not working:
            return
        memory = psutil.virtual_memory()
        shared = {
            "time": time.time(),
            "ram_used_mb": (memory.total - memory.available) / 2**20,
            "ram_total_mb": memory.total / 2**20,
            "gpus": [load.model_dump() for load in _quietly_gpus()],
        }
        for run, worker in working:
            line = json.dumps({**shared, **self._own(worker)}) + "\n"
            try:
                with open(run.folder / files.HARDWARE, "a") as file:
                    file.write(line)
            except OSError:
                continue  # the disk is full, and samples matter least

    def _own(self, worker: psutil.Process) -> dict[str, float]:
        cpu = ram = 0.0
        for member in _family(worker):
            known = self._known.setdefault(member.pid, member)
            if known != member:
                known = self._known[member.pid] = member
            try:
                cpu += known.cpu_percent()
                ram += known.memory_info().rss / 2**20
            except psutil.Error:
                continue
        return {"cpu_percent": cpu, "ram_mb": ram}


def _family(worker: psutil.Process) -> list[psutil.Process]:
    try:
        return [worker, *worker.children(recursive=True)]
    except psutil.Error:
        return []


def _quietly_gpus() -> list[GpuLoad]:
    try:
        return gpu_loads()
    except Exception:  # a driver that fails must not end the supervisor
        return []
