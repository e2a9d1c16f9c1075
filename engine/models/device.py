"""How a device computes: its precision, determinism and memory."""

import os
from dataclasses import dataclass

import torch
import torch.distributed as dist

from ..base.errors import UserError
from ..settings.devices import NEED_CUDA, DeviceSettings


@dataclass(frozen=True)
class Precision:
    """The type that products are computed in, and whether gradients are scaled for it."""

    dtype: torch.dtype | None
    scaled: bool

    @classmethod
    def of(cls, device: torch.device, choice: str = "auto") -> "Precision":
        """The precision of a name; `auto` is bf16 or fp16, as a CUDA device can; fp32 on a CPU.

        `tf32` has the types of fp32: `set_arithmetic` says how its products are computed.

        Raises:
            UserError: for fp16 or TF32 on a CPU.
        """
        if choice == "auto":
            choice = _best(device)
        if choice in NEED_CUDA and device.type != "cuda":
            raise UserError(f"{choice} needs a CUDA device; choose auto, fp32 or bf16.")
        low = {"bf16": torch.bfloat16, "fp16": torch.float16}
        return cls(low.get(choice), choice == "fp16")

    def autocast(self, device: torch.device) -> torch.autocast:
        """The context that forward passes run in."""
        # No cache of converted weights: a captured CUDA graph would go on using stale ones.
        return torch.autocast(
            device.type, self.dtype, enabled=self.dtype is not None, cache_enabled=False
        )


def _best(device: torch.device) -> str:
    if device.type != "cuda":
        return "fp32"
    return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"


_WORDS = ("out of memory", "can't allocate memory", "not enough memory", "ALLOC_FAILED")


def out_of_memory(error: RuntimeError) -> bool:
    """Whether memory ran out; for a CPU and for cuBLAS, PyTorch has no class of errors."""
    return isinstance(error, torch.OutOfMemoryError) or any(word in str(error) for word in _WORDS)


def forget_unused(device: torch.device) -> None:
    """Give PyTorch's unused memory back to the driver, before something smaller is tried."""
    if device.type == "cuda":
        torch.cuda.empty_cache()


def set_arithmetic(use: DeviceSettings) -> None:
    """Set how PyTorch computes in the whole process.

    Args:
        use: its `precision` says whether products of fp32 numbers are exact or TF32, and
            `deterministic` whether only kernels that give the same bits each time may run.
    """
    # What 16 bits leave in fp32, such as the heads, is computed in TF32 too.
    torch.set_float32_matmul_precision("highest" if use.precision == "fp32" else "high")
    if use.deterministic:
        # cuBLAS reads it at its first call.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(use.deterministic, warn_only=True)


def several_processes() -> bool:
    """Whether several processes train together, each on a part of every batch."""
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1
