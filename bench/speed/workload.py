"""What is trained, and by whom."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.settings.networks import NetworkConfig

if TYPE_CHECKING:
    import torch

SIDES = {
    "ours": "this engine",
    "pyg": "PyG: DataLoader, plain loop, GINEConv",
    "pyg_our_network": "PyG: DataLoader, plain loop, our network",
    "ours_at_once": "this engine, one network on each core in parallel",
    "pyg_at_once": "PyG with GINEConv, one network on each core in parallel",
}
"""What each side is called; the others are compared with the first."""

PARALLEL = {"ours_at_once": "ours", "pyg_at_once": "pyg"}
"""Sides that train several networks in parallel on a CPU, and how each of these trains."""

Arithmetic = Literal["fp32", "bf16", "fp16"]


@dataclass(frozen=True)
class Workload:
    """One network and how it is trained: graphs a batch, and precision."""

    layers: int
    width: int
    batch: int
    precision: Arithmetic

    @property
    def network(self) -> NetworkConfig:
        """The network's size."""
        return NetworkConfig(layers=self.layers, width=self.width)

    def sentence(self) -> str:
        """One line for people."""
        return f"{self.layers}×{self.width}, batch {self.batch}, {self.precision}"


def workloads(device: "torch.device") -> list[Workload]:
    """What is measured on a device: fp32, and on CUDA its mixed precision too."""
    if device.type != "cuda":
        return [Workload(8, 96, 48, "fp32")]
    import torch

    bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    precisions: tuple[Arithmetic, ...] = ("fp32", "bf16" if bf16 else "fp16")
    sizes = ((8, 96, 48), (12, 128, 96))
    return [Workload(*size, precision) for size in sizes for precision in precisions]
