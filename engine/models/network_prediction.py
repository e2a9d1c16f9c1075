"""From a network's outputs to predictions in the properties' units."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..base.packed import Graph, PackedGraphs, end_to_end, pack
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
_FILLERS = 16


def filled_up(graphs: PackedGraphs) -> PackedGraphs:
    """Graphs, and a few of two atoms after them, so that no product has only a few rows.

    Of few rows MKL adds up the last ones in another order: a repeat unit alone would get other bits
    than in a file (docs/experiments.md, "The same bits in a file of any length").
    """
    filler = Graph(
        np.zeros((2, graphs.atoms.shape[1]), np.uint8),
        np.array([[0, 1]], np.uint16),
        np.zeros((1, graphs.bonds.shape[1]), np.uint8),
    )
    return end_to_end(graphs, pack([filler] * _FILLERS))


def predict_network(
    network: Network,
    scale: Scale,
    graphs: DeviceGraphs,
    rows: np.ndarray,
    device: torch.device,
    precision: Precision | None = None,
    batch: int | None = None,
) -> np.ndarray:
    """Predict some rows in units; shape `(len(rows), K)`, float64.

    Args:
        network: on `device`; it is left in evaluation mode.
        scale: of its outputs.
        graphs: N graphs on `device`.
        rows: which of them.
        device: where to compute.
        precision: of products; by default what suits the device.
        batch: graphs at once; by default what suits the device.

    Raises:
        MemoryError: when even a few rows at once do not fit into memory.
    """
    return _predict_arranged(network, scale, graphs.arrange(rows), device, precision, batch)


def mean_of_networks(
    networks: Sequence[tuple[Network, Scale]], graphs: DeviceGraphs, rows: np.ndarray, threads: int
) -> np.ndarray:
    """The mean of what several networks predict on the CPU; shape `(len(rows), K)`, float64.

    Each network uses one thread. Where several share one, each does its part of an array, and the
    last numbers of a part get other bits than the rest, so that a row's would depend on its place.

    Args:
        networks: with the scales of their outputs.
        graphs: N graphs.
        rows: which of them.
        threads: how many networks predict at once.
    """
    arranged = graphs.arrange(rows)

    def predict(each: tuple[Network, Scale]) -> np.ndarray:
        return _predict_arranged(*each, arranged, graphs.device)

    before = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            return np.mean([*pool.map(predict, networks)], axis=0)
    finally:
        # A worker's choice holds for parts of PyTorch in this thread too.
        torch.set_num_threads(before)


def _predict_arranged(
    network: Network,
    scale: Scale,
    arranged: ArrangedGraphs,
    device: torch.device,
    precision: Precision | None = None,
    batch: int | None = None,
) -> np.ndarray:
    precision = precision or Precision.of(device)
    network.eval()
    rows, size = len(arranged.rows), batch or _PREDICT_BATCH[device.type]
    while True:
        try:
            with torch.inference_mode(), precision.autocast(device):
                outputs = _predict_in_parts(network, arranged, rows, size)
            break
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
            if size < _LEAST_PREDICTED:
                raise MemoryError(str(error)) from error
        size //= 2
        forget_unused(device)
    outputs = outputs if rows else torch.empty(0, len(scale.mean))  # rows × K
    return scale.undo(outputs.cpu().double().numpy())


def _predict_in_parts(network: Network, arranged: ArrangedGraphs, rows: int, size: int) -> Tensor:
    parts = [
        network(arranged.part(start, min(start + size, rows))).float()
        for start in range(0, rows, size)
    ]
    return torch.cat(parts) if parts else torch.empty(0)
