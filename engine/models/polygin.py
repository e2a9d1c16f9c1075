"""PolyGIN: a graph isomorphism network with bond features, a virtual node and one head a property.

Xu et al., How Powerful are Graph Neural Networks? (ICLR 2019, arXiv:1810.00826), with bond
features in the message as in Hu et al., Strategies for Pre-training Graph Neural Networks
(ICLR 2020, arXiv:1905.12265), and a virtual node as in Gilmer et al. (ICML 2017,
arXiv:1704.01212).
"""

import torch
from torch import Tensor, nn

from engine.models.batching import GraphBatch
from engine.models.pyg import from_pyg
from engine.models.settings import PolyGINShape
from engine.vocabulary import ATOM_FIELDS, BOND_FIELDS

# Sums over atoms are divided by this, so that they enter the heads on the scale of means.
_TYPICAL_ATOMS = 32.0


class PolyGIN(nn.Module):
    """Maps a batch of repeat-unit graphs to standardised property values."""

    def __init__(self, shape: PolyGINShape, properties: int) -> None:
        """Build the network with fresh weights.

        Args:
            shape: its size.
            properties: K, the number of outputs.
        """
        super().__init__()
        self.shape = shape
        self.atom_tables = nn.ModuleList(nn.Embedding(n, shape.width) for n in ATOM_FIELDS.values())
        self.layers = nn.ModuleList(GINLayer(shape.width) for _ in range(shape.layers))
        self.virtual_start = nn.Parameter(torch.zeros(shape.width))
        self.virtual_updates = nn.ModuleList(
            _mlp(shape.width, shape.width)
            for _ in range(shape.layers - 1 if shape.virtual_node else 0)
        )
        self.heads = PropertyHeads(3 * shape.width, shape.width, properties, shape.dropout)

    def forward(self, batch: GraphBatch) -> Tensor:
        """Predict.

        Args:
            batch: G graphs; a PyG `Batch` of `engine.models.pyg.to_pyg` graphs is taken too.

        Returns:
            Shape `(G, K)`: standardised values.
        """
        if not isinstance(batch, GraphBatch):
            batch = from_pyg(batch)
        codes = batch.atoms.unbind(1)
        atoms = sum(table(code) for table, code in zip(self.atom_tables, codes, strict=True))
        sizes = torch.bincount(batch.graph, minlength=batch.count).clamp(min=1).unsqueeze(1)
        virtual = self.virtual_start.expand(batch.count, -1)
        for number, layer in enumerate(self.layers):
            atoms = layer(atoms + virtual.index_select(0, batch.graph), batch)
            if number < len(self.virtual_updates):
                total = _sum_by(atoms, batch.graph, batch.count) / sizes.sqrt()
                virtual = virtual + self.virtual_updates[number](virtual + total)
        total = _sum_by(atoms, batch.graph, batch.count)
        return self.heads(torch.cat([total / sizes, total / _TYPICAL_ATOMS, virtual], dim=1))


class GINLayer(nn.Module):
    """One round of messages along bonds, with a residual connection."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.own = nn.Parameter(torch.zeros(()))
        self.bond_tables = nn.ModuleList(nn.Embedding(n, width) for n in BOND_FIELDS.values())
        self.update = _mlp(width, 2 * width)

    def forward(self, atoms: Tensor, batch: GraphBatch) -> Tensor:
        """Atoms of shape `(V, width)` in and out."""
        bonds = nn.functional.embedding(batch.bond_code, self._bond_table())
        messages = torch.relu(atoms.index_select(0, batch.source) + bonds)
        received = _sum_by(messages, batch.target, len(atoms))
        return atoms + self.update((1 + self.own) * atoms + received)

    def _bond_table(self) -> Tensor:
        """The embedding of every bond code there is: a few dozen rows, made once a pass."""
        grid = torch.cartesian_prod(
            *(torch.arange(n, device=self.own.device) for n in BOND_FIELDS.values())
        )
        columns = grid.unbind(1)
        return sum(table(code) for table, code in zip(self.bond_tables, columns, strict=True))


class PropertyHeads(nn.Module):
    """One two-layer head for each property, computed side by side."""

    def __init__(self, width_in: int, width: int, properties: int, dropout: float) -> None:
        super().__init__()
        self.properties = properties
        self.hidden = nn.Sequential(
            nn.Linear(width_in, properties * width), nn.SiLU(), nn.Dropout(dropout)
        )
        self.weight = nn.Parameter(torch.randn(properties, width) / width**0.5)
        self.bias = nn.Parameter(torch.zeros(properties))

    def forward(self, pooled: Tensor) -> Tensor:
        """From `(G, width_in)` to `(G, K)`."""
        hidden = self.hidden(pooled).view(len(pooled), self.properties, -1)
        return (hidden * self.weight).sum(2) + self.bias


def _mlp(width: int, hidden: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(width, hidden, bias=False),
        nn.BatchNorm1d(hidden),
        nn.SiLU(),
        nn.Linear(hidden, width, bias=False),
        nn.BatchNorm1d(width),
    )


def _sum_by(values: Tensor, owner: Tensor, count: int) -> Tensor:
    """Sum rows of `values` that share an owner; shape `(count, width)`."""
    return values.new_zeros(count, values.shape[1]).index_add_(0, owner, values)
