"""A graph isomorphism network with bond features, a virtual node and one head per property.

Xu et al., How Powerful are Graph Neural Networks? (ICLR 2019, arXiv:1810.00826), with bond
features in the message as in Hu et al., Strategies for Pre-training Graph Neural Networks
(ICLR 2020, arXiv:1905.12265), and a virtual node as in Gilmer et al. (ICML 2017,
arXiv:1704.01212).
"""

import torch
from torch import Tensor, nn

from ..settings.networks import NetworkConfig
from .attention import GraphAttention, size_groups
from .batching import GraphBatch
from .layers import GINLayer, bond_hot_rows, make_update
from .messages import AddByGraph, SumByGraph
from .network import Network
from .readout import make_heads


class GIN(Network):
    """Rounds of messages along bonds, with the parts that the settings ask for."""

    bond_hot: Tensor

    def __init__(self, config: NetworkConfig, properties: int) -> None:
        """Build the network with fresh weights.

        Args:
            config: what it is made of.
            properties: K, the number of outputs.
        """
        super().__init__(config, config.atom_width or config.width)
        if config.atom_width:
            self.atom_map = nn.Linear(config.atom_width, config.width)
        self.layers = nn.ModuleList(GINLayer(config) for _ in range(config.layers))
        self.attention = nn.ModuleList(
            GraphAttention(config.width, config.attention, config.layer_dropout)
            for _ in range(config.layers if config.attention else 0)
        )
        self.virtual_start = nn.Parameter(torch.zeros(config.width))
        self.virtual_updates = nn.ModuleList(
            make_update(config, config.width)
            for _ in range(config.layers - 1 if config.virtual_node else 0)
        )
        # Nothing else normalises the sum of the residual connections.
        self.last_norm = nn.LayerNorm(config.width) if config.norm == "layer" else None
        self.register_buffer("bond_hot", bond_hot_rows(), persistent=False)
        self.heads = make_heads(config, properties)

    @property
    def can_be_captured(self) -> bool:
        """See `Network`."""
        return not self.config.attention and not self.config.joined

    def encode(self, batch: GraphBatch) -> tuple[Tensor, Tensor]:
        """Atoms `(V, width)` after the last layer, and the graphs' virtual nodes `(G, width)`."""
        atoms = self.embed(batch)  # V × atom_width
        if self.config.atom_width:
            atoms = self.atom_map(atoms)  # V × width
        bond_hot = self.bond_hot.index_select(0, batch.bond_code)  # M × F
        sizes = batch.sizes()  # G × 1
        virtual = self.virtual_start.expand(batch.size, -1)  # G × width
        groups = size_groups(batch) if self.attention else None
        for number, layer in enumerate(self.layers):
            atoms = layer(AddByGraph.apply(atoms, virtual, batch), bond_hot, batch)
            if groups is not None:
                atoms = self.attention[number](atoms, groups)
            if number < len(self.virtual_updates):
                total = SumByGraph.apply(atoms, batch) / sizes.sqrt()  # G × width
                update = self.virtual_updates[number]
                virtual = virtual + update(virtual + total, batch.real_graphs)
        return atoms if self.last_norm is None else self.last_norm(atoms), virtual
