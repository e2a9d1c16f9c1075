"""PolyGIN: a graph isomorphism network with bond features, a virtual node and one head a property.

Xu et al., How Powerful are Graph Neural Networks? (ICLR 2019, arXiv:1810.00826), with bond
features in the message as in Hu et al., Strategies for Pre-training Graph Neural Networks
(ICLR 2020, arXiv:1905.12265), and a virtual node as in Gilmer et al. (ICML 2017,
arXiv:1704.01212).
"""

import torch
from torch import Tensor, nn

from ..settings.members import PolyGINShape
from .attention import GraphAttention, size_groups
from .batching import GraphBatch
from .layers import AtomEmbedding, GINLayer, bond_hot_rows, make_update
from .messages import AddByGraph, SumByGraph
from .pyg import from_pyg
from .readout import JoinDescriptors, make_heads, pool


class PolyGIN(AtomEmbedding):
    """Maps a batch of repeat-unit graphs to standardised property values."""

    def __init__(self, shape: PolyGINShape, properties: int) -> None:
        """Build the network with fresh weights.

        Args:
            shape: its size.
            properties: K, the number of outputs.
        """
        super().__init__(shape.atom_fields, shape.atom_width or shape.width)
        self.shape = shape
        if shape.atom_width:
            self.atom_map = nn.Linear(shape.atom_width, shape.width)
        self.layers = nn.ModuleList(GINLayer(shape) for _ in range(shape.layers))
        self.attention = nn.ModuleList(
            GraphAttention(shape.width, shape.attention, shape.layer_dropout)
            for _ in range(shape.layers if shape.attention else 0)
        )
        self.virtual_start = nn.Parameter(torch.zeros(shape.width))
        self.virtual_updates = nn.ModuleList(
            make_update(shape, shape.width)
            for _ in range(shape.layers - 1 if shape.virtual_node else 0)
        )
        # What residual connections add up to is normalised nowhere else.
        self.last_norm = nn.LayerNorm(shape.width) if shape.norm == "layer" else None
        self.register_buffer("bond_hot", bond_hot_rows(), persistent=False)
        self.join = JoinDescriptors(shape.descriptors) if shape.descriptors else None
        self.heads = make_heads(shape, properties)

    @property
    def fills_up(self) -> bool:
        """Whether a batch may be filled up to a fixed shape, as captured CUDA graphs need it."""
        return not self.shape.attention and not self.shape.descriptors

    def forward(self, batch: GraphBatch) -> Tensor:
        """Predict.

        Args:
            batch: G graphs; a PyG `Batch` of `engine.models.pyg.to_pyg` graphs is taken too.

        Returns:
            Shape `(G, K)`: standardised values.
        """
        if not isinstance(batch, GraphBatch):
            batch = from_pyg(batch)
        pooled = self.pooled(batch)
        if self.join is not None:
            pooled = self.join(pooled, batch.descriptors)
        return self.heads(pooled)

    def pooled(self, batch: GraphBatch) -> Tensor:
        """One vector for each graph, `(G, width · poolings)`, before descriptors and heads."""
        return pool(self.shape, *self.encode(batch), batch)

    def encode(self, batch: GraphBatch) -> tuple[Tensor, Tensor]:
        """Atoms `(V, width)` after the last layer, and the graphs' virtual nodes `(G, width)`."""
        atoms = self.embed(batch)
        if self.shape.atom_width:
            atoms = self.atom_map(atoms)
        bond_hot = self.bond_hot.index_select(0, batch.bond_code)
        sizes = batch.atom_start.diff().clamp(min=1).unsqueeze(1)
        virtual = self.virtual_start.expand(batch.count, -1)
        groups = size_groups(batch) if self.attention else None
        for number, layer in enumerate(self.layers):
            atoms = layer(AddByGraph.apply(atoms, virtual, batch), bond_hot, batch)
            if self.attention:
                atoms = self.attention[number](atoms, groups)
            if number < len(self.virtual_updates):
                total = SumByGraph.apply(atoms, batch) / sizes.sqrt()
                update = self.virtual_updates[number]
                virtual = virtual + update(virtual + total, batch.real_graphs)
        return atoms if self.last_norm is None else self.last_norm(atoms), virtual
