"""What this machine can train on; the driver is asked directly, so that torch need not load."""

import os
import platform
import re
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import psutil
from pydantic import BaseModel

_Answer = TypeVar("_Answer")


class Gpu(BaseModel):
    """One CUDA device."""

    name: str
    vram_gb: float


class Hardware(BaseModel):
    """The processors and the memory of this machine; memory in GB (2³⁰ bytes)."""

    cpu: str
    cores: int
    ram_gb: float
    gpus: list[Gpu] = []

    def sentence(self) -> str:
        """One line for people."""
        cores = f"{self.cores} CPU core{'' if self.cores == 1 else 's'}"
        base = f"{cores}, {self.ram_gb:.0f} GB of memory"
        if not self.gpus:
            return f"{base}, no CUDA GPU"
        cards = ", ".join(f"{gpu.name} ({gpu.vram_gb:.0f} GB)" for gpu in self.gpus)
        return f"{cards}; {base}"


class GpuLoad(BaseModel):
    """How busy one CUDA device is: memory in MB (2²⁰ bytes), load in %, °C, watts.

    What a card cannot report is None.
    """

    vram_used_mb: float
    vram_total_mb: float
    load: float | None = None
    temperature: float | None = None
    power: float | None = None


def usable_cores() -> int:
    """How many CPU cores this process may use; in a container, fewer than the machine has."""
    try:
        cores = len(psutil.Process().cpu_affinity()) or 1
    except (AttributeError, psutil.Error):  # macOS does not say
        cores = psutil.cpu_count() or 1
    # What Slurm gives a job; not every cluster holds its processes to that.
    given = os.environ.get("SLURM_CPUS_PER_TASK", "")
    return min(cores, int(given)) if given.isdecimal() and int(given) else cores


def peak_memory() -> float:
    """The greatest resident memory of this process so far, in bytes; 0 where the system is silent.

    `getrusage` does not help: a process inherits the peak of the one that started it.
    """
    status = Path("/proc/self/status")
    if not status.is_file():
        return 0.0
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return 1024.0 * int(lines["VmHWM"].split()[0])


def cpu_model() -> str:
    """The processor's name, or its architecture where the system says no more."""
    info = Path("/proc/cpuinfo")
    if info.is_file():  # Python's `platform` does not know it on Linux
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def detect() -> Hardware:
    """The processors and the memory of this machine."""
    return Hardware(
        cpu=cpu_model(),
        cores=usable_cores(),
        ram_gb=psutil.virtual_memory().total / 2**30,
        gpus=_gpus(),
    )


def gpu_loads() -> list[GpuLoad]:
    """How busy each CUDA device is; empty where there is none."""
    return _of_each_gpu(_load)


def _gpus() -> list[Gpu]:
    """The cards that torch can train on."""
    if not _torch_has_cuda():
        return []
    cards = _of_each_gpu(
        lambda nvml, handle: Gpu(
            name=nvml.nvmlDeviceGetName(handle),
            vram_gb=nvml.nvmlDeviceGetMemoryInfo(handle).total / 2**30,
        )
    )
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return cards
    named = [part.strip() for part in visible.split(",")]
    if not all(part.lstrip("-").isdigit() for part in named if part):
        return cards  # named by identifiers that only the driver can resolve
    # CUDA ignores all that follows the first number without a card.
    numbers = takewhile(lambda part: part.isdigit() and int(part) < len(cards), named)
    return [cards[int(part)] for part in numbers]


def _torch_has_cuda() -> bool:
    """Whether the installed torch was built for CUDA, read from its file: loading takes seconds."""
    spec = find_spec("torch")
    if spec is None or spec.origin is None:
        return False
    try:
        text = Path(spec.origin).with_name("version.py").read_text()
    except OSError:
        return True  # torch itself will say
    return re.search(r"^cuda\b.*= *None$", text, re.MULTILINE) is None


def _load(nvml: ModuleType, handle: object) -> GpuLoad:
    memory = nvml.nvmlDeviceGetMemoryInfo(handle)

    def reading(ask: Callable[[], float]) -> float | None:
        try:
            return ask()
        except nvml.NVMLError:  # not every card reports everything
            return None

    return GpuLoad(
        vram_used_mb=memory.used / 2**20,
        vram_total_mb=memory.total / 2**20,
        load=reading(lambda: nvml.nvmlDeviceGetUtilizationRates(handle).gpu),
        temperature=reading(
            lambda: nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU)
        ),
        power=reading(lambda: nvml.nvmlDeviceGetPowerUsage(handle) / 1000),
    )


def _of_each_gpu(ask: Callable[[ModuleType, object], _Answer]) -> list[_Answer]:
    """What `ask` returns for the driver's library and the handle of each card that answers."""
    try:
        import pynvml  # a machine that only trains may lack it
    except ImportError:
        return []
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return []
    answers = []
    try:
        for number in range(pynvml.nvmlDeviceGetCount()):
            # A card that does not answer, such as one divided by MIG, does not hide others.
            with suppress(pynvml.NVMLError):
                answers.append(ask(pynvml, pynvml.nvmlDeviceGetHandleByIndex(number)))
    except pynvml.NVMLError:
        return []
    finally:
        pynvml.nvmlShutdown()
    return answers
