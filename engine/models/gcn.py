"""A graph convolutional network: Kipf & Welling (ICLR 2017, arXiv:1609.02907)."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function

from ..settings.networks import NetworkConfig
from .batching import GraphBatch
from .messages import sum_spans
from .network import Network
from .readout import make_heads


class SumNeighbours(Function):
    """The sum over each atom's neighbours; `(V, width)` in and out.

    Bonds run both ways, so the gradient is the same sum.
    """

    @staticmethod
    def forward(ctx: Any, atoms: Tensor, neighbour: Tensor, indptr: Tensor) -> Tensor:
        """Neighbours `(E,)`, ordered by the atom that sums them; its span begins at `indptr`."""
        ctx.save_for_backward(neighbour, indptr)
        return sum_spans(atoms, neighbour, indptr)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        return sum_spans(gradient, *ctx.saved_tensors), None, None


class GCN(Network):
    """Graph convolutions on one-hot atoms with ReLU in between, pooled, and mapped to properties.

    The first convolution's weight is stored as a table for each field: its product with a one-hot
    vector is a row of the table.
    """

    def __init__(self, config: NetworkConfig, properties: int) -> None:
        """Build the network with fresh weights, as Glorot & Bengio (AISTATS 2010) draw them.

        Args:
            config: its size.
            properties: K, the number of outputs.
        """
        super().__init__(config, config.width)
        tables = [table.get_parameter("weight") for table in self.atom_tables]
        bound = (6 / (sum(map(len, tables)) + config.width)) ** 0.5
        for table in tables:
            nn.init.uniform_(table, -bound, bound)
        layers = [
            nn.Linear(config.width, config.width, bias=False) for _ in range(config.layers - 1)
        ]
        for layer in layers:
            nn.init.xavier_uniform_(layer.weight)
        self.weights = nn.ModuleList(layers)
        # One tensor: in the replicas of DataParallel a list of parameters is empty.
        self.biases = nn.Parameter(torch.zeros(config.layers, config.width))
        self.heads = make_heads(config, properties)

    @property
    def can_be_captured(self) -> bool:
        """See `Network`."""
        return not self.config.joined

    def encode(self, batch: GraphBatch) -> tuple[Tensor, None]:
        """Atoms `(V, width)` after the last convolution; there are no virtual nodes."""
        neighbour = batch.sender.index_select(0, batch.received_indices)  # E
        scale = (batch.received_indptr.diff() + 1).unsqueeze(1).rsqrt()  # V × 1
        atoms = self.embed(batch)  # V × width
        for number, bias in enumerate(self.biases):
            if number:
                atoms = self.weights[number - 1](torch.relu(atoms))
            scaled = (atoms * scale).float()
            atoms = (SumNeighbours.apply(scaled, neighbour, batch.received_indptr) + scaled) * scale
            atoms = atoms + bias
        return torch.relu(atoms), None
