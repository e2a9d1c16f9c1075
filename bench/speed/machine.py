"""The machine and the libraries that figures belong to."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_LIBRARIES = ("torch", "torch-geometric", "numpy", "rdkit", "lightgbm", "xgboost", "catboost")


def threads() -> int:
    """How many cores this process may use; all sides are given as many threads."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def machine() -> dict:
    """The processors, the memory in GB (2³⁰ bytes), the GPU if there is one, and the versions."""
    import torch

    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "threads": threads(),
        "ram_gb": round(_ram_bytes() / 2**30, 1),
        "gpus": gpus,
        "cuda": torch.version.cuda if gpus else None,
        "system": f"{platform.system()} {platform.machine()}",
        "versions": {"python": platform.python_version(), **_versions()},
    }


def sentence(known: dict) -> str:
    """One line for people about what `machine` returned."""
    versions = known["versions"]
    return (
        f"{known['cpu']}, {known['threads']} of {known['cores']} cores used, "
        f"{', '.join(known['gpus']) or 'no GPU'}; torch {versions['torch']}, "
        f"torch-geometric {versions.get('torch-geometric', 'not installed')}"
    )


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _ram_bytes() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError):  # not known on Windows
        return 0


def _versions() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
