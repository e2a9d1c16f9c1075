"""Knowing when a device's memory does not do."""

import torch

_WORDS = ("out of memory", "can't allocate memory", "not enough memory", "ALLOC_FAILED")


def out_of_memory(error: RuntimeError) -> bool:
    """Whether that is what an error says; PyTorch has no class for a CPU's, nor for cuBLAS's."""
    return isinstance(error, torch.OutOfMemoryError) or any(word in str(error) for word in _WORDS)


def forget_unused(device: torch.device) -> None:
    """Give back what PyTorch keeps for later, before something smaller is tried."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
