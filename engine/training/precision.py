"""The arithmetic that networks are trained in."""

from dataclasses import dataclass

import torch

from engine.errors import UserError


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
