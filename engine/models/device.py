"""How a device computes: in which precision, whether deterministically, within which memory."""

import os
from dataclasses import dataclass

import torch
import torch.distributed as dist

from ..base.errors import UserError


@dataclass(frozen=True)
class Precision:
    """The type that products are computed in, and whether gradients are scaled for it."""

    dtype: torch.dtype | None
    scaled: bool

    @classmethod
    def of(cls, device: torch.device, choice: str = "auto") -> "Precision":
        """What was chosen; `auto` is bf16 where a CUDA device has it, else fp16; fp32 on a CPU.

        Raises:
            UserError: for fp16 on a CPU.
        """
        if choice == "auto":
            choice = _best(device)
        if choice == "fp16" and device.type != "cuda":
            raise UserError("fp16 needs a CUDA device; choose auto, fp32 or bf16.")
        dtype = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}[choice]
        return cls(dtype, choice == "fp16")

    def autocast(self, device: torch.device) -> torch.autocast:
        """The context that forward passes run in."""
        # Without the cache of converted weights, which a captured CUDA graph would keep stale.
        return torch.autocast(
            device.type, self.dtype, enabled=self.dtype is not None, cache_enabled=False
        )


def _best(device: torch.device) -> str:
    if device.type != "cuda":
        return "fp32"
    return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"


_WORDS = ("out of memory", "can't allocate memory", "not enough memory", "ALLOC_FAILED")


def out_of_memory(error: RuntimeError) -> bool:
    """Whether that is what an error says; PyTorch has no class for a CPU's, nor for cuBLAS's."""
    return isinstance(error, torch.OutOfMemoryError) or any(word in str(error) for word in _WORDS)


def forget_unused(device: torch.device) -> None:
    """Give back what PyTorch keeps for later, before something smaller is tried."""
    if device.type == "cuda":
        torch.cuda.empty_cache()


def best_device() -> torch.device:
    """The first CUDA device, or the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def set_arithmetic(deterministic: bool) -> None:
    """Set what PyTorch keeps for the whole process.

    Args:
        deterministic: whether only kernels that give the same bits each time may run.
    """
    torch.set_float32_matmul_precision("high")
    if deterministic:
        # cuBLAS needs it before its first call.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(deterministic, warn_only=True)


def several_processes() -> bool:
    """Whether this process trains together with others, each on a part of every batch."""
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1
