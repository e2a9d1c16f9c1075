"""The machine and the libraries that figures belong to."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version

import psutil

from engine.base.hardware import cpu_model, usable_cores

_LIBRARIES = ("torch", "torch-geometric", "numpy", "rdkit", "lightgbm", "xgboost", "catboost")


def machine_record() -> dict:
    """The processors, the memory in GB (2³⁰ bytes), the GPU if there is one, and the versions."""
    import torch

    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "threads": usable_cores(),
        "ram_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "gpus": gpus,
        "cuda": torch.version.cuda if gpus else None,
        "system": f"{platform.system()} {platform.machine()}",
        "versions": {"python": platform.python_version(), **_versions()},
    }


def machine_sentence(record: dict) -> str:
    """One line for people about what `machine_record` returned."""
    versions = record["versions"]
    return (
        f"{record['cpu']}, {record['threads']} of {record['cores']} cores used, "
        f"{', '.join(record['gpus']) or 'no GPU'}; torch {versions['torch']}, "
        f"torch-geometric {versions.get('torch-geometric', 'not installed')}"
    )


def _versions() -> dict[str, str]:
    """The versions of the libraries that are installed."""
    versions = {}
    for name in _LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions
