"""A training loop as PyTorch Geometric's tutorials write it."""

import numpy as np
import torch
from torch import nn
from torch_geometric.data import Data
from torch_geometric.loader import DataLoader

from engine.base.packed import PackedGraphs
from engine.models.device import Precision
from engine.models.network_prediction import Scale
from engine.models.pyg import to_pyg
from engine.training.trainer import label_weights, weighted_error


class PlainLoop:
    """DataLoader, AdamW with its defaults, and the loss read off the device at every step."""

    def __init__(
        self,
        network: nn.Module,
        dataset: list[Data],
        weights: torch.Tensor,
        batch: int,
        device: torch.device,
        precision: str,
    ) -> None:
        """Move the network to the device and make loader and optimiser.

        Args:
            network: takes a PyG `Batch`.
            dataset: graphs with standardised labels in `y`, from `pyg_dataset`.
            weights: of the K properties in the loss, from `label_weights`.
            batch: graphs in each step.
            device: where to train.
            precision: `auto`, `fp32`, `bf16` or `fp16`.
        """
        self._network, self._device = network.to(device), device
        self._weights = weights.to(device)
        self._loader = DataLoader(dataset, batch_size=batch, shuffle=True)
        self._optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3)
        self._precision = Precision.of(device, precision)
        self._scaler = torch.amp.GradScaler(device.type, enabled=self._precision.scaled)

    def epoch(self) -> float:
        """One pass over the data set; the mean loss."""
        self._network.train()
        losses = [self._step(data.to(self._device)) for data in self._loader]
        return sum(losses) / len(losses)

    def _step(self, data: Data) -> float:
        self._optimiser.zero_grad()
        with torch.autocast(
            self._device.type, self._precision.dtype, enabled=self._precision.dtype is not None
        ):
            predicted = self._network(data)
        total = (torch.isfinite(data.y) * self._weights).sum().clamp(min=1e-6)
        loss = weighted_error(predicted.float(), data.y, self._weights) / total
        self._scaler.scale(loss).backward()
        self._scaler.unscale_(self._optimiser)
        nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
        self._scaler.step(self._optimiser)
        self._scaler.update()
        return loss.item()


def pyg_dataset(
    graphs: PackedGraphs, labels: np.ndarray, rows: np.ndarray
) -> tuple[list[Data], torch.Tensor]:
    """Some rows as PyG's `Data`, and the weights of the properties.

    Args:
        graphs: N graphs.
        labels: shape `(N, K)`, in the properties' units, NaN where missing.
        rows: which of them, shape `(n,)`.
    """
    standard = Scale.of(labels[rows]).apply(labels[rows])
    dataset = []
    for row, values in zip(rows, standard, strict=True):
        data = to_pyg(graphs.graph(row))
        data.x, data.edge_attr = data.x.long(), data.edge_attr.long()
        data.y = torch.as_tensor(values[None], dtype=torch.float32)
        dataset.append(data)
    return dataset, label_weights(labels[rows])
