"""A graph convolutional network: Kipf & Welling (ICLR 2017, arXiv:1609.02907)."""

import torch
from torch import Tensor, nn
from torch.autograd import Function

from ..settings.members import PolyGINShape
from .batching import GraphBatch
from .layers import AtomEmbedding
from .messages import sum_spans
from .pyg import from_pyg
from .readout import make_heads, pool


class SumNeighbours(Function):
    """The sum over each atom's neighbours; `(V, width)` in and out.

    Bonds run both ways, so the gradient is the same sum.
    """

    @staticmethod
    def forward(ctx, atoms: Tensor, neighbour: Tensor, start: Tensor) -> Tensor:
        ctx.save_for_backward(neighbour, start)
        return sum_spans(atoms, neighbour, start)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None, None]:
        return sum_spans(gradient, *ctx.saved_tensors), None, None


class GCN(AtomEmbedding):
    """Graph convolutions on one-hot atoms, with ReLU between, pooled, and mapped to properties.

    The first convolution's weight times a one-hot vector is a row of a table for each field: it
    is kept as such.
    """

    fills_up = True
    join = None

    def __init__(self, shape: PolyGINShape, properties: int) -> None:
        """Build the network with fresh weights, as Glorot & Bengio (AISTATS 2010) draw them.

        Args:
            shape: its size.
            properties: K, the number of outputs.
        """
        super().__init__(shape.atom_fields, shape.width)
        self.shape = shape
        fan_in = sum(table.num_embeddings for table in self.atom_tables)
        for table in self.atom_tables:
            bound = (6 / (fan_in + shape.width)) ** 0.5
            nn.init.uniform_(table.weight, -bound, bound)
        self.weights = nn.ModuleList(
            nn.Linear(shape.width, shape.width, bias=False) for _ in range(shape.layers - 1)
        )
        for layer in self.weights:
            nn.init.xavier_uniform_(layer.weight)
        # One tensor: copies for several devices would find a list of parameters empty.
        self.biases = nn.Parameter(torch.zeros(shape.layers, shape.width))
        self.heads = make_heads(shape, properties)

    def forward(self, batch: GraphBatch) -> Tensor:
        """Predict; see `PolyGIN.forward`."""
        if not isinstance(batch, GraphBatch):
            batch = from_pyg(batch)
        return self.heads(self.pooled(batch))

    def pooled(self, batch: GraphBatch) -> Tensor:
        """See `PolyGIN.pooled`."""
        return pool(self.shape, *self.encode(batch), batch)

    def encode(self, batch: GraphBatch) -> tuple[Tensor, None]:
        """Atoms `(V, width)` after the last convolution; there are no virtual nodes."""
        neighbour = batch.sender.index_select(0, batch.heard)
        scale = (batch.heard_start.diff() + 1).unsqueeze(1).rsqrt()
        atoms = self.embed(batch)
        for number, bias in enumerate(self.biases):
            if number:
                atoms = self.weights[number - 1](torch.relu(atoms))
            scaled = (atoms * scale).float()
            atoms = (SumNeighbours.apply(scaled, neighbour, batch.heard_start) + scaled) * scale
            atoms = atoms + bias
        return torch.relu(atoms), None
