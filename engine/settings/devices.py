"""How training uses the devices of a machine."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Parallel = Literal["auto", "none", "dp", "ddp", "folds"]
NEED_CUDA = ("tf32", "fp16")
"""The precisions that no CPU has."""


class DeviceSettings(BaseModel):
    """Switches that change speed and memory; the results only within rounding.

    Attributes:
        parallel: how several devices share the work. `folds` trains different folds or seeds at
            once, without communication; `ddp` splits each batch over processes, also over several
            machines; `dp` is PyTorch Geometric's DataParallel, for two or more CUDA devices;
            `none` uses one device. `auto` is `folds`.
        precision: of products; `auto` is bf16 where a CUDA device has it, else fp16; fp32 on CPUs.
            `tf32` rounds what enters a product of fp32 numbers to 10 bits after the point.
        deterministic: only kernels that give the same bits each time; CPUs always do.
        cuda_graphs: replay each step as one captured CUDA graph, on batches of a fixed shape.
        step_in_backward: update each weight as soon as its gradient is known, and free it; then
            gradients are clipped weight by weight.
        empty_cache: give memory that is not in use back to the CUDA driver after each epoch.
        pinned_memory: send rows to the device from memory that the system never moves.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    parallel: Parallel = "auto"
    precision: Literal["auto", "fp32", "tf32", "bf16", "fp16"] = "auto"
    deterministic: bool = False
    cuda_graphs: bool = True
    step_in_backward: bool = False
    empty_cache: bool = False
    pinned_memory: bool = True
