"""What this machine can train on; asks the driver directly, so that torch need not be loaded."""

import platform

import psutil
from pydantic import BaseModel


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


def usable_cores() -> int:
    """How many CPU cores this process may use: fewer than there are in a container, say."""
    try:
        return len(psutil.Process().cpu_affinity()) or 1
    except (AttributeError, psutil.Error):  # not known on macOS
        return psutil.cpu_count() or 1


def detect() -> Hardware:
    """Look at this machine."""
    return Hardware(
        cpu=platform.processor() or platform.machine(),
        cores=usable_cores(),
        ram_gb=psutil.virtual_memory().total / 2**30,
        gpus=_gpus(),
    )


def _gpus() -> list[Gpu]:
    try:
        import pynvml  # a machine that only trains may lack it
    except ImportError:
        return []
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return []
    try:
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        return [
            Gpu(
                name=pynvml.nvmlDeviceGetName(handle),
                vram_gb=pynvml.nvmlDeviceGetMemoryInfo(handle).total / 2**30,
            )
            for handle in handles
        ]
    except pynvml.NVMLError:
        return []
    finally:
        pynvml.nvmlShutdown()
