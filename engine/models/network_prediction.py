"""From a network's outputs to predictions in the properties' units."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .batching import ArrangedGraphs, DeviceGraphs
from .device import Precision, forget_unused, out_of_memory
from .network import Network


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation of each property's labels, so that all are learned alike."""

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, labels: np.ndarray) -> "Scale":
        """The scale of labels of shape `(N, K)`; 0 and 1 for a property without labels."""
        labelled = np.isfinite(labels)
        counts = np.maximum(labelled.sum(axis=0), 1)
        mean = np.where(labelled, labels, 0).sum(axis=0) / counts
        variance = np.where(labelled, (labels - mean) ** 2, 0).sum(axis=0) / counts
        return cls(mean, np.sqrt(np.where(variance > 0, variance, 1.0)))

    def apply(self, labels: np.ndarray) -> np.ndarray:
        """Standardise."""
        return (labels - self.mean) / self.deviation

    def undo(self, values: np.ndarray) -> np.ndarray:
        """Back to units."""
        return values * self.deviation + self.mean


# On a CPU, a layer's output should stay in the cache of a core.
_PREDICT_BATCH = {"cpu": 128, "cuda": 512}
_LEAST_PREDICTED = 8


def predict_network(
    network: Network,
    scale: Scale,
    graphs: DeviceGraphs,
    rows: np.ndarray,
    device: torch.device,
    precision: Precision | None = None,
) -> np.ndarray:
    """Predict some rows in units; shape `(len(rows), K)`, float64.

    Args:
        network: on `device`; it is left in evaluation mode.
        scale: of its outputs.
        graphs: N graphs on `device`.
        rows: which of them.
        device: where to compute.
        precision: of products; by default what suits the device.

    Raises:
        MemoryError: when even a few rows at once do not fit into memory.
    """
    precision = precision or Precision.of(device)
    network.eval()
    arranged = graphs.arrange(rows)
    size = _PREDICT_BATCH[device.type]
    while True:
        try:
            with torch.inference_mode(), precision.autocast(device):
                outputs = _predict_in_parts(network, arranged, len(rows), size)
            break
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
            if size < _LEAST_PREDICTED:
                raise MemoryError(str(error)) from error
        size //= 2
        forget_unused(device)
    outputs = outputs if len(rows) else torch.empty(0, len(scale.mean))  # rows × K
    return scale.undo(outputs.cpu().double().numpy())


def _predict_in_parts(network: Network, arranged: ArrangedGraphs, rows: int, size: int) -> Tensor:
    parts = [
        network(arranged.part(start, min(start + size, rows))).float()
        for start in range(0, rows, size)
    ]
    return torch.cat(parts) if parts else torch.empty(0)
